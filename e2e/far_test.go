package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/e2e/s3server"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/ros3"
	"github.com/h5serve/h5serve/storage/cached"
)

// roundTrip is the latency that tests inject: long beside what a client does
// between two requests, so that rounds are told apart.
const roundTrip = 40 * time.Millisecond

// bucket is one of a real S3 server behind a proxy that counts and delays.
type bucket struct {
	*s3server.Counted
	server *s3server.Server
	name   string
}

func farBucket(t testing.TB) *bucket {
	t.Helper()
	server := s3server.Start(t)
	b := &bucket{server.Counted(), server, newBucket(server)}
	b.SetLatency(roundTrip)
	return b
}

func (b *bucket) url(key string) string { return "s3://" + b.name + "/" + key }

// driver reads through a cache of its own, so that its first read is cold.
func (b *bucket) driver(t testing.TB, s cached.Settings) ros3.Driver {
	t.Helper()
	cache, err := cached.New(s)
	must(t, err)
	t.Cleanup(func() { must(t, cache.Close()) })
	return ros3.Driver{
		AWSRegion: b.server.Region, SecretID: b.server.AccessKey, SecretKey: ros3.NewSecret(b.server.SecretKey),
		Endpoint: b.Endpoint, Cache: cache,
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// far opens a file of the bucket.
func (b *bucket) open(t testing.TB, d vfd.Driver, key string) *h5core.File {
	t.Helper()
	f, err := h5core.Open(t.Context(), b.url(key), "r", h5core.WithDriver(d))
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// limits are what a step may cost; 0 bytes are any number.
type limits struct {
	gets, rounds int
	bytes        int64
}

// within does something, and holds what it cost the server.
func (b *bucket) within(t testing.TB, name string, most limits, do func()) {
	t.Helper()
	b.Reset()
	do()
	got := b.Counts()
	t.Logf("%-40s %3d GETs in %d rounds, %9d bytes", name, got.Gets, got.Rounds, got.Bytes)
	if got.Heads+got.Others > 0 || got.Gets > most.gets || got.Rounds > most.rounds || most.bytes > 0 && got.Bytes > most.bytes {
		t.Errorf("%s: %+v, at most %+v", name, got, most)
	}
}

// oneChunk reads the k-th chunk of a dataset and gives its bytes as stored.
func oneChunk(t testing.TB, f *h5core.File, path string, k, chunk uint64, want float32) {
	t.Helper()
	d := find32(t, f, path)
	got := make([]float32, chunk)
	must(t, h5core.ReadInto(t.Context(), d, space.Hyperslab{Start: []uint64{k * chunk}, Stride: []uint64{1}, Count: []uint64{chunk}}, got))
	if got[0] != want {
		t.Fatalf("%s: chunk %d begins with %v, not %v", path, k, got[0], want)
	}
}

func find32(t testing.TB, f *h5core.File, path string) *h5core.Dataset {
	t.Helper()
	o, err := f.Get(t.Context(), path)
	must(t, err)
	return o.(*h5core.Dataset)
}

// listFar visits every object, with all attributes and their values.
func listFar(t testing.TB, f *h5core.File) (datasets int) {
	t.Helper()
	for visits, err := range h5core.Waves(t.Context(), f.Group) {
		must(t, err)
		var objects []h5core.Object
		for _, v := range visits {
			must(t, v.Err)
			if d, ok := v.Object.(*h5core.Dataset); ok {
				objects = append(objects, d)
			}
		}
		lists, errs := h5core.AttributesOf(t.Context(), objects)
		var all []*h5core.Attribute
		for i, list := range lists {
			must(t, errs[i])
			if len(list) != 4 {
				t.Fatalf("%s has %d attributes", objects[i].Name(), len(list))
			}
			all = append(all, list...)
		}
		_, errs = h5core.ReadAttributes(t.Context(), all)
		for _, err := range errs {
			must(t, err)
		}
		datasets += len(objects)
	}
	return datasets
}

// cloudFile is a file of the preset cloud: 1,000 datasets of 20 chunks with 4
// attributes each, one of them so long. The k-th element of dataset i is
// 5000*i+k.
func cloudFile(t testing.TB, libver string, title int) []byte {
	t.Helper()
	datasets := map[string]any{}
	for i := range 1000 {
		datasets[fmt.Sprintf("gt%02d/v%02d", i/50, i%50)] = map[string]any{
			"dtype": "<f4", "shape": []int{5000}, "chunks": []int{250}, "compression": "gzip", "shuffle": true,
			"data":  map[string]any{"start": 5000 * i, "step": 1},
			"attrs": map[string]any{"units": "m", "long_name": fmt.Sprintf("%*d", title, i), "scale": 0.5, "valid": []int{0, i}},
		}
	}
	description := map[string]any{"preset": "cloud", "datasets": datasets}
	if libver != "" {
		description["libver"] = []string{libver, "latest"}
	}
	spec, err := json.Marshal(description)
	must(t, err)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "spec.json"), spec)
	command(t, program(t), "build", filepath.Join(dir, "spec.json"), "-o", filepath.Join(dir, "cloud.h5"))
	content, err := os.ReadFile(filepath.Join(dir, "cloud.h5"))
	must(t, err)
	return content
}

// TestCloudFile counts what our own files of the preset cloud cost. Lower
// bounds of the format bring larger indexes: one GET and one round more.
func TestCloudFile(t *testing.T) {
	b := farBucket(t)
	for _, c := range []struct {
		libver string
		more   int
	}{{"", 0}, {"v108", 1}, {"earliest", 1}} {
		t.Run("libver "+c.libver, func(t *testing.T) {
			content := cloudFile(t, c.libver, 20)
			key := "cloud" + c.libver + ".h5"
			b.server.Put(b.name, key, content)
			t.Logf("%d bytes", len(content))
			most := int64(0)
			if c.more == 0 {
				most = 1_100_000
			}
			d := b.driver(t, cached.Settings{})
			var f *h5core.File
			b.within(t, "open, path, slice of one chunk, cold", limits{2 + c.more, 2 + c.more, most}, func() {
				f = b.open(t, d, key)
				oneChunk(t, f, "gt13/v37", 7, 250, 5000*(13*50+37)+7*250)
			})
			b.within(t, "another chunk, warm index", limits{1, 1, 0}, func() {
				oneChunk(t, f, "gt13/v37", 12, 250, 5000*(13*50+37)+12*250)
			})
			b.within(t, "listing, cold", limits{1, 1, 0}, func() {
				f = b.open(t, b.driver(t, cached.Settings{}), key)
				if n := listFar(t, f); n != 1000 {
					t.Fatalf("%d datasets", n)
				}
			})
			b.within(t, "a whole dataset, after that", limits{1 + c.more, 1 + c.more, 0}, func() {
				got, err := h5core.Read[float32](t.Context(), find32(t, f, "gt07/v21"), nil)
				must(t, err)
				for i, x := range got {
					if x != float32(5000*(7*50+21)+i) {
						t.Fatalf("element %d is %v", i, x)
					}
				}
			})
		})
	}
}

// TestCloudFileWithMuchMetadata lists a file whose metadata is larger than the
// first GET.
func TestCloudFileWithMuchMetadata(t *testing.T) {
	b := farBucket(t)
	b.server.Put(b.name, "much.h5", cloudFile(t, "", 2000))
	b.within(t, "listing, cold", limits{2, 2, 4_000_000}, func() {
		if n := listFar(t, b.open(t, b.driver(t, cached.Settings{}), "much.h5")); n != 1000 {
			t.Fatalf("%d datasets", n)
		}
	})
}

// strangerFile is a file with libhdf5's default layout; 20 groups of 50
// datasets make 75 MB.
func strangerFile(t testing.TB, groups, datasets int) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "stranger.h5")
	script(t, reference.Current(t), "far_stranger.py", name, fmt.Sprint(groups), fmt.Sprint(datasets))
	content, err := os.ReadFile(name)
	must(t, err)
	return content
}

// TestStrangersFile counts what a file costs that nobody laid out for us.
func TestStrangersFile(t *testing.T) {
	b := farBucket(t)
	content := strangerFile(t, 20, 50)
	b.server.Put(b.name, "stranger.h5", content)
	t.Logf("%d bytes", len(content))
	d := b.driver(t, cached.Settings{})
	b.within(t, "open, path, slice, cold", limits{8, 6, 8_000_000}, func() {
		oneChunk(t, b.open(t, d, "stranger.h5"), "gt13/v37", 7, 1000, 13037)
	})
	b.within(t, "open, path, slice again", limits{2, 2, 1_000_000}, func() {
		oneChunk(t, b.open(t, d, "stranger.h5"), "gt13/v37", 8, 1000, 13037)
	})
	b.within(t, "listing, cold", limits{75, 8, int64(len(content)) + 2<<20}, func() {
		if n := listFar(t, b.open(t, b.driver(t, cached.Settings{}), "stranger.h5")); n != 1000 {
			t.Fatalf("%d datasets", n)
		}
	})
}
