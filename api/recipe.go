package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"regexp"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"github.com/h5serve/h5serve/api/filespec"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// recipe is what a file is made of: a description and the parts that came with it.
type recipe struct {
	description filespec.Source // nil: every part is a dataset of its name
	parts       []filespec.Part
	files       *fileSet // nil: elements come from no store

	holders atomic.Int32
	free    func() error
}

// newRecipe makes an empty recipe with one holder; free gives the room of its sources back.
func newRecipe(free func() error) *recipe {
	rc := &recipe{free: free}
	rc.holders.Store(1)
	return rc
}

func (rc *recipe) hold() { rc.holders.Add(1) }

// Close ends one holder's use, and with the last one's the sources.
func (rc *recipe) Close() {
	if rc.holders.Add(-1) > 0 {
		return
	}
	large := rc.size() > largeRecipe
	rc.files.release()
	_ = rc.free() // temporary bytes: there is nobody to tell
	if large {
		trim()
	}
}

// largeRecipe is the size from which a recipe's memory goes back to the system at once: by itself the
// runtime keeps it for minutes.
const largeRecipe = 64 << 20

var trimming atomic.Bool

// trim gives unused memory back, one run at a time.
func trim() {
	if trimming.CompareAndSwap(false, true) {
		go func() {
			defer trimming.Store(false)
			runtime.GC() // pools let go at the second collection
			debug.FreeOSMemory()
		}()
	}
}

// size is the length of all sources in bytes.
func (rc *recipe) size() int64 {
	var n int64
	if rc.description != nil {
		n = rc.description.Size()
	}
	for _, p := range rc.parts {
		n += p.Body.Size()
	}
	return n
}

// text is a description that lies in memory.
type text []byte

func (t text) Size() int64 { return int64(len(t)) }

func (t text) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	if off >= int64(len(t)) {
		return 0, io.EOF
	}
	n := copy(p, t[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// section is a range of kept bytes as a source.
type section struct {
	memory *vfd.Memory
	start  uint64
	size   int64
}

func (s section) Size() int64 { return s.size }

func (s section) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	n := max(min(int64(len(p)), s.size-off), 0)
	if n > 0 {
		if err := s.memory.ReadAt(context.Background(), p[:n], s.start+uint64(off)); err != nil {
			return 0, err
		}
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// planID names the bytes that a description makes: it covers the description and its parts, and all that
// has a say in the bytes besides. It is the ETag too.
func planID(spec [32]byte, version string) string {
	h := sha256.New()
	h.Write(spec[:])
	for _, field := range []string{version, runtime.Version(), filter.CodecVersion} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(field))))
		h.Write([]byte(field))
	}
	return lower32.EncodeToString(h.Sum(nil)[:15])
}

var planIDs = regexp.MustCompile(`^[a-z2-7]{24}$`)

func etag(id string) string { return `"` + id + `"` }
