package h5core_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// TestCheckSets checks files that are sets of files, as h5py wrote them: whole,
// with a member that is damaged, and without one.
func TestCheckSets(t *testing.T) {
	folder, _ := h5py(t, "follow.py")
	sets := []struct {
		name, raw string // of the set, and of a member with chunks
		driver    vfd.Driver
	}{
		{"family-earliest-%02d.h5", "family-earliest-03.h5", vfd.Family{}},
		{"family-v110-%02d.h5", "family-v110-03.h5", vfd.Family{}},
		{"split-earliest", "split-earliest.raw", vfd.Split{MetaExt: ".meta", RawExt: ".raw"}},
		{"split-v110", "split-v110.raw", vfd.Split{MetaExt: ".meta", RawExt: ".raw"}},
	}
	for _, set := range sets {
		check := func() *h5core.Report {
			r, err := h5core.Check(ctx, filepath.Join(folder, set.name), h5core.WithDriver(set.driver))
			must(t, err)
			return r
		}
		r := check()
		if !r.Sound() || r.Datasets != 3 || len(r.Readable) != 3 || r.Chunks != 25 {
			t.Errorf("%s: %d datasets, %d chunks, %+v", set.name, r.Datasets, r.Chunks, r.Findings)
		}
		if r.Bytes.Known > r.Bytes.Size || r.Bytes.Known < 12000+900 {
			t.Errorf("%s: %d bytes are known of %d", set.name, r.Bytes.Known, r.Bytes.Size)
		}
		member := filepath.Join(folder, set.raw)
		p, err := os.ReadFile(member)
		must(t, err)
		spoiled := slices.Clone(p)
		for i := range spoiled {
			spoiled[i] ^= 0x55
		}
		must(t, os.WriteFile(member, spoiled, 0o666))
		if r := check(); r.Sound() || len(r.Findings) == 0 || r.Findings[0].Severity != h5core.Damaged {
			t.Errorf("%s, spoiled: %+v", set.name, r.Findings)
		}
		must(t, os.Remove(member))
		r, err = h5core.Check(ctx, filepath.Join(folder, set.name), h5core.WithDriver(set.driver))
		if err == nil && (r.Sound() || slices.Contains(r.Readable, "/chunks")) {
			t.Errorf("%s, without a member: %v are readable", set.name, r.Readable)
		} else if err != nil && !strings.Contains(err.Error(), "no such file") && !strings.Contains(err.Error(), "not exist") {
			t.Errorf("%s, without a member: %v", set.name, err)
		}
	}
}

// A chunk of a set is no larger than what its member has, however far off the
// end of the addresses is.
func TestChunkLargerThanItsMember(t *testing.T) {
	folder, _ := h5py(t, "follow.py")
	meta := filepath.Join(folder, "split-earliest.meta")
	p, err := os.ReadFile(meta)
	must(t, err)
	at := bytes.Index(p, []byte("TREE\x01\x00")) // the leaf of a chunk tree
	if at < 0 {
		t.Fatal("there is no chunk tree")
	}
	binary.LittleEndian.PutUint32(p[at+24:], 1<<31-1) // bytes of the first chunk
	must(t, os.WriteFile(meta, p, 0o666))
	f, err := h5core.Open(ctx, filepath.Join(folder, "split-earliest"), "r", h5core.WithDriver(vfd.Split{MetaExt: ".meta", RawExt: ".raw"}))
	must(t, err)
	defer f.Close()
	d := open(t, f, "chunks")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = d.ReadRaw(ctx, nil)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, h5core.ErrDamaged) {
		t.Errorf("a chunk of 2 GiB: %v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}
