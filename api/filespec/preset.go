package filespec

import (
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// cloud is the preset of files that are read from afar: their chunk indexes
// are arrays, which a low bound of v110 brings, and a chunk that the
// description leaves to us is about as large as one request should be.
const (
	cloud      = "cloud"
	cloudChunk = 1 << 20
)

func (p *parser) preset() {
	pointer := p.s.pointer()
	name, ok := p.text("the name of a preset")
	if !ok || p.s.err != nil {
		return
	}
	if name != cloud {
		p.noteAt(pointer, "bad_preset", complain("bad_preset", "%q is unknown; there is %q", name, cloud))
		return
	}
	p.spec.preset = name
}

// applyPreset completes what the description leaves open, once all of it is
// known. What it says itself stands.
func (p *parser) applyPreset() {
	if p.spec.preset != cloud {
		return
	}
	if !p.spec.bounded {
		p.spec.low, p.spec.high, p.spec.bounded = h5core.V110, h5core.Latest, true
	}
	for _, n := range p.spec.tree.order {
		if ds := n.dataset; ds != nil && ds.storage != nil && ds.storage.chunks == nil {
			ds.storage.chunks = space.ChunkOf(ds.space.Dims, ds.space.Max, uint64(ds.t.Size), cloudChunk)
		}
	}
}
