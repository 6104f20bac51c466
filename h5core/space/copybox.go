package space

import "encoding/binary"

// CopyBox copies a box of count elements, of itemSize bytes each, from a
// C-order buffer of shape srcDims, where it starts at srcStart, to one of shape
// dstDims, where it starts at dstStart. Both boxes must lie in their shapes,
// and both buffers hold them: it panics where a buffer is too short. The
// buffers must not overlap.
func CopyBox(dst []byte, dstDims, dstStart []uint64, src []byte, srcDims, srcStart, count []uint64, itemSize int) {
	var axes [MaxRank]boxAxis
	run := itemSize                        // bytes that lie side by side in both
	n := 0                                 // axes beyond the run, innermost first
	to, from := 0, 0                       // where the box starts, in bytes
	toStep, fromStep := itemSize, itemSize // of one element along the axis
	merging := true
	for i := len(count) - 1; i >= 0; i-- {
		to += int(dstStart[i]) * toStep
		from += int(srcStart[i]) * fromStep
		switch c := int(count[i]); {
		case c == 0:
			return
		case merging:
			run *= c
			merging = count[i] == dstDims[i] && count[i] == srcDims[i]
		case c > 1:
			axes[n] = boxAxis{c, toStep, fromStep}
			n++
		}
		toStep *= int(dstDims[i])
		fromStep *= int(srcDims[i])
	}
	if run == itemSize && n > 0 {
		// An innermost axis of one element: the loop over the next copies
		// single elements.
		copyElements(dst, src, axes[:n], to, from, itemSize)
		return
	}
	copyRuns(dst, src, axes[:n], to, from, run)
}

// boxAxis is one loop: how often, and by how many bytes the buffers advance.
type boxAxis struct {
	count, to, from int
}

// copyRuns copies a run for every step of the axes, innermost first.
func copyRuns(dst, src []byte, axes []boxAxis, to, from, run int) {
	if len(axes) == 0 {
		copy(dst[to:to+run], src[from:from+run])
		return
	}
	a := axes[len(axes)-1]
	if len(axes) > 1 {
		for range a.count {
			copyRuns(dst, src, axes[:len(axes)-1], to, from, run)
			to += a.to
			from += a.from
		}
		return
	}
	for range a.count {
		copy(dst[to:to+run], src[from:from+run])
		to += a.to
		from += a.from
	}
}

// copyElements is copyRuns where a run is one element, often of a size that
// is a machine word.
func copyElements(dst, src []byte, axes []boxAxis, to, from, size int) {
	a := axes[len(axes)-1]
	if len(axes) > 1 {
		for range a.count {
			copyElements(dst, src, axes[:len(axes)-1], to, from, size)
			to += a.to
			from += a.from
		}
		return
	}
	switch size {
	case 4:
		for range a.count {
			binary.LittleEndian.PutUint32(dst[to:], binary.LittleEndian.Uint32(src[from:]))
			to += a.to
			from += a.from
		}
	case 8:
		for range a.count {
			binary.LittleEndian.PutUint64(dst[to:], binary.LittleEndian.Uint64(src[from:]))
			to += a.to
			from += a.from
		}
	default:
		copyRuns(dst, src, axes, to, from, size)
	}
}
