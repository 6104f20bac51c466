package filter

import (
	"encoding/binary"
	"fmt"
)

// unsnappy fills out with what a Snappy block holds: its size, then literals and repeats, told apart by the
// lowest two bits of their first byte.
//
//	llllll00                      l+1 literal bytes follow; from 60 on, l-59 bytes tell the length less one
//	dddlll01 dddddddd             repeat l+4 bytes from d back, the first three bits being the highest
//	llllll10 dddddddd dddddddd    repeat l+1 bytes from d back
//	llllll11 and four bytes of d  the same
//
// Numbers are little-endian. (Format description of Snappy, google/snappy.)
func unsnappy(out, src []byte) error {
	size, n := binary.Uvarint(src)
	if n <= 0 || size != uint64(len(out)) {
		return fmt.Errorf("%w: snappy of %d bytes, not %d", ErrCorrupt, size, len(out))
	}
	w := newWindow(out[:0:len(out)], len(out), 0)
	for src = src[n:]; len(src) > 0; {
		first := src[0]
		extra := [4]int{0, 1, 2, 4}[first&3]
		if l := int(first >> 2); first&3 == 0 && l >= 60 {
			extra = l - 59
		}
		if len(src) < 1+extra {
			return cut("a run")
		}
		number := int(get(src[1 : 1+extra]))
		src = src[1+extra:]
		var err error
		switch length := int(first >> 2); first & 3 {
		case 0:
			if extra > 0 {
				length = number
			}
			if length >= len(src) {
				return cut("literals")
			}
			err = w.literal(src[:length+1])
			src = src[length+1:]
		case 1:
			err = w.repeat(int(first>>5)<<8+number, length&7+4)
		default:
			err = w.repeat(number, length+1)
		}
		if err != nil {
			return fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
	}
	return wholeBlock(w.size(), len(out))
}
