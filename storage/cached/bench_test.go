package cached_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/mem"
)

// One benchmark for each constant of Settings, over values around its default.
// The store answers after 6 ms and sends 900 MB/s on each connection: a tenth of
// the time that S3 takes. GETs and MB are those of one operation.

const realMiB = 1 << 20

// far76 is an object of 76 MiB.
func far76(b *testing.B) *far {
	f := &far{Store: mem.New("far"), latency: 6 * time.Millisecond, bandwidth: 900e6}
	put(b, f, "k", make([]byte, 76*realMiB))
	b.ResetTimer()
	return f
}

// measure reads cold, b.N times.
func measure(b *testing.B, store *far, s cached.Settings, read func(f *cached.File)) {
	var total cached.Counts
	for b.Loop() {
		c, err := cached.New(s)
		must(b, err)
		f, err := c.Open(ctx, store, "k")
		must(b, err)
		read(f)
		n := c.Totals()
		total.GETs, total.Bytes = total.GETs+n.GETs, total.Bytes+n.Bytes
	}
	store.took()
	b.ReportMetric(float64(total.GETs)/float64(b.N), "GETs/op")
	b.ReportMetric(float64(total.Bytes)/1e6/float64(b.N), "MB/op")
}

func at(b *testing.B, f *cached.File, kind cached.Kind, length int, offsets ...uint64) {
	must(b, f.Fetch(ctx, kind, ranges(length, offsets...)))
}

// hops are where a file of 76 MB that nobody laid out has the metadata of one
// dataset, in KiB: one wave each.
var hops = []uint64{0, 1, 70554, 59404, 47434, 48253, 48252, 51299, 51225, 51001, 51076, 51003}

func BenchmarkBlock(b *testing.B) {
	for _, size := range []uint64{64 << 10, 256 << 10, realMiB, 4 * realMiB, 16 * realMiB} {
		b.Run(fmt.Sprint(size>>10, "KiB"), func(b *testing.B) {
			measure(b, far76(b), cached.Settings{Block: size, Largest: 16 * realMiB}, func(f *cached.File) {
				for _, hop := range hops {
					at(b, f, cached.Metadata, 512, hop<<10)
				}
			})
		})
	}
}

// A file with 1.2 MiB of metadata in front.
func BenchmarkFirst(b *testing.B) {
	for _, size := range []uint64{64 << 10, 256 << 10, realMiB, 4 * realMiB} {
		b.Run(fmt.Sprint(size>>10, "KiB"), func(b *testing.B) {
			measure(b, far76(b), cached.Settings{First: size}, func(f *cached.File) {
				for i := range uint64(12) {
					at(b, f, cached.Metadata, 512, i*100<<10)
				}
			})
		})
	}
}

// Waves of 200 headers all over the file.
func BenchmarkWindow(b *testing.B) {
	for _, size := range []uint64{4 << 10, 16 << 10, 64 << 10, 256 << 10, realMiB} {
		b.Run(fmt.Sprint(size>>10, "KiB"), func(b *testing.B) {
			measure(b, far76(b), cached.Settings{Page: size}, func(f *cached.File) {
				for wave := range uint64(3) { // the headers, what they point to, what that points to
					var places []uint64
					for i := range uint64(200) {
						places = append(places, i*380<<10+wave*9<<10)
					}
					at(b, f, cached.Metadata, 512, places...)
				}
			})
		})
	}
}

// Waves of six places, each followed by one near by.
func BenchmarkScatter(b *testing.B) {
	for _, n := range []int{1, 4, 8, 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			measure(b, far76(b), cached.Settings{Scatter: n}, func(f *cached.File) {
				for near := range uint64(3) {
					var places []uint64
					for i := range uint64(6) {
						places = append(places, (i+1)*10*realMiB+near*100<<10)
					}
					at(b, f, cached.Metadata, 512, places...)
				}
			})
		})
	}
}

// Waves of 100 headers in half of a file, that come closer and closer.
func BenchmarkDense(b *testing.B) {
	for _, percent := range []int{25, 50, 75, 100} {
		b.Run(fmt.Sprint(percent, "%"), func(b *testing.B) {
			measure(b, far76(b), cached.Settings{Dense: percent}, func(f *cached.File) {
				for wave := range uint64(3) {
					var places []uint64
					for i := range 100 * (wave + 1) {
						places = append(places, i*360<<10/(wave+1)+i*i%7<<15)
					}
					at(b, f, cached.Metadata, 512, places...)
				}
			})
		})
	}
}

// 200 chunks of 40 KiB with up to 512 KiB between them.
func BenchmarkGap(b *testing.B) {
	for _, gap := range []uint64{1, 32 << 10, 128 << 10, 256 << 10, realMiB} {
		b.Run(fmt.Sprint(gap>>10, "KiB"), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			var places []uint64
			for off := uint64(realMiB); len(places) < 200; off += 40<<10 + r.Uint64N(512<<10) {
				places = append(places, off)
			}
			measure(b, far76(b), cached.Settings{Gap: gap}, func(f *cached.File) {
				at(b, f, cached.Raw, 40<<10, places...)
			})
		})
	}
}

// 64 MiB in one piece.
func BenchmarkLargest(b *testing.B) {
	for _, size := range []uint64{realMiB, 4 * realMiB, 8 * realMiB, 16 * realMiB, 64 * realMiB} {
		b.Run(fmt.Sprint(size>>20, "MiB"), func(b *testing.B) {
			measure(b, far76(b), cached.Settings{Largest: size}, func(f *cached.File) {
				at(b, f, cached.Raw, 64*realMiB, 4*realMiB)
			})
		})
	}
}

// 64 chunks of 512 KiB, each too far from the next to be merged.
func BenchmarkInFlight(b *testing.B) {
	for _, n := range []int{1, 4, 8, 16, 32} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var places []uint64
			for i := range uint64(64) {
				places = append(places, (i+2)*realMiB)
			}
			measure(b, far76(b), cached.Settings{InFlight: n}, func(f *cached.File) {
				at(b, f, cached.Raw, 512<<10, places...)
			})
		})
	}
}

// What the engine does most: one small range that is held.
func BenchmarkHit(b *testing.B) {
	f := open(b, newCache(b, cached.Settings{}), newFar(b, make([]byte, realMiB)))
	defer f.Close()
	list := ranges(512, 1000)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		own := ranges(512, list[0].Off)
		for pb.Next() {
			must(b, f.Fetch(ctx, cached.Metadata, own))
		}
	})
}
