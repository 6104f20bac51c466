package dir_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/dir"
	"github.com/h5serve/h5serve/storage/storagetest"
)

func open(t *testing.T, folder string, o dir.Options) *dir.Store {
	t.Helper()
	s, err := dir.Open("data", folder, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store {
		return open(t, t.TempDir(), dir.Options{Writable: true})
	}, storagetest.Options{Writable: true, Folder: true})
}

func BenchmarkGet(b *testing.B) {
	s, err := dir.Open("data", b.TempDir(), dir.Options{Writable: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if _, err = s.Put(b.Context(), "a/b/object", bytes.NewReader(make([]byte, 1<<20)), 1<<20, storage.PutOptions{}); err != nil {
		b.Fatal(err)
	}
	buffer := make([]byte, 64<<10)
	b.SetBytes(int64(len(buffer)))
	for b.Loop() {
		part, err := s.Get(b.Context(), "a/b/object", storage.Range{First: 1000, Length: uint64(len(buffer))}, storage.Conditions{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err = io.ReadFull(part.Body, buffer); err != nil {
			b.Fatal(err)
		}
		part.Body.Close()
	}
}
