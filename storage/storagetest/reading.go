package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/h5serve/h5serve/storage"
)

const size = 100_000

func testRanges(k *kit) {
	content := pattern(size)
	k.add("a/object", content)
	info, err := k.store.Stat(ctx, "a/object", storage.Conditions{})
	k.must(err)
	for _, c := range []struct {
		name        string
		r           storage.Range
		first, last uint64 // last is the one behind
	}{
		{"whole", storage.Range{}, 0, size},
		{"first byte", storage.Range{Length: 1}, 0, 1},
		{"from to", storage.Range{First: 1000, Length: 500}, 1000, 1500},
		{"open end", storage.Range{First: 70_000}, 70_000, size},
		{"suffix", storage.Range{Length: 10, Suffix: true}, size - 10, size},
		{"suffix, with a First that does not count", storage.Range{First: 5, Length: 10, Suffix: true}, size - 10, size},
		{"suffix longer than the object", storage.Range{Length: size + 1, Suffix: true}, 0, size},
		{"exactly all", storage.Range{Length: size}, 0, size},
		{"clipped", storage.Range{First: size - 5, Length: 100}, size - 5, size},
		{"clipped, from the start", storage.Range{Length: 1 << 40}, 0, size},
		{"a length that overflows", storage.Range{First: 7, Length: 1<<64 - 1}, 7, size},
		{"last byte", storage.Range{First: size - 1, Length: 1}, size - 1, size},
	} {
		part, got := k.get("a/object", c.r, storage.Conditions{})
		if part.First != c.first || part.Count != c.last-c.first || !bytes.Equal(got, content[c.first:c.last]) {
			k.Errorf("%s: got %d bytes as %d+%d, want %d+%d", c.name, len(got), part.First, part.Count, c.first, c.last-c.first)
		}
		if part.Size != size || part.ETag != info.ETag || part.Key != "a/object" {
			k.Errorf("%s: got %+v, Stat says %+v", c.name, part.Info, info)
		}
	}
	for _, r := range []storage.Range{{First: size}, {First: size, Length: 1}, {First: 1 << 40}, {Suffix: true}} {
		_, err := k.store.Get(ctx, "a/object", r, storage.Conditions{})
		if e := k.refused(err, storage.ErrRange, "a/object"); e.Size != size {
			k.Errorf("%+v: the error's size is %d", r, e.Size)
		}
	}
}

func testEmpty(k *kit) {
	k.add("empty", nil)
	for _, r := range []storage.Range{{}, {Length: 5}, {Length: 5, Suffix: true}} {
		part, got := k.get("empty", r, storage.Conditions{})
		if len(got) != 0 || part.Size != 0 || part.First != 0 || part.Count != 0 || part.ETag == "" {
			k.Errorf("%+v: got %+v and %q", r, part, got)
		}
	}
	_, err := k.store.Get(ctx, "empty", storage.Range{First: 1}, storage.Conditions{})
	k.refused(err, storage.ErrRange, "empty")
}

func testAbsent(k *kit) {
	_, err := k.store.Get(ctx, "absent", storage.Range{Length: 10}, storage.Conditions{})
	k.refused(err, storage.ErrNotFound, "absent")
	_, err = k.store.Stat(ctx, "absent/too", storage.Conditions{})
	k.refused(err, storage.ErrNotFound, "absent/too")
	k.add("folder/object", []byte("x"))
	for _, key := range []string{"folder", "folder/", "folder/object/", "folder/object/x"} {
		_, err = k.store.Get(ctx, key, storage.Range{}, storage.Conditions{})
		k.refused(err, storage.ErrNotFound, key)
	}
}

func testConditions(k *kit) {
	k.add("object", []byte("content"))
	tag := k.holds("object", []byte("content")).ETag
	for _, c := range []struct {
		name string
		c    storage.Conditions
		want error
	}{
		{"If-Match", storage.Conditions{IfMatch: tag}, nil},
		{"If-Match any", storage.Conditions{IfMatch: "*"}, nil},
		{"If-Match of another", storage.Conditions{IfMatch: `"another"`}, storage.ErrChanged},
		{"If-None-Match", storage.Conditions{IfNoneMatch: tag}, storage.ErrNotModified},
		{"If-None-Match any", storage.Conditions{IfNoneMatch: "*"}, storage.ErrNotModified},
		{"If-None-Match of another", storage.Conditions{IfNoneMatch: `"another"`}, nil},
		{"both", storage.Conditions{IfMatch: tag, IfNoneMatch: `"another"`}, nil},
	} {
		part, getErr := k.store.Get(ctx, "object", storage.Range{First: 1, Length: 3}, c.c)
		info, statErr := k.store.Stat(ctx, "object", c.c)
		if c.want != nil {
			k.refused(getErr, c.want, "object")
			k.refused(statErr, c.want, "object")
			continue
		}
		if getErr != nil || statErr != nil || info.ETag != tag {
			k.Errorf("%s: %v, %v, %+v", c.name, getErr, statErr, info)
			continue
		}
		got, err := io.ReadAll(part.Body)
		if k.must(part.Body.Close()); string(got) != "ont" || err != nil {
			k.Errorf("%s: got %q, %v", c.name, got, err)
		}
	}
}

// testTags changes one byte again and again; every state has a tag of its own.
func testTags(k *kit) {
	seen := map[string]int{}
	for i := range 40 {
		content := []byte{'x', byte(i), 'y'}
		k.add("object", content)
		tag := k.holds("object", content).ETag
		if len(tag) < 3 || tag[0] != '"' || tag[len(tag)-1] != '"' {
			k.Fatalf("tag %s", tag)
		}
		if before, ok := seen[tag]; ok {
			k.Fatalf("versions %d and %d have the same tag %s", before, i, tag)
		}
		seen[tag] = i
	}
}

// testCancel ends a context while a body is read.
func testCancel(k *kit) {
	content := pattern(8 << 20)
	k.add("large", content)
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	part, err := k.store.Get(within, "large", storage.Range{}, storage.Conditions{})
	k.must(err)
	if _, err = io.ReadFull(part.Body, make([]byte, 1000)); err != nil {
		k.Fatal(err)
	}
	cancel()
	began := time.Now()
	_, err = io.Copy(io.Discard, part.Body)
	k.refused(err, context.Canceled, "large")
	if time.Since(began) > 10*time.Second {
		k.Error("the body did not end soon")
	}
	k.must(part.Body.Close())
	_, err = k.store.Get(within, "large", storage.Range{}, storage.Conditions{})
	k.refused(err, context.Canceled, "large")
	_, err = k.store.Stat(within, "large", storage.Conditions{})
	k.refused(err, context.Canceled, "large")
	part, err = k.store.Get(ctx, "large", storage.Range{}, storage.Conditions{}) // given up without a word
	k.must(err)
	k.must(part.Body.Close())
	if _, err = part.Body.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		k.Errorf("a closed body gives %v", err)
	}
}

func testConcurrent(k *kit) {
	content := pattern(1 << 20)
	k.add("object", content)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 16 {
				first := uint64(g*100_000 + i*1000)
				part, err := k.store.Get(ctx, "object", storage.Range{First: first, Length: 10_000}, storage.Conditions{})
				if err != nil {
					k.Error(err)
					return
				}
				got, err := io.ReadAll(part.Body)
				part.Body.Close()
				if err != nil || !bytes.Equal(got, content[first:first+10_000]) {
					k.Errorf("%d: %d bytes, %v", first, len(got), err)
				}
			}
		})
	}
	group.Wait()
}
