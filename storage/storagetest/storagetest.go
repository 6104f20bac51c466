// Package storagetest is the suite that every store passes, and stores that
// count (Counting) and fail (Faulty) for the tests of what reads from stores.
package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/h5serve/h5serve/storage"
)

// Options tell what a store can do.
type Options struct {
	// Writable stores take objects themselves; for others Add puts them there.
	Writable bool
	Add      func(t *testing.T, s storage.Store, key string, content []byte)
	// Folder: keys with an empty, "." or ".." segment or NUL are ErrNotFound.
	Folder bool
	// Omit tells keys that the server behind the store cannot have for reasons
	// of its own.
	Omit func(key string) bool
	// MaxKey is the length of the longest key, where a prefix leaves less than
	// storage.MaxKey.
	MaxKey int
	// Large is the size of large bodies: more than a store sends at once. 0 is 3 MiB.
	Large int
	// NoList: List is ErrUnsupported.
	NoList bool
	// NoConditionalDelete: the server ignores If-Match on delete.
	NoConditionalDelete bool
	// LooseConditions: the server looks at a condition before it writes, so that
	// two writers at once may both pass.
	LooseConditions bool
	// Secrets may be in no error.
	Secrets []string
}

// Run is the suite. newStore returns an empty store, and closes it with t.
func Run(t *testing.T, newStore func(t *testing.T) storage.Store, o Options) {
	t.Helper()
	if o.MaxKey == 0 {
		o.MaxKey = storage.MaxKey
	}
	if o.Large == 0 {
		o.Large = 3 << 20
	}
	leaks := goleak.IgnoreCurrent()
	run := func(name string, test func(k *kit)) {
		t.Run(name, func(t *testing.T) {
			test(&kit{T: t, store: newStore(t), Options: o, newStore: newStore})
		})
	}
	run("ranges", testRanges)
	run("empty", testEmpty)
	run("absent", testAbsent)
	run("conditions", testConditions)
	run("tags", testTags)
	run("keys", testKeys)
	run("cancel", testCancel)
	run("concurrent", testConcurrent)
	if o.NoList {
		run("no list", testNoList)
	} else {
		run("list", testList)
		run("list pages", testListPages)
	}
	if o.Writable {
		run("put", testPut)
		run("put conditions", testPutConditions)
		run("put broken", testPutBroken)
		run("put unseen", testPutUnseen)
		run("put at once", testPutAtOnce)
		run("delete", testDelete)
	}
	goleak.VerifyNone(t, leaks)
}

// kit is what a test has at hand.
type kit struct {
	*testing.T
	Options
	store    storage.Store
	newStore func(t *testing.T) storage.Store
}

var ctx = context.Background()

// add puts an object there.
func (k *kit) add(key string, content []byte) {
	k.Helper()
	if k.Add != nil {
		k.Add(k.T, k.store, key, content)
		return
	}
	_, err := k.writer().Put(ctx, key, bytes.NewReader(content), int64(len(content)), storage.PutOptions{})
	k.must(err)
}

func (k *kit) writer() storage.Writer {
	k.Helper()
	w, ok := k.store.(storage.Writer)
	if !ok {
		k.Fatal("the store is no Writer")
	}
	return w
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// get reads a range whole.
func (k *kit) get(key string, r storage.Range, c storage.Conditions) (*storage.Part, []byte) {
	k.Helper()
	part, err := k.store.Get(ctx, key, r, c)
	k.must(err)
	content, err := io.ReadAll(part.Body)
	k.must(err)
	k.must(part.Body.Close())
	return part, content
}

// holds checks an object's bytes.
func (k *kit) holds(key string, want []byte) *storage.Part {
	k.Helper()
	part, got := k.get(key, storage.Range{}, storage.Conditions{})
	if !bytes.Equal(got, want) {
		k.Errorf("%q holds %d bytes %.40q, want %d %.40q", key, len(got), got, len(want), want)
	}
	return part
}

// refused checks an error: its kind, what it is an error of, and that it tells
// no secret.
func (k *kit) refused(err, kind error, key string) *storage.Error {
	k.Helper()
	var e *storage.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) {
		k.Errorf("%.60q: got error %v, want a storage.Error that says %q", key, err, kind)
		return &storage.Error{}
	}
	if e.Key != key || e.Op == "" {
		k.Errorf("error of %s %.60q, want one of %.60q", e.Op, e.Key, key)
	}
	for _, secret := range k.Secrets {
		if strings.Contains(err.Error(), secret) {
			k.Errorf("a secret in %q", err)
		}
	}
	return e
}

// pattern is content that tells where it is; it comes again after a number of
// bytes that is no part's size.
func pattern(n int) []byte {
	return bytes.Repeat(block(), n/len(block())+1)[:n]
}

var block = sync.OnceValue(func() []byte {
	b := make([]byte, 1<<20-3)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8)*7 ^ byte(i>>16)*13
	}
	return b
})
