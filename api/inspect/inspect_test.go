package inspect_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/h5serve/h5serve/api/inspect"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// look inspects a file that lies in a store in memory.
func look(t testing.TB, body []byte, limits h5core.Limits, o inspect.Options) (r *inspect.Report, err error) {
	t.Helper()
	store := mem.New("demo")
	_, err = store.Put(t.Context(), "x.h5", bytes.NewReader(body), int64(len(body)), storage.PutOptions{})
	must(t, err)
	c, err := cached.New(cached.Settings{})
	must(t, err)
	s := sources.New(sources.Settings{Cache: c, Limits: limits})
	defer s.Close()
	err = s.Do(t.Context(), sources.Name{Store: store, Label: "demo", Key: "x.h5"}, func(ctx context.Context, f *sources.File) (err error) {
		r, err = inspect.Look(ctx, f, o)
		return err
	})
	return r, err
}

// made is a file that a test fills.
func made(t testing.TB, fill func(*h5core.File), opts ...h5core.Option) []byte {
	t.Helper()
	f, err := h5core.Open(t.Context(), "x", "w", append(opts, h5core.WithDriver(vfd.Core{}))...)
	must(t, err)
	defer f.Discard()
	fill(f)
	p, err := f.Plan(t.Context())
	must(t, err)
	var out bytes.Buffer
	_, err = p.WriteTo(&out)
	must(t, err)
	return out.Bytes()
}

func dataset(t testing.TB, f *h5core.File, name string, typ *dtype.Type, n uint64, values any, opts ...h5core.DatasetOption) {
	t.Helper()
	d, err := f.CreateDataset(name, typ, space.Space{Kind: space.Simple, Dims: []uint64{n}}, opts...)
	must(t, err)
	if values != nil {
		must(t, d.Write(t.Context(), nil, values))
	}
}

var int64s = dtype.Must(dtype.Int(8, true, dtype.LittleEndian))

func codes(r *inspect.Report) (list []string) {
	for _, a := range r.Advice {
		list = append(list, a.Code)
	}
	return list
}

func TestReport(t *testing.T) {
	deflate, err := filter.NewDeflate(4)
	must(t, err)
	body := made(t, func(f *h5core.File) {
		must(t, f.Attributes().Set("title", "a file"))
		_, err := f.CreateGroup("g")
		must(t, err)
		must(t, f.SoftLink("s", "/nowhere"))
		dataset(t, f, "g/plain", int64s, 10, make([]int64, 10))
		dataset(t, f, "g/packed", int64s, 1000, make([]int64, 1000), h5core.Chunks(100), h5core.Filters(deflate))
	}, h5core.WithUserBlock(512, nil), h5core.WithLibver(h5core.V110, h5core.Latest))
	r, err := look(t, body, h5core.Limits{}, inspect.Options{})
	must(t, err)
	if !r.Complete || !r.Check.Sound || !r.Check.Elements || r.Size != uint64(len(body)) || r.Check.Unused == nil {
		t.Errorf("%+v", r)
	}
	if f := r.Format; f.Superblock != 3 || f.Libver != "v110" || f.UserBlock != 512 || f.FileSpace.Strategy != "fsm" {
		t.Errorf("%+v", f)
	}
	n := r.Counts
	if n.Stored = 0; n != (inspect.Counts{Groups: 2, Datasets: 2, Links: 1, Attributes: 1, Chunks: 10, Elements: 8080}) {
		t.Errorf("%+v", n)
	}
	if c := r.Remote; c == nil || c.GETs != 1 || c.Rounds != 1 || c.Bytes != int64(len(body)) || c.Serial < 4 || c.Metadata == 0 {
		t.Errorf("%+v", c)
	}
	i := slices.IndexFunc(r.Datasets, func(d inspect.Dataset) bool { return d.Path == "/g/packed" })
	if i < 0 {
		t.Fatalf("%+v", r.Datasets)
	}
	d := r.Datasets[i]
	if d.Layout != "chunked" || d.Index != "fixed_array" || d.Chunks != 10 || d.Ratio < 10 || len(d.Filters) != 1 || !d.Filters[0].Known {
		t.Errorf("%+v", d)
	}
	if got := codes(r); !slices.Equal(got, []string{"user_block"}) {
		t.Error(got)
	}
	short, err := look(t, body, h5core.Limits{}, inspect.Options{SkipElements: true, Datasets: 1})
	must(t, err)
	if short.Check.Elements || short.Check.Unused != nil || len(short.Datasets) != 1 || short.Omitted != 1 || !short.Complete {
		t.Errorf("%+v", short)
	}
}

func TestAdvice(t *testing.T) {
	for want, fill := range map[string]func(*h5core.File){
		"tiny_chunks": func(f *h5core.File) {
			dataset(t, f, "d", int64s, 10_000, make([]int64, 10_000), h5core.Chunks(100))
		},
		"chunk_trees_v1": func(f *h5core.File) {
			dataset(t, f, "d", int64s, 256*4000, make([]int64, 256*4000), h5core.Chunks(4000))
		},
		"huge_chunks": func(f *h5core.File) {
			dataset(t, f, "d", int64s, 3<<20, nil, h5core.Chunks(3<<20))
		},
		"variable_length": func(f *h5core.File) {
			dataset(t, f, "d", dtype.VarString(dtype.UTF8), 2, []string{"a", "bc"})
		},
	} {
		r, err := look(t, made(t, fill), h5core.Limits{}, inspect.Options{})
		must(t, err)
		i := slices.IndexFunc(r.Advice, func(a inspect.Advice) bool { return a.Code == want })
		if i < 0 || !slices.Equal(r.Advice[i].Paths, []string{"/d"}) || r.Advice[i].Count != 1 {
			t.Errorf("%s: %+v", want, r.Advice)
		}
	}
}

// What the budget or the time does not allow is missing, and said to be.
func TestIncomplete(t *testing.T) {
	body := made(t, func(f *h5core.File) {
		for _, name := range []string{"a", "b", "c"} {
			dataset(t, f, name, int64s, 100_000, make([]int64, 100_000), h5core.Chunks(10_000))
		}
	})
	r, err := look(t, body, h5core.Limits{Fetched: 500_000}, inspect.Options{})
	must(t, err)
	if r.Complete || len(r.Incomplete) != 1 || !strings.HasPrefix(r.Incomplete[0], "check: ") || r.Check.Elements || r.Counts.Datasets != 3 {
		t.Errorf("%+v", r)
	}
	r, err = look(t, body, h5core.Limits{}, inspect.Options{Time: time.Nanosecond})
	must(t, err)
	if r.Complete || len(r.Incomplete) == 0 || !strings.Contains(r.Incomplete[0], "longer than 1ns") {
		t.Errorf("%+v", r)
	}
}

func TestDamaged(t *testing.T) {
	body := made(t, func(f *h5core.File) {
		dataset(t, f, "d", int64s, 1000, make([]int64, 1000), h5core.Chunks(100), h5core.Filters(filter.NewFletcher32()))
	})
	body[len(body)-1] ^= 1 // of the last chunk's checksum
	r, err := look(t, body, h5core.Limits{}, inspect.Options{})
	must(t, err)
	if r.Check.Sound || len(r.Check.Findings) != 1 || r.Check.Findings[0].Path != "/d" || codes(r)[0] != "damaged" {
		t.Errorf("%+v", r)
	}
	if r, err = look(t, body, h5core.Limits{}, inspect.Options{SkipElements: true}); err != nil || !r.Check.Sound {
		t.Errorf("%+v %v", r, err)
	}
}

// Every file of the corpus gives a report or a typed error, hostile ones too.
func TestCorpus(t *testing.T) {
	dir := corpus(t)
	f, err := os.Open(filepath.Join(dir, "MANIFEST.tsv"))
	must(t, err)
	defer f.Close()
	table := csv.NewReader(f)
	table.Comma, table.LazyQuotes, table.FieldsPerRecord = '\t', true, -1
	rows, err := table.ReadAll()
	must(t, err)
	reports, refused := 0, 0
	for i, row := range rows[1:] {
		if row[6] == "ok" && i%10 != 0 {
			continue // the engine's own tests read all of them
		}
		body, err := os.ReadFile(filepath.Join(dir, "files", row[0]))
		must(t, err)
		if len(body) > 4<<20 {
			continue
		}
		begun := time.Now()
		r, err := look(t, body, h5core.Limits{Nodes: 50_000, Fetched: 64 << 20, Decoded: 256 << 20, Read: 64 << 20}, inspect.Options{Time: 5 * time.Second})
		if took := time.Since(begun); took > 4*time.Second {
			t.Logf("%s took %v", row[0], took)
		}
		switch {
		case err == nil:
			reports++
			if r.Counts.Groups == 0 && r.Complete {
				t.Errorf("%s: %+v", row[0], r)
			}
		case errors.Is(err, h5core.ErrNotHDF5), errors.Is(err, h5core.ErrDamaged), errors.Is(err, h5core.ErrUnsupported), errors.Is(err, h5core.ErrTooLarge):
			refused++
		default:
			t.Errorf("%s: %v", row[0], err)
		}
	}
	t.Logf("%d reports, %d refused", reports, refused)
	if reports < 20 || refused == 0 {
		t.Errorf("%d reports, %d refused", reports, refused)
	}
}

func corpus(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("H5SERVE_CORPUS"); dir != "" {
		return dir
	}
	dir := filepath.Join("..", "..", "..", "shared", "corpus")
	if _, err := os.Stat(filepath.Join(dir, "MANIFEST.tsv")); err != nil {
		t.Skip("there is no corpus: no ../shared/corpus beside the checkout, and H5SERVE_CORPUS is not set")
	}
	return dir
}
