package cached

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Identified is a store that can be told from others in another process too: by
// its endpoint and bucket, say, not by the name that an operator gave it. Only
// what lies in such stores is kept in a folder.
type Identified interface{ Identity() string }

// folder keeps pages in files, each under the hash of what it is part of, with a
// checksum behind its bytes. A file is written beside and renamed, so a process
// that dies leaves nothing that is taken for a page.
type folder struct {
	path   string
	budget uint64
	queue  chan named
	done   chan struct{}

	mu    sync.Mutex
	held  uint64
	files map[string]*list.Element
	order list.List // file, the one not used for longest in front
}

type named struct {
	name string
	data []byte
}

type file struct {
	name string
	size uint64
}

const (
	unfinished = ".tmp"
	sumSize    = 4
	waiting    = 256 // pages to be written; what comes while so many wait is not kept
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openFolder takes over what an earlier process left.
func openFolder(path string, budget uint64) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	f := &folder{
		path: path, budget: budget, files: map[string]*list.Element{},
		queue: make(chan named, waiting), done: make(chan struct{}),
	}
	var left []os.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil || !info.Mode().IsRegular():
		case strings.HasSuffix(e.Name(), unfinished):
			f.discard(e.Name())
		case len(e.Name()) == 2*sha256.Size:
			left = append(left, info)
		}
	}
	slices.SortFunc(left, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range left {
		f.add(file{info.Name(), uint64(info.Size())})
	}
	go f.write()
	return f, nil
}

// name is the file of a page, "" where its version has no name of its own.
func (f *folder) name(v *version, p span) string {
	store, ok := v.object.store.(Identified)
	if !ok || v.info.ETag == "" {
		return ""
	}
	h := sha256.New()
	for _, part := range []string{store.Identity(), v.object.key, v.info.ETag} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	var numbers [24]byte
	for i, n := range []uint64{v.info.Size, p.off, p.end} {
		binary.LittleEndian.PutUint64(numbers[8*i:], n)
	}
	h.Write(numbers[:])
	return hex.EncodeToString(h.Sum(nil))
}

// load reads the pages of a span, all or none.
func (f *folder) load(v *version, s span) ([]byte, bool) {
	var data []byte
	for off := s.off; off < s.end; {
		p := v.page(off)
		content, ok := f.read(f.name(v, p))
		if !ok || uint64(len(content)) != p.length() {
			return nil, false
		}
		data, off = append(data, content...), p.end
	}
	return data, true
}

func (f *folder) read(name string) ([]byte, bool) {
	f.mu.Lock()
	place, ok := f.files[name]
	if ok {
		f.order.MoveToBack(place)
	}
	f.mu.Unlock()
	if !ok {
		return nil, false
	}
	content, err := os.ReadFile(filepath.Join(f.path, name))
	if err != nil || len(content) < sumSize {
		return nil, false
	}
	data, sum := content[:len(content)-sumSize], content[len(content)-sumSize:]
	return data, binary.LittleEndian.Uint32(sum) == checksum(name, data)
}

// checksum covers the name: the bytes of one page never pass for another's.
func checksum(name string, data []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(name), castagnoli), castagnoli, data)
}

// keep has the whole pages of data written that begin at a page's offset.
func (f *folder) keep(v *version, off uint64, data []byte) {
	for len(data) > 0 {
		p := v.page(off)
		name := f.name(v, p)
		if name == "" || p.length() > uint64(len(data)) {
			return
		}
		select {
		case f.queue <- named{name, data[:p.length()]}:
		default:
			return
		}
		data, off = data[p.length():], p.end
	}
}

func (f *folder) write() {
	defer close(f.done)
	for page := range f.queue {
		content := binary.LittleEndian.AppendUint32(slices.Clip(page.data), checksum(page.name, page.data))
		temporary := filepath.Join(f.path, page.name+unfinished)
		err := os.WriteFile(temporary, content, 0o600)
		if err == nil {
			err = os.Rename(temporary, filepath.Join(f.path, page.name))
		}
		if err != nil { // a page that is not kept is fetched again
			f.discard(page.name + unfinished)
			continue
		}
		f.add(file{page.name, uint64(len(content))})
	}
}

// add counts a file, and removes the oldest ones over the budget.
func (f *folder) add(new file) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if old, known := f.files[new.name]; known {
		f.forget(old)
	}
	f.files[new.name] = f.order.PushBack(new)
	for f.held += new.size; f.held > f.budget; {
		f.discard(f.forget(f.order.Front()))
	}
}

func (f *folder) forget(place *list.Element) (name string) {
	old := f.order.Remove(place).(file)
	delete(f.files, old.name)
	f.held -= old.size
	return old.name
}

// discard removes a file; one that stays is counted again by the next process.
func (f *folder) discard(name string) { _ = os.Remove(filepath.Join(f.path, name)) }

// close ends writing, after what waits was written.
func (f *folder) close() {
	close(f.queue)
	<-f.done
}
