package h5core_test

import (
	"testing"

	"github.com/h5serve/h5serve/h5core"
)

func BenchmarkRead(b *testing.B) {
	f := inMemory(b)
	numbers, rows := make([]float64, 1<<20), make([]row, 1<<12)
	created(b, f, "numbers", numbers)
	created(b, f, "points", make([]point, 1<<18))
	created(b, f, "rows", rows)
	r := reopened(b, f)
	d := open(b, r, "numbers")
	b.Run("float64 as float64", func(b *testing.B) { benchmarkRead[float64](b, d, 8) })
	b.Run("float64 as float32", func(b *testing.B) { benchmarkRead[float32](b, d, 8) })
	b.Run("structs", func(b *testing.B) { benchmarkRead[point](b, open(b, r, "points"), 16) })
	b.Run("structs with strings", func(b *testing.B) {
		d := open(b, r, "rows")
		benchmarkRead[row](b, d, int64(d.Type().Size))
	})
}

func benchmarkRead[T any](b *testing.B, d *h5core.Dataset, size int64) {
	count, err := d.Space().Count()
	must(b, err)
	dst := make([]T, count)
	b.SetBytes(int64(count) * size)
	b.ReportAllocs()
	for b.Loop() {
		must(b, h5core.ReadInto(ctx, d, nil, dst))
	}
}
