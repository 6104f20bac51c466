package load

import (
	"errors"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/space"
)

func TestVirtualLimits(t *testing.T) {
	all := format.Selection{Kind: format.SelectAll}
	list := make([]format.Mapping, maxMappings+1)
	for i := range list {
		list[i] = format.Mapping{File: ".", Dataset: "x", Source: all, Virtual: all}
	}
	for n, want := range map[int]error{0: nil, maxMappings: nil, maxMappings + 1: ErrTooLarge} {
		d := &Data{Space: space.Space{Kind: space.Simple, Dims: []uint64{1}}, virtual: &virtual{}}
		if err := d.prepare(list[:n]); !errors.Is(err, want) {
			t.Errorf("%d mappings: %v, want %v", n, err, want)
		}
	}
	for n, want := range map[uint64]error{0: nil, 7: nil, maxNumbered: nil, maxNumbered + 1: ErrTooLarge, ^uint64(0): ErrTooLarge} {
		got, err := counted(func(i uint64) (bool, error) { return i < n, nil })
		if !errors.Is(err, want) || err == nil && got != n {
			t.Errorf("%d sources: %d, %v, want %v", n, got, err, want)
		}
	}
	if _, err := counted(func(i uint64) (bool, error) { return i < 5, ErrExternal }); !errors.Is(err, ErrExternal) {
		t.Errorf("a source that is refused: %v", err)
	}
}
