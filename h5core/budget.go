package h5core

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/load"
)

// Budget is what the work under a context may cost, and what it has cost.
type Budget = load.Budget

// WithBudget gives a context whose work is charged to a budget of its own, in
// place of those of the files that it reads, which WithLimits gave. So a file
// may stay open for long and serve many, each of whom has limits. Limits.Read
// stays the file's.
func WithBudget(ctx context.Context, l Limits) (context.Context, *Budget) {
	return load.WithBudget(ctx, l)
}
