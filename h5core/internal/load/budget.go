package load

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Budget is what work may cost, and what it has cost so far. Every file has one
// for its whole life; a context may carry another one, which is charged in its
// place.
type Budget struct {
	limits                  Limits
	nodes, fetched, decoded atomic.Int64
	over                    atomic.Bool
}

type budgetKey struct{}

// WithBudget gives a context whose work is charged to a budget of its own,
// whichever files it is done in.
func WithBudget(ctx context.Context, l Limits) (context.Context, *Budget) {
	b := &Budget{limits: l}
	return context.WithValue(ctx, budgetKey{}, b), b
}

// Exceeded tells whether work was refused because the budget was used up.
func (b *Budget) Exceeded() bool { return b.over.Load() }

// Spent tells what the work has cost so far; Read is not counted.
func (b *Budget) Spent() Limits {
	return Limits{Nodes: b.nodes.Load(), Fetched: b.fetched.Load(), Decoded: b.decoded.Load()}
}

func (b *Budget) visit(nodes int) error {
	return b.spend(&b.nodes, int64(nodes), b.limits.Nodes, "structures were visited")
}

func (b *Budget) fetch(bytes int64) error {
	return b.spend(&b.fetched, bytes, b.limits.Fetched, "bytes were fetched")
}

func (b *Budget) decode(bytes int) error {
	return b.spend(&b.decoded, int64(bytes), b.limits.Decoded, "bytes were decoded")
}

func (b *Budget) spend(on *atomic.Int64, n, limit int64, what string) error {
	if on.Add(n) > limit && limit > 0 {
		b.over.Store(true)
		return fmt.Errorf("%w: over %d %s", ErrTooLarge, limit, what)
	}
	return nil
}

// budget is the one that work under a context is charged to.
func (f *File) budget(ctx context.Context) *Budget {
	if b, ok := ctx.Value(budgetKey{}).(*Budget); ok {
		return b
	}
	return &f.life
}

// Spend takes visited structures from the budget.
func (f *File) Spend(ctx context.Context, nodes int) error { return f.budget(ctx).visit(nodes) }

// spendDecoded takes decoded bytes from the budget.
func (f *File) spendDecoded(ctx context.Context, bytes int) error {
	return f.budget(ctx).decode(bytes)
}
