// Package mem is a store in memory, for tests and for what need not last.
package mem

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// Store keeps objects in memory. An object's bytes are never changed once they
// are stored, so readers share them.
type Store struct {
	name   string
	budget uint64

	mu      sync.RWMutex
	objects map[string]object
	keys    []string // sorted
	used    uint64
}

type object struct {
	info  storage.Info
	bytes []byte
}

// New returns an empty store without a limit.
func New(name string) *Store { return NewSized(name, 0) }

// NewSized returns an empty store whose objects take at most budget bytes
// together (0: no limit); what does not fit is ErrNoSpace.
func NewSized(name string, budget uint64) *Store {
	return &Store{name: name, budget: budget, objects: map[string]object{}}
}

var _ storage.Writer = (*Store)(nil)

func (s *Store) fail(op, key string, kind, err error) error {
	return &storage.Error{Op: op, Store: s.name, Key: key, Kind: kind, Err: err}
}

// find returns an object that meets the conditions.
func (s *Store) find(ctx context.Context, op, key string, c storage.Conditions) (object, error) {
	if err := ctx.Err(); err != nil {
		return object{}, s.fail(op, key, storage.ErrUnavailable, err)
	}
	s.mu.RLock()
	o, ok := s.objects[key]
	s.mu.RUnlock()
	if !ok {
		return object{}, s.fail(op, key, storage.ErrNotFound, nil)
	}
	if kind := c.Reading(o.info.ETag); kind != nil {
		return object{}, s.fail(op, key, kind, nil)
	}
	return o, nil
}

// Get reads a range of an object.
func (s *Store) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	o, err := s.find(ctx, "get", key, c)
	if err != nil {
		return nil, err
	}
	first, count, ok := r.Of(o.info.Size)
	if !ok {
		return nil, &storage.Error{Op: "get", Store: s.name, Key: key, Kind: storage.ErrRange, Size: o.info.Size}
	}
	body := &reader{ctx: ctx, store: s, key: key, rest: o.bytes[first : first+count]}
	return &storage.Part{Info: o.info, First: first, Count: count, Body: body}, nil
}

// Stat tells what is known of an object.
func (s *Store) Stat(ctx context.Context, key string, c storage.Conditions) (storage.Info, error) {
	o, err := s.find(ctx, "stat", key, c)
	return o.info, err
}

// Put stores an object.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, size int64, o storage.PutOptions) (storage.Info, error) {
	if !storage.ValidKey(key) {
		return storage.Info{}, s.fail("put", key, storage.ErrNotFound, nil)
	}
	content, err := s.take(ctx, key, body, size)
	if err != nil {
		return storage.Info{}, err
	}
	sum := sha256.Sum256(content)
	info := storage.Info{
		Key: key, Size: uint64(len(content)), ETag: `"` + hex.EncodeToString(sum[:]) + `"`,
		Modified: time.Now().UTC(), ContentType: o.ContentType,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, had := s.objects[key]
	if kind := o.Writing(old.info.ETag); kind != nil {
		return storage.Info{}, s.fail("put", key, kind, nil)
	}
	used := s.used - old.info.Size + info.Size
	if s.budget > 0 && used > s.budget {
		return storage.Info{}, s.fail("put", key, storage.ErrNoSpace, nil)
	}
	if !had {
		at, _ := slices.BinarySearch(s.keys, key)
		s.keys = slices.Insert(s.keys, at, key)
	}
	s.objects[key], s.used = object{info, content}, used
	return info, nil
}

// take reads a whole body, but never more than the budget could hold.
func (s *Store) take(ctx context.Context, key string, body io.Reader, size int64) ([]byte, error) {
	var content bytes.Buffer
	buffer := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return nil, s.fail("put", key, storage.ErrUnavailable, err)
		}
		n, err := body.Read(buffer)
		content.Write(buffer[:n])
		length := content.Len()
		switch {
		case s.budget > 0 && uint64(length) > s.budget:
			return nil, s.fail("put", key, storage.ErrNoSpace, nil)
		case size >= 0 && int64(length) > size, errors.Is(err, io.EOF) && size >= 0 && int64(length) < size:
			return nil, s.fail("put", key, storage.ErrIncomplete, nil)
		case errors.Is(err, io.EOF):
			return content.Bytes(), nil
		case err != nil:
			return nil, s.fail("put", key, storage.ErrIncomplete, err)
		}
	}
}

// Delete removes an object.
func (s *Store) Delete(ctx context.Context, key string, c storage.Conditions) error {
	if err := ctx.Err(); err != nil {
		return s.fail("delete", key, storage.ErrUnavailable, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, had := s.objects[key]
	if kind := c.Writing(old.info.ETag); kind != nil {
		return s.fail("delete", key, kind, nil)
	}
	if had {
		delete(s.objects, key)
		at, _ := slices.BinarySearch(s.keys, key)
		s.keys = slices.Delete(s.keys, at, at+1)
		s.used -= old.info.Size
	}
	return nil
}

// reader is the body of a part; it ends with its context.
type reader struct {
	ctx   context.Context
	store *Store
	key   string
	rest  []byte
	done  bool
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, r.store.fail("get", r.key, storage.ErrUnavailable, err)
	}
	if r.done {
		return 0, os.ErrClosed
	}
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *reader) Close() error {
	r.done = true
	return nil
}
