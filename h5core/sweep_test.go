package h5core_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// image is a driver over bytes in memory.
type image []byte

func (image) Name() string { return "image" }

func (p image) Open(context.Context, string, vfd.Mode) (vfd.File, error) { return p, nil }

func (p image) ReadAt(_ context.Context, dst []byte, addr uint64) error {
	if addr > uint64(len(p)) || uint64(len(dst)) > uint64(len(p))-addr {
		return &vfd.Error{Op: "read", Driver: "image", Addr: addr, Err: vfd.ErrShort}
	}
	copy(dst, p[addr:])
	return nil
}

func (image) WriteAt(context.Context, []byte, uint64) error { return vfd.ErrReadOnly }
func (p image) Size() uint64                                { return uint64(len(p)) }
func (image) Truncate(context.Context, uint64) error        { return vfd.ErrReadOnly }
func (image) Sync(context.Context) error                    { return nil }
func (image) Close() error                                  { return nil }

// The sweep takes so many files, of at most so many bytes.
const (
	sweptFiles = 50
	sweptBytes = 3 << 10
)

// sweepSeed is that of the test run, else a new one, which is printed.
func sweepSeed(t *testing.T) uint64 {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("H5SERVE_SEED"), 10, 64)
	if err != nil {
		seed = uint64(rand.Uint32())
	}
	t.Logf("H5SERVE_SEED=%d repeats this choice", seed)
	return seed
}

// TestHostileSweep sets every byte of small files to 0x00, 0xFF, its
// complement and itself + 1, and cuts them at every length: a typed error or
// an answer, and no panic. A tenth of it, drawn by the seed, unless FULL is set.
func TestHostileSweep(t *testing.T) {
	dir := corpus(t)
	rng := rand.New(rand.NewPCG(sweepSeed(t), 1))
	full, inputs, files := os.Getenv("FULL") != "", 0, 0
	for _, name := range manifest(t, dir)["ok"] {
		whole, err := os.ReadFile(name)
		must(t, err)
		if len(whole) > sweptBytes || files == sweptFiles {
			continue
		}
		files++
		for at := range whole {
			for _, v := range []byte{0x00, 0xff, ^whole[at], whole[at] + 1} {
				if full || rng.IntN(10) == 0 {
					inputs++
					spoiled := append([]byte(nil), whole...)
					spoiled[at] = v
					probe(t, fmt.Sprintf("%s: byte %d = %#x", name, at, v), spoiled)
				}
			}
			if full || rng.IntN(10) == 0 {
				inputs++
				probe(t, fmt.Sprintf("%s: cut at %d", name, at), whole[:at])
			}
		}
	}
	t.Logf("%d inputs from %d files", inputs, files)
	if files < sweptFiles {
		t.Errorf("only %d files are small enough", files)
	}
}

// probe reads everything in some bytes. No reading may cost more than its
// limits, whatever the bytes say.
func probe(t *testing.T, name string, p []byte) {
	t.Helper()
	defer func() {
		if cause := recover(); cause != nil {
			t.Fatalf("%s: panic: %v\n%s", name, cause, debug.Stack())
		}
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	limits := h5core.Limits{Nodes: 20_000, Fetched: 16 << 20, Read: 4 << 20}
	_, errs := readAll(name, limits, h5core.WithDriver(image(p)))
	for _, err := range errs {
		if !typed(err) {
			t.Fatalf("%s: an error of no kind: %v", name, err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
		t.Fatalf("%s: %d MiB were allocated", name, got>>20)
	}
}
