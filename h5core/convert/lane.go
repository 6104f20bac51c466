package convert

import "math"

// load reads numbers that lie step bytes apart: signed ones sign-extended,
// floats as float64.
func (f native) load(l []uint64, src []byte, step int) {
	switch f.size {
	case 1:
		f.load1(l, src, step)
	case 2:
		f.load2(l, src, step)
	case 4:
		f.load4(l, src, step)
	default:
		f.load8(l, src, step)
	}
}

func (f native) load1(l []uint64, src []byte, step int) {
	if f.signed {
		for i := range l {
			l[i] = uint64(int64(int8(src[i*step])))
		}
		return
	}
	for i := range l {
		l[i] = uint64(src[i*step])
	}
}

func (f native) load2(l []uint64, src []byte, step int) {
	switch {
	case f.signed && f.big:
		for i := range l {
			l[i] = uint64(int64(int16(big.Uint16(src[i*step:]))))
		}
	case f.signed:
		for i := range l {
			l[i] = uint64(int64(int16(little.Uint16(src[i*step:]))))
		}
	case f.big:
		for i := range l {
			l[i] = uint64(big.Uint16(src[i*step:]))
		}
	default:
		for i := range l {
			l[i] = uint64(little.Uint16(src[i*step:]))
		}
	}
	if f.float {
		for i, v := range l {
			l[i] = math.Float64bits(fromHalf(uint16(v)))
		}
	}
}

func (f native) load4(l []uint64, src []byte, step int) {
	switch {
	case f.float && f.big:
		for i := range l {
			l[i] = math.Float64bits(float64(math.Float32frombits(big.Uint32(src[i*step:]))))
		}
	case f.float:
		for i := range l {
			l[i] = math.Float64bits(float64(math.Float32frombits(little.Uint32(src[i*step:]))))
		}
	case f.signed && f.big:
		for i := range l {
			l[i] = uint64(int64(int32(big.Uint32(src[i*step:]))))
		}
	case f.signed:
		for i := range l {
			l[i] = uint64(int64(int32(little.Uint32(src[i*step:]))))
		}
	case f.big:
		for i := range l {
			l[i] = uint64(big.Uint32(src[i*step:]))
		}
	default:
		for i := range l {
			l[i] = uint64(little.Uint32(src[i*step:]))
		}
	}
}

func (f native) load8(l []uint64, src []byte, step int) {
	if f.big {
		for i := range l {
			l[i] = big.Uint64(src[i*step:])
		}
		return
	}
	for i := range l {
		l[i] = little.Uint64(src[i*step:])
	}
}

// store writes the low bytes of numbers.
func (f native) store(l []uint64, dst []byte, step int) {
	switch {
	case f.size == 1:
		for i, v := range l {
			dst[i*step] = byte(v)
		}
	case f.size == 2 && f.big:
		for i, v := range l {
			big.PutUint16(dst[i*step:], uint16(v))
		}
	case f.size == 2:
		for i, v := range l {
			little.PutUint16(dst[i*step:], uint16(v))
		}
	case f.size == 4 && f.big:
		for i, v := range l {
			big.PutUint32(dst[i*step:], uint32(v))
		}
	case f.size == 4:
		for i, v := range l {
			little.PutUint32(dst[i*step:], uint32(v))
		}
	case f.big:
		for i, v := range l {
			big.PutUint64(dst[i*step:], v)
		}
	default:
		for i, v := range l {
			little.PutUint64(dst[i*step:], v)
		}
	}
}

// narrow rounds floats of the lane to the bits of the format.
func (f native) narrow(l []uint64) {
	switch {
	case f.float && f.size == 4:
		for i, v := range l {
			l[i] = uint64(math.Float32bits(float32(math.Float64frombits(v))))
		}
	case f.float && f.size == 2:
		for i, v := range l {
			l[i] = uint64(toHalf(v))
		}
	}
}

// fromHalf reads an IEEE binary16.
func fromHalf(h uint16) float64 {
	sign, exp, m := uint64(h&0x8000)<<48, uint64(h>>10&0x1f), uint64(h&0x3ff)
	switch exp {
	case 0:
		v := float64(m) * 0x1p-24
		return math.Float64frombits(math.Float64bits(v) | sign)
	case 0x1f:
		exp = 0x7ff
	default:
		exp += 1023 - 15
	}
	return math.Float64frombits(sign | exp<<52 | m<<42)
}

// toHalf rounds the bits of a float64 to binary16, ties to even.
func toHalf(b uint64) uint16 {
	sign, exp, m := uint16(b>>48)&0x8000, int(b>>52&0x7ff)-1023, b&(1<<52-1)
	switch {
	case exp == 1024 && m != 0:
		return sign | 0x7e00
	case exp > 15:
		return sign | 0x7c00
	case exp < -25:
		return sign
	}
	shift := 42 // bits that binary16 has no room for
	if exp < -14 {
		shift += -14 - exp
	}
	m |= 1 << 52
	q, rest, tie := m>>shift, m&(1<<shift-1), uint64(1)<<(shift-1)
	if rest > tie || (rest == tie && q&1 == 1) {
		q++
	}
	if exp >= -14 {
		q += uint64(exp+14) << 10 // a carry goes on into the exponent, to infinity
	}
	return sign | uint16(q)
}
