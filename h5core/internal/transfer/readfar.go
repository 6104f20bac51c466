package transfer

import (
	"context"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// Waves of a far file are large, and several are under way at once: as many
// bytes as its driver asks for in parallel, and a wave more.
const (
	farWaveBytes = 32 << 20
	farWaves     = 6
)

// startFar has the stored bytes of chunks fetched in one wave, beside other
// waves and while workers decode what came before.
func (r *reading) startFar(ctx context.Context, leads []*lead) error {
	segs := make([]vfd.Segment, 0, len(leads))
	for _, l := range leads {
		if err := r.place(ctx, l); err != nil {
			r.drop(leads, nil)
			return err
		}
		if l.raw != nil {
			segs = append(segs, vfd.Segment{Addr: l.at.Addr, Data: l.raw})
		}
	}
	r.busy.Add(len(leads))
	if len(segs) == 0 {
		r.decodeAll(ctx, leads)
		return nil
	}
	r.waits.Go(func() error {
		if err := r.File.Fetch(ctx, vfd.Raw, segs); err != nil {
			r.drop(leads, nil)
			r.busy.Add(-len(leads))
			r.group.Go(func() error { return err })
			return nil
		}
		r.decodeAll(ctx, leads)
		return nil
	})
	return nil
}
