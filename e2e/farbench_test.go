package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/s3"
)

// farReaders are those that open a file and read a slice beside us: h5py on
// fsspec, and libhdf5's own driver, old and new, where they are installed.
func (b *bucket) farReaders(t testing.TB) []farReader {
	t.Helper()
	current := reference.Current(t)
	folder, err := filepath.Abs(filepath.Join("..", ".venv", "ros3"))
	must(t, err)
	list := []farReader{
		{"fsspec-http", current, "http", b.Endpoint + "/" + b.name, ""},
		{"s3fs", current, "s3fs", b.name, ""},
	}
	if exec.Command("/usr/bin/python3", "-c", "import h5py; assert 'ros3' in h5py.registered_drivers()").Run() == nil {
		list = append(list, farReader{"ros3-1.10", "/usr/bin/python3", "ros3", b.Endpoint + "/" + b.name, ""})
	}
	if _, err := os.Stat(filepath.Join(folder, "h5py")); err == nil {
		list = append(list, farReader{"ros3-2", current, "ros3", "s3://" + b.name, "PYTHONPATH=" + folder})
	}
	return list
}

type farReader struct{ name, python, how, base, environment string }

// seconds lets a reader open the file and read a slice, cold.
func (r farReader) seconds(t testing.TB, b *bucket, want float64) float64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), r.python, "-B", filepath.Join("clients", "far_read.py"),
		r.how, r.base, "stranger.h5", "gt13/v37", "7000", "8000", "3")
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_S3="+b.Endpoint, "AWS_REGION="+b.server.Region, "AWS_DEFAULT_REGION="+b.server.Region,
		"AWS_ACCESS_KEY_ID="+b.server.AccessKey, "AWS_SECRET_ACCESS_KEY="+b.server.SecretKey, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, r.environment)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	must(t, err)
	var said struct{ Seconds, First float64 }
	must(t, json.Unmarshal(out, &said))
	if said.First != want {
		t.Fatalf("%s: %v", r.name, said.First)
	}
	return said.Seconds
}

// BenchmarkFar opens a stranger's file of 75 MB and reads a slice of one of
// its datasets, cold, from a real S3 server at some latencies, and reports
// what the others take of the same object in the same run over what we take.
// The fastest of some counts on all sides.
func BenchmarkFar(b *testing.B) {
	far := farBucket(b)
	far.server.AllowReading(far.name)
	far.server.Put(far.name, "stranger.h5", strangerFile(b, 20, 50))
	for _, latency := range []time.Duration{0, 20 * time.Millisecond, 50 * time.Millisecond} {
		b.Run(latency.String(), func(b *testing.B) {
			far.SetLatency(latency)
			var mine cost
			for b.Loop() {
				mine = faster(mine, timed(b, func() error {
					oneChunk(b, far.open(b, far.driver(b, cached.Settings{}), "stranger.h5"), "gt13/v37", 7, 1000, 13037)
					return nil
				}))
			}
			b.ReportMetric(mine.wall.Seconds()*1000, "ms-ours")
			for _, r := range far.farReaders(b) {
				theirs := r.seconds(b, far, 13037)
				b.ReportMetric(theirs/mine.wall.Seconds(), "×"+r.name)
				b.ReportMetric(theirs*1000, "ms-"+r.name)
			}
		})
	}
}

// BenchmarkFarDownload reads a dataset of 1 GiB in chunks of 1 MiB at 60 ms,
// beside a plain parallel download of as many bytes: 16 ranges of 8 MiB at once.
// Opening costs a round, which does not grow with the dataset.
func BenchmarkFarDownload(b *testing.B) {
	const bytes = 1 << 30
	far := farBucket(b)
	far.server.Put(far.name, "large.h5", largeFile(b, bytes))
	config := s3Config(far.server, far.name)
	config.Endpoint = far.Endpoint
	store, err := s3.Open(b.Context(), config)
	must(b, err)
	defer store.Close()
	far.SetLatency(60 * time.Millisecond)
	values, content := make([]int64, bytes/8), make([]byte, bytes)
	var opened, read, plain cost // opened: and read
	for b.Loop() {
		plain = faster(plain, timed(b, func() error { return download(b.Context(), store, content) }))
		var reading cost
		opened = faster(opened, timed(b, func() error {
			f := far.open(b, far.driver(b, cached.Settings{}), "large.h5")
			d := find32(b, f, "values")
			reading = timed(b, func() error { return h5core.ReadInto(b.Context(), d, nil, values) })
			return nil
		}))
		read = faster(read, reading)
	}
	for i, v := range values {
		if v != int64(i) {
			b.Fatalf("element %d is %d", i, v)
		}
	}
	b.ReportMetric(read.wall.Seconds()/plain.wall.Seconds(), "read/download")
	b.ReportMetric(opened.wall.Seconds()/plain.wall.Seconds(), "open-and-read/download")
	b.ReportMetric(read.wall.Seconds()*1000, "ms-read")
	b.ReportMetric(plain.wall.Seconds()*1000, "ms-download")
}

// largeFile has one dataset, values, whose elements count up.
func largeFile(t testing.TB, bytes int) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "large.h5")
	f, err := h5core.Open(t.Context(), name, "w", h5core.WithLibver(h5core.V110, h5core.Latest))
	must(t, err)
	values := make([]int64, bytes/8)
	for i := range values {
		values[i] = int64(i)
	}
	d, err := f.CreateDataset("values", dtype.Must(dtype.Int(8, true, dtype.LittleEndian)),
		space.Space{Kind: space.Simple, Dims: []uint64{uint64(len(values))}}, h5core.Chunks(1<<17))
	must(t, err)
	must(t, d.Write(t.Context(), nil, values))
	must(t, f.Close())
	content, err := os.ReadFile(name)
	must(t, err)
	return content
}

// download fills content with an object's first bytes.
func download(ctx context.Context, store storage.Store, content []byte) error {
	const part, atOnce = 8 << 20, 16
	errs := make([]error, (len(content)+part-1)/part)
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i := range errs {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			to := content[i*part : min((i+1)*part, len(content))]
			got, err := store.Get(ctx, "large.h5", storage.Range{First: uint64(i * part), Length: uint64(len(to))}, storage.Conditions{})
			if err == nil {
				_, err = io.ReadFull(got.Body, to)
				got.Body.Close()
			}
			errs[i] = err
		})
	}
	group.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("range %d: %w", i, err)
		}
	}
	return nil
}
