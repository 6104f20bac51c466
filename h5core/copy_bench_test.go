package h5core_test

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/filter"
)

// BenchmarkCopy writes a file of 64 MiB of elements behind gzip anew: its
// chunks travel as they are.
func BenchmarkCopy(b *testing.B) {
	const rows, columns = 8192, 1024
	gzip, err := filter.NewDeflate(1)
	must(b, err)
	name := filepath.Join(b.TempDir(), "gzip.h5")
	f, err := h5core.Open(ctx, name, "w")
	must(b, err)
	d := dataset(b, f.Group, "d", simple(rows, columns), h5core.Chunks(64, 1024), h5core.Filters(filter.NewShuffle(8), gzip))
	must(b, d.Write(ctx, nil, numbers(rows*columns)))
	must(b, f.Close())
	b.SetBytes(rows * columns * 8)
	for b.Loop() {
		src, err := h5core.Open(ctx, name, "r")
		must(b, err)
		dst := inMemory(b)
		must(b, h5core.CopyAll(ctx, src, dst))
		p, err := dst.Plan(ctx)
		must(b, err)
		_, err = p.WriteTo(io.Discard)
		must(b, err)
		b.ReportMetric(float64(p.Size()), "stored-B")
		dst.Discard()
		must(b, src.Close())
	}
}
