package ranged

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/h5serve/h5serve/storage"
)

func TestRead(t *testing.T) {
	middle := storage.Range{First: 10, Length: 5}
	for _, c := range []struct {
		name string
		r    storage.Range
		a    Answer
		want Window
		ok   bool
	}{
		{"as asked", middle, Answer{206, "bytes 10-14/100", 5, ""}, Window{First: 10, Count: 5, Size: 100}, true},
		{"length not said", middle, Answer{206, "bytes 10-14/100", -1, "identity"}, Window{First: 10, Count: 5, Size: 100}, true},
		{"clipped", middle, Answer{206, "bytes 10-11/12", 2, ""}, Window{First: 10, Count: 2, Size: 12}, true},
		{"suffix", storage.Range{Length: 5, Suffix: true}, Answer{206, "bytes 95-99/100", 5, ""}, Window{First: 95, Count: 5, Size: 100}, true},
		{"whole of an unbounded", storage.Range{}, Answer{200, "", 1 << 40, ""}, Window{Count: 1 << 40, Size: 1 << 40}, true},
		{"whole for a range", middle, Answer{200, "", 100, ""}, Window{Skip: 10, First: 10, Count: 5, Size: 100}, true},
		{"whole, shorter than the range", middle, Answer{200, "", 12, ""}, Window{Skip: 10, First: 10, Count: 2, Size: 12}, true},
		{"empty", storage.Range{Length: 10}, Answer{200, "", 0, ""}, Window{}, true},
		{"too much for nothing", middle, Answer{200, "", 1 << 30, ""}, Window{}, false},
		{"no length", storage.Range{}, Answer{200, "", -1, ""}, Window{}, false},
		{"before", middle, Answer{206, "bytes 9-13/100", 5, ""}, Window{}, false},
		{"short", middle, Answer{206, "bytes 10-12/100", 3, ""}, Window{}, false},
		{"long", middle, Answer{206, "bytes 10-15/100", 6, ""}, Window{}, false},
		{"other length", middle, Answer{206, "bytes 10-14/100", 4, ""}, Window{}, false},
		{"coded", middle, Answer{206, "bytes 10-14/100", 5, "gzip"}, Window{}, false},
		{"no content", middle, Answer{204, "", 0, ""}, Window{}, false},
	} {
		got, err := Read(c.r, c.a)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	_, err := Read(middle, Answer{200, "", 10, ""})
	var beyond *Beyond
	if !errors.As(err, &beyond) || beyond.Size != 10 {
		t.Errorf("beyond the end: %v", err)
	}
}

func FuzzParseContentRange(f *testing.F) {
	for _, s := range []string{
		"bytes 0-0/1", "bytes 10-14/100", "bytes */7", "bytes 5-4/10", "bytes 0-9/9", "bytes 0-1/*", "bytes 0-18446744073709551615/1",
		"bytes=0-1/2", "bytes 0--1/0", "bytes +1-2/3", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, last, size, err := ParseContentRange(s)
		if err == nil && (first > last || last >= size) {
			t.Errorf("%q: %d-%d/%d", s, first, last, size)
		}
		if n, ok := ParseUnsatisfied(s); ok && err == nil {
			t.Errorf("%q is both: %d", s, n)
		}
	})
}

var errBroken = errors.New("broken")

// source gives bytes of content, breaking after a few of them each time.
func source(content []byte, few int, waste uint64) Source {
	return Source{
		Patience: time.Minute, Attempts: 3,
		Fail: func(err error) error { return err },
		Fetch: func(_ context.Context, first, _ uint64) (io.ReadCloser, uint64, error) {
			return stream(content, first-waste, few+int(waste)), waste, nil
		},
	}
}

func stream(content []byte, first uint64, few int) io.ReadCloser {
	rest := content[first:]
	return io.NopCloser(io.MultiReader(bytes.NewReader(rest[:min(few, len(rest))]), iotest.ErrReader(errBroken)))
}

func TestBodyGoesOn(t *testing.T) {
	content := []byte("0123456789abcdefghijklmnopqrstuvwxyz")
	for _, waste := range []uint64{0, 3} {
		w := Window{Skip: 4, First: 4, Count: 20, Size: 36}
		b := Open(t.Context(), Stream{stream(content, 0, 7), func(error) {}}, w, source(content, 5, waste))
		got, err := io.ReadAll(iotest.OneByteReader(b))
		if string(got) != "456789abcdefghijklmn" || err != nil {
			t.Errorf("waste %d: %q, %v", waste, got, err)
		}
		if err = b.Close(); err != nil {
			t.Error(err)
		}
		if _, err = b.Read(make([]byte, 1)); !errors.Is(err, errClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

func TestBodyGivesUp(t *testing.T) {
	content := []byte("0123456789")
	b := Open(t.Context(), Stream{stream(content, 0, 5), func(error) {}}, Window{Count: 10, Size: 10}, source(content, 0, 0))
	got, err := io.ReadAll(b)
	if string(got) != "01234" || !errors.Is(err, errBroken) {
		t.Errorf("%q, %v", got, err)
	}
	short := io.NopCloser(bytes.NewReader(content[:5])) // ends early as if it were whole
	s := source(content, 0, 0)
	s.Attempts = 1
	b = Open(t.Context(), Stream{short, func(error) {}}, Window{Count: 10, Size: 10}, s)
	if _, err = io.ReadAll(b); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that ends early: %v", err)
	}
}
