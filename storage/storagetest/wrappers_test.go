package storagetest_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/mem"
	"github.com/h5serve/h5serve/storage/storagetest"
)

func filled(t *testing.T) *mem.Store {
	t.Helper()
	s := mem.New("scratch")
	if _, err := s.Put(t.Context(), "object", strings.NewReader("0123456789"), 10, storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func read(ctx context.Context, s storage.Store, r storage.Range) (string, error) {
	part, err := s.Get(ctx, "object", r, storage.Conditions{})
	if err != nil {
		return "", err
	}
	defer part.Body.Close()
	got, err := io.ReadAll(part.Body)
	return string(got), err
}

// TestRounds sends waves of requests; in the bubble their number is exact.
func TestRounds(t *testing.T) {
	store := filled(t)
	synctest.Test(t, func(t *testing.T) {
		c := &storagetest.Counting{Store: store, Latency: 100 * time.Millisecond}
		for _, wave := range []int{1, 16, 3} {
			var group sync.WaitGroup
			for range wave {
				group.Go(func() {
					if got, err := read(t.Context(), c, storage.Range{First: 2, Length: 3}); got != "234" || err != nil {
						t.Errorf("%q, %v", got, err)
					}
				})
			}
			group.Wait()
		}
		want := storagetest.Counts{Gets: 20, Bytes: 60, Rounds: 3, Peak: 16}
		if got := c.Counts(); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		c.Reset()
		if _, err := c.Stat(t.Context(), "object", storage.Conditions{}); err != nil || c.Counts() != (storagetest.Counts{Stats: 1, Rounds: 1, Peak: 1}) {
			t.Errorf("%+v, %v", c.Counts(), err)
		}
	})
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault storagetest.Fault
		want  string
		kind  error
	}{
		{"none", storagetest.Fault{}, "234567", nil},
		{"unavailable", storagetest.Fault{Err: storage.ErrUnavailable}, "", storage.ErrUnavailable},
		{"broken", storagetest.Fault{Cut: 4}, "2345", storage.ErrUnavailable},
		{"broken behind its end", storagetest.Fault{Cut: 100}, "234567", nil},
		{"short", storagetest.Fault{Short: 2}, "2345", nil},
		{"whole", storagetest.Fault{Whole: true}, "0123456789", nil},
	} {
		s := &storagetest.Faulty{Store: filled(t), Plan: storagetest.First(1, c.fault)}
		got, err := read(t.Context(), s, storage.Range{First: 2, Length: 6})
		if got != c.want || !errors.Is(err, c.kind) {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		if got, err = read(t.Context(), s, storage.Range{First: 2, Length: 6}); got != "234567" || err != nil || s.Gets() != 2 {
			t.Errorf("%s, then none: %q, %v", c.name, got, err)
		}
	}
	at := 0
	s := &storagetest.Faulty{Store: filled(t), Plan: storagetest.First(1, storagetest.Fault{Midway: func() { at++ }})}
	if got, err := read(t.Context(), s, storage.Range{}); got != "0123456789" || err != nil || at != 1 {
		t.Errorf("midway: %q, %v, called %d times", got, err, at)
	}
}
