package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/api/reduce"
	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core/dtype"
)

// reducedAnswer is a level as an answer of bounded size.
type reducedAnswer struct {
	*dataView
	file  string
	head  dataHead
	level *reduce.Level
	total reduce.Total
}

// reduceData makes the level of a view.
func (s *Server) reduceData(ctx context.Context, f *sources.File, v *dataView) (*reducedAnswer, error) {
	done, err := s.admit(ctx, reduceWork)
	if err != nil {
		return nil, err
	}
	defer done()
	level, _, err := s.levels.Get(ctx, versionOf(f), v.plane)
	if err != nil {
		return nil, unfitNumbers(err)
	}
	return &reducedAnswer{v, f.Name.String(), v.head(f, level.Shape()), level, level.Total()}, nil
}

// reduceWork is what reducing is taken to need in memory, half of it.
const reduceWork = 24 << 20

// versionOf names the version of a file, or is empty.
func versionOf(f *sources.File) string {
	if f.Info().ETag == "" {
		return ""
	}
	return f.Name.String() + " " + f.Info().ETag
}

// unfitNumbers says what to do about elements that are no numbers.
func unfitNumbers(err error) error {
	var kind *reduce.TypeError
	if !errors.As(err, &kind) {
		return err
	}
	return at("path", because(refuse(http.StatusUnprocessableEntity, "unfit_type", "%s.", kind), err))
}

func (a *reducedAnswer) send(w http.ResponseWriter) error {
	h := w.Header()
	names := make([]string, len(a.figures))
	for i, f := range a.figures {
		names[i] = string(f)
	}
	h.Set("H5-Reduction", strings.Join(names, ", "))
	var axes []string
	for _, axis := range a.axes() {
		axes = append(axes, axisField(axis))
	}
	if len(axes) > 0 {
		h.Set("H5-Axes", strings.Join(axes, ", "))
	}
	h.Set("H5-Total", a.totalField())
	var body bytes.Buffer
	var err error
	kind, shape := a.head.Dtype, a.head.Shape
	switch a.format {
	case "json":
		err = a.writeJSON(&body)
	case "png":
		err = a.writePNG(&body, h)
	case "csv":
		err = a.writeCSV(&body)
	default:
		var t *dtype.Type
		t, shape = a.stack()
		kind = t.String()
		err = a.writeBinary(&body, t, shape)
	}
	if err != nil {
		return err
	}
	a.describe(h, kind, shape)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	_, _ = w.Write(body.Bytes()) // a client that is gone has no use for an error
	return nil
}

// axes are those of the answer.
func (a *reducedAnswer) axes() (list []reduce.Axis) {
	for _, axis := range []reduce.Axis{a.level.Rows, a.level.Cols} {
		if axis.Number >= 0 {
			list = append(list, axis)
		}
	}
	return list
}

// totalField is what is known of all elements, as a dictionary (RFC 9651).
func (a *reducedAnswer) totalField() string {
	t := a.total
	field := fmt.Sprintf("finite=%d, nan=%d, positive-infinite=%d, negative-infinite=%d", t.Finite, t.NaN, t.PositiveInfinite, t.NegativeInfinite)
	if t.Finite > 0 {
		field += fmt.Sprintf(`, min="%s", max="%s"`, a.extreme(t.Min), a.extreme(t.Max))
	}
	return field
}

// extreme is a number as JSON has it.
func (a *reducedAnswer) extreme(key uint64) []byte {
	t, b := a.level.Kind.Number(key)
	text, err := represent.JSON{}.Append(nil, t, b, nil)
	if err != nil {
		panic(fmt.Sprintf("api: %v is no number: %v", t, err)) // of types written in code
	}
	return text
}

// jsonAxis is an axis of a reduced answer.
type jsonAxis struct {
	Axis   int    `json:"axis"`
	Length uint64 `json:"length"` // of the dataset
	Start  uint64 `json:"start"`
	Stop   uint64 `json:"stop"`
	Step   uint64 `json:"step"`
	Cells  uint64 `json:"cells"`
	Cell   uint64 `json:"cell"`
	First  uint64 `json:"first"`
}

type jsonTotal struct {
	Finite           uint64 `json:"finite"`
	NaN              uint64 `json:"nan"`
	PositiveInfinite uint64 `json:"positive_infinite"`
	NegativeInfinite uint64 `json:"negative_infinite"`
}

func (a *reducedAnswer) writeJSON(body *bytes.Buffer) error {
	dims := a.dataset.Space().Dims
	doc := struct {
		dataHead
		Axes  []jsonAxis `json:"axes"`
		Total jsonTotal  `json:"total"`
	}{dataHead: a.head, Total: jsonTotal{a.total.Finite, a.total.NaN, a.total.PositiveInfinite, a.total.NegativeInfinite}}
	for _, x := range a.axes() {
		doc.Axes = append(doc.Axes, jsonAxis{x.Number, dims[x.Number], x.Start, x.Stop(), x.Step, x.Cells(), x.Cell, x.First()})
	}
	text, err := appendHead(nil, doc, "extremes")
	if err != nil {
		return err
	}
	if a.total.Finite == 0 {
		text = append(text, `null`...)
	} else {
		t, low := a.level.Kind.Number(a.total.Min)
		_, high := a.level.Kind.Number(a.total.Max)
		out, err := a.json.New(body, t, []uint64{2})
		if err != nil {
			return err
		}
		body.Write(text)
		if err := errors.Join(out.Write(low, nil), out.Write(high, nil), out.Close()); err != nil {
			return err
		}
		text = nil
	}
	body.Write(append(text, `,"cells":`...))
	for i, f := range a.figures {
		fmt.Fprintf(body, `%c"%s":`, "{,"[min(i, 1)], f)
		if err := a.writeFigure(body, f, a.json.New); err != nil {
			return err
		}
	}
	body.WriteString("}}\n")
	return nil
}

// writeFigure writes a figure of every cell, as exactly as it is known.
func (a *reducedAnswer) writeFigure(body *bytes.Buffer, f reduce.Figure, form represent.Form) error {
	l, t := a.level, a.level.Exact(f)
	out, err := form(body, t, l.Shape())
	if err != nil {
		return err
	}
	// Only floats can be lost, so that t is a float where a cell has no number.
	room := make([]byte, 0, t.Size)
	for i := range l.Len() {
		cell, ok := l.AppendExact(room[:0], f, i)
		if !ok {
			cell = represent.NaN(room[:0], t)
		}
		if err := out.Write(cell, nil); err != nil {
			return err
		}
	}
	return out.Close()
}

// writeCSV writes a table: of a line a row for each cell, with the indices where it begins and ends; of a picture the
// first figure alone, in rows and columns.
func (a *reducedAnswer) writeCSV(body *bytes.Buffer) error {
	l := a.level
	if l.Rows.Number >= 0 {
		if len(a.figures) > 1 {
			return at("figures", refuse(http.StatusUnprocessableEntity, "unfit_type", "A table of two axes has room for one figure: name it, such as figures=mean."))
		}
		return a.writeFigure(body, a.figures[0], represent.NewCSV)
	}
	body.WriteString("start,stop")
	for _, f := range a.figures {
		body.WriteString("," + string(f))
	}
	body.WriteString("\r\n")
	start, n := l.Cols.Start, l.Cols.First()
	for i := range l.Len() {
		stop := min(start+n*l.Cols.Step, l.Cols.Stop())
		fmt.Fprintf(body, "%d,%d", start, stop)
		for _, f := range a.figures {
			cell, ok := l.AppendExact(nil, f, i)
			text := []byte("NaN")
			if ok {
				var err error
				if text, err = (represent.JSON{}).Append(nil, l.Exact(f), cell, nil); err != nil {
					return err
				}
			}
			body.WriteString("," + string(text))
		}
		body.WriteString("\r\n")
		start, n = stop, l.Cols.Cell
	}
	return nil
}

// stack is the type and the shape of a binary answer: one figure after the other, where there are several.
func (a *reducedAnswer) stack() (*dtype.Type, []uint64) {
	t, shape := dtype.Float64(dtype.LittleEndian), a.level.Shape()
	if floatSize(a.dataset) == 4 {
		t = dtype.Float32(dtype.LittleEndian)
	}
	if len(a.figures) > 1 {
		shape = append([]uint64{uint64(len(a.figures))}, shape...)
	}
	return t, shape
}

func (a *reducedAnswer) writeBinary(body *bytes.Buffer, t *dtype.Type, shape []uint64) error {
	out, err := a.form()(body, t, shape)
	if err != nil {
		return err
	}
	for _, f := range a.figures {
		if err := out.Write(a.level.Append(nil, f, int(t.Size)), nil); err != nil {
			return err
		}
	}
	return out.Close()
}

// writePNG draws a picture of two axes, or the curve of one.
func (a *reducedAnswer) writePNG(body *bytes.Buffer, h http.Header) error {
	p := a.picture
	values := a.level.Values(a.figures[0])
	all := values
	if a.level.Rows.Number < 0 {
		all = append(a.level.Values(reduce.Min), a.level.Values(reduce.Max)...)
	}
	r := p.scale.Spread(all, p.low, p.high)
	if p.values != nil {
		r = *p.values
	}
	h.Set("H5-Range", fmt.Sprintf(`low="%v", high="%v", scale=%s`, r.Low, r.High, p.scale))
	if a.level.Rows.Number < 0 {
		height := int(min(a.rows, max(a.cols/4, 64)))
		return represent.WriteCurve(body, values, all[:len(values)], all[len(values):], height, p.scale, r)
	}
	return represent.WritePicture(body, values, int(a.level.Cols.Cells()), p.scale, r, p.colormap)
}
