package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/api/reduce"
	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// getData is GET /v1/data: the elements of a dataset, whole or reduced.
//
//	selection ──▶ small enough for fit and bytes? ──▶ sendWhole   block by block, of any size
//	                     │ no
//	                     └──▶ reduce.Levels ──▶ reduced answer, in memory
func (s *Server) getData(w http.ResponseWriter, r *http.Request) error {
	query, err := parameters(r, "file", "path", "select", "format", "fit", "bytes", "figures", "nan", "int64", "colormap", "scale", "range")
	if err != nil {
		return err
	}
	q, err := readDataQuery(query)
	if err != nil {
		return err
	}
	name, err := s.fileNamed(query)
	if err != nil {
		return err
	}
	var a *reducedAnswer
	answered, err := s.look(w, r, name, func(ctx context.Context, f *sources.File) error {
		a = nil // of a version that is gone
		d, err := datasetAt(ctx, f, q.path)
		if err != nil {
			return err
		}
		v, err := newDataView(d, q)
		if err != nil || v.plane == nil {
			return err
		}
		a, err = s.reduceData(ctx, f, v)
		return err
	})
	switch {
	case answered || err != nil:
		return err
	case a == nil:
		return unfit(s.sendData(w, r, name, q))
	}
	return unfit(a.send(w))
}

// dataView is a selection of a dataset, and what becomes of it.
type dataView struct {
	dataQuery
	dataset   *h5core.Dataset
	shape     []uint64 // of the answer's elements, where it is whole
	selection space.Hyperslab
	plane     *reduce.Plane // nil: it is whole
}

func newDataView(d *h5core.Dataset, q dataQuery) (*dataView, error) {
	v := &dataView{dataQuery: q, dataset: d}
	var err error
	if v.selection, v.shape, err = space.Parse(q.selection, d.Space().Dims); err != nil {
		return nil, err
	}
	if d.Space().Kind == space.Null {
		if q.selection != "" {
			return nil, wrongSelect("%s is a null dataset: there is nothing to select", q.path)
		}
		if v.shape = nil; q.format != "json" {
			return nil, at("format", refuse(http.StatusUnprocessableEntity, "unfit_type", "%s is a null dataset: only JSON can say so.", q.path))
		}
		return v, nil
	}
	if q.format == "png" && q.cols == 0 {
		v.cols, v.rows = 1024, 1024
	}
	if v.cols == 0 || v.selection.Size() == 0 && q.format != "png" {
		return v, nil
	}
	return v, v.fit(q.selection)
}

// fit decides whether elements have to be reduced.
func (v *dataView) fit(text string) error {
	p, err := reduce.NewPlane(v.dataset, text)
	if err != nil {
		return because(wrongSelect("%s", err), err)
	}
	rows := v.rows
	if p.Rows.Number < 0 {
		rows = 1
	}
	p.Fit(rows, v.cols, min(maxCells, v.bytes*99/100/v.cellBytes()))
	switch {
	case v.format == "png" && p.Cells() == 0:
		return at("format", refuse(http.StatusUnprocessableEntity, "unfit_type", "No element is selected, which makes no picture."))
	case v.format == "png" || !p.Whole():
		v.plane = p
	}
	return nil
}

// cellBytes is what a cell takes in a reduced answer, about.
func (v *dataView) cellBytes() uint64 {
	if v.format == "png" {
		return 1
	}
	size, n := floatSize(v.dataset), uint64(len(v.figures))
	switch {
	case v.format != "json" && v.format != "csv":
		return n * uint64(size)
	case size == 4:
		return n * 14
	}
	return n * 25
}

// floatSize is the size of the floats that hold the extremes of elements, if any do.
func floatSize(d *h5core.Dataset) int {
	if t := d.Type(); t.Size > 4 || t.Size > 2 && !reduce.IsFloat(t) {
		return 8
	}
	return 4
}

// dataHead is what JSON says before the elements.
type dataHead struct {
	File    string   `json:"file"`
	ETag    string   `json:"etag,omitempty"`
	Path    string   `json:"path"`
	Select  string   `json:"select,omitempty"`
	Dtype   string   `json:"dtype"`
	Shape   []uint64 `json:"shape"` // null: the null space
	Reduced bool     `json:"reduced"`
}

func (v *dataView) head(f *sources.File, shape []uint64) dataHead {
	if shape == nil && v.dataset.Space().Kind != space.Null {
		shape = []uint64{}
	}
	return dataHead{f.Name.String(), f.Info().ETag, v.path, v.dataQuery.selection, v.dataset.Type().String(), shape, v.plane != nil}
}

// appendHead begins a JSON object that goes on with a field of that name.
func appendHead(dst []byte, head any, field string) ([]byte, error) {
	var text strings.Builder
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(head); err != nil {
		return dst, err
	}
	dst = append(dst, strings.TrimSuffix(text.String(), "}\n")...)
	return append(append(append(dst, `,"`...), field...), `":`...), nil
}

// form writes elements in a format.
func (q dataQuery) form() represent.Form {
	switch q.format {
	case "csv":
		return represent.NewCSV
	case "npy":
		return represent.NewNPY
	case "tiff":
		return represent.NewPages
	case "raw":
		return represent.NewRaw
	}
	return q.json.New
}

var dataTypes = map[string]string{
	"json": "application/json", "csv": "text/csv; charset=utf-8", "npy": "application/octet-stream", "raw": "application/octet-stream",
	"tiff": "image/tiff", "png": "image/png",
}

// describeData sets the fields of an answer with elements of a type and shape.
func (q dataQuery) describe(h http.Header, dtype string, shape []uint64) {
	h.Set("Content-Type", dataTypes[q.format])
	h.Set("H5-Type", quoted(dtype))
	dims := make([]string, len(shape))
	for i, n := range shape {
		dims[i] = strconv.FormatUint(n, 10)
	}
	if len(dims) > 0 {
		h.Set("H5-Shape", strings.Join(dims, ", "))
	}
	if q.format != "json" && q.format != "png" {
		h.Set("Content-Disposition", saveAs(cut(safeName(q.path), maxFilename-5)+"."+q.format))
	}
}

// quoted is a string of a structured field (RFC 9651, 3.3.3), cut where it is long. What is not ASCII is escaped.
func quoted(text string) string {
	text = strconv.QuoteToASCII(text)
	text = text[1 : len(text)-1]
	if len(text) > 200 {
		text = text[:200] + "..."
	}
	return `"` + strings.NewReplacer(`\"`, `\"`, `\`, `\\`).Replace(text) + `"`
}

// axisField says of an axis of a reduced answer what its cells are.
func axisField(a reduce.Axis) string {
	return fmt.Sprintf("%d;start=%d;stop=%d;step=%d;cell=%d;first=%d", a.Number, a.Start, a.Stop(), a.Step, a.Cell, a.First())
}
