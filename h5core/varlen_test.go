package h5core_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// plain makes elements the lists that JSON has for them.
func plain(t *testing.T, e *h5core.Elements, typ *dtype.Type, data []byte) (list []any) {
	t.Helper()
	for size := int(typ.Size); len(data) >= size; data = data[size:] {
		switch typ.Class {
		case dtype.VarLen:
			inner := e.VarLen(data[:size])
			if typ.IsString {
				list = append(list, string(inner))
				continue
			}
			list = append(list, append([]any{}, plain(t, e, typ.Base, inner)...))
		case dtype.Compound:
			var row []any
			for _, m := range typ.Members {
				row = append(row, plain(t, e, m.Type, data[m.Offset:m.Offset+m.Type.Size])...)
			}
			list = append(list, row)
		default:
			n := binary.LittleEndian.Uint32(data) // no negative ones
			list = append(list, float64(n))
		}
	}
	return list
}

// TestVarLenOfOtherFiles reads elements of variable length whose sources lie in
// this file and in others, as h5py reads them.
func TestVarLenOfOtherFiles(t *testing.T) {
	folder, list := h5py(t, "texts.py")
	for _, s := range list {
		d := s.open(t, folder)
		var want []any
		must(t, json.Unmarshal(s.Values, &want))
		e, err := d.ReadRaw(ctx, nil)
		if err != nil {
			t.Errorf("%s: %v", s.Path, err)
			continue
		}
		if got := plain(t, e, e.Type, e.Data); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", s.Path, got, want)
		}
		box := space.Box{Start: make([]uint64, len(s.Shape)), Count: make([]uint64, len(s.Shape))}
		for i, n := range s.Shape {
			box.Start[i], box.Count[i] = n/3, n-n/3
		}
		part, err := d.ReadRaw(ctx, space.Slab(box))
		must(t, err)
		var some []any
		for run := range space.Slab(box).Runs(s.Shape) {
			some = append(some, want[run.Offset:run.Offset+run.Count]...)
		}
		if got := plain(t, part, part.Type, part.Data); !reflect.DeepEqual(got, some) {
			t.Errorf("%s: a part is %v, want %v", s.Path, got, some)
		}
		copied := inMemory(t)
		must(t, h5core.Copy(ctx, d, copied.Group, "copy", h5core.Select(d.Name(), space.Slab(box))))
		if e, err = open(t, reopened(t, copied), "copy").ReadRaw(ctx, nil); err != nil {
			t.Errorf("%s, copied: %v", s.Path, err)
		} else if got := plain(t, e, e.Type, e.Data); !reflect.DeepEqual(got, some) {
			t.Errorf("%s: copied it is %v, want %v", s.Path, got, some)
		}
	}
}

// A read has a limit that counts what is brought from other files.
func TestVarLenOfOtherFilesHasALimit(t *testing.T) {
	folder, _ := h5py(t, "texts.py")
	f, err := h5core.Open(ctx, filepath.Join(folder, "virtual.h5"), "r", h5core.WithFollow(folder), h5core.WithLimits(h5core.Limits{Read: 700}))
	must(t, err)
	defer f.Close()
	if _, err := open(t, f, "chunked").ReadRaw(ctx, nil); !errors.Is(err, h5core.ErrTooLarge) {
		t.Errorf("1,440 bytes of texts: %v", err)
	}
	_, err = open(t, f, "chunked").ReadRaw(ctx, space.Slab(space.Box{Start: []uint64{1, 0}, Count: []uint64{1, 4}}))
	must(t, err)
}

// TestVirtualCircles reads virtual datasets that come back to themselves, or
// are too deep.
func TestVirtualCircles(t *testing.T) {
	folder, _ := h5py(t, "texts.py")
	for path, want := range map[string]error{
		"far": h5core.ErrDamaged, "itself": h5core.ErrDamaged, "self by name": h5core.ErrDamaged, "one": h5core.ErrDamaged, "grows": h5core.ErrDamaged,
		"deep0": h5core.ErrTooLarge, "deep1": h5core.ErrTooLarge, "deep2": nil, "deep9": nil, "twice": nil,
	} {
		f, err := h5core.Open(ctx, filepath.Join(folder, "a.h5"), "r", h5core.WithFollow(folder))
		must(t, err)
		if err := wanted(f, path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
		must(t, f.Close())
	}
}
