package convert

import (
	"encoding/binary"
	"math/bits"

	"github.com/h5serve/h5serve/h5core/dtype"
)

var (
	little = binary.LittleEndian
	big    = binary.BigEndian
)

// swapped says whether two numbers differ in the order of their bytes only.
func swapped(from, to *dtype.Type) bool {
	if from.Order > dtype.BigEndian || to.Order > dtype.BigEndian {
		return false
	}
	turned := *from
	turned.Order = to.Order
	return turned.Equal(to)
}

// swap reverses the bytes of elements of that many bytes.
func swap(size int) loop {
	return func(dst, src []byte, n, ds, ss int) {
		switch {
		case size == 1:
			move(1)(dst, src, n, ds, ss)
		case size == 2 && ds == 2 && ss == 2:
			swap2(dst, src, n)
		case size == 4 && ds == 4 && ss == 4:
			swap4(dst, src, n)
		case size == 8 && ds == 8 && ss == 8:
			swap8(dst, src, n)
		default:
			for i := range n {
				to, from := dst[i*ds:i*ds+size], src[i*ss:i*ss+size]
				for k, b := range from {
					to[size-1-k] = b
				}
			}
		}
	}
}

func swap2(dst, src []byte, n int) {
	const low = 0x00ff00ff00ff00ff
	i := 0
	for ; i+4 <= n; i += 4 {
		v := little.Uint64(src[2*i:])
		little.PutUint64(dst[2*i:], v&low<<8|v>>8&low)
	}
	for ; i < n; i++ {
		little.PutUint16(dst[2*i:], big.Uint16(src[2*i:]))
	}
}

func swap4(dst, src []byte, n int) {
	i := 0
	for ; i+2 <= n; i += 2 {
		v := bits.ReverseBytes64(little.Uint64(src[4*i:]))
		little.PutUint64(dst[4*i:], bits.RotateLeft64(v, 32))
	}
	if i < n {
		little.PutUint32(dst[4*i:], big.Uint32(src[4*i:]))
	}
}

func swap8(dst, src []byte, n int) {
	for i := range n {
		little.PutUint64(dst[8*i:], big.Uint64(src[8*i:]))
	}
}
