package storage_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/storage"
)

func TestRangeHeader(t *testing.T) {
	for want, r := range map[string]storage.Range{
		"":                             {},
		"bytes=0-0":                    {Length: 1},
		"bytes=5-":                     {First: 5},
		"bytes=5-14":                   {First: 5, Length: 10},
		"bytes=-10":                    {First: 3, Length: 10, Suffix: true},
		"bytes=7-":                     {First: 7, Length: 1<<64 - 1},
		"bytes=18446744073709551615-":  {First: 1<<64 - 1, Length: 2},
		"bytes=0-18446744073709551614": {Length: 1<<64 - 1},
		"bytes=-18446744073709551615":  {Length: 1<<64 - 1, Suffix: true},
		"bytes=1-18446744073709551615": {First: 1, Length: 1<<64 - 1},
	} {
		if got := r.Header(); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}

func TestRangeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(0, 50).Draw(t, "size")
		number := rapid.OneOf(rapid.Uint64Range(0, 60), rapid.Uint64())
		r := storage.Range{First: number.Draw(t, "first"), Length: number.Draw(t, "length"), Suffix: rapid.Bool().Draw(t, "suffix")}
		first, count, ok := r.Of(size)
		var want []uint64 // positions, by the words of the contract
		for at := range size {
			switch {
			case r.Suffix && size-at <= r.Length, !r.Suffix && at >= r.First && (r.Length == 0 || at-r.First < r.Length):
				want = append(want, at)
			}
		}
		if !ok {
			first, count = 0, 0
		}
		if uint64(len(want)) != count || count > 0 && want[0] != first {
			t.Fatalf("%+v of %d: %d+%d, want %v", r, size, first, count, want)
		}
		if begins := !r.Suffix && (r.First < size || r.First == 0) || r.Suffix && r.Length > 0; ok != begins {
			t.Fatalf("%+v of %d: %v", r, size, ok)
		}
	})
}

func TestConditions(t *testing.T) {
	const tag, other = `"a"`, `"b"`
	for _, c := range []struct {
		c                       storage.Conditions
		reading, writing, fresh error // of an object with tag, and where there is none
	}{
		{storage.Conditions{}, nil, nil, nil},
		{storage.Conditions{IfMatch: tag}, nil, nil, storage.ErrChanged},
		{storage.Conditions{IfMatch: other}, storage.ErrChanged, storage.ErrChanged, storage.ErrChanged},
		{storage.Conditions{IfMatch: "*"}, nil, nil, storage.ErrChanged},
		{storage.Conditions{IfNoneMatch: tag}, storage.ErrNotModified, storage.ErrExists, nil},
		{storage.Conditions{IfNoneMatch: other}, nil, nil, nil},
		{storage.Conditions{IfNoneMatch: "*"}, storage.ErrNotModified, storage.ErrExists, nil},
	} {
		if r, w, f := c.c.Reading(tag), c.c.Writing(tag), c.c.Writing(""); r != c.reading || w != c.writing || f != c.fresh { //nolint:errorlint // bare kinds
			t.Errorf("%+v: %v, %v, %v", c.c, r, w, f)
		}
	}
}

// TestFill compares pages with the plain way to answer a query.
func TestFill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ab/é]{1,6}`)
		keys := rapid.SliceOfDistinct(word, func(s string) string { return s }).Draw(t, "keys")
		slices.Sort(keys)
		part := rapid.StringMatching(`[ab/]{0,3}`)
		q := storage.Query{
			Prefix: part.Draw(t, "prefix"), After: part.Draw(t, "after"), Limit: rapid.IntRange(0, 4).Draw(t, "limit"),
			Delimiter: rapid.SampledFrom([]string{"", "/", "a", "é"}).Draw(t, "delimiter"),
		}
		var want, got []string
		for _, key := range keys {
			name := key
			if p, rolled := q.Common(key); rolled {
				name = p
			}
			if strings.HasPrefix(key, q.Prefix) && name > q.After && !slices.Contains(want, name) {
				want = append(want, name)
			}
		}
		for pages := 0; pages < 50; pages++ {
			page, err := q.Fill(func(from string) (storage.Info, bool, error) {
				at, _ := slices.BinarySearch(keys, from)
				if at == len(keys) {
					return storage.Info{}, false, nil
				}
				return storage.Info{Key: keys[at]}, true, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			some := slices.Clone(page.Prefixes)
			for _, o := range page.Objects {
				some = append(some, o.Key)
			}
			slices.Sort(some)
			got = append(got, some...)
			if q.After = page.Next; page.Next == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v of %q: got %q, want %q", q, keys, got, want)
		}
	})
}

func TestErrorSaysItAll(t *testing.T) {
	err := fmt.Errorf("open: %w", &storage.Error{Op: "get", Store: "far", Key: "a/b", Kind: storage.ErrUnavailable, Err: io.ErrUnexpectedEOF})
	if !errors.Is(err, storage.ErrUnavailable) || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, storage.ErrNotFound) {
		t.Errorf("kinds of %v", err)
	}
	if want := "open: get far/a/b: the store does not answer as it should: unexpected EOF"; err.Error() != want {
		t.Errorf("got %q", err)
	}
}
