package dir

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/h5serve/h5serve/storage"
)

// Get reads a range of an object.
func (s *Store) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	f, was, err := s.open(ctx, key, c)
	if err != nil {
		return nil, s.fail("get", key, err)
	}
	info := was.info(key)
	first, count, ok := r.Of(info.Size)
	if !ok {
		f.Close()
		return nil, &storage.Error{Op: "get", Store: s.name, Key: key, Kind: storage.ErrRange, Size: info.Size}
	}
	body := &body{ctx: ctx, store: s, info: info, was: was, file: f, at: first, left: count}
	return &storage.Part{Info: info, First: first, Count: count, Body: body}, nil
}

// body is a part of a file that is being read. Its file is open until Close.
type body struct {
	ctx      context.Context
	store    *Store
	info     storage.Info
	was      stamp
	file     *os.File
	at, left uint64
	err      error
}

// Read gives the last bytes only if the file is still the one that was opened.
func (b *body) Read(p []byte) (int, error) {
	switch {
	case b.err != nil:
		return 0, b.err
	case b.left == 0:
		return 0, io.EOF
	case b.ctx.Err() != nil:
		return 0, b.end(b.ctx.Err())
	}
	n, err := b.file.ReadAt(p[:min(uint64(len(p)), b.left)], int64(b.at))
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, b.end(err)
	}
	if uint64(n) == b.left || errors.Is(err, io.EOF) {
		fi, err := b.file.Stat()
		if err != nil {
			return 0, b.end(err)
		}
		if !stampOf(fi).sameContent(b.was) || uint64(n) < b.left && n < len(p) {
			return 0, b.end(storage.ErrChanged)
		}
	}
	b.at += uint64(n)
	b.left -= uint64(n)
	return n, nil
}

func (b *body) end(err error) error {
	b.err = b.store.fail("get", b.info.Key, err)
	return b.err
}

// Close closes the file.
func (b *body) Close() error {
	if b.err == nil {
		b.err = os.ErrClosed
	}
	return b.file.Close()
}
