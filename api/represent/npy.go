package represent

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// NewNPY writes a file that numpy.load reads without pickle (NEP 1): the
// header, then the elements in C order. What numpy has a type for keeps its
// byte order; other numbers become the next larger little-endian one, floats
// of other formats '<f8', enumerations their integers (h5py's booleans '|b1'),
// fixed strings 'S' padded with NULs, compounds structured types without
// gaps. Variable strings, sequences and references are refused.
func NewNPY(w io.Writer, t *dtype.Type, shape []uint64) (Writer, error) {
	var dims []uint64
	base := t
	for base.Class == dtype.Array { // numpy has arrays in structures only
		for _, d := range base.Dims {
			dims = append(dims, uint64(d))
		}
		base = base.Base
	}
	n, err := newNumpy(base)
	if err != nil {
		return nil, &TypeError{"NPY", t, err.Error()}
	}
	if _, err := w.Write(npyHeader(n.descr, append(append([]uint64(nil), shape...), dims...))); err != nil {
		return nil, err
	}
	return &npyWriter{w: w, numpy: n}, nil
}

type npyWriter struct {
	w io.Writer
	*numpy
	buf []byte
}

func (w *npyWriter) Write(data []byte, _ Heap) (err error) {
	if w.convert == nil {
		_, err = w.w.Write(data)
		return err
	}
	for len(data) >= w.size {
		w.buf = w.buf[:0]
		for len(data) >= w.size && len(w.buf) < 64<<10 {
			if w.buf, err = w.convert(w.buf, data[:w.size]); err != nil {
				return err
			}
			data = data[w.size:]
		}
		if _, err := w.w.Write(w.buf); err != nil {
			return err
		}
	}
	return nil
}

func (w *npyWriter) Close() error { return nil }

// npyHeader is the magic, the version, the length and the dictionary, padded
// so that the elements begin at a multiple of 64. Version 2 has room for long
// headers, version 3 for names beyond Latin-1.
func npyHeader(descr string, shape []uint64) []byte {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.FormatUint(d, 10)
	}
	tuple := strings.Join(dims, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	text, major := latin1(fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': (%s), }", descr, tuple))
	length := 2
	if major > 1 || len(text)+65 > 0xffff {
		major, length = max(major, 2), 4
	}
	pad := 63 - (8+length+len(text))%64
	head := append([]byte("\x93NUMPY"), major, 0)
	if length == 2 {
		head = binary.LittleEndian.AppendUint16(head, uint16(len(text)+pad+1))
	} else {
		head = binary.LittleEndian.AppendUint32(head, uint32(len(text)+pad+1))
	}
	head = append(append(head, text...), strings.Repeat(" ", pad)...)
	return append(head, '\n')
}

// latin1 encodes a header for version 1, or leaves it in UTF-8 for version 3.
func latin1(s string) (text []byte, major byte) {
	for _, r := range s {
		if r > 0xff {
			return []byte(s), 3
		}
		text = append(text, byte(r))
	}
	return text, 1
}
