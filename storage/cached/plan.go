package cached

import (
	"cmp"
	"math"
	"slices"
)

// span is the bytes from off up to end, not included.
type span struct{ off, end uint64 }

func (s span) length() uint64         { return s.end - s.off }
func (r Range) span() span            { return span{r.Off, r.Off + uint64(len(r.Data))} }
func byOffset(a, b span) int          { return cmp.Compare(a.off, b.off) }
func roundDown(n, unit uint64) uint64 { return n - n%unit }

func roundUp(n, unit uint64) uint64 {
	if n > math.MaxUint64-unit {
		return math.MaxUint64
	}
	return roundDown(n+unit-1, unit)
}

// merge covers spans by disjoint ones, ascending: those no more than gap apart
// become one, but none is longer than limit; where more lies together, each is
// filled before the next begins. It sorts its argument.
func merge(spans []span, gap, limit uint64) []span {
	slices.SortFunc(spans, byOffset)
	var out []span
	for _, s := range spans {
		if len(out) > 0 {
			last := &out[len(out)-1]
			if s.end <= last.end {
				continue
			}
			s.off = max(s.off, last.end)
			switch near := s.off-last.end <= gap; {
			case near && s.end-last.off <= limit:
				last.end = s.end
				continue
			case near && s.off-last.off < limit:
				last.end = last.off + limit
				s.off = last.end
			}
		}
		for s.length() > limit {
			out = append(out, span{s.off, s.off + limit})
			s.off += limit
		}
		out = append(out, s)
	}
	return out
}

// ahead follows a reader that goes on from block to block.
type ahead struct {
	next   uint64 // end of the last fetch
	misses int    // that each began where the one before ended
	size   uint64 // of the next fetch
}

// metadataGETs says what to fetch so that pages which are missing come. The
// pages are spans of whole pages; has tells whether the page that begins at an
// offset is held or under way; nothing lies from end on.
func (s *Settings) metadataGETs(pages []span, a *ahead, has func(uint64) bool, end uint64) []span {
	places := merge(pages, s.Gap, math.MaxUint64)
	if len(places) <= s.Scatter {
		s.widen(places, a, has, roundUp(end, s.Page))
	} else if hull := (span{places[0].off, places[len(places)-1].end}); s.dense(places, hull) {
		places = merge(s.missing(hull, has), s.Gap, math.MaxUint64)
	}
	gets := merge(places, 0, s.Largest)
	last := &gets[len(gets)-1]
	last.end = min(last.end, end)
	return gets
}

// dense tells whether the windows of a scattered wave leave out so little of
// what they lie in that the next wave would come back for the rest.
func (s *Settings) dense(windows []span, hull span) bool {
	left := hull.length()
	for _, w := range windows {
		left -= w.length()
	}
	return left <= hull.length()/100*uint64(100-min(s.Dense, 100))
}

// missing are the pages of a stretch that nobody has.
func (s *Settings) missing(stretch span, has func(uint64) bool) []span {
	var pages []span
	for off := stretch.off; off < stretch.end; off += s.Page {
		if !has(off) {
			pages = append(pages, span{off, off + s.Page})
		}
	}
	return pages
}

// widen makes blocks of places, with what is missing of them, and takes along
// those that follow where a reader goes on from one to the next. A block
// begins before its place: what belongs together was often written from both
// ends, an object's header before or after the group that names it.
func (s *Settings) widen(places []span, a *ahead, has func(uint64) bool, top uint64) {
	before := roundDown(s.Block/8*3, s.Page)
	for i := range places {
		p := &places[i]
		for low := p.off - min(p.off, before); p.off > low && !has(p.off-s.Page); {
			p.off -= s.Page
		}
		size := s.Block
		if len(places) == 1 {
			size = max(size, a.follow(p.off, s))
		}
		for high := min(p.off+size, top); p.end < high && !has(p.end); {
			p.end += s.Page
		}
		a.next = p.end
	}
}

// follow tells how much to fetch from an offset on: twice as much as before
// from the second miss in a row on, a block again after a jump.
func (a *ahead) follow(off uint64, s *Settings) uint64 {
	if off != a.next || a.size == 0 {
		a.misses, a.size = 0, s.Block
	}
	if off == a.next {
		a.misses++
	}
	if a.misses >= 2 {
		a.size = min(2*a.size, s.Largest)
	}
	return a.size
}

// rawGETs says what to fetch so that spans which are missing come.
func (s *Settings) rawGETs(spans []span) []span { return merge(spans, s.Gap, s.Largest) }
