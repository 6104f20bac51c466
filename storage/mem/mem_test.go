package mem_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/mem"
	"github.com/h5serve/h5serve/storage/storagetest"
)

func TestStore(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.Store { return mem.New("scratch") }, storagetest.Options{Writable: true})
}

func TestBudget(t *testing.T) {
	s, ctx := mem.NewSized("scratch", 10), t.Context()
	put := func(key, content string) error {
		_, err := s.Put(ctx, key, strings.NewReader(content), -1, storage.PutOptions{})
		return err
	}
	for _, step := range []struct {
		key, content string
		want         error
	}{
		{"a", "12345678", nil}, {"b", "123", storage.ErrNoSpace}, {"a", "12345", nil}, {"b", "12345", nil},
		{"c", "1", storage.ErrNoSpace}, {"a", "1234567890x", storage.ErrNoSpace}, {"c", "", nil},
	} {
		if err := put(step.key, step.content); !errors.Is(err, step.want) {
			t.Errorf("%s %q: %v, want %v", step.key, step.content, err, step.want)
		}
	}
	if err := s.Delete(ctx, "b", storage.Conditions{}); err != nil {
		t.Fatal(err)
	}
	if err := put("c", "12345"); err != nil {
		t.Error(err)
	}
}
