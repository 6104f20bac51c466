package plan

import (
	"context"
	"fmt"
	"math"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Settings say how a file is to be planned.
type Settings struct {
	Low, High     Libver
	UserBlockSize uint64 // 0, or a power of two from 512 on
	UserBlock     []byte // its content; the rest of it is zeros
	Workers       int    // goroutines that encode chunks
	Memory        *vfd.Memory
	AttributeHeap *piece.GlobalHeap
	DataHeap      *piece.GlobalHeap
	References    []object.Node // what object references lead to, by their tokens
}

// raw is a piece of elements, which may lie in memory as it will be stored.
type raw interface {
	piece.Raw
	extent() extent
}

// builder gathers the pieces of one file, in the order in which they will lie.
type builder struct {
	ctx      context.Context
	settings Settings
	versions versions
	root     *object.Group
	headers  map[object.Node]*header
	seen     map[object.Node]bool
	queue    []step

	super         *superblock
	rootTable     *symbolTable
	front         []piece.Meta // headers and group structures
	continuations []piece.Meta
	attributeHeap *piece.GlobalHeap
	indexes       []piece.Meta
	dataHeap      *piece.GlobalHeap
	raw           []raw
	summary       Summary
}

// Build plans the file whose root group is given. Chunks whose stored size is
// not known beforehand are encoded into the settings' memory.
func Build(ctx context.Context, root *object.Group, s Settings) (*Plan, error) {
	for _, heap := range []*piece.GlobalHeap{s.AttributeHeap, s.DataHeap} {
		if err := heap.Finish(); err != nil {
			return nil, err
		}
	}
	b, metaEnd, err := prepare(ctx, root, s)
	if err != nil {
		return nil, err
	}
	for _, heap := range []*piece.GlobalHeap{s.AttributeHeap, s.DataHeap} {
		if err := heap.Settle(ctx, b.addressOf); err != nil {
			return nil, err
		}
	}
	run := piece.NewRun(metaEnd)
	for _, r := range b.raw {
		if c, ok := r.(*chunked); ok {
			if err := c.encode(ctx); err != nil {
				return nil, err
			}
		}
		if err := run.Put(r, 1); err != nil {
			return nil, err
		}
	}
	return b.emit(run.End())
}

// Estimate tells the size that Build would give, exact or at most, without
// encoding anything.
func Estimate(ctx context.Context, root *object.Group, s Settings) (size uint64, exact bool, err error) {
	b, size, err := prepare(ctx, root, s)
	if err != nil {
		return 0, false, err
	}
	size, exact = size+s.UserBlockSize, true
	for _, heap := range []*piece.GlobalHeap{s.AttributeHeap, s.DataHeap} { // not finished: more may come
		size += heap.Pending() - heap.Size()
	}
	for _, r := range b.raw {
		n := r.Size()
		if c, ok := r.(*chunked); ok && !c.known {
			n, exact = c.atMost(), false
		}
		if n > math.MaxInt64-size {
			return 0, false, fmt.Errorf("the file exceeds 2^63-1 bytes")
		}
		size += n
	}
	return size, exact, nil
}

// prepare makes all pieces and places those that come before the raw data.
func prepare(ctx context.Context, root *object.Group, s Settings) (*builder, uint64, error) {
	b := &builder{
		ctx: ctx, settings: s, versions: chooser[s.Low], root: root, headers: map[object.Node]*header{}, seen: map[object.Node]bool{},
		attributeHeap: s.AttributeHeap, dataHeap: s.DataHeap,
	}
	if err := b.walk(); err != nil {
		return nil, 0, err
	}
	b.super = newSuperblock(b)
	run := piece.NewRun(0)
	for _, group := range b.beforeRaw() {
		for _, p := range group {
			if err := run.Put(p, 1); err != nil {
				return nil, 0, err
			}
		}
	}
	return b, run.End(), nil
}

// step is an object that is to be planned.
type step struct {
	node object.Node
	path string
}

// reach puts an object in the queue, once.
func (b *builder) reach(node object.Node, path string) {
	if !b.seen[node] {
		b.seen[node] = true
		b.queue = append(b.queue, step{node, path})
	}
}

// walk plans every object once, breadth first; what only references lead to
// comes last.
func (b *builder) walk() error {
	b.reach(b.root, "/")
	if err := b.drain(); err != nil {
		return err
	}
	for _, node := range b.settings.References {
		b.reach(node, unnamed)
	}
	return b.drain()
}

func (b *builder) drain() error {
	for ; len(b.queue) > 0; b.queue = b.queue[1:] {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		at := b.queue[0]
		b.summary.Objects++
		if err := b.object(at); err != nil {
			return &PathError{at.path, err}
		}
	}
	return nil
}

func (b *builder) object(at step) error {
	switch node := at.node.(type) {
	case *object.Group:
		for _, l := range node.Links() {
			if l.Kind == object.Hard {
				b.reach(l.Node, join(at.path, l.Name))
			}
		}
		return b.group(node)
	case *object.Dataset:
		b.summary.Datasets++
		return b.dataset(node)
	case *object.NamedType:
		return b.namedType(node)
	}
	return fmt.Errorf("an object of type %T", at.node)
}

// PathError tells which object could not be planned.
type PathError struct {
	Path string
	Err  error
}

func (e *PathError) Error() string { return e.Path + ": " + e.Err.Error() }

func (e *PathError) Unwrap() error { return e.Err }

func join(path, name string) string {
	if path == "/" {
		return path + name
	}
	return path + "/" + name
}

// placed is what has a size and a place: metadata and heaps.
type placed interface {
	Size() uint64
	Place() *piece.Place
}

// beforeRaw lists the pieces in the order in which they lie before raw data.
func (b *builder) beforeRaw() [][]placed {
	return [][]placed{
		{b.super}, all(b.front), all(b.continuations), {b.attributeHeap}, all(b.indexes), {b.dataHeap},
	}
}

func all(pieces []piece.Meta) []placed {
	out := make([]placed, len(pieces))
	for i, p := range pieces {
		out[i] = p
	}
	return out
}

// emit makes the metadata and joins everything into the plan.
func (b *builder) emit(end uint64) (*Plan, error) {
	b.super.end = b.settings.UserBlockSize + end
	p := &Plan{memory: b.settings.Memory}
	e := emitter{ctx: b.ctx, plan: p}
	if b.settings.UserBlockSize > 0 {
		e.buf = append(e.buf, b.settings.UserBlock...)
		e.buf = append(e.buf, make([]byte, b.settings.UserBlockSize-uint64(len(e.buf)))...)
	}
	for _, group := range b.beforeRaw() {
		for _, next := range group {
			if err := e.put(next); err != nil {
				return nil, err
			}
		}
	}
	if err := e.flush(); err != nil {
		return nil, err
	}
	b.summary.Metadata = p.size
	for _, r := range b.raw {
		p.add(r.extent())
	}
	b.summary.Raw = p.size - b.summary.Metadata
	b.summary.Superblock = b.versions.superblock
	p.summary = b.summary
	return p, nil
}

// emitter gathers metadata and moves it to memory in long runs.
type emitter struct {
	ctx  context.Context
	plan *Plan
	buf  []byte
}

func (e *emitter) put(p placed) (err error) {
	meta, ok := p.(piece.Meta)
	if !ok { // a heap, which lies in memory already
		if err := e.flush(); err != nil {
			return err
		}
		heap := p.(*piece.GlobalHeap)
		e.plan.add(extent{size: heap.Size(), make: heap.WriteWindow})
		return nil
	}
	if e.buf, err = meta.Append(e.buf); err != nil {
		return err
	}
	if len(e.buf) > 1<<20 {
		return e.flush()
	}
	return nil
}

func (e *emitter) flush() error {
	if len(e.buf) == 0 {
		return nil
	}
	from, err := e.plan.memory.Append(e.ctx, e.buf)
	if err != nil {
		return err
	}
	e.plan.add(extent{size: uint64(len(e.buf)), from: from})
	e.buf = e.buf[:0]
	return nil
}

// superblock is the piece at the base address.
type superblock struct {
	piece.Base
	b   *builder
	end uint64 // of the file, the user block counted
}

func newSuperblock(b *builder) *superblock {
	size := uint64(96)
	if b.versions.superblock >= 2 {
		size = 48
	}
	return &superblock{Base: piece.NewBase(vfd.Superblock, size), b: b}
}

// Append appends the superblock (specification, II.A).
func (s *superblock) Append(dst []byte) ([]byte, error) {
	root := s.b.headers[s.b.root].Place().Addr()
	f := &format.Superblock{
		Version: s.b.versions.superblock, OffsetSize: wire.Default.OffsetSize, LengthSize: wire.Default.LengthSize,
		GroupLeafK: format.GroupLeafK, GroupInternalK: format.GroupInternalK,
		Base: s.b.settings.UserBlockSize, FreeSpace: wire.Undefined, Extension: wire.Undefined,
		EndOfFile: s.end, DriverInfo: wire.Undefined, RootHeader: root,
		Root: format.SymbolEntry{Header: root},
	}
	if t := s.b.rootTable; t != nil {
		f.Root.CacheType, f.Root.BTree, f.Root.Heap = format.CacheGroup, t.tree(), t.heap()
	}
	return wire.Append(dst, wire.Default, f)
}
