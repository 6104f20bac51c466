package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/api/reduce"
	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// statsQuery is what /v1/stats is asked for.
type statsQuery struct {
	path, selection string
	bins            int
	quantiles       []float64
	json            represent.JSON
}

const (
	maxBins      = 4096
	maxQuantiles = 100
)

func readStatsQuery(query url.Values) (q statsQuery, err error) {
	q = statsQuery{path: query.Get("path"), selection: query.Get("select"), bins: 64, quantiles: []float64{0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99}}
	if q.path == "" {
		return q, missing("path")
	}
	if query.Has("bins") {
		if q.bins, err = strconv.Atoi(query.Get("bins")); err != nil || q.bins < 0 || q.bins > maxBins {
			return q, badParameter("bins", fmt.Sprintf("must be a number from 0 to %d", maxBins))
		}
	}
	if query.Has("quantiles") {
		list := strings.Split(query.Get("quantiles"), ",")
		if len(list) > maxQuantiles {
			return q, badParameter("quantiles", fmt.Sprintf("has over %d members", maxQuantiles))
		}
		q.quantiles = q.quantiles[:0]
		for _, text := range list {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil || !(v >= 0 && v <= 1) {
				return q, badParameter("quantiles", fmt.Sprintf("must be numbers from 0 to 1, by commas, not %q", text))
			}
			q.quantiles = append(q.quantiles, v)
		}
	}
	form := dataQuery{}
	err = form.readNumbers(query)
	q.json = form.json
	return q, err
}

// statistics are the answer of /v1/stats.
type statistics struct {
	File             string          `json:"file"`
	ETag             string          `json:"etag,omitempty"`
	Path             string          `json:"path"`
	Select           string          `json:"select,omitempty"`
	Dtype            string          `json:"dtype"`
	Shape            []uint64        `json:"shape"` // of the selection; null: the null space
	Of               string          `json:"of,omitempty"`
	Count            uint64          `json:"count"`
	Finite           *uint64         `json:"finite,omitempty"`
	NaN              *uint64         `json:"nan,omitempty"`
	PositiveInfinite *uint64         `json:"positive_infinite,omitempty"`
	NegativeInfinite *uint64         `json:"negative_infinite,omitempty"`
	Min              json.RawMessage `json:"min,omitempty"`
	Max              json.RawMessage `json:"max,omitempty"`
	PositiveMin      json.RawMessage `json:"positive_min,omitempty"`
	Mean             json.RawMessage `json:"mean,omitempty"`
	Std              json.RawMessage `json:"std,omitempty"`
	Quantiles        *quantiles      `json:"quantiles,omitempty"`
	Histogram        *histogram      `json:"histogram,omitempty"`
	Texts            *textStatistics `json:"texts,omitempty"`
}

type quantiles struct {
	Exact     bool            `json:"exact"`
	RankError float64         `json:"rank_error"`
	Q         []float64       `json:"q"`
	Values    json.RawMessage `json:"values"`
}

type histogram struct {
	Edges  json.RawMessage `json:"edges"`
	Counts []uint64        `json:"counts"`
}

type textStatistics struct {
	Null       uint64      `json:"null"`
	Empty      uint64      `json:"empty"`
	Shortest   uint64      `json:"shortest"`
	Longest    uint64      `json:"longest"`
	MeanLength float64     `json:"mean_length"`
	Distinct   uint64      `json:"distinct"`
	Complete   bool        `json:"complete"`
	Frequent   []frequency `json:"frequent"`
}

type frequency struct {
	Text  string `json:"text"`
	Count uint64 `json:"count"`
}

// getStats is GET /v1/stats: what a selection's elements are like, all together.
func (s *Server) getStats(w http.ResponseWriter, r *http.Request) error {
	query, err := parameters(r, "file", "path", "select", "bins", "quantiles", "nan", "int64")
	if err != nil {
		return err
	}
	q, err := readStatsQuery(query)
	if err != nil {
		return err
	}
	name, err := s.fileNamed(query)
	if err != nil {
		return err
	}
	var answer *statistics
	answered, err := s.look(w, r, name, func(ctx context.Context, f *sources.File) error {
		d, err := datasetAt(ctx, f, q.path)
		if err != nil {
			return err
		}
		done, err := s.admit(ctx, reduceWork)
		if err != nil {
			return err
		}
		defer done()
		answer, err = q.of(ctx, f, d)
		return unfitNumbers(err)
	})
	if err != nil || answered {
		return err
	}
	writeJSON(w, http.StatusOK, "application/json", answer)
	return nil
}

// of finds the statistics of a dataset.
func (q statsQuery) of(ctx context.Context, f *sources.File, d *h5core.Dataset) (*statistics, error) {
	selection, shape, err := space.Parse(q.selection, d.Space().Dims)
	if err != nil {
		return nil, err
	}
	out := &statistics{File: f.Name.String(), ETag: f.Info().ETag, Path: q.path, Select: q.selection, Dtype: d.Type().String(), Shape: shape}
	if d.Space().Kind == space.Null {
		out.Shape = nil
		return out, nil
	}
	out.Count = selection.Size()
	if t := d.Type(); t.Class == dtype.String || t.Class == dtype.VarLen && t.IsString {
		found, err := reduce.SummarizeTexts(ctx, d, selection)
		if err != nil {
			return nil, err
		}
		out.Texts = textsOf(found)
		return out, nil
	}
	found, err := reduce.Summarize(ctx, d, selection, q.bins)
	if err != nil {
		return nil, err
	}
	if reduce.IsComplex(d.Type()) {
		out.Of = "magnitude"
	}
	return out, q.numbers(out, found)
}

// numbers fills in what is known of numbers.
func (q statsQuery) numbers(out *statistics, s *reduce.Summary) error {
	out.Finite, out.NaN, out.PositiveInfinite, out.NegativeInfinite = &s.Finite, &s.NaN, &s.PositiveInfinite, &s.NegativeInfinite
	if s.Finite == 0 {
		return nil
	}
	var b numberText
	b.json = q.json
	key := func(key uint64) json.RawMessage {
		t, stored := s.Kind.Number(key)
		return b.one(t, stored)
	}
	out.Min, out.Max = key(s.Min), key(s.Max)
	if s.LeastPositive <= s.Max {
		out.PositiveMin = key(s.LeastPositive)
	}
	out.Mean, out.Std = b.float(s.Mean), b.float(s.Std)
	if len(q.quantiles) > 0 {
		values := make([]float64, len(q.quantiles))
		for i, share := range q.quantiles {
			values[i] = s.Quantile(share)
		}
		out.Quantiles = &quantiles{s.Exact(), s.RankError(), q.quantiles, b.floats(values)}
	}
	if len(s.Histogram.Counts) > 0 {
		out.Histogram = &histogram{b.floats(s.Histogram.Edges), s.Histogram.Counts}
	}
	return b.err
}

// numberText writes numbers as a request wants them in JSON.
type numberText struct {
	json represent.JSON
	err  error
}

func (n *numberText) one(t *dtype.Type, stored []byte) json.RawMessage {
	text, err := n.json.Append(nil, t, stored, nil)
	if err != nil {
		n.err = err
	}
	return text
}

var float64Type = dtype.Float64(dtype.LittleEndian)

func (n *numberText) float(v float64) json.RawMessage {
	return n.one(float64Type, binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
}

func (n *numberText) floats(values []float64) json.RawMessage {
	list := make([][]byte, len(values))
	for i, v := range values {
		list[i] = n.float(v)
	}
	return append(append([]byte{'['}, bytes.Join(list, []byte{','})...), ']')
}

func textsOf(t *reduce.Texts) *textStatistics {
	out := &textStatistics{t.Null, t.Empty, t.Shortest, t.Longest, t.MeanLength, t.Distinct, t.Complete, []frequency{}}
	for _, f := range t.Frequent {
		out.Frequent = append(out.Frequent, frequency{cut(f.Text, 200), f.Count})
	}
	return out
}
