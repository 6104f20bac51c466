package sources

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/ros3"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
)

// Cost is what work on a file takes from far away when nothing of it is held.
type Cost struct {
	cached.Counts        // of the block cache, as it would be cold
	Reads         int    // places of metadata: what a reader asks for that has no waves and no blocks
	Metadata      uint64 // bytes of these
}

// Trial runs work on the same version of a file as if nothing of it were known:
// parsed anew, through a block cache of its own.
//
//	work ─▶ h5core ─▶ a cold cache, which counts ─▶ the file as it is open here
//
// So it finds what a first request costs, and costs itself what is not held.
func (f *File) Trial(ctx context.Context, work func(ctx context.Context, file *h5core.File) error) (Cost, error) {
	cold, err := cached.New(cached.Settings{MetadataBudget: trialMemory})
	if err != nil {
		return Cost{}, err
	}
	defer func() { _ = cold.Close() }()
	copied := &replica{bytes: f.entry.handle, info: f.Info(), outer: ctx}
	if copied.info.ETag == "" {
		copied.info.ETag = `"trial"`
	}
	ctx, counter := cached.WithCounter(ctx)
	object, err := cold.Open(ctx, copied, f.Name.Key)
	if err != nil {
		return Cost{}, f.Name.fail(err)
	}
	seen := &traced{File: ros3.File(f.Name.String(), object), sizes: map[uint64]int{}}
	file, err := f.sources.parse(ctx, f.Name, seen)
	if err == nil {
		err = errors.Join(work(ctx, file), file.Close())
	}
	cost := seen.cost()
	cost.Counts = counter.Counts()
	return cost, f.Name.fail(err)
}

// trialMemory is what a trial's cache may hold: it ends with the request.
const trialMemory = 64 << 20

// replica is a store of one object: a version of a file that is open.
type replica struct {
	bytes vfd.File
	info  storage.Info
	outer context.Context // whose reads count for whoever runs the trial
}

func (r *replica) Get(ctx context.Context, key string, span storage.Range, _ storage.Conditions) (*storage.Part, error) {
	first, count, ok := span.Of(r.info.Size)
	if !ok {
		return nil, &storage.Error{Op: "get", Key: key, Kind: storage.ErrRange, Size: r.info.Size}
	}
	return &storage.Part{Info: r.info, First: first, Count: count, Body: &replicaBody{r, ctx, first, count}}, nil
}

func (r *replica) Stat(context.Context, string, storage.Conditions) (storage.Info, error) {
	return r.info, nil
}

func (r *replica) List(context.Context, storage.Query) (*storage.Page, error) {
	return nil, &storage.Error{Op: "list", Kind: storage.ErrUnsupported}
}

// replicaBody reads as much at once as it is asked for.
type replicaBody struct {
	of       *replica
	ctx      context.Context
	at, left uint64
}

func (b *replicaBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(uint64(len(p)), b.left)]
	if err := b.of.bytes.ReadAt(outside{b.ctx, b.of.outer}, p, b.at); err != nil {
		return 0, err
	}
	b.at, b.left = b.at+uint64(len(p)), b.left-uint64(len(p))
	return len(p), nil
}

func (b *replicaBody) Close() error { return nil }

// outside ends with one context and has the values of another: what the trial
// counts is the trial's, what it reads itself is the request's.
type outside struct {
	context.Context
	values context.Context
}

func (o outside) Value(key any) any { return o.values.Value(key) }

// traced remembers which places of metadata are read.
type traced struct {
	vfd.File
	mu    sync.Mutex
	sizes map[uint64]int // by address; the longest read
}

func (t *traced) note(segs ...vfd.Segment) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range segs {
		t.sizes[s.Addr] = max(t.sizes[s.Addr], len(s.Data))
	}
}

func (t *traced) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	t.note(vfd.Segment{Addr: addr, Data: p})
	return t.File.ReadAt(ctx, p, addr)
}

func (t *traced) ReadVector(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	if class != vfd.Raw {
		t.note(segs...)
	}
	return vfd.Fetch(ctx, t.File, class, segs)
}

func (t *traced) cost() (c Cost) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.Reads = len(t.sizes)
	for _, n := range t.sizes {
		c.Metadata += uint64(n)
	}
	return c
}
