package represent

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// maxColumns bounds how wide a row of CSV may be: what spreadsheets take.
const maxColumns = 16384

// NewCSV writes comma-separated values (RFC 4180): a row for each row of two
// axes, a row for each element of one axis, one row for a scalar. Compounds
// and arrays spread over columns; compounds have a header, with names such as
// "position.x" and "matrix[0,1]". Texts stand as they are, floats that are no
// numbers as NaN, Infinity and -Infinity, complex numbers as 1+2j, sequences
// and regions as JSON.
func NewCSV(w io.Writer, t *dtype.Type, shape []uint64) (Writer, error) {
	if len(shape) > 2 {
		return nil, refuse("CSV", t, "%d axes; a table has at most 2", len(shape))
	}
	if err := (JSON{}).check(t); err != nil {
		return nil, err
	}
	c := &csvWriter{w: w, size: int(t.Size)}
	if err := c.spread("", 0, t, t); err != nil {
		return nil, err
	}
	c.row = len(c.columns)
	if len(shape) == 2 {
		if t.Class == dtype.Array || t.Class == dtype.Compound && !t.IsComplex() {
			return nil, refuse("CSV", t, "an element of two axes must fit one cell")
		}
		if shape[1] > maxColumns {
			return nil, refuse("CSV", t, "%d columns; at most %d", shape[1], maxColumns)
		}
		c.row = int(shape[1])
	}
	if t.Class == dtype.Compound && !t.IsComplex() {
		for _, col := range c.columns {
			c.cell(col.name)
		}
	}
	return c, nil
}

type csvWriter struct {
	w       io.Writer
	size    int
	columns []column // of one element
	row     int      // cells of a row
	cells   int      // of the present row so far
	rows    []byte   // not written yet
	buf     []byte
}

// column is one part of an element.
type column struct {
	name   string
	offset int
	t      *dtype.Type
}

// spread adds the columns of a part of an element.
func (c *csvWriter) spread(name string, offset int, t, whole *dtype.Type) error {
	switch {
	case len(c.columns) == maxColumns:
		return refuse("CSV", whole, "more than %d columns", maxColumns)
	case t.Class == dtype.Compound && !t.IsComplex():
		for _, m := range t.Members {
			part := m.Name
			if name != "" {
				part = name + "." + m.Name
			}
			if err := c.spread(part, offset+int(m.Offset), m.Type, whole); err != nil {
				return err
			}
		}
	case t.Class == dtype.Array:
		for i := range int(t.Size / t.Base.Size) {
			if err := c.spread(name+place(t.Dims, i), offset+i*int(t.Base.Size), t.Base, whole); err != nil {
				return err
			}
		}
	default:
		c.columns = append(c.columns, column{name, offset, t})
	}
	return nil
}

// place is the index of element i of an array, as "[1,2]".
func place(dims []uint32, i int) string {
	text := "]"
	for k := len(dims) - 1; k >= 0; k-- {
		text = strconv.Itoa(i%int(dims[k])) + text
		if k > 0 {
			text = "," + text
		}
		i /= int(dims[k])
	}
	return "[" + text
}

// cell adds a cell, in quotes where it could be misread.
func (c *csvWriter) cell(text string) {
	if c.cells > 0 {
		c.rows = append(c.rows, ',')
	}
	if text == "" && c.row == 1 || strings.ContainsAny(text, ",\"\r\n") {
		text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	c.rows = append(c.rows, text...)
	if c.cells++; c.cells == c.row {
		c.rows = append(c.rows, '\r', '\n')
		c.cells = 0
	}
}

func (c *csvWriter) Write(data []byte, h Heap) error {
	for ; len(data) >= c.size; data = data[c.size:] {
		for _, col := range c.columns {
			text, err := c.text(col.t, data[col.offset:col.offset+int(col.t.Size)], h)
			if err != nil {
				return err
			}
			c.cell(text)
		}
		if len(c.rows) > 64<<10 {
			if err := c.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *csvWriter) Close() error {
	_, err := c.w.Write(c.rows)
	c.rows = c.rows[:0]
	return err
}

func (c *csvWriter) text(t *dtype.Type, src []byte, h Heap) (_ string, err error) {
	switch t.Class {
	case dtype.String:
		return string(t.GetBytes(src)), nil
	case dtype.Float:
		v, err := t.GetFloat64(src)
		return floatText(v, floatBits(t)), err
	case dtype.Compound, dtype.Complex:
		return complexText(t, src)
	case dtype.Reference:
		if t.Ref == dtype.ObjectRef {
			return referenced(h.Reference(src)), nil
		}
	case dtype.VarLen:
		if t.IsString {
			return string(untilNUL(h.VarLen(src))), nil
		}
	}
	c.buf, err = JSON{}.Append(c.buf[:0], t, src, h)
	return string(bytes.Trim(c.buf, `"`)), err // base64 and NaT come in quotes
}

func floatText(v float64, bits int) string {
	if v-v != 0 {
		return special(v)
	}
	return string(appendFloat(nil, v, bits))
}

func complexText(t *dtype.Type, src []byte) (string, error) {
	part := t.Base
	if part == nil {
		part = t.Members[0].Type
	}
	v, err := t.GetComplex(src)
	im := floatText(imag(v), floatBits(part))
	if im[0] != '-' {
		im = "+" + im
	}
	return fmt.Sprintf("%s%sj", floatText(real(v), floatBits(part)), im), err
}
