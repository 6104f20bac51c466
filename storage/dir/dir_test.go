package dir_test

import (
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
