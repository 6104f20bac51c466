// Package vfdtest is the suite that every driver passes, and the wrappers that tests put around files:
// Counting to count rounds, Faulty to fail at a chosen one.
package vfdtest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"sync"
	"testing"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// Subject is a driver under test with a file that does not exist yet.
type Subject struct {
	Driver vfd.Driver
	Name   string
	// Volatile says that what was written is gone after Close.
	Volatile bool
	// Content, where not nil, says that the driver cannot write and that the file is there with these bytes.
	Content []byte
}

// Run holds a driver to the contract; open is called once per case.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	cases := []struct {
		name  string
		reads bool // runs for drivers that only read
		run   func(*testing.T, Subject)
	}{
		{"full range reads", true, fullRange},
		{"past the end", true, pastTheEnd},
		{"vectored", true, vectored},
		{"cancelled", true, cancelled},
		{"closed", true, closed},
		{"missing", true, missing},
		{"read only", true, readOnly},
		{"extending", false, extending},
		{"holes", false, holes},
		{"truncate", false, truncate},
		{"address space", false, addressSpace},
		{"concurrent writers", false, concurrent},
		{"modes", false, modes},
		{"reopen", false, reopen},
	}
	for _, c := range cases {
		if probe := open(t); probe.Content != nil && !c.reads || probe.Volatile && c.name == "read only" {
			continue // a driver that only reads, or that has nothing to open again
		}
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

var ctx = context.Background()

// Pattern is n bytes that tell where they stand.
func Pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + i>>8 + 1)
	}
	return p
}

func (s Subject) open(t *testing.T, mode vfd.Mode) vfd.File {
	t.Helper()
	f, err := s.Driver.Open(ctx, s.Name, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// filled is an open file with content: the subject's own, or some that was just written.
func (s Subject) filled(t *testing.T) (vfd.File, []byte) {
	t.Helper()
	if s.Content != nil {
		return s.open(t, vfd.Read), s.Content
	}
	f, want := s.open(t, vfd.Truncate), Pattern(200_000)
	must(t, f.WriteAt(ctx, want, 0))
	return f, want
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustBe(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func expect(t *testing.T, f vfd.File, addr uint64, want []byte) {
	t.Helper()
	got := bytes.Repeat([]byte{0xAA}, len(want))
	must(t, f.ReadAt(ctx, got, addr))
	if !bytes.Equal(got, want) {
		t.Fatalf("%d bytes from %d on are not what was written", len(want), addr)
	}
}

func fullRange(t *testing.T, s Subject) {
	f, want := s.filled(t)
	if f.Size() != uint64(len(want)) {
		t.Fatalf("size is %d, want %d", f.Size(), len(want))
	}
	n := len(want)
	for _, r := range [][2]int{{0, n}, {0, 1}, {n - 1, n}, {n, n}, {1, n - 1}, {n / 3, n / 2}, {n / 2, n / 2}} {
		expect(t, f, uint64(r[0]), want[r[0]:r[1]])
	}
}

func pastTheEnd(t *testing.T, s Subject) {
	f, want := s.filled(t)
	n := uint64(len(want))
	for _, addr := range []uint64{n - 1, n, n + 1, 1 << 40, math.MaxInt64, math.MaxUint64 - 1, math.MaxUint64} {
		err := f.ReadAt(ctx, make([]byte, 2), addr)
		mustBe(t, err, vfd.ErrShort)
		var e *vfd.Error
		if !errors.As(err, &e) || e.Op != "read" || e.Addr != addr {
			t.Fatalf("error %#v does not tell of a read at %d", err, addr)
		}
	}
	mustBe(t, f.ReadAt(ctx, nil, n+1), vfd.ErrShort)
}

func vectored(t *testing.T, s Subject) {
	f, want := s.filled(t)
	n := uint64(len(want))
	segs := []vfd.Segment{
		{Addr: n / 2, Data: make([]byte, 10)}, {Addr: 0, Data: make([]byte, 3)}, {Addr: n - 5, Data: make([]byte, 5)},
		{Addr: 1, Data: make([]byte, n/2)}, {Addr: n, Data: nil},
	}
	must(t, vfd.Fetch(ctx, f, vfd.Raw, segs))
	for _, g := range segs {
		if !bytes.Equal(g.Data, want[g.Addr:][:len(g.Data)]) {
			t.Fatalf("segment at %d differs", g.Addr)
		}
	}
	mustBe(t, vfd.Fetch(ctx, f, vfd.Raw, []vfd.Segment{segs[0], {Addr: n, Data: make([]byte, 1)}}), vfd.ErrShort)
	must(t, vfd.Fetch(ctx, f, vfd.Raw, nil))
}

func cancelled(t *testing.T, s Subject) {
	f, want := s.filled(t)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	calls := map[string]func() error{
		"open": func() error { _, err := s.Driver.Open(gone, s.Name, vfd.Read); return err },
		"read": func() error { return f.ReadAt(gone, make([]byte, 1), 0) },
		"sync": func() error { return f.Sync(gone) },
	}
	if s.Content == nil {
		calls["write"] = func() error { return f.WriteAt(gone, make([]byte, 1), 0) }
		calls["truncate"] = func() error { return f.Truncate(gone, 0) }
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want %v", name, err, context.Canceled)
		}
	}
	expect(t, f, 0, want)
}

func closed(t *testing.T, s Subject) {
	f, _ := s.filled(t)
	must(t, f.Close())
	mustBe(t, f.ReadAt(ctx, make([]byte, 1), 0), vfd.ErrClosed)
	mustBe(t, f.ReadAt(ctx, nil, 0), vfd.ErrClosed)
	mustBe(t, f.WriteAt(ctx, make([]byte, 1), 0), vfd.ErrClosed)
	mustBe(t, f.WriteAt(ctx, nil, 0), vfd.ErrClosed)
	mustBe(t, f.Truncate(ctx, 0), vfd.ErrClosed)
	mustBe(t, f.Sync(ctx), vfd.ErrClosed)
	mustBe(t, f.Close(), vfd.ErrClosed)
	if f.Size() != 0 {
		t.Fatalf("a closed file has %d bytes", f.Size())
	}
}

func missing(t *testing.T, s Subject) {
	s.Name += ".missing"
	list := []vfd.Mode{vfd.Read, vfd.ReadWrite}
	if s.Content != nil {
		list = list[:1]
	}
	for _, mode := range list {
		f, err := s.Driver.Open(ctx, s.Name, mode)
		mustBe(t, err, fs.ErrNotExist)
		var e *vfd.Error
		if f != nil || !errors.As(err, &e) || e.Op != "open" || e.Driver != s.Driver.Name() || e.Name != s.Name {
			t.Fatalf("mode %v: file %v, error %v", mode, f, err)
		}
	}
	_, err := s.Driver.Open(ctx, s.Name, vfd.Exclusive+1)
	mustBe(t, err, vfd.ErrMode)
}

func readOnly(t *testing.T, s Subject) {
	f, want := s.filled(t)
	if s.Content == nil {
		must(t, f.Close())
		f = s.open(t, vfd.Read)
	}
	mustBe(t, f.WriteAt(ctx, []byte{1}, 0), vfd.ErrReadOnly)
	mustBe(t, f.Truncate(ctx, 1), vfd.ErrReadOnly)
	must(t, f.Sync(ctx))
	expect(t, f, 0, want)
}

func extending(t *testing.T, s Subject) {
	f := s.open(t, vfd.Truncate)
	want := Pattern(300_000)
	steps := []int{1, 7, 512, 4096, 65536, 65537, 100_000}
	for at := 0; at < len(want); {
		n := min(steps[at%len(steps)], len(want)-at)
		must(t, f.WriteAt(ctx, want[at:at+n], uint64(at)))
		at += n
		if f.Size() != uint64(at) {
			t.Fatalf("size is %d, want %d", f.Size(), at)
		}
	}
	copy(want[65530:], "over the edge of a block")
	must(t, f.WriteAt(ctx, want[65530:65554], 65530))
	must(t, f.WriteAt(ctx, nil, 1<<30))
	expect(t, f, 0, want)
	if f.Size() != uint64(len(want)) {
		t.Fatal("writing nothing, or inside, changed the size")
	}
}

func holes(t *testing.T, s Subject) {
	f := s.open(t, vfd.Truncate)
	want := make([]byte, 500_000)
	for _, at := range []int{499_990, 70_000, 300_000, 131_072, 5} {
		copy(want[at:], "ten bytes!")
		must(t, f.WriteAt(ctx, []byte("ten bytes!"), uint64(at)))
	}
	expect(t, f, 0, want)
}

func truncate(t *testing.T, s Subject) {
	f, want := s.filled(t)
	for _, size := range []int{150_000, 65_536, 65_537, 200_000, 65_535, 1, 100_000, 0, 70_000} {
		must(t, f.Truncate(ctx, uint64(size)))
		if f.Size() != uint64(size) {
			t.Fatalf("size is %d, want %d", f.Size(), size)
		}
		want = append(want[:min(size, len(want))], make([]byte, max(0, size-len(want)))...)
		expect(t, f, 0, want)
		mustBe(t, f.ReadAt(ctx, make([]byte, 1), uint64(size)), vfd.ErrShort)
	}
}

func addressSpace(t *testing.T, s Subject) {
	f, want := s.filled(t)
	err := f.WriteAt(ctx, []byte{1, 2}, math.MaxUint64)
	mustBe(t, err, vfd.ErrRange)
	if f.Size() != uint64(len(want)) {
		t.Fatalf("a refused write made the file %d bytes long", f.Size())
	}
}

// concurrent writes pieces that share blocks from many goroutines, while others read what is finished.
func concurrent(t *testing.T, s Subject) {
	f := s.open(t, vfd.Truncate)
	want := Pattern(400_000)
	const pieces, size = 400, 1000
	var done sync.WaitGroup
	for worker := range 4 {
		done.Go(func() {
			for i := worker; i < pieces; i += 4 {
				at := (i * 271 % pieces) * size
				piece, got := want[at:at+size], make([]byte, size)
				if err := f.WriteAt(ctx, piece, uint64(at)); err != nil {
					t.Error(err)
				}
				if err := f.ReadAt(ctx, got, uint64(at)); err != nil || !bytes.Equal(got, piece) {
					t.Errorf("piece at %d: %v", at, err)
				}
				f.Size()
			}
			if err := f.Sync(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	expect(t, f, 0, want)
}

func modes(t *testing.T, s Subject) {
	f := s.open(t, vfd.Exclusive)
	must(t, f.WriteAt(ctx, []byte("one"), 0))
	must(t, f.Close())
	if s.Volatile {
		return
	}
	_, err := s.Driver.Open(ctx, s.Name, vfd.Exclusive)
	mustBe(t, err, fs.ErrExist)
	f = s.open(t, vfd.ReadWrite)
	expect(t, f, 0, []byte("one"))
	must(t, f.WriteAt(ctx, []byte("two"), 3))
	must(t, f.Close())
	f = s.open(t, vfd.Read)
	expect(t, f, 0, []byte("onetwo"))
	must(t, f.Close())
	if f = s.open(t, vfd.Truncate); f.Size() != 0 {
		t.Fatalf("a truncated file has %d bytes", f.Size())
	}
	must(t, f.Close())
	if f = s.open(t, vfd.Read); f.Size() != 0 {
		t.Fatalf("a truncated file has %d bytes when opened again", f.Size())
	}
}

func reopen(t *testing.T, s Subject) {
	f, want := s.filled(t)
	must(t, f.Sync(ctx))
	if !s.Volatile {
		other := s.open(t, vfd.Read)
		expect(t, other, 0, want)
		must(t, other.Close())
	}
	must(t, f.Truncate(ctx, 100))
	must(t, f.Close())
	if s.Volatile {
		_, err := s.Driver.Open(ctx, s.Name, vfd.Read)
		mustBe(t, err, fs.ErrNotExist)
		return
	}
	f = s.open(t, vfd.Read)
	expect(t, f, 0, want[:100])
	if f.Size() != 100 {
		t.Fatalf("size is %d, want 100", f.Size())
	}
}
