package walk

import (
	"context"
	"errors"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

type tolerantKey struct{}

// Tolerant gives a context under which a walk goes on where it comes by
// something damaged: note, which several goroutines may call at once, hears of
// it, and what lies beside it is still walked.
func Tolerant(ctx context.Context, note func(error)) context.Context {
	return context.WithValue(ctx, tolerantKey{}, note)
}

// Tolerated tells whether a walk goes on after an error, which then has been
// noted.
func Tolerated(ctx context.Context, err error) bool {
	note := noter(ctx, err)
	if note != nil {
		note(err)
	}
	return note != nil
}

// noter is who hears of a fault; nil where it ends the walk.
func noter(ctx context.Context, err error) func(error) {
	var fault *wire.Fault
	if !errors.As(err, &fault) {
		return nil
	}
	note, _ := ctx.Value(tolerantKey{}).(func(error))
	return note
}

// Apart reads things together. Where faults are tolerated and there is one, it
// reads them by halves, so that only the damaged ones are missing: those are
// zero values.
func Apart[T, R any](ctx context.Context, list []T, read func([]T) ([]R, error)) ([]R, error) {
	out, err := read(list)
	if err == nil || noter(ctx, err) == nil {
		return out, err
	}
	if len(list) < 2 {
		Tolerated(ctx, err)
		return make([]R, len(list)), nil
	}
	half := len(list) / 2
	first, err := Apart(ctx, list[:half], read)
	if err != nil {
		return nil, err
	}
	second, err := Apart(ctx, list[half:], read)
	return append(first, second...), err
}
