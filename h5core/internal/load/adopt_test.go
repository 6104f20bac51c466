package load

import (
	"context"
	"errors"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

// Descriptors that lead to nowhere, or to where copies are, are refused; those
// of nothing are cleared.
func TestAdoptedDescriptors(t *testing.T) {
	text := dtype.VarString(dtype.UTF8)
	for name, c := range map[string]struct {
		bytes string
		want  error
	}{
		"nothing":             {"00*4 00 10 00*6 01 00*3", nil},
		"no address":          {"02 00*3 00*8 01 00*3", ErrDamaged},
		"no index":            {"02 00*3 00 10 00*6 00*4", ErrDamaged},
		"an undefined place":  {"02 00*3 ff*8 01 00*3", ErrDamaged},
		"where copies are":    {"02 00*3 fe ff*7 01 00*3", ErrDamaged},
		"one that is outside": {"02 00*3 00 10 00*6 01 00*3", ErrDamaged},
	} {
		from := &File{geo: wire.Default, handle: nil, end: 0x800}
		d := &Data{Type: text, virtual: &virtual{}, file: &File{geo: wire.Default}}
		ctx, a := d.Adopting(context.Background())
		p := wiretest.Unhex(t, c.bytes)
		if err := a.adopt(ctx, from, text, p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if c.want == nil && p[5] != 0 {
			t.Errorf("%s: %x", name, p)
		}
	}
	if _, a := (&Data{Type: text}).Adopting(context.Background()); a != nil {
		t.Error("a dataset that is not virtual adopts")
	}
}
