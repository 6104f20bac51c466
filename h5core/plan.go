package h5core

import (
	"context"
	"fmt"
	"io"

	"github.com/h5serve/h5serve/h5core/internal/plan"
)

// Plan is a file that could be written: its length is known, and any window of
// it can be produced any number of times, by many goroutines at once.
type Plan struct {
	plan *plan.Plan
}

// Layout tells what a planned file holds.
type Layout = plan.Summary

// Size is the file's length in bytes.
func (p *Plan) Size() uint64 { return p.plan.Size() }

// Layout tells what the file holds.
func (p *Plan) Layout() Layout { return p.plan.Summary() }

// WriteWindow writes n bytes of the file from off on. A window that leaves the
// file is an error before anything is written.
func (p *Plan) WriteWindow(ctx context.Context, w io.Writer, off, n uint64) error {
	if size := p.Size(); off > size || n > size-off {
		return fmt.Errorf("window of %d bytes at %d leaves the file of %d", n, off, size)
	}
	if n == 0 {
		return nil
	}
	return p.plan.WriteWindow(ctx, w, off, n)
}

// WriteTo writes the whole file.
func (p *Plan) WriteTo(w io.Writer) (int64, error) {
	counted := &counter{w: w}
	err := p.WriteWindow(context.Background(), counted, 0, p.Size())
	return counted.n, err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
