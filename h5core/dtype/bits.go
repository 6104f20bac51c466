package dtype

// place returns where the byte of significance i (0 = least) of an element of
// n bytes lies.
func (o Order) place(i, n int) int {
	switch o {
	case BigEndian:
		return n - 1 - i
	case VAX:
		return n - 2 - i&^1 + i&1
	}
	return i
}

// bits returns n ≤ 64 bits of b from bit pos on, bit 0 being the least
// significant of the element.
func (o Order) bits(b []byte, pos, n int) uint64 {
	var v uint64
	for done := 0; done < n; {
		at := pos + done
		part := uint64(b[o.place(at/8, len(b))]) >> (at % 8)
		v |= part << done
		done += 8 - at%8
	}
	if n < 64 {
		v &= 1<<n - 1
	}
	return v
}

// setBits puts the low n ≤ 64 bits of v into b from bit pos on.
func (o Order) setBits(b []byte, pos, n int, v uint64) {
	for done := 0; done < n; {
		at := pos + done
		width := min(8-at%8, n-done)
		mask := byte(1<<width-1) << (at % 8)
		p := &b[o.place(at/8, len(b))]
		*p = *p&^mask | byte(v>>done)<<(at%8)&mask
		done += width
	}
}

// fill sets every bit of b from bit pos up to bit end to one.
func (o Order) fill(b []byte, pos, end int) {
	for ; pos < end; pos += 64 {
		o.setBits(b, pos, min(64, end-pos), ^uint64(0))
	}
}

// pad clears b and sets the padding bits that t wants set.
func (t *Type) pad(b []byte) {
	clear(b)
	begin, end := int(t.BitOffset), int(t.BitOffset)+int(t.Precision)
	low, high := t.LowPad, t.HighPad
	if t.Class == Float {
		low, high = t.Float.LowPad, t.Float.HighPad
		if t.Float.InnerPad {
			t.Order.fill(b, begin, end)
		}
	}
	if low {
		t.Order.fill(b, 0, begin)
	}
	if high {
		t.Order.fill(b, end, 8*len(b))
	}
}
