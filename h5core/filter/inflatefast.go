package filter

import "encoding/binary"

// margin is how many bytes hurry may write at a time: three literals and a repeat, in words.
const margin = 3 + longest + 8

// hurry decodes literals and repeats while both slices have more than one step can need; end tells that the
// block ended. What is wrong, it leaves where it stands for step to name.
func (f *inflater) hurry() (end bool) {
	src, pos, bits, count := f.src, f.pos, f.bits, f.count
	at := len(f.out)
	out := f.out[:min(cap(f.out), f.limit)]
	most, last := len(out)-margin, len(src)-16
	literals, distances := &f.literals, &f.distances
	for at <= most && pos <= last {
		bits |= binary.LittleEndian.Uint64(src[pos:]) << (count & 63)
		pos += int((63 - count) >> 3)
		count |= 56
		e := literals[bits&(1<<literalBits-1)]
		if e&isLiteral != 0 {
			out[at] = byte(e >> 16)
			at++
			bits >>= e & 31
			count -= uint(e & 31)
			if e = literals[bits&(1<<literalBits-1)]; e&isLiteral != 0 {
				out[at] = byte(e >> 16)
				at++
				bits >>= e & 31
				count -= uint(e & 31)
				if e = literals[bits&(1<<literalBits-1)]; e&isLiteral != 0 {
					out[at] = byte(e >> 16)
					at++
					bits >>= e & 31
					count -= uint(e & 31)
					continue
				}
			}
			bits |= binary.LittleEndian.Uint64(src[pos:]) << (count & 63)
			pos += int((63 - count) >> 3)
			count |= 56
		}
		beforeBits, beforeCount := bits, count
		if e&isTable != 0 {
			bits >>= e & 31
			count -= uint(e & 31)
			e = literals[(uint(e>>16)+uint(bits)&(1<<e.extra()-1))&4095]
		}
		bits >>= e & 31
		count -= uint(e & 31)
		if e&isLiteral != 0 {
			out[at] = byte(e >> 16)
			at++
			continue
		}
		if e&isEnd != 0 {
			end = true
			break
		}
		n := e.value() + int(bits&(1<<e.extra()-1))
		bits >>= e.extra()
		count -= e.extra()
		d := distances[bits&(1<<distanceBits-1)]
		if d&isTable != 0 {
			bits >>= d & 31
			count -= uint(d & 31)
			d = distances[(uint(d>>16)+uint(bits)&(1<<d.extra()-1))&1023]
		}
		bits >>= d & 31
		count -= uint(d & 31)
		distance := d.value() + int(bits&(1<<d.extra()-1))
		bits >>= d.extra()
		count -= d.extra()
		if e == 0 || d == 0 || n == 0 || uint(distance-1) >= uint(at-f.start) {
			bits, count = beforeBits, beforeCount
			break
		}
		repeatWords(out[at-distance:], distance, n)
		at += n
	}
	f.out = f.out[:at]
	f.pos, f.bits, f.count = pos, bits, count
	return end
}

// repeatWords copies n bytes from the start of p to distance, in words: up to 7 bytes more may be written.
func repeatWords(p []byte, distance, n int) {
	to := p[distance:]
	switch {
	case distance >= 8:
		for i := 0; i < n; i += 8 {
			binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(p[i:]))
		}
	case distance == 1:
		word := uint64(p[0]) * 0x0101010101010101
		for i := 0; i < n; i += 8 {
			binary.LittleEndian.PutUint64(to[i:], word)
		}
	default:
		to = to[:n]
		for i := range to {
			to[i] = p[i]
		}
	}
}
