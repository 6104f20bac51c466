package reduce

import "iter"

// tile is a part of a plane, in coordinates.
type tile struct{ top, bottom, left, right uint64 }

// tiles cuts a plane into parts of about so many elements that begin and end
// with cells and, as far as that goes, with chunks. One part may be larger, by
// as much as a cell or a chunk is.
func (p *Plane) tiles(most uint64) iter.Seq[tile] {
	height, width := p.tileSize(most)
	rows, cols := p.Rows, p.Cols
	return func(yield func(tile) bool) {
		if rows.Count == 0 || cols.Count == 0 {
			return
		}
		for top := rows.first(); top < rows.end(); {
			bottom := following(top, height, rows.end())
			for left := cols.first(); left < cols.end(); {
				right := following(left, width, cols.end())
				if !yield(tile{top, bottom, left, right}) {
					return
				}
				left = right
			}
			top = bottom
		}
	}
}

// following is the next multiple of size above at, or the end.
func following(at, size, end uint64) uint64 {
	if next := at - at%size; size < end-next {
		return next + size
	}
	return end
}

// tileSize is the size of a tile, in multiples of cells.
func (p *Plane) tileSize(most uint64) (height, width uint64) {
	chunk := p.Dataset.Chunks()
	along := func(a Axis) uint64 {
		if chunk == nil || a.Number < 0 {
			return a.Cell
		}
		return multiple((chunk[a.Number]-1)/a.Step+1, a.Cell)
	}
	height, width = along(p.Rows), along(p.Cols)
	for width < p.Cols.end() && height <= most/2/width {
		width *= 2
	}
	for height < p.Rows.end() && height <= most/2/width {
		height *= 2
	}
	return height, width
}

// multiple is n rounded up to a multiple of a power of two.
func multiple(n, of uint64) uint64 {
	if n > ^uint64(0)-of {
		return 1 << 63
	}
	return (n + of - 1) &^ (of - 1)
}
