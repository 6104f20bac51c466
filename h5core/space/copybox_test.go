package space

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// oracle copies element by element.
func oracle(dst []byte, dstDims, dstStart []uint64, src []byte, srcDims, srcStart, count []uint64, itemSize int) {
	for i := range (Box{Count: count}).Size() {
		to, from := 0, 0
		for k, x := range coordsOf(count, i) {
			to = to*int(dstDims[k]) + int(dstStart[k]+x)
			from = from*int(srcDims[k]) + int(srcStart[k]+x)
		}
		copy(dst[to*itemSize:(to+1)*itemSize], src[from*itemSize:])
	}
}

func checkCopy(t interface{ Fatalf(string, ...any) }, dstDims, dstStart, srcDims, srcStart, count []uint64, itemSize int) {
	src := make([]byte, int((Box{Count: srcDims}).Size())*itemSize)
	for i := range src {
		src[i] = byte(i*7 + i>>8 + 1)
	}
	want := make([]byte, int((Box{Count: dstDims}).Size())*itemSize)
	got := bytes.Clone(want)
	oracle(want, dstDims, dstStart, src, srcDims, srcStart, count, itemSize)
	CopyBox(got, dstDims, dstStart, src, srcDims, srcStart, count, itemSize)
	if !bytes.Equal(got, want) {
		t.Fatalf("%v from %v in %v to %v in %v, %d bytes each:\n%x\nwant\n%x",
			count, srcStart, srcDims, dstStart, dstDims, itemSize, got, want)
	}
}

func TestCopyBoxProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rank := rapid.IntRange(0, 5).Draw(t, "rank")
		axes := func(low, high uint64, name string) []uint64 {
			return rapid.SliceOfN(rapid.Uint64Range(low, high), rank, rank).Draw(t, name)
		}
		to, from, count := axes(0, 2, "to"), axes(0, 2, "from"), axes(0, 4, "count")
		dst, src := axes(0, 2, "dst"), axes(0, 2, "src")
		for i := range count {
			dst[i] += to[i] + count[i]
			src[i] += from[i] + count[i]
		}
		size := rapid.SampledFrom([]int{1, 2, 3, 4, 8, 16}).Draw(t, "size")
		checkCopy(t, dst, to, src, from, count, size)
	})
}

// Each axis takes five bytes of the input.
func FuzzCopyBox(f *testing.F) {
	f.Add(uint8(4), []byte{2, 1, 0, 3, 0, 3, 0, 2, 1, 1})
	f.Add(uint8(8), []byte{4, 0, 0, 0, 1, 1, 0, 0, 2, 2})
	f.Fuzz(func(t *testing.T, size uint8, in []byte) {
		rank := min(len(in)/5, 4)
		axes := make([][]uint64, 5)
		for i := range axes {
			axes[i] = make([]uint64, rank)
			for k := range rank {
				axes[i][k] = uint64(in[5*k+i] % 6)
			}
		}
		count, to, from, dst, src := axes[0], axes[1], axes[2], axes[3], axes[4]
		for k := range rank {
			dst[k] += to[k] + count[k]
			src[k] += from[k] + count[k]
		}
		checkCopy(t, dst, to, src, from, count, int(size%17)+1)
	})
}

func TestCopyBoxAllocatesNothing(t *testing.T) {
	dims, start, count := []uint64{8, 8, 8}, []uint64{1, 1, 1}, []uint64{4, 4, 4}
	buf, out := make([]byte, 512), make([]byte, 512)
	if n := testing.AllocsPerRun(10, func() { CopyBox(out, dims, start, buf, dims, start, count, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCopyBox(b *testing.B) {
	for _, c := range []struct {
		name       string
		dims, part []uint64
		size       int
	}{
		{"chunk of an image", []uint64{1024, 1024}, []uint64{128, 128}, 4},
		{"thin rows", []uint64{256, 64, 64}, []uint64{256, 32, 4}, 8},
		{"a column", []uint64{4096, 64}, []uint64{4096, 1}, 8},
		{"whole", []uint64{1024, 256}, []uint64{1024, 256}, 4},
	} {
		b.Run(c.name, func(b *testing.B) {
			zero := make([]uint64, len(c.dims))
			src := make([]byte, int((Box{Count: c.dims}).Size())*c.size)
			dst := make([]byte, int((Box{Count: c.part}).Size())*c.size)
			b.SetBytes(int64(len(dst)))
			for b.Loop() {
				CopyBox(dst, c.part, zero, src, c.dims, zero, c.part, c.size)
			}
		})
	}
}

func ExampleCopyBox() {
	src := []byte("abcdefghijkl") // 3 × 4
	dst := make([]byte, 4)        // 2 × 2
	CopyBox(dst, []uint64{2, 2}, []uint64{0, 0}, src, []uint64{3, 4}, []uint64{1, 1}, []uint64{2, 2}, 1)
	fmt.Printf("%s\n", dst)
	// Output: fgjk
}
