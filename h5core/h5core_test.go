package h5core_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	for _, low := range []h5core.Libver{h5core.Earliest, h5core.V108, h5core.V110, h5core.V112, h5core.V200} {
		f, err := h5core.Open(ctx, "x", "w", h5core.WithDriver(vfd.Core{}), h5core.WithLibver(low, h5core.Latest))
		if err != nil {
			t.Fatal(err)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		i8 := dtype.Must(dtype.Int(8, true, dtype.LittleEndian))
		d, err := f.CreateDataset("dataset", i8, space.Space{Kind: space.Simple, Dims: []uint64{10}})
		must(err)
		must(d.Write(ctx, nil, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}))
		if os.Getenv("FULL_SMOKE") != "" {
			must(d.Attributes().Set("x", int64(5)))
			must(f.Attributes().Set("title", "hello"))
			g, err := f.CreateGroup("g/h", h5core.TrackOrder())
			must(err)
			must(g.SoftLink("s", "/dataset"))
			must(g.ExternalLink("e", "o.h5", "/x"))
			must(g.HardLink("hard", "/dataset"))
			must(g.Attributes().Set("b", []string{"a", "", "ccc"}))
			must(g.Attributes().Set("é", []float32{1, 2}))
			gz, err := filter.NewDeflate(4)
			must(err)
			for n, tc := range []struct {
				dims, max, chunk []uint64
				steps            []filter.Step
			}{
				{[]uint64{100, 100}, nil, []uint64{10, 10}, nil},
				{[]uint64{100, 100}, nil, []uint64{10, 10}, []filter.Step{gz, filter.NewShuffle(8), filter.NewFletcher32()}},
				{[]uint64{100, 100}, nil, []uint64{100, 100}, []filter.Step{gz}},
				{[]uint64{100, 100}, nil, []uint64{100, 100}, nil},
				{[]uint64{100, 95}, []uint64{space.Unlimited, 100}, []uint64{3, 7}, []filter.Step{filter.NewShuffle(8), filter.NewFletcher32()}},
				{[]uint64{100, 95}, []uint64{200, 100}, []uint64{3, 7}, []filter.Step{gz}},
				{[]uint64{100, 95}, []uint64{200, 100}, []uint64{3, 7}, nil},
			} {
				d, err := f.CreateDataset("c/d"+string(rune('0'+n)), i8, space.Space{Kind: space.Simple, Dims: tc.dims, Max: tc.max}, h5core.Chunks(tc.chunk...), h5core.Filters(tc.steps...))
				must(err)
				v := make([]int64, tc.dims[0]*tc.dims[1])
				for i := range v {
					v[i] = int64(i)
				}
				must(d.Write(ctx, nil, v))
			}
			d, err = f.CreateDataset("vs", dtype.VarString(dtype.UTF8), space.Space{Kind: space.Simple, Dims: []uint64{3}})
			must(err)
			must(d.Write(ctx, nil, []string{"eins", "", "dräi"}))
			for i := range 300 {
				_, err := f.CreateGroup("many/g" + string(rune('a'+i%26)) + string(rune('a'+i/26)))
				must(err)
			}
		}
		p, err := f.Plan(ctx)
		must(err)
		var b bytes.Buffer
		_, err = p.WriteTo(&b)
		must(err)
		t.Log(low, p.Size(), p.Layout())
		if dir := os.Getenv("SMOKE"); dir != "" {
			must(os.WriteFile(dir+"/s_"+low.String()+".h5", b.Bytes(), 0o644))
		}
		must(f.Close())
	}
}
