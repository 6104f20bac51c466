package plan

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestEveryPlannedFileReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var choices []int
		m := &maker{pick: func(n int) int {
			choices = append(choices, rapid.IntRange(0, n-1).Draw(t, "choice"))
			return choices[len(choices)-1]
		}}
		p, root := makeAndPlan(t, m)
		whole := written(t, p)
		if uint64(len(whole)) != p.Size() {
			t.Fatalf("%d bytes, planned %d", len(whole), p.Size())
		}
		if user := m.settings.UserBlock; !bytes.HasPrefix(whole, user) {
			t.Fatal("the user block is not there")
		}
		(&reader{t: t, made: m}).read(whole, m.settings.UserBlockSize, root)
		checkWindows(t, p, whole)
		checkAgain(t, m, root, whole, choices)
	})
}

func makeAndPlan(t *rapid.T, m *maker) (*Plan, *object.Group) {
	m.settings = settingsAt(Libver(m.pick(int(Latest)+1)), newMemory(t))
	if m.settings.UserBlockSize = []uint64{0, 512, 2048}[m.pick(3)]; m.settings.UserBlockSize > 0 {
		m.settings.UserBlock = []byte("a user block")
	}
	root := m.tree()
	if m.err != nil {
		t.Fatal(m.err)
	}
	ctx := context.Background()
	estimate, exact, err := Estimate(ctx, root, m.settings)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Build(ctx, root, m.settings)
	if err != nil {
		t.Fatal(err)
	}
	if estimate < p.Size() || exact && estimate != p.Size() {
		t.Fatalf("estimated %d, exact %v, it is %d", estimate, exact, p.Size())
	}
	if s := p.Summary(); s.Metadata+s.Raw != p.Size() {
		t.Fatalf("%+v of %d bytes", s, p.Size())
	}
	return p, root
}

func checkWindows(t *rapid.T, p *Plan, whole []byte) {
	for range 4 {
		off := rapid.Uint64Range(0, p.Size()).Draw(t, "off")
		n := rapid.Uint64Range(0, p.Size()-off).Draw(t, "n")
		var got bytes.Buffer
		if err := p.WriteWindow(context.Background(), &got, off, n); err != nil || !bytes.Equal(got.Bytes(), whole[off:off+n]) {
			t.Fatalf("window %d+%d: %d bytes, %v", off, n, got.Len(), err)
		}
	}
}

// checkAgain plans the same tree, and one made alike, once more.
func checkAgain(t *rapid.T, m *maker, root *object.Group, whole []byte, choices []int) {
	again, err := Build(context.Background(), root, m.settings)
	if err != nil || !bytes.Equal(written(t, again), whole) {
		t.Fatalf("a second plan of the tree gives other bytes, %v", err)
	}
	alike := &maker{pick: func(int) int {
		choice := choices[0]
		choices = choices[1:]
		return choice
	}}
	p, _ := makeAndPlan(t, alike)
	if !bytes.Equal(written(t, p), whole) {
		t.Fatal("a tree made alike gives other bytes")
	}
}

// Attributes that do not fit the first chunk go on in a second one.
func TestContinuations(t *testing.T) {
	for _, low := range []Libver{Earliest, V110} {
		root := &object.Group{Object: object.Object{Links: 1}}
		for i := range 10 {
			root.Attributes = append(root.Attributes, &object.Attribute{
				Name: fmt.Sprint("a", i), Type: i8, Space: simple(1000), Data: bytes.Repeat([]byte{byte(i)}, 8000),
			})
		}
		file := built(t, root, low)
		m := &maker{settings: settingsAt(low, newMemory(t))}
		(&reader{t: t, made: m}).read(file, 0, root)
		if got := bytes.Contains(file, []byte("OCHK")); got != (low == V110) {
			t.Errorf("%v: continuation of version 2: %v", low, got)
		}
	}
}

// Old-style groups are sorted, and every name is found by walking the tree.
func TestSymbolTables(t *testing.T) {
	for _, n := range []int{0, 1, 8, 9, 256, 257, 9000} {
		root := &object.Group{Object: object.Object{Links: 1}}
		for i := range n {
			name := fmt.Sprintf("n%d", i*7919%n) // in no order
			l := &object.Link{Name: name, Kind: object.Soft, Path: "/to/" + name}
			if i%100 == 0 {
				l = &object.Link{Name: name, Kind: object.Hard, Node: root}
			}
			root.Add(l)
		}
		file := built(t, root, Earliest)
		r := &reader{t: t, made: &maker{settings: settingsAt(Earliest, newMemory(t))}}
		r.read(file, 0, root)
		var s format.Superblock
		r.decode(0, &s)
		tree := r.table(message.SymbolTable{BTree: s.Root.BTree, Heap: s.Root.Heap})
		for i := range n {
			name := fmt.Sprintf("n%d", i)
			if e, ok := tree.find(name); !ok || e.CacheType == format.CacheSoft && tree.name(uint64(e.SoftOffset)) != "/to/"+name {
				t.Fatalf("%d names: %q is not found: %+v", n, name, e)
			}
		}
		for _, name := range []string{"", "n", "n9999999", "zzz", "\x00"} {
			if _, ok := tree.find(name); ok {
				t.Errorf("%d names: %q is found", n, name)
			}
		}
	}
}

// The smallest file with a dataset, byte for byte what a reader sees. Run with
// -update after a change that is meant.
func TestSmallestFile(t *testing.T) {
	for _, low := range []Libver{Earliest, V110} {
		file := built(t, rangeOfTen(), low)
		got := describe(t, file)
		name := filepath.Join("testdata", "smallest_"+low.String()+".golden")
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", low, diff)
		}
	}
}

// rangeOfTen is a file of one dataset, 0 to 9.
func rangeOfTen() *object.Group {
	root := &object.Group{Object: object.Object{Links: 1}}
	data := make([]byte, 80)
	for i := range 10 {
		data[8*i] = byte(i)
	}
	root.Add(&object.Link{Name: "dataset", Node: &object.Dataset{
		Type: i8, Space: simple(10), Layout: object.Contiguous, Values: elements{data, 8},
	}})
	return root
}

// describe walks a file of one group and one dataset.
func describe(t *testing.T, file []byte) string {
	var b strings.Builder
	say := func(addr uint64, s wire.Structure) {
		t.Helper()
		text, err := wire.Describe(file[addr:], wire.Default, addr, s)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(text)
	}
	header := func(addr uint64) {
		h := &format.ObjectHeader{Version: 2}
		if file[addr] == 1 {
			h.Version = 1
		}
		say(addr, h)
		for _, m := range h.Messages {
			body := map[uint16]wire.Structure{
				message.TypeDataspace: &message.Dataspace{}, message.TypeDatatype: &message.Datatype{},
				message.TypeFillValue: &message.FillValue{}, message.TypeLayout: &message.Layout{},
				message.TypeLinkInfo: &message.LinkInfo{}, message.TypeGroupInfo: &message.GroupInfo{},
				message.TypeLink: &message.Link{}, message.TypeSymbolTable: &message.SymbolTable{},
			}[m.Type]
			text, err := wire.Describe(m.Raw, wire.Default, 0, body)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString(text)
		}
	}
	var s format.Superblock
	say(0, &s)
	if s.Version >= 2 {
		header(s.RootHeader)
		header(uint64(bytes.LastIndex(file, []byte("OHDR"))))
	} else {
		header(s.Root.Header)
		say(s.Root.BTree, &format.BTree1{Type: format.GroupTree, K: format.GroupInternalK})
		say(s.Root.Heap, &format.LocalHeap{})
		leaf := &format.SymbolNode{K: format.GroupLeafK}
		say(uint64(bytes.Index(file, []byte("SNOD"))), leaf)
		header(leaf.Entries[0].Header)
	}
	fmt.Fprintf(&b, "%d bytes, the last 80: % x\n", len(file), file[len(file)-80:])
	return b.String()
}

// Contiguous elements are made a window at a time, which elements of 13 bytes
// never fill.
func TestContiguousBeyondOneWindow(t *testing.T) {
	data := make([]byte, 13*200_000)
	for i := range data {
		data[i] = byte(i * 7919 >> 8)
	}
	root := &object.Group{Object: object.Object{Links: 1}}
	root.Add(&object.Link{Name: "d", Node: &object.Dataset{
		Type: dtype.Must(dtype.OpaqueOf(13, "")), Space: simple(200_000), Layout: object.Contiguous, Values: elements{data, 13},
	}})
	p, err := Build(context.Background(), root, settingsAt(Earliest, newMemory(t)))
	if err != nil {
		t.Fatal(err)
	}
	front := p.Size() - uint64(len(data))
	for _, from := range []uint64{0, 1, 12, 13, window - 1, window, 2*window - 1} {
		for _, n := range []uint64{1, 13, window - 1, window, window + 1, 2 * window} {
			n = min(n, uint64(len(data))-from)
			var got bytes.Buffer
			err := p.WriteWindow(context.Background(), &got, front+from, n)
			if err != nil || !bytes.Equal(got.Bytes(), data[from:from+n]) {
				t.Errorf("%d+%d: %d bytes, %v", from, n, got.Len(), err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	ctx := context.Background()
	group := func(d *object.Dataset) *object.Group {
		g, root := &object.Group{}, &object.Group{Object: object.Object{Links: 1}}
		g.Add(&object.Link{Name: "d", Node: d})
		root.Add(&object.Link{Name: "g", Node: g})
		return root
	}
	native := dtype.Must(dtype.NativeComplex(8, dtype.LittleEndian))
	var large *TooLarge
	var newer *TooNew
	var many *TooManyChunks
	for name, tc := range map[string]struct {
		d    object.Dataset
		high Libver
		is   any
	}{
		"compact too large": {object.Dataset{Type: i8, Space: simple(8192), Layout: object.Compact}, Latest, &large},
		"attribute too large": {object.Dataset{Type: i8, Space: simple(1), Layout: object.Contiguous, Object: object.Object{
			Attributes: []*object.Attribute{{Name: "a", Type: i8, Space: simple(8192), Data: make([]byte, 65536)}},
		}}, Latest, &large},
		"complex":  {object.Dataset{Type: native, Space: simple(1), Layout: object.Contiguous}, V114, &newer},
		"in array": {object.Dataset{Type: dtype.Must(dtype.ArrayOf(native, 2)), Space: simple(1), Layout: object.Contiguous}, V114, &newer},
		"too many chunks": {object.Dataset{
			Type: i4, Space: simple(1 << 40), Layout: object.Chunked, Chunk: []uint64{1}, Values: elements{},
		}, Latest, &many},
		"elements beyond 2^63": {object.Dataset{Type: i8, Space: simple(1 << 61), Layout: object.Contiguous}, Latest, nil},
	} {
		s := settingsAt(Earliest, newMemory(t))
		s.High = tc.high
		var at *PathError
		_, err := Build(ctx, group(&tc.d), s)
		if !errors.As(err, &at) || at.Path != "/g/d" || tc.is != nil && !errors.As(err, tc.is) {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, again := Estimate(ctx, group(&tc.d), s); again == nil || again.Error() != err.Error() {
			t.Errorf("%s: Estimate says %v", name, again)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p, err := Build(ctx, rangeOfTen(), settingsAt(Earliest, newMemory(t)))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	var b bytes.Buffer
	if err := p.WriteWindow(ctx, &b, 0, p.Size()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Build(ctx, rangeOfTen(), settingsAt(Earliest, newMemory(t))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestLibver(t *testing.T) {
	for i, name := range []string{"earliest", "v108", "v110", "v112", "v114", "v200"} {
		if v, err := ParseLibver(name); err != nil || v != Libver(i) || v.String() != name {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	if v, err := ParseLibver("latest"); err != nil || v != V200 {
		t.Error(v, err)
	}
	if _, err := ParseLibver("v109"); err == nil || !strings.Contains(err.Error(), "v110") {
		t.Error(err)
	}
}

func BenchmarkRangeOfTen(b *testing.B) {
	root, memory := rangeOfTen(), newMemory(b)
	b.ReportAllocs()
	for b.Loop() {
		p, err := Build(context.Background(), root, settingsAt(Earliest, memory))
		if err != nil || p.Size() == 0 {
			b.Fatal(err)
		}
		if err := memory.Truncate(context.Background(), 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkThousandGroupsOfTen(b *testing.B) {
	root := &object.Group{Object: object.Object{Links: 1}}
	for i := range 1000 {
		g := &object.Group{}
		for k := range 10 {
			g.Add(&object.Link{Name: fmt.Sprint("d", k), Node: &object.Dataset{
				Type: i8, Space: space.Space{Kind: space.Simple, Dims: []uint64{10}}, Layout: object.Contiguous, Values: elements{make([]byte, 80), 8},
			}})
		}
		root.Add(&object.Link{Name: fmt.Sprint("g", i), Node: g})
	}
	for _, low := range []Libver{Earliest, V110} {
		b.Run(low.String(), func(b *testing.B) {
			memory := newMemory(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Build(context.Background(), root, settingsAt(low, memory)); err != nil {
					b.Fatal(err)
				}
				if err := memory.Truncate(context.Background(), 0); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/11001, "ns/object")
		})
	}
}
