package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/api/reduce"
	"github.com/h5serve/h5serve/api/represent"
)

// dataQuery is what /v1/data is asked for.
type dataQuery struct {
	path, selection string
	format          string
	rows, cols      uint64 // of cells or pixels at most; 0: all elements
	bytes           uint64 // of a reduced answer, about, at most
	figures         []reduce.Figure
	json            represent.JSON
	picture         picture
}

// picture is how values become colours.
type picture struct {
	colormap  string
	scale     represent.Scale
	values    *represent.Range // of the colour map; nil: of quantiles
	low, high float64          // quantiles
}

const (
	maxSide   = 16384
	maxCells  = 4 << 20
	fitBytes  = 1_000_000
	fitAtMost = 64 << 20
)

var dataFormats = []string{"json", "csv", "npy", "raw", "tiff", "png"}

func readDataQuery(query url.Values) (q dataQuery, err error) {
	q = dataQuery{path: query.Get("path"), selection: query.Get("select"), bytes: fitBytes}
	if q.path == "" {
		return q, missing("path")
	}
	if q.format, err = oneOf(query, "format", dataFormats...); err != nil {
		return q, err
	}
	for _, read := range []func(url.Values) error{q.readFit, q.readFigures, q.readNumbers, q.readPicture} {
		if err := read(query); err != nil {
			return q, err
		}
	}
	return q, nil
}

// oneOf reads a parameter that is one of some words, the first where it is not given.
func oneOf[W ~string](query url.Values, name string, words ...W) (W, error) {
	given := W(query.Get(name))
	switch {
	case !query.Has(name):
		return words[0], nil
	case slices.Contains(words, given):
		return given, nil
	}
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	p := badParameter(name, fmt.Sprintf("is one of %s, not %q", strings.Join(list, ", "), given))
	p.Errors[0].DidYouMean = nearest(string(given), list)
	return words[0], p
}

// readFit reads fit, COLUMNSxROWS or COLUMNS, and bytes.
func (q *dataQuery) readFit(query url.Values) error {
	if query.Has("fit") {
		cols, rows, both := strings.Cut(query.Get("fit"), "x")
		var err error
		if q.cols, err = side(cols); err == nil {
			if q.rows = q.cols; both {
				q.rows, err = side(rows)
			}
		}
		if err != nil {
			return badParameter("fit", fmt.Sprintf("must be WIDTHxHEIGHT, each from 1 to %d, not %q", maxSide, query.Get("fit")))
		}
	}
	if query.Has("bytes") {
		n, err := strconv.ParseUint(query.Get("bytes"), 10, 64)
		if err != nil || n < 1000 || n > fitAtMost {
			return badParameter("bytes", fmt.Sprintf("must be a number from 1000 to %d", fitAtMost))
		}
		q.bytes = n
	}
	return nil
}

func side(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err == nil && (n < 1 || n > maxSide) {
		err = strconv.ErrRange
	}
	return n, err
}

// readFigures reads what is shown of each cell.
func (q *dataQuery) readFigures(query url.Values) error {
	single := q.format == "png" || q.format == "tiff"
	if !query.Has("figures") {
		q.figures = []reduce.Figure{reduce.Mean}
		if !single {
			q.figures = append(q.figures, reduce.Min, reduce.Max)
		}
		return nil
	}
	for word := range strings.SplitSeq(query.Get("figures"), ",") {
		f := reduce.Figure(word)
		if !slices.Contains(reduce.Figures, f) || slices.Contains(q.figures, f) {
			return badParameter("figures", fmt.Sprintf("must be some of mean, min, max, lost, by commas, each once, not %q", word))
		}
		q.figures = append(q.figures, f)
	}
	if single && len(q.figures) > 1 {
		return badParameter("figures", "must be a single one for "+q.format)
	}
	return nil
}

// readNumbers reads how JSON has numbers that not every reader takes.
func (q *dataQuery) readNumbers(query url.Values) error {
	nan, err := oneOf(query, "nan", "string", "null")
	if err != nil {
		return err
	}
	int64s, err := oneOf(query, "int64", "number", "string")
	q.json = represent.JSON{NullNaN: nan == "null", Int64Strings: int64s == "string"}
	return err
}

func (q *dataQuery) readPicture(query url.Values) (err error) {
	q.picture = picture{colormap: "viridis", high: 1}
	if query.Has("colormap") {
		q.picture.colormap = query.Get("colormap")
		if _, ok := represent.Colormap(q.picture.colormap, 2); !ok {
			_, err := oneOf(query, "colormap", represent.Colormaps()...)
			return err
		}
	}
	if q.picture.scale, err = oneOf(query, "scale", represent.Scales...); err != nil || !query.Has("range") {
		return err
	}
	const form = `must be LOW,HIGH, or two percentiles such as p1,p99`
	low, high, ok := strings.Cut(query.Get("range"), ",")
	if !ok {
		return badParameter("range", form)
	}
	lowest, percent := strings.CutPrefix(low, "p")
	highest, also := strings.CutPrefix(high, "p")
	r := represent.Range{}
	var wrong error
	r.Low, err = strconv.ParseFloat(lowest, 64)
	r.High, wrong = strconv.ParseFloat(highest, 64)
	if err != nil || wrong != nil || percent != also {
		return badParameter("range", form)
	}
	if !percent {
		q.picture.values = &r
		if err := q.picture.scale.Check(r); err != nil {
			return badParameter("range", err.Error())
		}
		return nil
	}
	if !(0 <= r.Low && r.Low <= r.High && r.High <= 100) {
		return badParameter("range", "must be percentiles from 0 to 100, the lower first")
	}
	q.picture.low, q.picture.high = r.Low/100, r.High/100
	return nil
}
