package represent

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// appendReversed appends numbers of size bytes in the other byte order.
func appendReversed(dst, src []byte, size int) []byte {
	begin := len(dst)
	dst = append(dst, src...)
	reverse(dst[begin:], size)
	return dst
}

// reverse turns numbers of size bytes to the other byte order.
func reverse(room []byte, size int) {
	switch size {
	case 1:
	case 2:
		for i := 0; i+2 <= len(room); i += 2 {
			room[i], room[i+1] = room[i+1], room[i]
		}
	case 4:
		for i := 0; i+4 <= len(room); i += 4 {
			binary.LittleEndian.PutUint32(room[i:], binary.BigEndian.Uint32(room[i:]))
		}
	case 8:
		for i := 0; i+8 <= len(room); i += 8 {
			binary.LittleEndian.PutUint64(room[i:], binary.BigEndian.Uint64(room[i:]))
		}
	default:
		for i := 0; i+size <= len(room); i += size {
			slices.Reverse(room[i : i+size])
		}
	}
}

// appendFloats appends IEEE floats of 2, 4 or 8 bytes. Every NaN becomes the
// quiet one without sign and payload.
func appendFloats(dst, src []byte, t *dtype.Type) []byte {
	begin, size := len(dst), int(t.Size)
	if t.Order == dtype.BigEndian {
		dst = appendReversed(dst, src, size)
	} else {
		dst = append(dst, src...)
	}
	room, le := dst[begin:], binary.LittleEndian
	switch size {
	case 2:
		for ; len(room) >= 2; room = room[2:] {
			if le.Uint16(room)&0x7fff > 0x7c00 {
				le.PutUint16(room, 0x7e00)
			}
		}
	case 4:
		for ; len(room) >= 4; room = room[4:] {
			if le.Uint32(room)&0x7fffffff > 0x7f800000 {
				le.PutUint32(room, 0x7fc00000)
			}
		}
	case 8:
		for ; len(room) >= 8; room = room[8:] {
			if le.Uint64(room)&(1<<63-1) > 0x7ff<<52 {
				le.PutUint64(room, 0x7ff8<<48)
			}
		}
	}
	return dst
}

// appendDouble appends a float of any format as IEEE double.
func appendDouble(dst []byte, t *dtype.Type, src []byte) ([]byte, error) {
	v, err := t.GetFloat64(src)
	if err != nil {
		return dst, err
	}
	bits := math.Float64bits(v)
	if v != v {
		bits = 0x7ff8 << 48
	}
	return binary.LittleEndian.AppendUint64(dst, bits), nil
}

// appendNumber appends an integer or bitfield in its own size, without its
// unused bits, sign-extended.
func appendNumber(dst []byte, t *dtype.Type, src []byte) ([]byte, error) {
	v, err := bitsOf(t, src)
	if err != nil {
		return dst, err
	}
	var room [8]byte
	binary.LittleEndian.PutUint64(room[:], v)
	return append(dst, room[:t.Size]...), nil
}

// bitsOf returns the number in src as 64 bits: two's complement where the type
// is signed.
func bitsOf(t *dtype.Type, src []byte) (uint64, error) {
	if t.Signed {
		v, err := t.GetInt(src)
		return uint64(v), err
	}
	return t.GetUint(src)
}
