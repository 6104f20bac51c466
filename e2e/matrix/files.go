package matrix

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
)

// shape gives the dataset's space and chunk.
func (c Case) shape() (s space.Space, chunk []uint64) {
	s.Kind = space.Simple
	switch c.Layout {
	case "null":
		return space.Space{Kind: space.Null}, nil
	case "scalar":
		return space.Space{Kind: space.Scalar}, nil
	case "zero-size":
		s.Dims = []uint64{0, 4}
		return s, nil
	case "compact":
		s.Dims = []uint64{5}
		return s, nil
	case "contiguous", "contiguous unfilled":
		s.Dims = []uint64{3, 4, 2}
		return s, nil
	}
	switch c.Index {
	case "btree1":
		s.Dims, chunk = []uint64{7, 10}, []uint64{3, 4}
		s.Max = [][]uint64{nil, {20, 10}, {space.Unlimited, 12}, {space.Unlimited, space.Unlimited}}[c.Number%4]
	case "btree1 deep": // over 64 chunks: two levels
		s.Dims, chunk = []uint64{150}, []uint64{2}
	case "extensible array": // along either axis
		s.Dims, chunk = []uint64{7, 10}, []uint64{3, 4}
		s.Max = [][]uint64{{space.Unlimited, 12}, {7, space.Unlimited}}[c.Number%2]
	case "extensible array deep": // over 244 chunks: a super block
		s.Dims, s.Max, chunk = []uint64{600}, []uint64{space.Unlimited}, []uint64{2}
	case "btree2":
		s.Dims, s.Max, chunk = []uint64{7, 10}, []uint64{space.Unlimited, space.Unlimited}, []uint64{3, 4}
	case "btree2 deep": // over 84 chunks: two levels
		s.Dims, s.Max, chunk = []uint64{30, 10}, []uint64{space.Unlimited, space.Unlimited}, []uint64{2, 1}
	case "single":
		s.Dims, chunk = []uint64{6, 5}, []uint64{6, 5}
	case "fixed array":
		s.Dims, chunk = []uint64{7, 10}, []uint64{3, 4}
		if c.Number%2 == 0 {
			s.Max = []uint64{9, 30}
		}
	case "fixed array paged": // over 1,024 entries, most of them of chunks to come
		s.Dims, s.Max, chunk = []uint64{70}, []uint64{2100}, []uint64{2}
	}
	return s, chunk
}

// The files' further properties vary by number.
func (c Case) trackOrder() bool { return c.Number%5 == 1 }
func (c Case) userBlock() int   { return []int{0, 0, 512, 0, 2048}[c.Number%5] }
func (c Case) hasFill() bool    { return c.Number%3 == 0 && c.Kind.Fill != nil }

// written tells how many elements, from the first on, are written.
func (c Case) written(count int) int {
	switch c.Layout {
	case "null", "zero-size", "contiguous unfilled", "chunked unfilled":
		return 0
	case "chunked in part":
		s, _ := c.shape()
		return int(s.Dims[len(s.Dims)-1]) / 3 // the start of the first row
	}
	return count
}

const userText = "in front of the file"

// Make builds the case's file and returns its bytes in a plan.
func (c Case) Make(ctx context.Context, opts ...h5core.Option) (*h5core.File, error) {
	opts = append(opts, h5core.WithLibver(c.Bound, h5core.Latest))
	if n := c.userBlock(); n > 0 {
		opts = append(opts, h5core.WithUserBlock(uint64(n), []byte(userText)))
	}
	if c.trackOrder() {
		opts = append(opts, h5core.WithTrackOrder())
	}
	f, err := h5core.Open(ctx, c.Name(), "w", opts...)
	if err != nil {
		return nil, err
	}
	if err := c.fill(ctx, f); err != nil {
		f.Discard()
		return nil, err
	}
	return f, nil
}

func (c Case) fill(ctx context.Context, f *h5core.File) error {
	s, chunk := c.shape()
	var opts []h5core.DatasetOption
	if chunk != nil {
		opts = append(opts, h5core.Chunks(chunk...), h5core.Filters(c.steps()...))
	}
	if c.Layout == "compact" {
		opts = append(opts, h5core.Compact())
	}
	if c.hasFill() {
		opts = append(opts, h5core.FillValue(c.Kind.Fill))
	}
	if c.trackOrder() {
		opts = append(opts, h5core.TrackAttributeOrder())
	}
	d, err := f.CreateDataset("g/data", c.Kind.Type, s, opts...)
	if err != nil {
		return err
	}
	count, err := s.Count()
	if err != nil {
		return err
	}
	if n := c.written(int(count)); n > 0 {
		var sel space.Selection
		if n < int(count) {
			box := space.Box{Start: make([]uint64, len(s.Dims)), Count: slices.Repeat([]uint64{1}, len(s.Dims))}
			box.Count[len(s.Dims)-1] = uint64(n)
			sel = space.Slab(box)
		}
		if err := d.Write(ctx, sel, c.Kind.Values(0, n)); err != nil {
			return err
		}
	}
	three := space.Space{Kind: space.Simple, Dims: []uint64{3}}
	if err := d.Attributes().Put("three", c.Kind.Type, three, c.Kind.Values(1, 3)); err != nil {
		return err
	}
	if err := d.Attributes().Put("empty", c.Kind.Type, space.Space{Kind: space.Null}, c.Kind.Values(0, 0)); err != nil {
		return err
	}
	if err := f.SoftLink("soft", "/g/data"); err != nil {
		return err
	}
	return f.ExternalLink("external", "elsewhere.h5", "/x")
}

func (c Case) steps() []filter.Step {
	var steps []filter.Step
	level := 4
	for word := range strings.FieldsSeq(c.Filter) {
		switch word {
		case "0":
			level = 0
		case "9":
			level = 9
		}
	}
	for word := range strings.FieldsSeq(c.Filter) {
		switch word {
		case "gzip":
			step, err := filter.NewDeflate(level)
			if err != nil {
				panic(err)
			}
			steps = append(steps, step)
		case "shuffle":
			steps = append(steps, filter.NewShuffle(c.Kind.Type.Size))
		case "fletcher32":
			steps = append(steps, filter.NewFletcher32())
		}
	}
	return steps
}

// Expect says what a reference must find.
func (c Case) Expect() reference.File {
	s, chunk := c.shape()
	count, _ := s.Count()
	d := reference.Dataset{DType: c.Kind.Describe, Layout: "contiguous", Chunks: chunk, Shape: s.Dims}
	switch {
	case c.chunked():
		d.Layout = "chunked"
	case c.Layout == "compact":
		d.Layout = "compact"
	case c.Layout == "scalar":
		d.Space, d.Shape = "scalar", []uint64{}
	case c.Layout == "null":
		d.Space = "null"
	}
	for _, m := range s.Max {
		d.MaxShape = append(d.MaxShape, reference.Bound(m))
	}
	d.Filters = c.expectFilters()
	written := c.written(int(count))
	blank := c.Kind.Zero
	if c.hasFill() {
		d.Fill = reference.Fill{Status: "user", Value: c.Kind.FillJSON}
		blank = c.Kind.Canonical(nil, c.Kind.FillIndex)
	}
	d.Unallocated = written == 0
	if written > 0 {
		d.SHA256 = c.hash(0, written, int(count)-written, blank)
	}
	d.Attrs = map[string]reference.Attr{
		"three": {DType: c.Kind.Describe, Shape: []uint64{3}, SHA256: c.hash(1, 3, 0, nil)},
		"empty": {DType: c.Kind.Describe, Space: "null", SHA256: c.hash(0, 0, 0, nil)},
	}
	root := reference.Group{}
	if c.trackOrder() {
		d.AttrsOrder = reference.Order{Flags: 3, Names: []string{"three", "empty"}}
		root.LinksOrder = reference.Order{Flags: 3, Names: []string{"g", "soft", "external"}}
		root.AttrsOrder = reference.Order{Flags: 3}
	}
	f := reference.File{
		Path: c.Name(), Superblock: map[h5core.Libver]int{h5core.Earliest: 0, h5core.V108: 2}[c.Bound],
		Userblock: c.userBlock(),
		Objects: map[string]any{
			"/": root, "/g": reference.Group{}, "/g/data": d,
			"/soft":     reference.Soft{Target: "/g/data"},
			"/external": reference.External{File: "elsewhere.h5", Target: "/x"},
		},
	}
	if c.Bound >= h5core.V110 {
		f.Superblock = 3
	}
	if n := c.userBlock(); n > 0 {
		sum := sha256.Sum256(append([]byte(userText), make([]byte, n-len(userText))...))
		f.UserblockSHA256 = hex.EncodeToString(sum[:])
	}
	return f
}

func (c Case) expectFilters() []reference.Filter {
	var out []reference.Filter
	if strings.Contains(c.Filter, "shuffle") {
		out = append(out, reference.Filter{ID: 2, Optional: true, Values: []uint32{c.Kind.Type.Size}})
	}
	if strings.Contains(c.Filter, "gzip") {
		level := uint32(4)
		if strings.Contains(c.Filter, "0") {
			level = 0
		} else if strings.Contains(c.Filter, "9") {
			level = 9
		}
		out = append(out, reference.Filter{ID: 1, Optional: true, Values: []uint32{level}})
	}
	if strings.Contains(c.Filter, "fletcher32") {
		out = append(out, reference.Filter{ID: 3})
	}
	return out
}

// hash is that of n values from first on, and then of blank elements.
func (c Case) hash(first, n, blanks int, blank []byte) string {
	var all []byte
	for i := range n {
		all = c.Kind.Canonical(all, first+i)
	}
	all = append(all, slices.Repeat(blank, blanks)...)
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:])
}
