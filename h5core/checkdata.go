package h5core

import (
	"context"
	"errors"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/load"
)

// dataset looks at a dataset's elements; it is readable where that adds no
// finding but warnings.
func (c *checker) dataset(ctx context.Context, path string, o *load.Object) error {
	c.report.Datasets++
	before := c.grave()
	d, err := o.Data(ctx)
	if err == nil {
		c.extents.Own(path, len(d.Space.Dims))
		err = c.elements(ctx, path, d)
	}
	if err := c.note(path, err); err != nil {
		return err
	}
	if c.grave() == before {
		c.report.Readable = append(c.report.Readable, path)
	}
	return nil
}

// grave counts the findings that are no warnings.
func (c *checker) grave() int {
	return len(c.report.Findings) + c.report.Omitted - c.warnings
}

func (c *checker) warn(path, structure, detail string) {
	c.warnings++
	c.report.add(Finding{Severity: Warning, Path: path, Structure: structure, Detail: detail})
}

func (c *checker) elements(ctx context.Context, path string, d *load.Data) error {
	switch {
	case len(d.External) > 0:
		c.report.add(Finding{
			Severity: Unsupported, Path: path, Structure: "external data files",
			Detail: fmt.Sprintf("the elements lie in %d other files, the first of them %q", len(d.External), d.External[0].Name),
		})
		return nil
	case d.Layout.Class == message.Virtual:
		if err := d.Mapping(ctx); err != nil {
			return err
		}
		c.report.add(Finding{Severity: Unsupported, Path: path, Structure: "virtual dataset", Detail: "its sources are not visited"})
		return nil
	case d.Layout.Class == message.Compact:
		data, err := d.Compact()
		if err != nil {
			return err
		}
		return c.resolve(ctx, d.Type, data)
	case d.Layout.Class == message.Contiguous:
		return c.contiguous(ctx, d)
	}
	return c.chunks(ctx, path, d)
}

func (c *checker) contiguous(ctx context.Context, d *load.Data) error {
	addr, size, err := d.Contiguous()
	if size > 0 {
		c.extents.Raw("contiguous storage", addr, size)
	}
	if err != nil || len(d.Type.Pointers()) == 0 {
		return err
	}
	return d.Stretches(ctx, func(data []byte) error { return c.resolve(ctx, d.Type, data) })
}

// chunks decodes all chunks. Of a filter that is missing, and of chunks that
// are too short but long enough, it says so once.
func (c *checker) chunks(ctx context.Context, path string, d *load.Data) error {
	follow := len(d.Type.Pointers()) > 0
	missing, short := false, false
	return d.EachChunk(ctx, follow, func(k *load.CheckedChunk) error {
		c.report.Chunks++
		if k.Size > 0 {
			c.extents.Raw("chunk", k.Addr, k.Size)
		}
		if k.Err != nil {
			if unsupported := errors.Is(k.Err, ErrUnsupported); unsupported && missing {
				return nil
			} else if unsupported {
				missing = true
			}
			return c.note(path, k.Err)
		}
		if k.Decoded != k.Full && !short {
			short = true
			c.warn(path, fmt.Sprintf("chunk %v", k.Coords), fmt.Sprintf("decodes to %d bytes, a whole chunk has %d", k.Decoded, k.Full))
		}
		return c.note(path, c.resolve(ctx, d.Type, k.Elements))
	})
}
