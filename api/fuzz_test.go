package api

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What is let through to http.ServeContent never makes it answer with more than the file.
func FuzzRanges(f *testing.F) {
	for _, field := range []string{"bytes=0-9", "bytes=-5", "bytes=5-", "bytes=0-1,2-3", "bytes=0-9,5-6", "bytes=,", "x=1", "bytes=9-1"} {
		f.Add(field, uint16(100))
	}
	f.Fuzz(func(t *testing.T, field string, n uint16) {
		size := uint64(n) + 1
		if !worthwhile(field, size) {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Range"] = []string{field}
		w := httptest.NewRecorder()
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(make([]byte, size)))
		sent := bytes.Count(w.Body.Bytes(), []byte{0})
		if uint64(sent) > size || strings.Count(w.Body.String(), "Content-Range:") > maxRanges {
			t.Errorf("%d of %d bytes for %q", sent, size, field)
		}
	})
}

// A damaged recipe is an error, never a panic or memory that its bytes cannot justify.
func FuzzReadHead(f *testing.F) {
	var file bytes.Buffer
	rc := newRecipe(func() error { return nil })
	rc.description = text(ten)
	if err := writeRecipe(&file, &facts{}, rc); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, p []byte) {
		head, at, err := readHead(bytes.NewReader(p), int64(len(p)))
		if err != nil {
			return
		}
		for _, part := range head.Parts {
			at += part.Size
		}
		if at+max(head.Description, 0) != int64(len(p)) {
			t.Errorf("the head accounts for %d of %d bytes", at, len(p))
		}
	})
}

func FuzzAddress(f *testing.F) {
	f.Add("demo.h5", []byte(ten))
	f.Add("größe", []byte("{}"))
	f.Fuzz(func(t *testing.T, name string, description []byte) {
		at, ok := address(name, description)
		if !ok {
			return
		}
		u, err := url.Parse(at)
		if err != nil || len(at) > maxTarget {
			t.Fatalf("%d bytes: %v", len(at), err)
		}
		got, err := addressed(u.Query().Get("spec"), 1<<20)
		packed := bytes.HasPrefix(description, []byte{0x1f, 0x8b}) // is no description
		if !packed && (err != nil || !bytes.Equal(got, description)) {
			t.Errorf("%q became %q: %v", description, got, err)
		}
	})
}

func FuzzAddressed(f *testing.F) {
	f.Add(ten)
	f.Add("H4sIAAAAAAAA")
	f.Fuzz(func(t *testing.T, spec string) {
		if got, err := addressed(spec, 1000); err == nil && len(got) > max(1000, len(spec)) {
			t.Errorf("%d bytes", len(got))
		}
	})
}

func FuzzFilename(f *testing.F) {
	for _, name := range []string{"a.h5", "../../etc/passwd", "a\r\nb", "x.nc4", strings.Repeat("ö", 300), ".h5", "\xff"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := filename(name)
		if strings.ContainsAny(got, "/\\\r\n\x00\"") || !utf8.ValidString(got) || strings.HasPrefix(got, ".") || len(got) > maxFilename {
			t.Errorf("%q became %q", name, got)
		}
		if filename(got) != got {
			t.Errorf("%q became %q and then %q", name, got, filename(got))
		}
		if !strings.HasPrefix(attachment(name), "attachment; filename=") {
			t.Errorf("%q: %s", name, attachment(name))
		}
	})
}

func BenchmarkPostSmall(b *testing.B) {
	set := DefaultSettings()
	set.TempDir = b.TempDir()
	s, err := New(set)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	h, err := s.Handler()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/v1/files", strings.NewReader(ten))
		r.Host = "localhost"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
