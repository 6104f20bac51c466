package h5core

import (
	"context"
	"errors"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/load"
)

// elements looks at a dataset's elements.
func (v *visited) elements(ctx context.Context) error {
	ctx = v.noting(ctx, v.path)
	d := v.dataset
	var err error
	switch {
	case len(d.External) > 0:
		v.skipped("external data files",
			fmt.Sprintf("the elements lie in %d other files, the first of them %q", len(d.External), d.External[0].Name))
	case d.Layout.Class == message.Virtual:
		if err = d.Mapping(ctx); err == nil {
			v.skipped("virtual dataset", "its sources are not visited")
		}
	case d.Layout.Class == message.Compact:
		var data []byte
		if data, err = d.Compact(); err == nil {
			err = v.resolve(ctx, d.Type, data)
		}
	case d.Layout.Class == message.Contiguous:
		err = v.contiguous(ctx)
	default:
		err = v.eachChunk(ctx)
	}
	v.dataset = nil
	return v.note(v.path, err)
}

// skipped tells of what is not looked at.
func (v *visited) skipped(structure, detail string) {
	v.add(Finding{Severity: Unsupported, Path: v.path, Structure: structure, Detail: detail})
}

func (v *visited) contiguous(ctx context.Context) error {
	d := v.dataset
	addr, size, err := d.Contiguous()
	if size > 0 {
		v.checker.extents.Raw(ctx, "contiguous storage", addr, size)
	}
	if err != nil || len(d.Type.Pointers()) == 0 {
		return err
	}
	return d.Stretches(ctx, func(data []byte) error { return v.resolve(ctx, d.Type, data) })
}

// eachChunk decodes all chunks. Of a filter that is missing, and of chunks that
// are too short but long enough, it says so once.
func (v *visited) eachChunk(ctx context.Context) error {
	d := v.dataset
	follow := len(d.Type.Pointers()) > 0
	missing, short := false, false
	return d.EachChunk(ctx, follow, func(k *load.CheckedChunk) error {
		v.chunks++
		if k.Size > 0 {
			v.checker.extents.Raw(ctx, "chunk", k.Addr, k.Size)
		}
		if k.Err != nil {
			if unsupported := errors.Is(k.Err, ErrUnsupported); unsupported && missing {
				return nil
			} else if unsupported {
				missing = true
			}
			return v.note(v.path, k.Err)
		}
		if k.Decoded != k.Full && !short {
			short = true
			v.warn(fmt.Sprintf("chunk %v", k.Coords), fmt.Sprintf("decodes to %d bytes, a whole chunk has %d", k.Decoded, k.Full))
		}
		return v.note(v.path, v.resolve(ctx, d.Type, k.Elements))
	})
}
