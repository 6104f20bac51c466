package h5core_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// packedFile is a file of the dataset d: 1,000 integers of 8 bytes in 10 chunks.
func packedFile(t *testing.T) string {
	t.Helper()
	f, err := h5core.Open(t.Context(), "x", "w", h5core.WithDriver(vfd.Core{}))
	must(t, err)
	defer f.Discard()
	deflate, err := filter.NewDeflate(1)
	must(t, err)
	d, err := f.CreateDataset("d", dtype.Must(dtype.Int(8, true, dtype.LittleEndian)),
		space.Space{Kind: space.Simple, Dims: []uint64{1000}}, h5core.Chunks(100), h5core.Filters(deflate))
	must(t, err)
	must(t, d.Write(t.Context(), nil, make([]int64, 1000)))
	p, err := f.Plan(t.Context())
	must(t, err)
	var out bytes.Buffer
	_, err = p.WriteTo(&out)
	must(t, err)
	name := filepath.Join(t.TempDir(), "x.h5")
	must(t, os.WriteFile(name, out.Bytes(), 0o600))
	return name
}

// Work under a budget is charged to it, and not to the life of the file.
func TestBudget(t *testing.T) {
	f, err := h5core.Open(t.Context(), packedFile(t), "r", h5core.WithLimits(h5core.Limits{Decoded: 12_000}), h5core.WithChunkCache(0, 0, 0))
	must(t, err)
	defer f.Close()
	read := func(ctx context.Context) error {
		o, err := f.Get(ctx, "d")
		must(t, err)
		_, err = h5core.Read[int64](ctx, o.(*h5core.Dataset), nil)
		return err
	}
	for range 5 {
		ctx, b := h5core.WithBudget(t.Context(), h5core.Limits{Decoded: 8000})
		must(t, read(ctx))
		if spent := b.Spent(); spent.Decoded != 8000 || spent.Nodes == 0 || spent.Fetched == 0 || b.Exceeded() {
			t.Errorf("%+v, exceeded: %v", spent, b.Exceeded())
		}
		if err := read(ctx); !errors.Is(err, h5core.ErrTooLarge) || !b.Exceeded() {
			t.Errorf("%v, exceeded: %v", err, b.Exceeded())
		}
	}
	must(t, read(t.Context()))
	if err := read(t.Context()); !errors.Is(err, h5core.ErrTooLarge) { // the file's own life
		t.Error(err)
	}
	ctx, b := h5core.WithBudget(t.Context(), h5core.Limits{Decoded: 4000})
	if _, err := f.Check(ctx); err != nil || !b.Exceeded() {
		t.Errorf("%v, exceeded: %v", err, b.Exceeded())
	}
}

func TestStorage(t *testing.T) {
	f, err := h5core.Open(t.Context(), packedFile(t), "r")
	must(t, err)
	defer f.Close()
	o, err := f.Get(t.Context(), "d")
	must(t, err)
	s, err := o.(*h5core.Dataset).Storage(t.Context())
	must(t, err)
	if s.Index != "btree1" || s.Version != 3 || s.Chunks != 10 || s.Stored < 10*s.Smallest || s.Stored > 10*s.Largest || s.Smallest == 0 {
		t.Errorf("%+v", s)
	}
	format, err := f.Format(t.Context())
	must(t, err)
	if format != (h5core.Format{OffsetSize: 8, LengthSize: 8, FileSpace: h5core.FileSpace{Strategy: "fsm", Threshold: 1}}) {
		t.Errorf("%+v", format)
	}
}
