package vfd_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/vfdtest"
)

func TestDrivers(t *testing.T) {
	drivers := map[string]vfd.Driver{
		"sec2":           vfd.Sec2{},
		"core":           vfd.Core{BackingStore: true},
		"core small":     vfd.Core{BackingStore: true, BlockSize: 512},
		"core dropped":   vfd.Core{BlockSize: 4096},
		"core spooled":   vfd.Core{BackingStore: true, BlockSize: 4096, Budget: vfd.NewBudget(20 * 4096), TempDir: t.TempDir()},
		"family":         vfd.Family{MemberSize: 64 << 10},
		"family of core": vfd.Family{MemberSize: 4099, Member: vfd.Core{BackingStore: true, BlockSize: 512}},
		"split":          vfd.Split{},
		"split named":    vfd.Split{MetaExt: ".meta", RawExt: ".raw"},
		"counted": vfdtest.Wrap(vfd.Sec2{}, func(f vfd.File) vfd.File {
			return &vfdtest.Counting{File: f}
		}),
		"without fault": vfdtest.Wrap(vfd.Core{BackingStore: true}, func(f vfd.File) vfd.File {
			return &vfdtest.Faulty{File: f}
		}),
	}
	for name, d := range drivers {
		t.Run(name, func(t *testing.T) {
			vfdtest.Run(t, func(t *testing.T) vfdtest.Subject {
				c, core := d.(vfd.Core)
				return vfdtest.Subject{Driver: d, Name: filepath.Join(t.TempDir(), fileName(d)), Volatile: core && !c.BackingStore}
			})
			if c, ok := d.(vfd.Core); ok && c.Budget != nil && c.Budget.Used() != 0 {
				t.Errorf("%d bytes were not given back", c.Budget.Used())
			}
		})
	}
}

func fileName(d vfd.Driver) string {
	if d.Name() == "family" {
		return "x%03d.h5"
	}
	return "x.h5"
}

func TestLookup(t *testing.T) {
	for _, name := range []string{"sec2", "core", "family", "split", "multi"} {
		if d, err := vfd.Lookup(name); err != nil || d.Name() != name {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	_, err := vfd.Lookup("mpio")
	if err == nil || !strings.Contains(err.Error(), `"mpio"`) || !strings.Contains(err.Error(), "core, ") {
		t.Errorf("the error does not list the known drivers: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a second driver of one name was taken")
		}
	}()
	vfd.Register(vfd.Sec2{})
}

func TestSec2RefusesFolder(t *testing.T) {
	if f, err := (vfd.Sec2{}).Open(t.Context(), t.TempDir(), vfd.Read); err == nil {
		f.Close()
		t.Error("a folder was opened as a file")
	}
}

// An image opened without backing store is loaded, may be changed, and leaves the file alone.
func TestCoreWithoutBackingStore(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.h5")
	write(t, vfd.Sec2{}, name, "stored")
	f, err := vfd.Core{}.Open(t.Context(), name, vfd.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteAt(t.Context(), []byte("changed and longer"), 0); err != nil {
		t.Fatal(err)
	}
	if m := f.(*vfd.CoreFile).Memory(); m.Size() != 18 {
		t.Errorf("the image has %d bytes", m.Size())
	}
	if err := errors.Join(f.Sync(t.Context()), f.Close()); err != nil {
		t.Fatal(err)
	}
	if got := content(t, name); got != "stored" {
		t.Errorf("the file holds %q", got)
	}
}

// An image that was not changed is not written back over what others wrote meanwhile.
func TestCoreWritesBackOnlyChanges(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.h5")
	write(t, vfd.Sec2{}, name, "one")
	f, err := vfd.Core{BackingStore: true}.Open(t.Context(), name, vfd.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	write(t, vfd.Sec2{}, name, "two")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := content(t, name); got != "two" {
		t.Errorf("the file holds %q", got)
	}
}

func TestFaulty(t *testing.T) {
	f, err := vfd.Core{}.Open(t.Context(), "x", vfd.Truncate)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	faulty := &vfdtest.Faulty{File: f, At: 2, Torn: 3, Stay: true}
	errs := []error{
		faulty.WriteAt(t.Context(), []byte("......"), 0),
		faulty.WriteAt(t.Context(), []byte("abcdef"), 0),
		faulty.WriteAt(t.Context(), []byte("ghijkl"), 0),
	}
	if errs[0] != nil || !errors.Is(errs[1], vfdtest.ErrInjected) || !errors.Is(errs[2], vfdtest.ErrInjected) {
		t.Errorf("errors are %v", errs)
	}
	got := make([]byte, 6)
	if err := f.ReadAt(t.Context(), got, 0); err != nil || string(got) != "abc..." || faulty.Done() != 3 {
		t.Errorf("%q after %d operations, %v", got, faulty.Done(), err)
	}
}

func write(t *testing.T, d vfd.Driver, name, text string) {
	t.Helper()
	f, err := d.Open(t.Context(), name, vfd.Truncate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.WriteAt(t.Context(), []byte(text), 0), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, name string) string {
	t.Helper()
	f, err := vfd.Sec2{}.Open(t.Context(), name, vfd.Read)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := make([]byte, f.Size())
	if err := f.ReadAt(t.Context(), p, 0); err != nil {
		t.Fatal(err)
	}
	return string(p)
}
