package storagetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/storage"
)

// oddKeys are keys that some server or client once got wrong.
var oddKeys = []string{
	"a=b.h5", "a+b.h5", "a b.h5", " leading", "trailing ", "a%2Fb", "a%b", "100%", "a%252Fb", "a&b?c#d", "q?x=1",
	"ünïcödé/日本語.h5", "e\u0301", "\u00e9", "a'b\"c", "<x>&amp;", "a;b,c:d@e!$()*~", "a\\b", "tab\there",
	"deep/er/and/deep/er.h5", "...", "..a", "a..", ".hidden", "~", "-", "year=2024/month=01/x.h5",
}

// segments are keys that no folder can have.
var segments = []string{"a//b", "/a", "a/", "//", ".", "..", "a/../b", "../escape", "a/./b", "..//x", "nul\x00byte"}

// never are keys that no store can have.
var never = []string{"", "\xff\xfe"}

// long is a key of n bytes whose segments a file system can have.
func long(n int) string {
	return strings.Repeat(strings.Repeat("k", 199)+"/", n/200+1)[:n-1] + "z"
}

func (k *kit) omits(key string) bool { return k.Omit != nil && k.Omit(key) }

func testKeys(k *kit) {
	there := slices.DeleteFunc(slices.Clone(oddKeys), k.omits)
	there = append(there, long(k.MaxKey))
	absent := append(slices.Clone(never), long(k.MaxKey+1))
	if k.Folder {
		absent = append(absent, segments...)
	} else {
		there = append(there, slices.DeleteFunc(slices.Clone(segments), k.omits)...)
	}
	for i, key := range there {
		k.add(key, fmt.Appendf(nil, "%d", i))
	}
	for i, key := range there {
		want := fmt.Appendf(nil, "%d", i)
		part := k.holds(key, want)
		info, err := k.store.Stat(ctx, key, storage.Conditions{IfMatch: part.ETag})
		if err != nil || info.Key != key || part.Key != key || info.Size != uint64(len(want)) {
			k.Errorf("%q: %+v, %v", key, info, err)
		}
	}
	for _, key := range absent {
		_, err := k.store.Get(ctx, key, storage.Range{}, storage.Conditions{})
		k.refused(err, storage.ErrNotFound, key)
		_, err = k.store.Stat(ctx, key, storage.Conditions{})
		k.refused(err, storage.ErrNotFound, key)
		if k.Writable {
			_, err = k.writer().Put(ctx, key, strings.NewReader("x"), 1, storage.PutOptions{})
			k.refused(err, storage.ErrNotFound, key)
		}
	}
	if k.NoList {
		return
	}
	slices.Sort(there)
	if got := k.all(storage.Query{}); !slices.Equal(got, there) {
		k.Errorf("listed %q\nwant   %q", got, there)
	}
}
