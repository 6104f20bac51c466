package filespec

import (
	"bytes"
	"fmt"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
)

// storageDraft is what the description says of how a dataset is stored.
type storageDraft struct {
	maxshape  []uint64
	resizable bool // "maxshape" is there
	unlimited bool // "maxshape": true

	chunks  []uint64
	chunked bool // "chunks" is a list
	auto    bool // "chunks": true
	whole   bool // "chunks": false

	gzip     bool
	level    uint64
	numbered bool // "compression" is the level
	opts     bool // "compression_opts" is there
	optLevel uint64
	shuffle  bool
	checksum bool

	given    bool // any of the keys of storage is there
	filtered bool // one of those of filters

	fill        span
	fillPointer string
}

// storage is how a dataset is stored, in chunks.
type storage struct {
	chunks  []uint64 // nil for h5py's guess
	filters []filter.Step
}

// storageMember reads one of the keys of storage; null stands for one that was
// left out.
func (p *parser) storageMember(d *draft, key string) {
	pointer := p.s.pointer()
	st := &d.storage
	if p.null() {
		return
	}
	st.given = true
	switch key {
	case "compression", "compression_opts", "shuffle", "fletcher32":
		st.filtered = true
	}
	switch key {
	case "maxshape":
		p.maxshape(st)
	case "chunks":
		switch p.s.kind() {
		case 't', 'f':
			st.auto = p.s.literal() == 't'
			st.whole = !st.auto
		default:
			st.chunks, st.chunked = p.dims("bad_chunks", "the length of a chunk along an axis"), true
		}
	case "compression":
		p.compression(st)
	case "compression_opts":
		st.optLevel, _ = p.count("bad_compression", "the level of gzip, 0 to 9")
		st.opts = true
	case "shuffle":
		st.shuffle = p.boolean("shuffle the bytes")
	case "fletcher32":
		st.checksum = p.boolean("keep checksums")
	case "fillvalue":
		st.fillPointer, st.fill.begin = pointer, p.s.offset()
		p.s.skip()
		st.fill.end = p.s.offset()
	}
}

func (p *parser) maxshape(st *storageDraft) {
	st.resizable = true
	switch p.s.kind() {
	case 't', 'f':
		st.unlimited = p.s.literal() == 't'
		st.resizable = st.unlimited
	case '[':
		st.maxshape = []uint64{}
		for p.s.begin(); p.s.next(); {
			n := space.Unlimited
			if !p.null() {
				n, _ = p.count("bad_maxshape", "the length that an axis may grow to, or null")
			}
			if len(st.maxshape) <= space.MaxRank {
				st.maxshape = append(st.maxshape, n)
			}
		}
	default:
		n, _ := p.count("bad_maxshape", "the length that an axis may grow to, or null")
		st.maxshape = []uint64{n}
	}
}

func (p *parser) compression(st *storageDraft) {
	pointer := p.s.pointer()
	switch p.s.kind() {
	case '0':
		st.level, st.gzip = p.count("bad_compression", "the level of gzip, 0 to 9")
		st.numbered = true
		return
	case 't', 'f': // as in h5py
		st.gzip, st.level = p.s.literal() == 't', 4
		return
	}
	word, ok := p.text(`"gzip", or its level`)
	switch {
	case !ok:
	case word == "gzip":
		st.gzip, st.level = true, 4
	case word == "lzf" || word == "szip":
		p.noteAt(pointer, "", complain("unsupported_feature", "the compression %q is not supported yet: use \"gzip\"", word))
	default:
		p.noteProblem(problem("bad_compression", Entry{Pointer: pointer, Detail: fmt.Sprintf("%q is no compression: known are \"gzip\" and its levels 0 to 9", word), DidYouMean: nearest(word, []string{"gzip"})}))
	}
}

// settleStorage puts together how a dataset is stored.
func (p *parser) settleStorage(d *draft, ds *dataset) {
	if !p.sound(d) {
		return
	}
	refuse := func(key string, err error) { p.noteAt(d.pointer+"/"+key, "bad_value", err) }
	st := &d.storage
	if key, err := st.settleCompression(); err != nil {
		refuse(key, err)
	}
	if err := st.settleMaxshape(ds); err != nil {
		refuse("maxshape", err)
		return
	}
	if key, err := st.settleChunks(ds); err != nil {
		refuse(key, err)
	}
	p.settleFill(d, ds)
}

// settleCompression returns the key at fault with the error.
func (st *storageDraft) settleCompression() (key string, err error) {
	key = "compression"
	switch {
	case st.opts && !st.gzip:
		return "compression_opts", complain("bad_compression", "compression_opts without a compression")
	case st.opts && st.numbered:
		return "compression_opts", complain("conflicting_keys", "the level stands in compression already")
	case st.opts:
		key, st.level = "compression_opts", st.optLevel
	}
	if st.gzip && st.level > 9 {
		return key, complain("bad_compression", "%d: the level of gzip is 0 to 9", st.level)
	}
	return "", nil
}

func (st *storageDraft) settleMaxshape(ds *dataset) error {
	if !st.resizable {
		return nil
	}
	rank := len(ds.space.Dims)
	if st.unlimited {
		if rank == 0 {
			return complain("not_chunked", "a scalar or null dataset cannot grow")
		}
		st.maxshape = make([]uint64, rank)
		for i := range st.maxshape {
			st.maxshape[i] = space.Unlimited
		}
	}
	if rank == 0 {
		if len(st.maxshape) > 0 {
			return complain("bad_maxshape", "%d axes, the shape has none", len(st.maxshape))
		}
		st.resizable = false
		return nil
	}
	ds.space.Max = st.maxshape
	return shapeError(ds.space.Validate(uint64(ds.t.Size)))
}

// settleChunks returns the key at fault with the error.
func (st *storageDraft) settleChunks(ds *dataset) (string, error) {
	why := map[bool]string{st.checksum: "fletcher32", st.shuffle: "shuffle", st.gzip: "compression", st.resizable: "maxshape"}[true]
	switch {
	case why == "" && !st.chunked && !st.auto:
		return "", nil
	case len(ds.space.Dims) == 0 && (st.chunked || st.auto):
		return "chunks", complain("not_chunked", "a scalar or null dataset has no chunks")
	case len(ds.space.Dims) == 0:
		return why, complain("not_chunked", "a scalar or null dataset has no chunks, which %s needs", why)
	case st.whole:
		return "chunks", complain("not_chunked", "%s needs chunks; \"chunks\": false forbids them", why)
	}
	s := &storage{chunks: st.chunks}
	if st.chunked {
		if err := ds.space.ValidateChunk(st.chunks, uint64(ds.t.Size)); err != nil {
			return "chunks", shapeError(err)
		}
	}
	if st.shuffle {
		s.filters = append(s.filters, filter.NewShuffle(ds.t.Size))
	}
	if st.gzip {
		step, err := filter.NewDeflate(int(st.level))
		if err != nil {
			return "compression", complain("bad_compression", "%v", err)
		}
		s.filters = append(s.filters, step)
	}
	if st.checksum {
		s.filters = append(s.filters, filter.NewFletcher32())
	}
	ds.storage = s
	return "", nil
}

// settleFill encodes the fill value. What is full of it needs no storage.
func (p *parser) settleFill(d *draft, ds *dataset) {
	if st := &d.storage; st.fillPointer != "" {
		err := checkElement(ds.t)
		switch {
		case err != nil:
		case ds.t.HasVarLen():
			err = p.emptyFill(st)
		default:
			var raw bytes.Buffer
			err = inlineValues{p.spec, ds.t, st.fill, st.fillPointer, 0}.copyTo(p.ctx, &raw, nil)
			ds.fill = raw.Bytes()
		}
		if err != nil {
			p.noteAt(st.fillPointer, "bad_value", err)
			return
		}
	}
	if one, ok := ds.value.source.(repeated); ok {
		if bytes.Equal(one, ds.fill) || (ds.fill == nil && len(bytes.Trim(one, "\x00")) == 0) {
			ds.value = value{}
		}
	}
}

// emptyFill accepts the fill value that variable strings have anyway.
func (p *parser) emptyFill(st *storageDraft) error {
	s := p.spec.scan(p.ctx, st.fill, st.fillPointer)
	if s.kind() == '"' && len(s.str(maxName)) == 0 {
		return nil
	}
	return complain("unsupported_feature", "a fill value of any length is not supported yet")
}

// options are the dataset's properties for h5core.
func (ds *dataset) options(track bool) []h5core.DatasetOption {
	var list []h5core.DatasetOption
	if s := ds.storage; s != nil {
		if s.chunks == nil {
			list = append(list, h5core.AutoChunk())
		} else {
			list = append(list, h5core.Chunks(s.chunks...))
		}
		list = append(list, h5core.Filters(s.filters...))
	}
	if ds.fill != nil {
		list = append(list, h5core.RawFillValue(ds.fill))
	}
	if track {
		list = append(list, h5core.TrackAttributeOrder())
	}
	if ds.value.source != nil {
		list = append(list, h5core.Values(ds.value.source))
	}
	return list
}
