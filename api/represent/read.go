package represent

import (
	"context"
	"io"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// EachPiece reads a dataset in the boxes of Pieces and hands them on, in C
// order. It ends with the first error.
func EachPiece(ctx context.Context, ds *h5core.Dataset, use func(*h5core.Elements) error) error {
	s := ds.Space()
	if s.Kind == space.Null {
		return nil
	}
	for box := range Pieces(s.Dims, ds.Chunks(), uint64(ds.Type().Size)) {
		e, err := ds.ReadRaw(ctx, space.Slab(box))
		if err != nil {
			return err
		}
		if err := use(e); err != nil {
			return err
		}
	}
	return nil
}

// WriteDataset writes all elements of a dataset in a form, piece by piece.
func WriteDataset(ctx context.Context, w io.Writer, ds *h5core.Dataset, form Form) error {
	out, err := form(w, ds.Type(), shapeOf(ds.Space()))
	if err != nil {
		return err
	}
	if err := EachPiece(ctx, ds, func(e *h5core.Elements) error { return out.Write(e.Data, e) }); err != nil {
		return err
	}
	return out.Close()
}

// shapeOf is the shape of a space: that of a null space is one empty axis.
func shapeOf(s space.Space) []uint64 {
	if s.Kind == space.Null {
		return []uint64{0}
	}
	return s.Dims
}
