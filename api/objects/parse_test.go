package objects

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/h5serve/h5serve/storage"
)

func TestRanges(t *testing.T) {
	many := func(n int) string {
		specs := make([]string, n)
		for i := range specs {
			specs[i] = fmt.Sprintf("%d-%d", 2*i, 2*i)
		}
		return "bytes=" + strings.Join(specs, ",")
	}
	tests := []struct {
		field string
		size  uint64
		want  []span // nil: the whole object
		bad   bool   // 416
	}{
		{"bytes=0-9", 100, []span{{0, 10}}, false},
		{"bytes=90-", 100, []span{{90, 10}}, false},
		{"bytes=-7", 100, []span{{93, 7}}, false},
		{"bytes=-700", 100, []span{{0, 100}}, false},
		{"bytes=95-200", 100, []span{{95, 5}}, false},
		{"bytes=0-99999999999999999999999", 100, []span{{0, 100}}, false},
		{"Bytes=0-0", 100, []span{{0, 1}}, false},
		{"bytes= 0-1 , ,\t4-5", 100, []span{{0, 2}, {4, 2}}, false},
		{"bytes=4-5,0-1", 100, []span{{4, 2}, {0, 2}}, false}, // in the order that was asked for
		{"bytes=0-1,2-3", 100, []span{{0, 2}, {2, 2}}, false}, // neighbours do not overlap
		{"bytes=0-1,500-", 100, []span{{0, 2}}, false},
		{"bytes=100-", 100, nil, true},
		{"bytes=99999999999999999999999-", 100, nil, true},
		{"bytes=-0", 100, nil, true},
		{"bytes=0-", 0, nil, true},
		{"bytes=-5", 0, nil, false},
		{"bytes=0-9,9-10", 100, nil, false},
		{"bytes=9-0", 100, nil, false},
		{"bytes=", 100, nil, false},
		{"bytes=-", 100, nil, false},
		{"bytes=a-b", 100, nil, false},
		{"bytes=0x1-5", 100, nil, false},
		{"bytes=+1-5", 100, nil, false},
		{"bytes=0-1,x", 100, nil, false},
		{"elements=0-1", 100, nil, false},
		{"0-1", 100, nil, false},
		{many(16), 100, spansOf(16), false},
		{many(17), 100, nil, false},
	}
	for _, test := range tests {
		got, err := resolve(ranges(http.Header{"Range": {test.field}}), test.size)
		if (err != nil) != test.bad || !cmp.Equal(got, test.want, cmp.AllowUnexported(span{})) {
			t.Errorf("%s of %d: %v, %v", test.field, test.size, got, err)
		}
	}
	if got := ranges(http.Header{"Range": {"bytes=0-1", "bytes=4-5"}}); got != nil {
		t.Errorf("two fields: %v", got)
	}
}

func spansOf(n int) []span {
	all := make([]span, n)
	for i := range all {
		all[i] = span{uint64(2 * i), 1}
	}
	return all
}

func TestConditions(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 123, time.UTC)
	same, before, after := at.Format(http.TimeFormat), at.Add(-time.Hour).Format(http.TimeFormat), at.Add(time.Hour).Format(http.TimeFormat)
	info := storage.Info{ETag: `"a"`, Modified: at}
	tests := []struct {
		fields string
		want   error
	}{
		{"", nil},
		{`If-Match: "a"`, nil}, {`If-Match: *`, nil}, {`If-Match: "b", "a"`, nil}, {`If-Match: "b,c", "a"`, nil},
		{`If-Match: "b"`, errPrecondition}, {`If-Match: W/"a"`, errPrecondition}, {`If-Match: a`, errPrecondition},
		{`If-None-Match: "a"`, errNotModified}, {`If-None-Match: W/"a"`, errNotModified}, {`If-None-Match: *`, errNotModified},
		{`If-None-Match: "b"`, nil}, {`If-None-Match: "b,"a"`, nil}, {`If-None-Match: a`, nil},
		{"If-Modified-Since: " + same, errNotModified}, {"If-Modified-Since: " + after, errNotModified}, {"If-Modified-Since: " + before, nil},
		{"If-Modified-Since: yesterday", nil},
		{"If-Unmodified-Since: " + same, nil}, {"If-Unmodified-Since: " + before, errPrecondition},
		{`If-Match: "a"` + "\nIf-Unmodified-Since: " + before, nil},
		{`If-None-Match: "b"` + "\nIf-Modified-Since: " + same, nil},
		{`If-Match: "b"` + "\n" + `If-None-Match: "a"`, errPrecondition},
	}
	for _, test := range tests {
		c := readConditions(header(test.fields))
		if err := c.check(info); err != test.want {
			t.Errorf("%q: %v, want %v", test.fields, err, test.want)
		}
		// What a store judges on the way has the same end.
		if c, ok := c.simple(); ok {
			got := map[error]error{nil: nil, storage.ErrChanged: errPrecondition, storage.ErrNotModified: errNotModified}[c.Reading(info.ETag)]
			if got != test.want {
				t.Errorf("%q: the store says %v, want %v", test.fields, got, test.want)
			}
		}
	}
	for field, want := range map[string]bool{
		`"a"`: true, `W/"a"`: false, `"b"`: false, "a": false, same: true, before: false, after: false, "": true,
	} {
		c := readConditions(header("If-Range: " + field))
		if got := c.ranged(info); got != want {
			t.Errorf("If-Range %s: %v", field, got)
		}
	}
}

func header(fields string) http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(fields, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			h.Add(name, value)
		}
	}
	return h
}

func TestSplit(t *testing.T) {
	for path, want := range map[string][2]string{
		"demo/a.h5": {"demo", "a.h5"}, "demo": {"demo", ""}, "demo/": {"demo", ""}, "demo//": {"demo", "/"},
		"demo/a//b/": {"demo", "a//b/"}, "demo/a/../b/./c": {"demo", "a/../b/./c"}, "demo/a+b%20c": {"demo", "a+b c"},
		"demo/a%2Fb": {"demo", "a/b"}, "demo/a%252Fb": {"demo", "a%2Fb"}, "demo/%00": {"demo", "\x00"}, "%64emo/x": {"demo", "x"},
		"de%2Fmo/x": {"de/mo", "x"}, "": {"", ""},
	} {
		if store, key, ok := Split(path); !ok || store != want[0] || key != want[1] {
			t.Errorf("%s: %q %q", path, store, key)
		}
	}
	if _, _, ok := Split("demo/%zz"); ok {
		t.Error("a bad escape passes")
	}
}

// A key comes back from its path, through the parser of the server, byte for byte.
func FuzzKey(f *testing.F) {
	for _, key := range []string{"a.h5", "a//b", "../x", "a+b c", "%2F", "ö\x00\n", "?#;:@&=", "\xff", "//", "."} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		u, err := url.ParseRequestURI("/v1/stores/" + Join("demo", key))
		if err != nil {
			t.Fatal(err)
		}
		store, got, ok := Split(strings.TrimPrefix(u.EscapedPath(), "/v1/stores/"))
		if !ok || store != "demo" || got != key {
			t.Errorf("%q became %q", key, got)
		}
	})
}

// Whatever is asked for, what is answered lies in the object and overlaps nowhere.
func FuzzRanges(f *testing.F) {
	for _, field := range []string{"bytes=0-9", "bytes=-5", "bytes=5-", "bytes=0-1,2-3", "bytes=,", "bytes=9-1", "bytes=18446744073709551615-"} {
		f.Add(field, uint64(100))
	}
	f.Fuzz(func(t *testing.T, field string, size uint64) {
		size >>= 1
		spans, err := resolve(ranges(http.Header{"Range": {field}}), size)
		if err != nil || len(spans) > maxRanges {
			return
		}
		var total uint64
		for _, s := range spans {
			if s.count == 0 || s.first >= size || s.count > size-s.first {
				t.Errorf("%v of %d", s, size)
			}
			total += s.count
		}
		if total > size {
			t.Errorf("%d of %d bytes for %q", total, size, field)
		}
	})
}
