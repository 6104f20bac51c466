package space

import "math"

// Bounds of the size of a chunk in bytes that GuessChunk aims at.
const (
	chunkUnit  = 16 << 10
	chunkLeast = 8 << 10
	chunkMost  = 1 << 20
)

// GuessChunk returns the chunk shape that h5py picks where none is given, nil
// for a shape without axes. Axes are halved in turn until the chunk's bytes
// come near a target that grows with the dataset. An axis of length 0 counts
// as 1024. ItemSize is h5py's: that of a variable-length element in memory is
// 8.
//
// Max, nil for none, holds an axis to what it can ever have, where h5py would
// fail: a shape that is empty now and bounded.
func GuessChunk(shape, max []uint64, itemSize uint64) []uint64 {
	if len(shape) == 0 {
		return nil
	}
	chunk := make([]float64, len(shape)) // as h5py counts, or the halves differ
	for i, d := range shape {
		chunk[i] = float64(d)
		if d == 0 {
			chunk[i] = 1024
		}
	}
	item := float64(itemSize)
	target := chunkUnit * math.Pow(2, math.Log10(volume(chunk)*item/(1<<20)))
	target = math.Min(math.Max(target, chunkLeast), chunkMost)
	for i := 0; ; i++ {
		n := volume(chunk)
		near := n*item < target || math.Abs(n*item-target)/target < 0.5
		if (near && n*item < chunkMost) || n == 1 {
			break
		}
		axis := i % len(chunk)
		chunk[axis] = math.Ceil(chunk[axis] / 2)
	}
	guess := make([]uint64, len(chunk))
	for i, c := range chunk {
		guess[i] = uint64(c)
		if max != nil && max[i] > 0 && max[i] < guess[i] {
			guess[i] = max[i]
		}
	}
	return guess
}

// ChunkOf returns a chunk shape of at most most bytes, or of one element: the
// shape itself, its longest axis halved until it fits, so that a chunk spans
// about as much of each axis. An axis of length 0 counts as 1024; Max is as in
// GuessChunk. It is nil for a shape without axes.
func ChunkOf(shape, max []uint64, itemSize, most uint64) []uint64 {
	if len(shape) == 0 {
		return nil
	}
	chunk := make([]uint64, len(shape))
	for i, d := range shape {
		if chunk[i] = d; d == 0 {
			chunk[i] = 1024
		}
		if max != nil && max[i] > 0 {
			chunk[i] = min(chunk[i], max[i])
		}
	}
	for !fits(chunk, itemSize, most) {
		longest := 0
		for i := range chunk {
			if chunk[i] > chunk[longest] {
				longest = i
			}
		}
		if chunk[longest] == 1 {
			break
		}
		chunk[longest] = (chunk[longest] + 1) / 2
	}
	return chunk
}

func fits(chunk []uint64, itemSize, most uint64) bool {
	n := itemSize
	for _, c := range chunk {
		if c > most || n > most/c {
			return false
		}
		n *= c
	}
	return n <= most
}

func volume(chunk []float64) float64 {
	n := 1.0
	for _, c := range chunk {
		n *= c
	}
	return n
}
