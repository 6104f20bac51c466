package storagetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/storage"
)

// all follows a list page by page; prefixes and objects come in one order.
func (k *kit) all(q storage.Query) []string {
	k.Helper()
	var names []string
	for pages := 0; ; pages++ {
		page, err := k.store.List(ctx, q)
		k.must(err)
		some := slices.Clone(page.Prefixes)
		for _, o := range page.Objects {
			some = append(some, o.Key)
		}
		if !slices.IsSorted(page.Prefixes) || q.Limit > 0 && len(some) > q.Limit || page.Next != "" && len(some) == 0 || pages > 5000 {
			k.Fatalf("page %d of %+v: %d names, %q", pages, q, len(some), page.Next)
		}
		slices.Sort(some)
		names = append(names, some...)
		if page.Next == "" {
			return names
		}
		q.After = page.Next
	}
}

func testList(k *kit) {
	keys := []string{"a", "a.txt", "ab/c", "b/1", "b/2", "b/c/3", "b/d/4", "b-x", "b0", "c/", "z/y/x/w"}
	keys = slices.DeleteFunc(keys, func(key string) bool { return k.omits(key) || key == "c/" && k.Folder })
	for _, key := range keys {
		k.add(key, []byte(key))
	}
	slices.Sort(keys)
	for _, q := range []storage.Query{
		{}, {Prefix: "b"}, {Prefix: "b/"}, {Prefix: "b/c/"}, {Prefix: "no"}, {Prefix: "b/c/3"}, {Prefix: "a/"},
		{Delimiter: "/"}, {Prefix: "b/", Delimiter: "/"}, {Prefix: "b", Delimiter: "/"}, {Prefix: "z/y", Delimiter: "/"},
		{After: "b/1"}, {After: "b"}, {After: "b/", Delimiter: "/"}, {After: "zz"}, {Prefix: "b/", After: "b/c/3"},
		{Prefix: "b/", After: "a"}, {Prefix: "b/", After: "c"}, {Delimiter: "/", After: "ab/"},
	} {
		want := expected(keys, q)
		for _, limit := range []int{0, 1, 2, 3, 100} {
			q.Limit = limit
			if got := k.all(q); !slices.Equal(got, want) {
				k.Errorf("%+v\n got %q\nwant %q", q, got, want)
			}
		}
	}
	page, err := k.store.List(ctx, storage.Query{Prefix: "b/1"})
	k.must(err)
	info, err := k.store.Stat(ctx, "b/1", storage.Conditions{})
	k.must(err)
	if len(page.Objects) != 1 || page.Objects[0].Size != 3 || page.Objects[0].ETag != info.ETag {
		k.Errorf("listed %+v, Stat says %+v", page.Objects, info)
	}
}

// expected answers a query the plain way.
func expected(keys []string, q storage.Query) []string {
	var names []string
	for _, key := range keys {
		if !strings.HasPrefix(key, q.Prefix) {
			continue
		}
		if p, rolled := q.Common(key); rolled {
			key = p
		}
		if key > q.After && !slices.Contains(names, key) {
			names = append(names, key)
		}
	}
	slices.Sort(names)
	return names
}

func testListPages(k *kit) {
	var keys []string
	for i := range 2500 {
		key := fmt.Sprintf("many/%04d", i*7%2500)
		k.add(key, nil)
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, limit := range []int{0, 999, 5000} {
		q := storage.Query{Limit: limit}
		page, err := k.store.List(ctx, q)
		k.must(err)
		if n := len(page.Objects); n != q.PageLimit() {
			k.Errorf("limit %d: a page of %d", limit, n)
		}
		if got := k.all(q); !slices.Equal(got, keys) {
			k.Errorf("limit %d: %d keys", limit, len(got))
		}
	}
	if got := k.all(storage.Query{Delimiter: "/", Limit: 1}); !slices.Equal(got, []string{"many/"}) {
		k.Errorf("got %q", got)
	}
}

func testNoList(k *kit) {
	_, err := k.store.List(ctx, storage.Query{})
	k.refused(err, storage.ErrUnsupported, "")
}
