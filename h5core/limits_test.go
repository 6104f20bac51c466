package h5core_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// hostile is one input of a row: a file, and what reading all of "x" says.
type hostile struct {
	name string
	file []byte
	kind error  // nil: it is read
	says string // part of the error: the structure or field
}

// limitRows is the checklist of bad input, by its numbers. Rows that others
// test say who.
var limitRows = []struct {
	n         int
	words     string
	cases     func(t *testing.T) []hostile
	elsewhere string
}{
	{1, "no signature", noSignature, ""},
	{2, "superblock cut at each byte", cutSuperblock, ""},
	{3, "superblock of another version or widths", otherSuperblocks, ""},
	{4, "end of file beyond the real one", beyondEnd, ""},
	{5, "consistency flags", consistencyFlags, ""},
	{6, "root address", rootAddresses, ""},
	{7, "checksum of every structure that has one", checksums, ""},
	{8, "object headers", headers, ""},
	{9, "unknown messages", unknownMessages, ""},
	{10, "shared messages", sharedMessages, ""},
	{11, "dataspaces", dataspaces, ""},
	{12, "elements without storage", withoutStorage, ""},
	{13, "datatypes", datatypes, ""},
	{14, "bits outside a number", bitsOutside, ""},
	{15, "strings of 2 GiB", longStrings, ""},
	{16, "fill values and layouts", fillsAndLayouts, ""},
	{17, "chunk shapes", chunkShapes, ""},
	{18, "chunk trees", chunkTrees, ""},
	{19, "chunks on one address", sharedChunks, ""},
	{20, "stored sizes of chunks", storedSizes, ""},
	{21, "deflate bomb", bombs, ""},
	{22, "chunks that decode to another size", otherSizes, ""},
	{23, "windows and blocks of zstd, lz4, blosc, bzip2", nil, "h5core/filter: its decoders have a hard cap"},
	{24, "filter pipelines", pipelines, ""},
	{25, "filter masks", masks, ""},
	{26, "szip, n-bit, scale-offset", impossibleFilters, ""},
	{27, "global heap", globalHeaps, ""},
	{28, "many strings that name one object", sharedStrings, ""},
	{29, "references", references, ""},
	{30, "local heap names", heapNames, ""},
	{31, "cycles of links", linkCycles, ""},
	{32, "fractal heap", fractalHeaps, ""},
	{33, "dense attributes", denseAttributes, ""},
	{34, "names of other files", nil, "the tests of external links, external storage and virtual datasets"},
	{35, "mappings of virtual datasets", nil, "the tests of virtual datasets"},
	{36, "user block", userBlocks, ""},
	{37, "cache image and driver information", extensions, ""},
	{38, "page sizes", pageSizes, ""},
	{39, "the object changes while it is read", nil, "storage: its wrapper pins the version"},
	{40, "answers of a store", nil, "storage: the suite that every store passes"},
	{41, "two superblocks", twoSuperblocks, ""},
	{42, "every flip and every cut of small files", nil, "TestHostileSweep"},
}

func TestLimits(t *testing.T) {
	for i, row := range limitRows {
		if row.n != i+1 || (row.cases == nil) == (row.elsewhere == "") {
			t.Fatalf("row %d of the table: %+v", i+1, row.words)
		}
		if row.cases == nil {
			continue
		}
		t.Run(fmt.Sprintf("%d %s", row.n, row.words), func(t *testing.T) {
			for _, c := range row.cases(t) {
				c.check(t)
			}
		})
	}
}

// check reads the file, and looks at it with Check.
func (c hostile) check(t *testing.T) {
	t.Helper()
	err := readX(c.file)
	switch {
	case c.kind == nil && err != nil:
		t.Errorf("%s: %v", c.name, err)
	case c.kind != nil && (!errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says)):
		t.Errorf("%s: %v, want %v that tells of %q", c.name, err, c.kind, c.says)
	}
	if _, err := h5core.Check(ctx, c.name, h5core.WithDriver(image(c.file)), h5core.WithLimits(h5core.DefaultLimits())); err != nil {
		t.Errorf("%s: check: %v", c.name, err)
	}
}

// readX reads the member "x" with its attributes and elements, and lists it.
func readX(p []byte) error {
	f, err := h5core.Open(ctx, "hostile.h5", "r", h5core.WithDriver(image(p)), h5core.WithLimits(h5core.DefaultLimits()))
	if err != nil {
		return err
	}
	defer f.Close()
	o, err := f.Get(ctx, "x")
	if err != nil {
		return err
	}
	list, err := o.Attributes().All(ctx)
	if err != nil {
		return err
	}
	for _, a := range list {
		if _, err := a.Read(ctx); err != nil {
			return err
		}
	}
	switch o := o.(type) {
	case *h5core.Dataset:
		_, err = o.ReadRaw(ctx, nil)
	case *h5core.Group:
		_, err = o.Links(ctx)
	}
	return err
}

func noSignature(t *testing.T) []hostile {
	return []hostile{
		{"empty", nil, h5core.ErrNotHDF5, ""},
		{"one byte", []byte{0x89}, h5core.ErrNotHDF5, ""},
		{"other bytes", make([]byte, 1<<16), h5core.ErrNotHDF5, ""},
		{"at 1000", append(make([]byte, 1000), good(t)...), h5core.ErrNotHDF5, ""},
	}
}

// good is a file that is read.
func good(t testing.TB) []byte { return build(t, int64Type, oneSpace, freeBytes).file() }

func cutSuperblock(t *testing.T) (list []hostile) {
	for n := 8; n < 48; n++ {
		list = append(list, hostile{fmt.Sprint(n, " bytes"), good(t)[:n], h5core.ErrDamaged, "superblock"})
	}
	return append(list, hostile{"whole", good(t), nil, ""})
}

// set changes bytes of a copy.
func set(p []byte, at int, v ...byte) []byte {
	p = append([]byte(nil), p...)
	copy(p[at:], v)
	return p
}

// resum puts a right checksum behind the first n bytes.
func resum(p []byte, n int) []byte {
	sum := wire.Lookup3(p[:n], 0)
	return set(p, n, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))
}

func otherSuperblocks(t *testing.T) []hostile {
	p := good(t)
	return []hostile{
		{"version 4", set(p, 8, 4), h5core.ErrUnsupported, "version"},
		{"version 255", set(p, 8, 255), h5core.ErrUnsupported, "version"},
		{"offsets of 3 bytes", set(p, 9, 3), h5core.ErrDamaged, "size of offsets"},
		{"lengths of 0 bytes", set(p, 10, 0), h5core.ErrDamaged, "size of offsets"},
		{"lengths of 255 bytes", set(p, 10, 255), h5core.ErrDamaged, "size of offsets"},
	}
}

func beyondEnd(t *testing.T) []hostile {
	p := good(t)
	return []hostile{
		{"cut", p[:len(p)-1], h5core.ErrDamaged, fmt.Sprint(len(p))},
		{"longer than it says", append(p, 0), nil, ""},
	}
}

func consistencyFlags(t *testing.T) (list []hostile) {
	for _, flags := range []byte{1, 4, 5} {
		list = append(list, hostile{fmt.Sprint("flags ", flags), resum(set(good(t), 11, flags), 44), nil, ""})
	}
	return list
}

func rootAddresses(t *testing.T) (list []hostile) {
	for name, addr := range map[string]uint64{
		"undefined": wire.Undefined, "past the end": 1 << 40, "at the end": freeAt + 0x1000, "overflow": wire.Undefined - 1, "nothing there": freeAt,
	} {
		list = append(list, hostile{name, resum(set(good(t), 36, cat(addr)...), 44), h5core.ErrDamaged, "object header"})
	}
	return list
}

// checksums spoils a byte of every structure of a file that has a checksum.
func checksums(t *testing.T) (list []hostile) {
	p := good(t)
	for _, at := range []int{12, 20, 30, 40} {
		list = append(list, hostile{fmt.Sprint("superblock byte ", at), set(p, at, p[at]^0x40), h5core.ErrDamaged, "checksum"})
	}
	for _, at := range []int{xAt + 8, xAt + 20, xAt + 60} {
		list = append(list, hostile{fmt.Sprint("header byte ", at), set(p, at, p[at]^0x01), h5core.ErrDamaged, "checksum"})
	}
	return list
}

func unknownMessages(t *testing.T) []hostile {
	with := func(flags uint8) []byte {
		m := of(0x77, 1, 2, 3)
		m.Flags = flags
		return build(t, int64Type, oneSpace, freeBytes, m).file()
	}
	return []hostile{
		{"ignored", with(0), nil, ""},
		{"fail if written", with(message.FailIfWritten), nil, ""},
		{"fail always", with(message.FailAlways), h5core.ErrUnsupported, "0x77"},
	}
}
