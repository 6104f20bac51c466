package api

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/storage/pinned"
)

const (
	heldBack  = 1 << 20 // bytes of an answer that can still become a problem
	dataBlock = 4 << 20 // bytes of elements that are read at once
)

// sendData answers with all elements of a selection.
func (s *Server) sendData(w http.ResponseWriter, r *http.Request, name sources.Name, q dataQuery) error {
	ctx, tell := counting(r.Context())
	return pinned.Retry(func() error {
		f, ctx, err := s.sources.Open(ctx, name)
		if err != nil {
			return err
		}
		defer f.Release()
		d, err := datasetAt(ctx, f, q.path)
		if err != nil {
			return err
		}
		v, err := newDataView(d, q)
		if err != nil {
			return err
		}
		out := &held{w: w, begin: func() error {
			if err := f.Confirm(ctx); err != nil {
				return err
			}
			describeView(w.Header(), f)
			q.describe(w.Header(), d.Type().String(), v.shape)
			if q.format == "raw" {
				w.Header().Set("Content-Length", strconv.FormatUint(v.length(), 10))
			}
			tell(w.Header())
			return nil
		}}
		ctx, _ = h5core.WithBudget(ctx, s.settings.Look.forLength(v.length()))
		if err = v.write(ctx, f, out); err == nil {
			err = out.end()
		}
		if err != nil && out.begun {
			abort(r.Context(), err)
		}
		return (&subset{name: name}).Explain(err)
	})
}

// length is the bytes of the elements as stored.
func (v *dataView) length() uint64 { return v.selection.Size() * uint64(v.dataset.Type().Size) }

// forLength are the limits of work that gives so many bytes out: they grow with it.
func (l Look) forLength(n uint64) h5core.Limits {
	limits := l.Limits
	if limits == (h5core.Limits{}) {
		limits = h5core.DefaultLimits()
	}
	for _, limit := range []*int64{&limits.Fetched, &limits.Decoded} {
		if *limit > 0 {
			*limit += workTimes * int64(min(n, uint64(math.MaxInt64-*limit)/workTimes))
		}
	}
	return limits
}

// write writes the elements in their format.
func (v *dataView) write(ctx context.Context, f *sources.File, out io.Writer) error {
	if v.format != "json" {
		return v.elements(ctx, out)
	}
	head, err := appendHead(nil, v.head(f, v.shape), "data")
	if err != nil {
		return err
	}
	if _, err := out.Write(head); err != nil {
		return err
	}
	if v.dataset.Space().Kind == space.Null {
		_, err = io.WriteString(out, "null")
	} else {
		err = v.elements(ctx, out)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, "}\n")
	return err
}

// elements reads blocks, the next one while one is written.
func (v *dataView) elements(ctx context.Context, out io.Writer) error {
	form, err := v.form()(out, v.dataset.Type(), v.shape)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	blocks := make(chan *h5core.Elements)
	most := dataBlock / max(uint64(v.dataset.Type().Size), 1)
	g.Go(func() error {
		defer close(blocks)
		for part := range space.Blocks(v.selection, v.dataset.Space().Dims, v.dataset.Chunks(), most) {
			e, err := v.dataset.ReadRaw(ctx, part)
			if err != nil {
				return err
			}
			select {
			case blocks <- e:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		for e := range blocks {
			if err := form.Write(e.Data, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return form.Close()
}

// held keeps the first bytes of an answer back, so that what fails early is a problem document and what is short has
// its length.
type held struct {
	w     http.ResponseWriter
	begin func() error // before the first byte; it may refuse
	begun bool
	buf   bytes.Buffer
}

func (o *held) Write(p []byte) (int, error) {
	if !o.begun {
		if o.buf.Len()+len(p) <= heldBack {
			return o.buf.Write(p)
		}
		if err := o.start(); err != nil {
			return 0, err
		}
	}
	return o.w.Write(p)
}

func (o *held) start() error {
	if err := o.begin(); err != nil {
		return err
	}
	o.begun = true
	_, err := o.w.Write(o.buf.Bytes())
	o.buf = bytes.Buffer{}
	return err
}

// end sends what is held back.
func (o *held) end() error {
	if o.begun {
		return nil
	}
	n := o.buf.Len()
	if err := o.begin(); err != nil {
		return err
	}
	o.w.Header().Set("Content-Length", strconv.Itoa(n))
	o.begun = true
	_, err := o.w.Write(o.buf.Bytes())
	return err
}
