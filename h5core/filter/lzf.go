package filter

// lzf is h5py's filter: one LibLZF block. Its parameters (the filter's revision, the library's version and
// the chunk's size) are not needed for decoding.
type lzf struct{}

func (lzf) ID() ID       { return IDLZF }
func (lzf) Name() string { return "lzf" }

// Extent allows for a block of literals: a byte in front of each 32.
func (lzf) Extent(in Extent, _ []uint32) Extent { return Extent{Max: add(in.Max, in.Max/32+1)} }

func (f lzf) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

// lzfGrowth is how many bytes one encoded byte can stand for: a repeat of 264 takes three.
const lzfGrowth = 88

// A block is a list of runs, told apart by the highest three bits of their first byte:
//
//	000lllll                    l+1 literal bytes follow
//	lllddddd dddddddd           repeat l+2 bytes from d+1 back
//	111ddddd llllllll dddddddd  repeat l+9 bytes from d+1 back
func (lzf) Decode(dst, src []byte, _ []uint32, limit int) ([]byte, error) {
	w := newWindow(dst, limit, lzfGrowth*len(src))
	for len(src) > 0 {
		first := int(src[0])
		length, used := first>>5, 2
		switch {
		case length == 0:
			used = 2 + first
		case length == 7:
			used = 3
		}
		if len(src) < used {
			return dst, cut("a run")
		}
		var err error
		if length == 0 {
			err = w.literal(src[1:used])
		} else {
			if length == 7 {
				length += int(src[1])
			}
			err = w.repeat(first&31<<8+int(src[used-1])+1, length+2)
		}
		if err != nil {
			return dst, err
		}
		src = src[used:]
	}
	return w.out, nil
}
