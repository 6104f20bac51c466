package walk

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

var errSpent = errors.New("the budget is used up")

// memory is a file in memory that counts what is asked of it.
type memory struct {
	data  []byte
	geo   wire.Geometry
	left  int // nodes
	waves int
	bytes int
}

func newMemory(size int) *memory {
	return &memory{data: make([]byte, size), geo: wire.Default, left: 1 << 20}
}

func (m *memory) Fetch(_ context.Context, _ vfd.Class, segs []vfd.Segment) error {
	m.waves++
	for _, s := range segs {
		if s.Addr > uint64(len(m.data)) || uint64(len(s.Data)) > uint64(len(m.data))-s.Addr {
			return fmt.Errorf("a wave leaves the file: %d bytes at %#x", len(s.Data), s.Addr)
		}
		m.bytes += copy(s.Data, m.data[s.Addr:])
	}
	return nil
}

func (m *memory) Geometry() wire.Geometry { return m.geo }
func (m *memory) End() uint64             { return uint64(len(m.data)) }

func (m *memory) Spend(_ context.Context, nodes int) error {
	if m.left -= nodes; m.left < 0 {
		return errSpent
	}
	return nil
}

// put writes a structure at an address and gives the address behind it.
func (m *memory) put(t testing.TB, addr uint64, s wire.Structure) uint64 {
	t.Helper()
	p, err := wire.Append(nil, m.geo, s)
	if err != nil {
		t.Fatal(err)
	}
	if need := int(addr) + len(p); need > len(m.data) {
		m.data = append(m.data, make([]byte, need-len(m.data))...)
	}
	copy(m.data[addr:], p)
	return addr + uint64(len(p))
}

// faulty checks that a walk ended with a fault of a field.
func faulty(t *testing.T, what string, err error, field string) {
	t.Helper()
	var f *wire.Fault
	if !errors.As(err, &f) || f.Field != field {
		t.Errorf("%s: %v, want a fault of %q", what, err, field)
	}
}
