package vfd

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// spool is the temporary file for the blocks that fit no budget. It is made at first need and its name
// removed at once, so that a crash leaves nothing. A Memory's lock guards it; reading and writing need none.
type spool struct {
	dir   string
	limit uint64 // 0: none
	file  *os.File
	name  string // not yet removed
	end   int64
	free  []int64
}

// block hands out a place of size bytes.
func (s *spool) block(size int) (*block, error) {
	if n := len(s.free); n > 0 {
		at := s.free[n-1]
		s.free = s.free[:n-1]
		return &block{offset: at}, nil
	}
	if used := uint64(s.end); s.limit > 0 && uint64(size) > s.limit-min(used, s.limit) {
		return nil, fmt.Errorf("%w: %d bytes are spooled, the limit is %d", ErrSpoolFull, used, s.limit)
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	b := &block{offset: s.end}
	s.end += int64(size)
	return b, nil
}

func (s *spool) open() error {
	if s.file != nil {
		return nil
	}
	f, err := os.CreateTemp(s.dir, "h5-spool-")
	if err != nil {
		return full(err)
	}
	s.file = f
	// Systems that cannot remove an open file do so when it is closed.
	if os.Remove(f.Name()) != nil {
		s.name = f.Name()
	}
	return nil
}

func (s *spool) give(b *block) { s.free = append(s.free, b.offset) }

func (s *spool) read(p []byte, b *block, at int) error {
	_, err := s.file.ReadAt(p, b.offset+int64(at))
	return err
}

func (s *spool) write(p []byte, b *block, at int) error {
	_, err := s.file.WriteAt(p, b.offset+int64(at))
	return full(err)
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.name != "" {
		err = errors.Join(err, os.Remove(s.name))
	}
	s.file, s.free = nil, nil
	return err
}

// full makes the system's "no space left" ours.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %w", ErrSpoolFull, err)
	}
	return err
}
