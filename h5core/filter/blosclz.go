package filter

import "fmt"

// blosclzFar is the distance from which on repeats have one of two bytes more.
const blosclzFar = 8191

// unblosclz fills out with what a BloscLZ block holds: runs, told apart by the highest three bits of their
// first byte (which in the first run count as zeros).
//
//	000lllll                        l+1 literal bytes follow
//	lllddddd dddddddd               repeat l+2 bytes from d+1 back
//	111ddddd L dddddddd             repeat 9+L bytes; L is a sum of bytes, of which the last is not 255
//	…11111 … 11111111 D D           repeat from D+8192 back, D being big-endian
func unblosclz(out, src []byte) error {
	w := newWindow(out[:0:len(out)], len(out), 0)
	for begin := true; len(src) > 0; begin = false {
		first := int(src[0])
		src = src[1:]
		if begin {
			first &= 31
		}
		if first < 32 {
			if len(src) <= first {
				return cut("literals")
			}
			if err := w.literal(src[:first+1]); err != nil {
				return fmt.Errorf("%w: %v", ErrCorrupt, err)
			}
			src = src[first+1:]
			continue
		}
		length, distance, used := blosclzRepeat(first, src)
		if used > len(src) {
			return cut("a repeat")
		}
		if err := w.repeat(distance, length); err != nil {
			return fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
		src = src[used:]
	}
	return wholeBlock(w.size(), len(out))
}

// blosclzRepeat reads what follows the first byte of a repeat. More bytes are used than there are where it is
// cut off.
func blosclzRepeat(first int, src []byte) (length, distance, used int) {
	at := func(i int) int {
		if i < len(src) {
			return int(src[i])
		}
		return 0
	}
	length = first>>5 + 2
	if first>>5 == 7 {
		for more := 255; more == 255; used++ {
			more = at(used)
			length += more
		}
	}
	low := at(used)
	used++
	if distance = first&31<<8 + low; distance == blosclzFar {
		distance += at(used)<<8 + at(used+1)
		used += 2
	}
	return length, distance + 1, used
}
