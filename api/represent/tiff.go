package represent

import (
	"encoding/binary"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// TIFF is a stack of grey pictures (TIFF 6.0), or BigTIFF where it is larger than
// 4 GiB: a page for each two last axes, a line for one axis alone.
//
//	header │ directory of page 1 │ … of page n │ {"shape": …} │ pixels of page 1 │ …
//
// All but the pixels follows from type and shape, so that the length is known
// and pages are written as their elements come. Numbers are little-endian; a
// boolean is a bit, a complex number two floats. A description as tifffile
// writes it tells the whole shape.
type TIFF struct {
	memory      *Memory
	pages       uint64
	height      uint64
	width       uint64
	strip       uint64 // bytes of a page
	description string
	big         bool
}

// NewTIFF plans a file. What no TIFF can hold is a *TypeError.
func NewTIFF(t *dtype.Type, shape []uint64) (*TIFF, error) {
	m, err := MemoryOf(t)
	if err != nil {
		return nil, refuse("TIFF", t, "only numbers make pictures")
	}
	return m.TIFF(t, shape)
}

// TIFF is NewTIFF of elements as they lie in memory.
func (m *Memory) TIFF(t *dtype.Type, shape []uint64) (*TIFF, error) {
	if !m.Numeric() || m.Kind == 'm' {
		return nil, refuse("TIFF", t, "only numbers make pictures")
	}
	shape = m.Shape(shape)
	if m.Kind == 'f' && m.Size > 8 {
		m = m.Safe(t)
	}
	if m.Kind == 'c' && m.Size > 16 {
		return nil, refuse("TIFF", t, "a complex number has at most 16 bytes there")
	}
	if len(shape) == 0 || product(shape) == 0 {
		return nil, refuse("TIFF", t, "the shape %v makes no picture", shape)
	}
	p := &TIFF{memory: m.Little(), pages: 1, height: 1, width: shape[len(shape)-1]}
	if n := len(shape); n > 1 {
		p.height, p.pages = shape[n-2], product(shape[:n-2])
	}
	if max(p.height, p.width, p.pages) > math.MaxUint32 {
		return nil, refuse("TIFF", t, "the shape %v is too large: a side of a picture has at most 4294967295 pixels", shape)
	}
	p.strip = p.height * p.line()
	p.description = describeShape(shape)
	p.big = p.Size() > math.MaxUint32
	return p, nil
}

func describeShape(shape []uint64) string {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.FormatUint(d, 10)
	}
	text := `{"shape": [` + strings.Join(dims, ", ") + `]}`
	return text + strings.Repeat("\x00", 16-len(text)%16)
}

// line is the bytes of a row of pixels.
func (p *TIFF) line() uint64 {
	if p.memory.boolean() {
		return (p.width + 7) / 8
	}
	return p.width * uint64(p.memory.Size)
}

// Size is the length of the file in bytes.
func (p *TIFF) Size() uint64 { return p.pixels() + p.pages*p.strip }

func (p *TIFF) pixels() uint64 {
	return p.header() + p.pages*p.directory() + uint64(len(p.description))
}

func (p *TIFF) header() uint64 {
	if p.big {
		return 16
	}
	return 8
}

// tags is the number of fields of a directory.
const tags = 11

func (p *TIFF) directory() uint64 {
	if p.big {
		return 8 + tags*20 + 8
	}
	return 2 + tags*12 + 4
}

// New begins to write the file.
func (p *TIFF) New(w io.Writer) (Writer, error) {
	buf := append([]byte("II"), 42, 0)
	if p.big {
		buf = append([]byte("II"), 43, 0, 8, 0, 0, 0)
	}
	buf = p.place(buf, p.header())
	for page := range p.pages {
		buf = p.appendDirectory(buf, page)
		if len(buf) > 64<<10 {
			if _, err := w.Write(buf); err != nil {
				return nil, err
			}
			buf = buf[:0]
		}
	}
	if _, err := w.Write(append(buf, p.description...)); err != nil {
		return nil, err
	}
	if p.memory.boolean() {
		return &bitWriter{w: w, m: p.memory, width: p.width}, nil
	}
	return NewMemory(w, p.memory), nil
}

// place appends an offset in the file.
func (p *TIFF) place(dst []byte, at uint64) []byte {
	if p.big {
		return binary.LittleEndian.AppendUint64(dst, at)
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(at))
}

// Types of a directory's fields.
const (
	tiffASCII = 2
	tiffShort = 3
	tiffLong  = 4
	tiffLong8 = 16
)

func (p *TIFF) appendDirectory(dst []byte, page uint64) []byte {
	wide := uint16(tiffLong)
	if p.big {
		wide = tiffLong8
	}
	description, length := p.header()+p.pages*p.directory(), uint64(len(p.description))
	bits, format := p.sample()
	if p.big {
		dst = binary.LittleEndian.AppendUint64(dst, tags)
	} else {
		dst = binary.LittleEndian.AppendUint16(dst, tags)
	}
	dst = p.field(dst, 256, tiffLong, 1, p.width)
	dst = p.field(dst, 257, tiffLong, 1, p.height)
	dst = p.field(dst, 258, tiffShort, 1, bits)
	dst = p.field(dst, 259, tiffShort, 1, 1) // no compression
	dst = p.field(dst, 262, tiffShort, 1, 1) // black is zero
	dst = p.field(dst, 270, tiffASCII, length, description)
	dst = p.field(dst, 273, wide, 1, p.pixels()+page*p.strip)
	dst = p.field(dst, 277, tiffShort, 1, 1) // samples of a pixel
	dst = p.field(dst, 278, tiffLong, 1, p.height)
	dst = p.field(dst, 279, wide, 1, p.strip)
	dst = p.field(dst, 339, tiffShort, 1, format)
	next := uint64(0)
	if page+1 < p.pages {
		next = p.header() + (page+1)*p.directory()
	}
	return p.place(dst, next)
}

// field appends a field whose value fits its place, as a little-endian number.
func (p *TIFF) field(dst []byte, tag, kind uint16, count, value uint64) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, tag)
	dst = binary.LittleEndian.AppendUint16(dst, kind)
	return p.place(p.place(dst, count), value)
}

// sample gives the bits of a pixel, and what they are (SampleFormat).
func (p *TIFF) sample() (bits, format uint64) {
	switch p.memory.Kind {
	case 'b':
		return 1, 1
	case 'i':
		format = 2
	case 'f':
		format = 3
	case 'c':
		format = 6
	default:
		format = 1
	}
	return 8 * uint64(p.memory.Size), format
}

// bitWriter packs booleans, each row from a byte on.
type bitWriter struct {
	w     io.Writer
	m     *Memory
	width uint64
	at    uint64 // in the row
	byte  byte
	items []byte
	buf   []byte
}

func (b *bitWriter) Write(data []byte, _ Heap) (err error) {
	if b.items, err = b.m.Append(b.items[:0], data); err != nil {
		return err
	}
	b.buf = b.buf[:0]
	for _, v := range b.items {
		b.byte |= v << (7 - b.at%8)
		b.at++
		if b.at%8 == 0 || b.at == b.width {
			b.buf, b.byte = append(b.buf, b.byte), 0
		}
		if b.at == b.width {
			b.at = 0
		}
	}
	_, err = b.w.Write(b.buf)
	return err
}

func (b *bitWriter) Close() error { return nil }
