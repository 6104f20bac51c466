package vfd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

var ctx = context.Background()

func bytesOf(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

// A Memory does what a slice does, whether its blocks lie in memory or in the spool, and however dirty the
// recycled ones are.
func TestMemoryLikeSlice(t *testing.T) {
	dir := t.TempDir()
	dirty := NewMemory(Settings{BlockSize: 16})
	if _, err := dirty.Append(ctx, bytesOf(0xEE, 4096)); err != nil {
		t.Fatal(err)
	}
	dirty.Close()
	rapid.Check(t, func(t *rapid.T) {
		budget := NewBudget(rapid.Uint64Range(0, 300).Draw(t, "budget"))
		m := NewMemory(Settings{BlockSize: 16, Budget: budget, TempDir: dir})
		var want []byte
		grow := func(n int) { want = append(want, make([]byte, max(0, n-len(want)))...) }
		at := rapid.IntRange(0, 500)
		data := rapid.SliceOfN(rapid.ByteRange(1, 255), 0, 100)
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				p := data.Draw(t, "p")
				addr, err := m.Append(ctx, p)
				if err != nil || addr != uint64(len(want)) {
					t.Fatal(addr, err)
				}
				want = append(want, p...)
			},
			"write": func(t *rapid.T) {
				p, a := data.Draw(t, "p"), at.Draw(t, "at")
				if err := m.WriteAt(ctx, p, uint64(a)); err != nil {
					t.Fatal(err)
				}
				if len(p) > 0 {
					grow(a + len(p))
					copy(want[a:], p)
				}
			},
			"reserve": func(t *rapid.T) {
				n := at.Draw(t, "n")
				if _, err := m.Reserve(uint64(n)); err != nil {
					t.Fatal(err)
				}
				grow(len(want) + n)
			},
			"truncate": func(t *rapid.T) {
				n := at.Draw(t, "n")
				if err := m.Truncate(ctx, uint64(n)); err != nil {
					t.Fatal(err)
				}
				want = want[:min(n, len(want))]
				grow(n)
			},
			"release": func(t *rapid.T) {
				a, n := at.Draw(t, "at"), at.Draw(t, "n")
				m.Release(uint64(a), uint64(n))
				for first := (a + 15) / 16 * 16; first+16 <= min(a+n, len(want)); first += 16 {
					clear(want[first : first+16])
				}
			},
			"": func(t *rapid.T) {
				got := bytesOf(0xAA, len(want))
				if err := m.ReadAt(ctx, got, 0); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("read: %v\n got %x\nwant %x", err, got, want)
				}
				var out bytes.Buffer
				from := len(want) / 3
				if err := m.WriteRange(ctx, &out, uint64(from), uint64(len(want)-from)); err != nil || !bytes.Equal(out.Bytes(), want[from:]) {
					t.Fatalf("write range: %v\n got %x\nwant %x", err, out.Bytes(), want[from:])
				}
				if m.Size() != uint64(len(want)) || budget.Used() > budget.Limit() {
					t.Fatalf("size %d of %d, %d of %d bytes used", m.Size(), len(want), budget.Used(), budget.Limit())
				}
			},
		})
		if err := m.Close(); err != nil || budget.Used() != 0 {
			t.Fatalf("%v, %d bytes not given back", err, budget.Used())
		}
	})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("temporary files left: %v, %v", left, err)
	}
}

func TestMemorySpoolLimit(t *testing.T) {
	dir := t.TempDir()
	m := NewMemory(Settings{BlockSize: 1 << 10, Budget: NewBudget(2 << 10), TempDir: dir, DiskLimit: 3 << 10})
	defer m.Close()
	if _, err := m.Append(ctx, bytesOf(1, 5<<10)); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("the spool has a name: %v", left)
	}
	err := m.WriteAt(ctx, []byte{2}, 5<<10)
	var at *Error
	if !errors.Is(err, ErrSpoolFull) || !errors.As(err, &at) || at.Op != "write" || m.Size() != 5<<10 {
		t.Errorf("%v, size %d", err, m.Size())
	}
	m.Release(4<<10, 1<<10)
	if err := m.WriteAt(ctx, []byte{2}, 5<<10); err != nil {
		t.Errorf("a released block was not used again: %v", err)
	}
}

func TestMemoryWithoutTempDir(t *testing.T) {
	m := NewMemory(Settings{Budget: NewBudget(0), TempDir: t.TempDir() + "/missing"})
	defer m.Close()
	if _, err := m.Append(ctx, []byte{1}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestMemoryAddressSpace(t *testing.T) {
	m := NewMemory(Settings{})
	defer m.Close()
	if err := m.Truncate(ctx, math.MaxUint64-3); err != nil {
		t.Fatal(err)
	}
	if err := m.WriteAt(ctx, []byte{7, 8}, math.MaxUint64-2); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Reserve(2); !errors.Is(err, ErrRange) {
		t.Error(err)
	}
	got := make([]byte, 3)
	if err := m.ReadAt(ctx, got, math.MaxUint64-3); err != nil || !bytes.Equal(got, []byte{0, 7, 8}) {
		t.Error(got, err)
	}
	m.Release(0, math.MaxUint64)
	m.Release(math.MaxUint64, math.MaxUint64)
}

// Concurrent Appends get ranges of their own.
func TestMemoryAppendConcurrently(t *testing.T) {
	m := NewMemory(Settings{BlockSize: 256, Budget: NewBudget(8 << 10), TempDir: t.TempDir()})
	defer m.Close()
	var done sync.WaitGroup
	for worker := range byte(8) {
		done.Go(func() {
			for n := range 100 {
				p, got := bytesOf(worker+1, n), make([]byte, n)
				addr, err := m.Append(ctx, p)
				if err == nil {
					err = m.ReadAt(ctx, got, addr)
				}
				if err != nil || !bytes.Equal(got, p) {
					t.Errorf("%d bytes of worker %d: %v", n, worker, err)
				}
			}
		})
	}
	done.Wait()
	if m.Size() != 8*99*100/2 {
		t.Errorf("size is %d", m.Size())
	}
}

// gate is a receiver that takes its first piece and then waits.
type gate struct {
	bytes.Buffer
	entered, open chan struct{}
	once          sync.Once
}

func (g *gate) Write(p []byte) (int, error) {
	g.once.Do(func() { close(g.entered); <-g.open })
	return g.Buffer.Write(p)
}

// A range on its way out is not touched by Close nor by the next user of the blocks.
func TestMemoryCloseWhileWriting(t *testing.T) {
	for name, limit := range map[string]uint64{"memory": 1 << 20, "spool": 0} {
		t.Run(name, func(t *testing.T) {
			budget := NewBudget(limit)
			m := NewMemory(Settings{BlockSize: 512, Budget: budget, TempDir: t.TempDir()})
			want := bytesOf('a', 4096)
			if _, err := m.Append(ctx, want); err != nil {
				t.Fatal(err)
			}
			g := &gate{entered: make(chan struct{}), open: make(chan struct{})}
			result := make(chan error)
			go func() { result <- m.WriteRange(ctx, g, 0, 4096) }()
			<-g.entered
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
			if err := m.WriteRange(ctx, io.Discard, 0, 1); !errors.Is(err, ErrClosed) {
				t.Errorf("a range after Close: %v", err)
			}
			other := NewMemory(Settings{BlockSize: 512})
			other.Append(ctx, bytesOf('b', 4096))
			defer other.Close()
			close(g.open)
			if err := <-result; err != nil || !bytes.Equal(g.Bytes(), want) {
				t.Errorf("%v, %q", err, g.Bytes())
			}
			if budget.Used() != 0 {
				t.Errorf("%d bytes were not given back", budget.Used())
			}
		})
	}
}

// Readers that race with Close get their own bytes or ErrClosed.
func TestMemoryCloseRace(t *testing.T) {
	for range 50 {
		m := NewMemory(Settings{BlockSize: 64})
		m.Append(ctx, bytesOf('a', 1000))
		var done sync.WaitGroup
		for range 4 {
			done.Go(func() {
				got := make([]byte, 1000)
				for {
					err := m.ReadAt(ctx, got, 0)
					if errors.Is(err, ErrClosed) {
						return
					}
					if err != nil || !bytes.Equal(got, bytesOf('a', 1000)) {
						t.Errorf("%v, %q", err, got)
						return
					}
				}
			})
		}
		m.Close()
		next := NewMemory(Settings{BlockSize: 64})
		next.Append(ctx, bytesOf('b', 1000))
		done.Wait()
		next.Close()
	}
}

func TestWriteRangeErrors(t *testing.T) {
	m := NewMemory(Settings{})
	defer m.Close()
	m.Reserve(3 << 20)
	if err := m.WriteRange(ctx, io.Discard, 1, 3<<20); !errors.Is(err, ErrShort) {
		t.Error(err)
	}
	broken, in := io.Pipe()
	broken.Close()
	if err := m.WriteRange(ctx, in, 0, 10); err != io.ErrClosedPipe {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := m.WriteRange(gone, io.Discard, 0, 10); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func BenchmarkMemory(b *testing.B) {
	p := make([]byte, 1<<20)
	b.Run("append 1 MiB", func(b *testing.B) {
		b.SetBytes(64 << 20)
		for b.Loop() {
			m := NewMemory(Settings{})
			for range 64 {
				m.Append(ctx, p)
			}
			m.Close()
		}
	})
	b.Run("append 100 B", func(b *testing.B) {
		b.SetBytes(100 * 10_000)
		for b.Loop() {
			m := NewMemory(Settings{})
			for range 10_000 {
				m.Append(ctx, p[:100])
			}
			m.Close()
		}
	})
	b.Run("write range", func(b *testing.B) {
		m := NewMemory(Settings{})
		defer m.Close()
		m.Append(ctx, p)
		b.SetBytes(1 << 20)
		for b.Loop() {
			m.WriteRange(ctx, io.Discard, 0, 1<<20)
		}
	})
}
