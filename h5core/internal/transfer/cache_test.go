package transfer

import (
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
)

var words = dtype.Must(dtype.OpaqueOf(8, ""))

// keep puts a chunk of 100 bytes into the cache, of which some are read.
func keep(c *Cache, number uint64, read int) {
	k, lead, _ := c.acquire(number)
	if lead {
		c.complete(k, make([]byte, 100), read)
		return
	}
	c.release(k, read)
}

func kept(c *Cache) (numbers []uint64) {
	for n := range c.chunks {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

// TestEviction fills a cache for four chunks with 1 to 4, of which 3 is read
// whole and 1 is used again, and asks for 5.
func TestEviction(t *testing.T) {
	for name, c := range map[string]struct {
		settings CacheSettings
		want     []uint64
	}{
		"least recently used":       {CacheSettings{10, 400, 0}, []uint64{1, 3, 4, 5}},
		"whole ones first":          {CacheSettings{10, 400, 1}, []uint64{1, 2, 4, 5}},
		"the oldest quarter":        {CacheSettings{10, 400, 0.1}, []uint64{1, 3, 4, 5}},
		"the oldest three quarters": {CacheSettings{10, 400, 0.75}, []uint64{1, 2, 4, 5}},
		"by slots":                  {CacheSettings{4, 1 << 20, 0}, []uint64{1, 3, 4, 5}},
		"no slots":                  {CacheSettings{0, 1 << 20, 0}, nil},
		"no bytes":                  {CacheSettings{10, 0, 0}, nil},
		"chunks that are too large": {CacheSettings{10, 99, 0}, nil},
		"a single one":              {CacheSettings{1, 1 << 20, 0.5}, []uint64{5}},
	} {
		cache := NewCache(c.settings)
		for n := uint64(1); n <= 4; n++ {
			keep(cache, n, 10)
		}
		keep(cache, 3, 90) // all of it by now
		keep(cache, 4, 10)
		keep(cache, 1, 10)
		keep(cache, 5, 10)
		if got := kept(cache); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v are kept, want %v", name, got, c.want)
		}
		if cache.used > c.settings.Bytes || cache.used != uint64(100*len(c.want)) {
			t.Errorf("%s: %d bytes are used", name, cache.used)
		}
	}
}

// TestSmallerBoundsEvictAtOnce also holds chunks that are in use: they go from
// the cache, their bytes stay until the last user released them.
func TestSmallerBoundsEvictAtOnce(t *testing.T) {
	c := NewCache(CacheSettings{10, 1000, 0})
	for n := range uint64(5) {
		keep(c, n, 10)
	}
	k, _, done := c.acquire(2)
	c.Set(CacheSettings{10, 100, 0})
	if got := kept(c); !slices.Equal(got, []uint64{2}) {
		t.Errorf("%v are kept", got)
	}
	c.Set(CacheSettings{})
	if len(c.chunks) != 0 || !done || len(k.data) != 100 {
		t.Errorf("%d are kept; who uses a chunk has %d bytes", len(c.chunks), len(k.data))
	}
	c.release(k, 10)
	if k.data != nil {
		t.Error("the last user gave its bytes back, and they are still there")
	}
}
