// Package filter turns the bytes of a chunk into the bytes that are stored, and back.
//
// A pipeline is a list of steps in encoding order. Reading runs it backwards:
//
//	elements ──shuffle──▶ ──deflate──▶ ──fletcher32──▶ stored chunk
//	elements ◀─unshuffle─ ◀─inflate─── ◀───verify───── stored chunk
//
// A step that is optional may be left out of a single chunk. Each chunk carries a filter mask that tells
// which steps were: bit i stands for step i. The pipeline message, the filters' numbers and their
// parameters stand in the HDF5 File Format Specification, section IV.A.2.l.
//
// All filters here decode. Those that only others' files need do not encode yet, and say [ErrUnsupported].
//
// What a filter writes depends on its input and parameters alone, so that the same request gives the same
// bytes on every machine; [CodecVersion] names what else it depends on.
package filter

import (
	"errors"
	"fmt"
	"math"
	"sync"
)

// ID is a filter's registered number.
type ID uint16

// The filters that the format itself defines, and those that others registered (from 256 on) and whose
// files are common.
const (
	IDDeflate     ID = 1
	IDShuffle     ID = 2
	IDFletcher32  ID = 3
	IDSzip        ID = 4
	IDNBit        ID = 5
	IDScaleOffset ID = 6
	IDBzip2       ID = 307
	IDLZF         ID = 32000
	IDBlosc       ID = 32001
	IDLZ4         ID = 32004
	IDBitshuffle  ID = 32008
	IDZFP         ID = 32013
	IDZstd        ID = 32015
)

// Optional is the flag of a step that may be left out of a chunk.
const Optional uint16 = 1

// CodecVersion names the version of each codec: equal versions write equal bytes.
const CodecVersion = "deflate=1+klauspost-1.20.3 shuffle=1 fletcher32=1"

// Unbounded is the Max of an extent of which nothing is known.
const Unbounded = math.MaxUint64

// Extent is what is known of a number of bytes: it is Max (Fixed), or at most Max.
type Extent struct {
	Max   uint64
	Fixed bool
}

// Filter is one codec. Implementations are safe for concurrent use.
type Filter interface {
	ID() ID
	// Name is the name that the C library stores for it: "shuffle", "deflate", "fletcher32".
	Name() string
	// Extent tells how many bytes Encode makes of in bytes. A fixed answer means that Encode never
	// answers ErrNotWorth.
	Extent(in Extent, params []uint32) Extent
	// Encode appends the encoded form of src to dst. ErrNotWorth comes with the full encoded form, which
	// is no smaller than src. dst and src do not overlap.
	Encode(dst, src []byte, params []uint32) ([]byte, error)
	// Decode appends the decoded form of src to dst, at most limit bytes: more is ErrLimit, what cannot
	// be decoded is ErrCorrupt.
	Decode(dst, src []byte, params []uint32, limit int) ([]byte, error)
}

// Kinds of failure, for errors.Is.
var (
	ErrNotWorth    = errors.New("the encoded form is not smaller")
	ErrLimit       = errors.New("the decoded form is larger than the chunk")
	ErrCorrupt     = errors.New("the encoded bytes are damaged")
	ErrParams      = errors.New("the filter's parameters are wrong")
	ErrUnavailable = errors.New("the filter is not available")
	ErrUnsupported = errors.New("not supported yet")
)

// unwritten is what a filter that only decodes says to Encode. Other than a filter that is missing, it is
// not left out where it is optional: who asked for compression learns that there is none.
func unwritten(f Filter) error { return fmt.Errorf("writing %s is %w", f.Name(), ErrUnsupported) }

// Error tells which step of a pipeline failed, and how.
type Error struct {
	Op     string // "encode" or "decode"
	Step   int    // position in encoding order
	Filter string
	Err    error
}

func (e *Error) Error() string {
	return fmt.Sprintf("filter step %d (%s): %s: %v", e.Step, e.Filter, e.Op, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

var registry = struct {
	sync.RWMutex
	filters map[ID]Filter
}{filters: map[ID]Filter{
	IDDeflate:     deflate{},
	IDShuffle:     shuffle{},
	IDFletcher32:  fletcher32{},
	IDSzip:        szip{},
	IDNBit:        nbit{},
	IDScaleOffset: scaleOffset{},
	IDBzip2:       bzip2Filter{},
	IDLZF:         lzf{},
	IDBlosc:       blosc{},
	IDLZ4:         lz4Filter{},
	IDBitshuffle:  bitshuffle{},
	IDZFP:         zfp{},
	IDZstd:        zstdFilter{},
}}

// Register makes a filter known by its ID. A second filter of one ID panics.
func Register(f Filter) {
	registry.Lock()
	defer registry.Unlock()
	if _, known := registry.filters[f.ID()]; known {
		panic(fmt.Sprintf("filter: %d (%s) is registered twice", f.ID(), f.Name()))
	}
	registry.filters[f.ID()] = f
}

// Lookup finds a registered filter.
func Lookup(id ID) (Filter, bool) {
	registry.RLock()
	defer registry.RUnlock()
	f, ok := registry.filters[id]
	return f, ok
}

// Missing stands for a filter that is not registered, under the name that the file gives it. A pipeline
// with it can be listed and its chunks copied as stored; coding fails with ErrUnavailable, except in chunks
// that left it out.
func Missing(id ID, name string) Filter { return missing{id, name} }

type missing struct {
	id   ID
	name string
}

func (m missing) ID() ID                         { return m.id }
func (m missing) Name() string                   { return m.name }
func (m missing) Extent(Extent, []uint32) Extent { return Extent{Max: Unbounded} }

func (m missing) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, m.err() }

func (m missing) Decode(dst, _ []byte, _ []uint32, _ int) ([]byte, error) { return dst, m.err() }

func (m missing) err() error { return fmt.Errorf("%w: number %d", ErrUnavailable, m.id) }
