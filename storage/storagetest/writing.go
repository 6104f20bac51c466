package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/h5serve/h5serve/storage"
)

func (k *kit) put(key, content string, c storage.Conditions) (storage.Info, error) {
	return k.writer().Put(ctx, key, strings.NewReader(content), int64(len(content)), storage.PutOptions{Conditions: c})
}

// plainReader hides that a body can seek.
type plainReader struct{ io.Reader }

func testPut(k *kit) {
	for _, c := range []struct {
		name      string
		length    int
		announced bool
	}{
		{"empty", 0, true}, {"empty, unknown", 0, false}, {"small", 10, true}, {"unknown", 100_000, false},
		{"large", k.Large, true}, {"large, unknown", 2*k.Large + 5, false},
	} {
		content, length := pattern(c.length), int64(-1)
		if c.announced {
			length = int64(c.length)
		}
		info, err := k.writer().Put(ctx, "an/object", plainReader{bytes.NewReader(content)}, length, storage.PutOptions{})
		if err != nil {
			k.Errorf("%s: %v", c.name, err)
			continue
		}
		part := k.holds("an/object", content)
		if info.ETag != part.ETag || info.Size != uint64(c.length) || info.Key != "an/object" {
			k.Errorf("%s: Put says %+v, Get %+v", c.name, info, part.Info)
		}
	}
}

func testPutConditions(k *kit) {
	none := storage.Conditions{IfNoneMatch: "*"}
	_, err := k.put("object", "x", storage.Conditions{IfMatch: `"some"`})
	k.refused(err, storage.ErrChanged, "object")
	first, err := k.put("object", "first", none)
	k.must(err)
	_, err = k.put("object", "second", none)
	k.refused(err, storage.ErrExists, "object")
	_, err = k.put("object", "second", storage.Conditions{IfMatch: `"another"`})
	k.refused(err, storage.ErrChanged, "object")
	k.holds("object", []byte("first"))
	second, err := k.put("object", "second", storage.Conditions{IfMatch: first.ETag})
	k.must(err)
	k.holds("object", []byte("second"))
	_, err = k.put("object", "third", storage.Conditions{IfMatch: first.ETag})
	k.refused(err, storage.ErrChanged, "object")
	if second.ETag == first.ETag {
		k.Error("the tag did not change")
	}
}

// failing is a body that breaks after some bytes.
type failing struct {
	from io.Reader
	err  error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.from.Read(p)
	if errors.Is(err, io.EOF) {
		err = f.err
	}
	return n, err
}

func testPutBroken(k *kit) {
	_, err := k.put("object", "old", storage.Conditions{})
	k.must(err)
	broken := errors.New("the client went away")
	for _, length := range []int{100, k.Large, 2 * k.Large} {
		for _, announced := range []int64{-1, int64(length) + 10} {
			body := &failing{bytes.NewReader(pattern(length)), broken}
			_, err = k.writer().Put(ctx, "object", body, announced, storage.PutOptions{})
			k.refused(err, storage.ErrIncomplete, "object")
			if !errors.Is(err, broken) {
				k.Errorf("the body's own error is lost: %v", err)
			}
		}
		for _, announced := range []int64{int64(length) + 1, int64(length) - 1} {
			_, err = k.writer().Put(ctx, "object", bytes.NewReader(pattern(length)), announced, storage.PutOptions{})
			k.refused(err, storage.ErrIncomplete, "object")
		}
	}
	within, cancel := context.WithCancel(ctx)
	_, err = k.writer().Put(within, "object", &calling{bytes.NewReader(pattern(1 << 20)), cancel}, -1, storage.PutOptions{})
	k.refused(err, context.Canceled, "object")
	k.holds("object", []byte("old"))
	k.only("object")
}

// calling calls a function before every read.
type calling struct {
	io.Reader
	call func()
}

func (c *calling) Read(p []byte) (int, error) {
	c.call()
	return c.Reader.Read(p)
}

// only checks that nothing else lies in the store.
func (k *kit) only(keys ...string) {
	k.Helper()
	if got := k.all(storage.Query{}); strings.Join(got, "|") != strings.Join(keys, "|") {
		k.Errorf("in the store: %q, want %q", got, keys)
	}
}

// testPutUnseen looks at the store while an object comes in.
func testPutUnseen(k *kit) {
	looks := 0
	look := func() {
		if looks++; looks > 3 {
			return
		}
		_, err := k.store.Stat(ctx, "folder/object", storage.Conditions{})
		k.refused(err, storage.ErrNotFound, "folder/object")
		k.only()
	}
	content := pattern(k.Large)
	_, err := k.writer().Put(ctx, "folder/object", &calling{bytes.NewReader(content), look}, int64(k.Large), storage.PutOptions{})
	k.must(err)
	if k.holds("folder/object", content); looks == 0 {
		k.Error("nobody looked")
	}
}

// testPutAtOnce has many write the same object where one may.
func testPutAtOnce(k *kit) {
	var group sync.WaitGroup
	var won atomic.Int64
	for range 8 {
		group.Go(func() {
			_, err := k.put("object", "content", storage.Conditions{IfNoneMatch: "*"})
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, storage.ErrExists) {
				k.Error(err)
			}
		})
	}
	group.Wait()
	if n := won.Load(); n < 1 || n > 1 && !k.LooseConditions {
		k.Errorf("%d have written a new object", n)
	}
	k.holds("object", []byte("content"))
}

func testDelete(k *kit) {
	info, err := k.put("a/b", "content", storage.Conditions{})
	k.must(err)
	if !k.NoConditionalDelete {
		k.refused(k.writer().Delete(ctx, "a/b", storage.Conditions{IfMatch: `"another"`}), storage.ErrChanged, "a/b")
		k.holds("a/b", []byte("content"))
	}
	k.must(k.writer().Delete(ctx, "a/b", storage.Conditions{IfMatch: info.ETag}))
	_, err = k.store.Stat(ctx, "a/b", storage.Conditions{})
	k.refused(err, storage.ErrNotFound, "a/b")
	k.must(k.writer().Delete(ctx, "a/b", storage.Conditions{}))
	k.only()
}
