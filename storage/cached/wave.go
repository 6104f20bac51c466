package cached

import (
	"bytes"
	"context"
	"slices"
	"sort"
)

// piece is a part of a range, and the data that is held for it.
type piece struct {
	to   []byte
	off  uint64
	data []byte
}

// wave is one Fetch: all that it waits for is under way at the same time.
type wave struct {
	version  *version
	kind     Kind
	ranges   []Range
	pieces   []piece               // of what is held
	lacking  []piece               // that nobody fetches yet
	spans    []span                // to be fetched for them
	awaits   []*transfer           // each once
	coming   map[*transfer][]piece // of what each of them brings
	hits     int
	asksSelf bool // transfers were started
}

// fetch fills all ranges, which lie in the object.
func (v *version) fetch(ctx context.Context, kind Kind, ranges []Range) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	all, dropped := v.copyHeld(kind, ranges)
	switch {
	case dropped:
		return v.changed()
	case all:
		for _, c := range v.object.cache.counters(ctx) {
			c.hits.Add(int64(len(ranges)))
		}
		return nil
	}
	w := &wave{version: v, kind: kind, ranges: ranges, coming: map[*transfer][]piece{}}
	w.plan(ctx)
	return w.finish(ctx)
}

// copyHeld fills ranges as long as they are held, which most are, and tells
// whether all were.
func (v *version) copyHeld(kind Kind, ranges []Range) (all, dropped bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.dropped {
		return false, true
	}
	for _, r := range ranges {
		if !v.held(kind, r, func(to, data []byte) { copy(to, data) }) {
			return false, false
		}
	}
	return true, false
}

// held finds a range in what is held: in pages, or as raw data that was read
// just so before. What it passes on counts only if all of it is. The caller
// holds the lock.
func (v *version) held(kind Kind, r Range, pass func(to, data []byte)) bool {
	size := v.object.cache.settings.Page
	for at, end := r.Off, r.span().end; at < end; {
		p := v.page(roundDown(at, size))
		e := v.pages[p]
		if e == nil {
			e = v.raws[r.span()]
			if e == nil || kind != Raw {
				return false
			}
			e.used.Store(true)
			pass(r.Data, e.data)
			return true
		}
		e.used.Store(true)
		n := min(p.end, end) - at
		pass(r.Data[at-r.Off:][:n], e.data[at-p.off:])
		at += n
	}
	return true
}

// plan finds a source for each piece: what is held, what is under way, and new
// transfers for the rest.
func (w *wave) plan(ctx context.Context) {
	v := w.version
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range w.ranges {
		switch {
		case w.held(r):
			w.hits++
		case w.kind == Metadata:
			w.planPages(r)
		default:
			w.planRaw(r)
		}
	}
	if len(w.lacking) == 0 {
		return
	}
	s := &v.object.cache.settings
	var gets []span
	if w.kind == Raw {
		gets = s.rawGETs(w.spans)
	} else {
		gets = s.metadataGETs(w.spans, &v.ahead, func(off uint64) bool {
			return v.pages[v.page(off)] != nil || v.fetching[off] != nil
		}, v.info.Size)
	}
	w.asksSelf = true
	started := make([]*transfer, len(gets))
	for i, g := range gets {
		started[i] = v.start(ctx, w.kind, g)
	}
	w.awaits = append(w.awaits, started...)
	for _, p := range w.lacking {
		w.assign(p, started)
	}
}

// held takes a range from what is held.
func (w *wave) held(r Range) bool {
	before := len(w.pieces)
	all := w.version.held(w.kind, r, func(to, data []byte) { w.pieces = append(w.pieces, piece{to: to, data: data}) })
	if !all {
		w.pieces = w.pieces[:before]
	}
	return all
}

func (w *wave) planPages(r Range) {
	v := w.version
	for at, end := r.Off, r.span().end; at < end; {
		p := v.page(roundDown(at, v.object.cache.settings.Page))
		n := min(p.end, end) - at
		next := piece{to: r.Data[at-r.Off:][:n], off: at}
		if e := v.pages[p]; e != nil {
			e.used.Store(true)
			next.data = e.data[at-p.off:]
			w.pieces = append(w.pieces, next)
		} else if t := v.fetching[p.off]; t != nil {
			w.await(next, t)
		} else {
			w.lacking = append(w.lacking, next)
			w.spans = append(w.spans, span{p.off, p.off + v.object.cache.settings.Page})
		}
		at += n
	}
}

// planRaw takes a range from the transfers under way that follow each other in
// it, and asks for the rest.
func (w *wave) planRaw(r Range) {
	at, end := r.Off, r.span().end
	for at < end {
		i := slices.IndexFunc(w.version.reading, func(t *transfer) bool { return t.off <= at && at < t.end })
		if i < 0 {
			break
		}
		t := w.version.reading[i]
		n := min(t.end, end) - at
		w.await(piece{to: r.Data[at-r.Off:][:n], off: at}, t)
		at += n
	}
	if at < end {
		w.lacking = append(w.lacking, piece{to: r.Data[at-r.Off:], off: at})
		w.spans = append(w.spans, span{at, end})
	}
}

// await takes a piece from a transfer that others began.
func (w *wave) await(p piece, t *transfer) {
	if _, known := w.coming[t]; !known {
		t.join()
		w.awaits = append(w.awaits, t)
	}
	w.coming[t] = append(w.coming[t], p)
}

// assign cuts a piece along the transfers that cover it together. They are
// disjoint and ascending.
func (w *wave) assign(p piece, from []*transfer) {
	i := sort.Search(len(from), func(i int) bool { return from[i].end > p.off })
	for ; len(p.to) > 0; i++ {
		n := min(uint64(len(p.to)), from[i].end-p.off)
		w.coming[from[i]] = append(w.coming[from[i]], piece{to: p.to[:n], off: p.off})
		p.to, p.off = p.to[n:], p.off+n
	}
}

// finish fills the ranges, of each transfer as soon as it has come.
func (w *wave) finish(ctx context.Context) error {
	w.count(ctx)
	for _, p := range w.pieces {
		copy(p.to, p.data)
	}
	if err := w.wait(ctx); err != nil {
		return err
	}
	if c := w.version.object.cache; w.kind == Raw && c.settings.RawBudget > 0 && len(w.awaits) > 0 {
		for _, r := range w.ranges {
			c.raw.add(w.version, r.span(), bytes.Clone(r.Data))
		}
	}
	return nil
}

// wait waits for all transfers, or leaves those that are left when one fails.
func (w *wave) wait(ctx context.Context) error {
	if len(w.awaits) == 0 {
		return nil
	}
	end := w.version.object.cache.round(ctx)
	asked := false
	for i, t := range w.awaits {
		data, err := t.wait(ctx)
		if err != nil {
			for _, rest := range w.awaits[i+1:] {
				rest.leave()
			}
			end()
			return err
		}
		for _, p := range w.coming[t] {
			copy(p.to, data[p.off-t.off:])
		}
		asked = asked || t.asked
		w.version.release(t)
	}
	if asked {
		end()
	}
	return nil
}

func (w *wave) count(ctx context.Context) {
	misses := int64(len(w.ranges) - w.hits)
	for _, c := range w.version.object.cache.counters(ctx) {
		c.hits.Add(int64(w.hits))
		c.misses.Add(misses)
		if !w.asksSelf {
			c.shared.Add(misses)
		}
	}
}
