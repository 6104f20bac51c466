package vfd_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/vfdtest"
)

func TestMultiReads(t *testing.T) {
	vfdtest.Run(t, func(t *testing.T) vfdtest.Subject {
		name := filepath.Join(t.TempDir(), "x")
		p := vfdtest.Pattern(100_000)
		must(t, os.WriteFile(name+"-s.h5", p, 0o666))
		return vfdtest.Subject{Driver: vfd.Multi{}, Name: name, Content: p}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func files(t *testing.T, folder string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(folder)
	must(t, err)
	for _, e := range list {
		info, err := e.Info()
		must(t, err)
		if info.Size() > 0 {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestFamilyCutsAtTheMemberSize(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "100%%-%02d.h5")
	f, err := vfd.Family{MemberSize: 1000}.Open(t.Context(), name, vfd.Truncate)
	must(t, err)
	want := vfdtest.Pattern(3500)
	must(t, f.WriteAt(t.Context(), want[2500:], 2500)) // the ones before are made whole
	must(t, f.WriteAt(t.Context(), want[:2500], 0))
	must(t, f.Close())
	if got, want := files(t, folder), []string{"100%-00.h5", "100%-01.h5", "100%-02.h5", "100%-03.h5"}; !slices.Equal(got, want) {
		t.Fatalf("files %v, want %v", got, want)
	}
	for _, size := range []uint64{0, 1000, 77} { // files of several members say it themselves
		f, err := vfd.Family{MemberSize: size}.Open(t.Context(), name, vfd.Read)
		must(t, err)
		got := make([]byte, 3500)
		must(t, f.ReadAt(t.Context(), got, 0))
		if f.Size() != 3500 || !bytes.Equal(got, want) {
			t.Errorf("member size %d: %d bytes, equal: %t", size, f.Size(), bytes.Equal(got, want))
		}
		must(t, f.Close())
	}
	f, err = vfd.Family{MemberSize: 5000}.Open(t.Context(), name, vfd.Truncate) // over the larger one
	must(t, err)
	must(t, f.WriteAt(t.Context(), want[:10], 0))
	must(t, f.Close())
	if got := files(t, folder); len(got) != 1 {
		t.Errorf("what is left of the older family: %v", got)
	}
}

func TestFamilyRefuses(t *testing.T) {
	for _, name := range []string{"x.h5", "x%d-%d.h5", "x%s.h5", "x%", "x%%d.h5", "x%99999d.h5", "x%d%s.h5"} {
		if _, err := (vfd.Family{}).Open(t.Context(), filepath.Join(t.TempDir(), name), vfd.Truncate); !errors.Is(err, vfd.ErrSet) {
			t.Errorf("%q: %v", name, err)
		}
	}
	f, err := vfd.Family{MemberSize: 10}.Open(t.Context(), filepath.Join(t.TempDir(), "x%lu"), vfd.Truncate)
	must(t, err)
	defer f.Close()
	if err := f.WriteAt(t.Context(), []byte{1}, 1<<30); !errors.Is(err, vfd.ErrRange) {
		t.Errorf("a hundred million members: %v", err)
	}
}

// family makes members of 10, 10 and 4 bytes.
func family(t *testing.T, d vfd.Family, sizes ...int) vfd.File {
	t.Helper()
	folder := t.TempDir()
	for i, n := range sizes {
		must(t, os.WriteFile(filepath.Join(folder, string(rune('0'+i))), make([]byte, n), 0o666))
	}
	f, err := d.Open(t.Context(), filepath.Join(folder, "%d"), vfd.Read)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func TestFamilyIsHeldToItsSuperblock(t *testing.T) {
	ten := []byte{10, 0, 0, 0, 0, 0, 0, 0}
	for _, c := range []struct {
		what  string
		asked uint64
		sizes []int
		id    string
		info  []byte
		ok    bool
	}{
		{"as it says", 0, []int{10, 10, 4}, "NCSAfami", ten, true},
		{"as asked for", 10, []int{10, 10, 4}, "NCSAfami", ten, true},
		{"one short member", 0, []int{4}, "NCSAfami", ten, true},
		{"an empty member behind", 0, []int{10, 4, 0}, "NCSAfami", ten, true},
		{"another size was asked for", 11, []int{10, 10, 4}, "NCSAfami", ten, false},
		{"a short member in the middle", 0, []int{10, 9, 4}, "NCSAfami", ten, false},
		{"a long last member", 0, []int{10, 11}, "NCSAfami", ten, false},
		{"members of no bytes", 0, []int{10}, "NCSAfami", make([]byte, 8), false},
		{"another driver", 0, []int{10}, "NCSAmult", ten, false},
		{"cut short", 0, []int{10}, "NCSAfami", ten[:7], false},
	} {
		f := family(t, vfd.Family{MemberSize: c.asked}, c.sizes...)
		err := f.(vfd.Described).Describe(t.Context(), c.id, c.info)
		if c.ok != (err == nil) || err != nil && !errors.Is(err, vfd.ErrSet) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestSplitParts(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	f, err := vfd.Split{RawExt: ".raw"}.Open(t.Context(), name, vfd.Exclusive)
	must(t, err)
	must(t, f.WriteAt(t.Context(), []byte("metadata"), 0))
	must(t, f.WriteAt(t.Context(), []byte("elements"), vfd.RawStart))
	if want := uint64(vfd.RawStart) + 8; f.Size() != want {
		t.Errorf("size %#x, want %#x", f.Size(), want)
	}
	for addr, want := range map[uint64]uint64{0: 8, 3: 5, 8: 0, 1 << 40: 0, vfd.RawStart: 8, vfd.RawStart + 5: 3, math.MaxUint64: 0} {
		if got := vfd.Room(f, addr); got != want {
			t.Errorf("%d bytes from %#x on, want %d", got, addr, want)
		}
	}
	p := make([]byte, 8)
	must(t, f.ReadAt(t.Context(), p, vfd.RawStart))
	if string(p) != "elements" {
		t.Errorf("%q", p)
	}
	if err := f.ReadAt(t.Context(), p, 4); !errors.Is(err, vfd.ErrShort) {
		t.Errorf("in the gap: %v", err)
	}
	id, info := f.(vfd.Described).Description(f.Size())
	must(t, f.Close())
	must(t, os.Remove(name+".raw"))
	f, err = vfd.Split{RawExt: ".raw"}.Open(t.Context(), name, vfd.Read)
	must(t, err)
	defer f.Close()
	must(t, f.(vfd.Described).Describe(t.Context(), id, info))
	must(t, f.ReadAt(t.Context(), p, 0))
	if err := f.ReadAt(t.Context(), p, vfd.RawStart); !errors.Is(err, vfd.ErrShort) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without its file: %v", err)
	}
}

// described is the information of a multi file: two members.
func described(first, second string) []byte {
	info := []byte{
		1, 1, 3, 1, 1, 1, 0, 0, // elements lie in a member of their own
		0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, // the first: from 0 on, 16 bytes
		0, 1, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, // the second: from 256 on
	}
	for _, name := range []string{first, second} {
		info = append(info, name...)
		info = append(info, make([]byte, 8-len(name)%8)...)
	}
	return info
}

func TestMultiIsArrangedByItsSuperblock(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "x")
	for ext, text := range map[string]string{"-s.h5": "0123456789abcdef", "-raw": "ABCDEFGHIJKLMNOP", "-b.h5": "none of it"} {
		must(t, os.WriteFile(name+ext, []byte(text), 0o666))
	}
	open := func() vfd.File {
		f, err := vfd.Multi{}.Open(t.Context(), name, vfd.Read)
		must(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	f := open()
	must(t, f.(vfd.Described).Describe(t.Context(), "NCSAmult", described("%s-s.h5", "%s-raw")))
	a, b := make([]byte, 4), make([]byte, 4)
	must(t, vfd.Fetch(context.Background(), f, vfd.Raw, []vfd.Segment{{Addr: 258, Data: a}, {Addr: 10, Data: b}}))
	if string(a) != "CDEF" || string(b) != "abcd" || f.Size() != 256+16 {
		t.Errorf("%q, %q, size %d", a, b, f.Size())
	}
	good := described("%s-s.h5", "%s-raw")
	for what, info := range map[string][]byte{
		"no name of the file":  described("%s-s.h5", "/etc/passwd"),
		"another folder":       described("%s-s.h5", "%s/../secret"),
		"two file names":       described("%s-s.h5", "%s%s"),
		"an unknown class":     slices.Concat([]byte{7}, good[1:]),
		"starts that descend":  slices.Concat(good[:24], make([]byte, 8), good[32:]),
		"cut off in the names": good[:45],
		"cut off in the map":   good[:7],
		"cut off in the ends":  good[:30],
	} {
		if err := open().(vfd.Described).Describe(t.Context(), "NCSAmult", info); !errors.Is(err, vfd.ErrSet) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add([]byte{10, 0, 0, 0, 0, 0, 0, 0})
	f.Add(described("%s-s.h5", "%s-r.h5"))
	f.Fuzz(func(t *testing.T, info []byte) {
		name := filepath.Join(t.TempDir(), "x%d")
		must(t, os.WriteFile(name[:len(name)-2]+"0", make([]byte, 30), 0o666))
		must(t, os.WriteFile(name+"-s.h5", make([]byte, 30), 0o666))
		for id, d := range map[string]vfd.Driver{"NCSAfami": vfd.Family{}, "NCSAmult": vfd.Multi{}} {
			h, err := d.Open(t.Context(), name, vfd.Read)
			must(t, err)
			err = h.(vfd.Described).Describe(t.Context(), id, info)
			if err != nil && !errors.Is(err, vfd.ErrSet) && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", id, err)
			}
			if n := vfd.Room(h, 0); n > 30 {
				t.Errorf("%s: %d of 30 bytes", id, n)
			}
			_ = h.Close()
		}
	})
}
