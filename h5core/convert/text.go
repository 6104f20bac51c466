package convert

import (
	"bytes"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// compileText cuts off or pads. A null-terminated target keeps its last byte
// for the NUL.
func compileText(from, to *dtype.Type) (loop, error) {
	if from.CharSet != to.CharSet {
		return nil, no(from, to, "their character sets differ")
	}
	f, t := int(from.Size), int(to.Size)
	fill := byte(0)
	if to.Padding == dtype.SpacePad {
		fill = ' '
	}
	return func(dst, src []byte, n, ds, ss int) {
		for i := range n {
			at := dst[i*ds : i*ds+t]
			rest := at[copy(at, text(src[i*ss:i*ss+f], from.Padding)):]
			for k := range rest {
				rest[k] = fill
			}
			if to.Padding == dtype.NullTerm {
				at[t-1] = 0
			}
		}
	}, nil
}

// text is a fixed string without its padding. The C library ends one that is
// padded with NULs at the first.
func text(p []byte, padding dtype.Padding) []byte {
	if padding == dtype.SpacePad {
		return bytes.TrimRight(p, " ")
	}
	if i := bytes.IndexByte(p, 0); i >= 0 {
		return p[:i]
	}
	return p
}
