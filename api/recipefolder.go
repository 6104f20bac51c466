package api

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/h5serve/h5serve/api/filespec"
)

// recipeFolder keeps recipes on disk, one file each, named by the plan's id:
//
//	u64 length of head │ head (JSON) │ description │ part │ part │ …
type recipeFolder struct {
	path      string
	limit     uint64
	temporary bool // ours alone: removed at the end

	mu      sync.Mutex
	touched map[string]time.Time // when the file's time was last set
}

// saved is what the folder holds of one plan.
type saved struct {
	id    string
	facts *facts
	size  uint64
	used  time.Time
}

// recipeHead tells what lies in a recipe's file. Description is -1 without one.
type recipeHead struct {
	Facts       *facts      `json:"facts"`
	Description int64       `json:"description"`
	Parts       []savedPart `json:"parts"`
	// Files has the tags of files of stores that elements come from.
	Files map[string]string `json:"files,omitempty"`
}

type savedPart struct {
	Name        string `json:"name"`
	FileName    string `json:"file_name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	SHA256      []byte `json:"sha256"`
}

// recipeCost is charged for each recipe besides its sources, so that their number is bounded too.
const recipeCost = 64 << 10

const unfinished = ".unfinished"

// openRecipes uses a folder, made if need be; without a path a fresh one that goes at the end.
func openRecipes(path, tempDir string, limit uint64) (*recipeFolder, error) {
	f := &recipeFolder{path: path, limit: limit, touched: map[string]time.Time{}}
	if path != "" {
		return f, os.MkdirAll(path, 0o700)
	}
	var err error
	f.temporary = true
	f.path, err = os.MkdirTemp(tempDir, "h5serve-plans-")
	return f, err
}

func (f *recipeFolder) close() error {
	if f.temporary {
		return os.RemoveAll(f.path)
	}
	return nil
}

func (f *recipeFolder) file(id string) string { return filepath.Join(f.path, id) }

func (f *recipeFolder) charge(rc *recipe) uint64 { return recipeCost + uint64(rc.size()) }

// list reads what an earlier process left, used least lately first. What cannot be read is removed.
func (f *recipeFolder) list() ([]saved, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return nil, err
	}
	var all []saved
	for _, e := range entries {
		id := e.Name()
		if strings.HasSuffix(id, unfinished) {
			_ = os.Remove(f.file(id))
		}
		if !planIDs.MatchString(id) {
			continue
		}
		rc, head, err := f.open(id)
		if err != nil {
			f.remove(id)
			continue
		}
		size := f.charge(rc)
		rc.Close()
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		all = append(all, saved{id, head.Facts, size, info.ModTime()})
	}
	slices.SortFunc(all, func(a, b saved) int { return a.used.Compare(b.used) })
	return all, nil
}

// save writes a recipe; nobody sees it before it is whole.
func (f *recipeFolder) save(id string, known *facts, rc *recipe) (size uint64, err error) {
	out, err := os.CreateTemp(f.path, id+".*"+unfinished)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(out.Name())
		}
	}()
	err = errors.Join(writeRecipe(out, known, rc), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), f.file(id))
	}
	return f.charge(rc), err
}

func writeRecipe(out io.Writer, known *facts, rc *recipe) error {
	head := recipeHead{Facts: known, Description: -1, Files: rc.files.tags()}
	sources := make([]filespec.Source, 0, len(rc.parts)+1)
	if rc.description != nil {
		head.Description = rc.description.Size()
		sources = append(sources, rc.description)
	}
	for _, p := range rc.parts {
		head.Parts = append(head.Parts, savedPart{p.Name, p.FileName, p.ContentType, p.Body.Size(), p.SHA256[:]})
		sources = append(sources, p.Body)
	}
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 64<<10)
	_, _ = w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) // Flush tells of errors
	_, _ = w.Write(text)
	for _, src := range sources {
		if _, err := io.Copy(w, io.NewSectionReader(src, 0, src.Size())); err != nil {
			return err
		}
	}
	return w.Flush()
}

// open reads a recipe's head; its sources are read from the file until the recipe is closed.
func (f *recipeFolder) open(id string) (_ *recipe, _ *recipeHead, err error) {
	in, err := os.Open(f.file(id))
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = in.Close()
		}
	}()
	info, err := in.Stat()
	if err != nil {
		return nil, nil, err
	}
	head, at, err := readHead(in, info.Size())
	if err != nil {
		return nil, nil, fmt.Errorf("recipe %s: %w", id, err)
	}
	rc := newRecipe(in.Close)
	if head.Description >= 0 {
		rc.description = io.NewSectionReader(in, at, head.Description)
		at += head.Description
	}
	if len(head.Files) > 0 {
		rc.files = &fileSet{pins: head.Files}
	}
	for _, p := range head.Parts {
		rc.parts = append(rc.parts, filespec.Part{
			Name: p.Name, FileName: p.FileName, ContentType: p.ContentType,
			Body: io.NewSectionReader(in, at, p.Size), SHA256: [32]byte(p.SHA256),
		})
		at += p.Size
	}
	return rc, head, nil
}

var errRecipe = errors.New("its head and its length do not agree")

// readHead reads the head and checks that it accounts for every byte of the file.
func readHead(in io.ReaderAt, size int64) (*recipeHead, int64, error) {
	var length [8]byte
	if _, err := in.ReadAt(length[:], 0); err != nil {
		return nil, 0, err
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > uint64(size-8) {
		return nil, 0, errRecipe
	}
	text := make([]byte, n)
	if _, err := in.ReadAt(text, 8); err != nil {
		return nil, 0, err
	}
	head := new(recipeHead)
	if err := json.Unmarshal(text, head); err != nil {
		return nil, 0, err
	}
	begin := 8 + int64(n)
	left := size - begin - max(head.Description, 0)
	for _, p := range head.Parts {
		if p.Size < 0 || p.Size > left || len(p.SHA256) != sha256.Size {
			return nil, 0, errRecipe
		}
		left -= p.Size
	}
	if left != 0 || head.Facts == nil {
		return nil, 0, errRecipe
	}
	return head, begin, nil
}

// intact tells whether the parts are still what they were when they were hashed.
func (rc *recipe) intact() error {
	for _, p := range rc.parts {
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(p.Body, 0, p.Body.Size())); err != nil {
			return err
		}
		if [32]byte(h.Sum(nil)) != p.SHA256 {
			return fmt.Errorf("part %q has changed on disk", p.Name)
		}
	}
	return nil
}

// touch notes a use, for the next process; once a minute is enough.
func (f *recipeFolder) touch(id string, used time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if used.Sub(f.touched[id]) < time.Minute {
		return
	}
	f.touched[id] = used
	_ = os.Chtimes(f.file(id), used, used) // it only lives a little shorter
}

func (f *recipeFolder) remove(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.touched, id)
	if err := os.Remove(f.file(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		// It is tried again by the next process, which finds it.
		return
	}
}
