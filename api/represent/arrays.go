package represent

import (
	"io"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// NewMemory writes the bytes of numpy's memory.
func NewMemory(w io.Writer, m *Memory) Writer { return &memoryWriter{w: w, m: m} }

type memoryWriter struct {
	w   io.Writer
	m   *Memory
	buf []byte
}

// memoryStep is about how many bytes are converted at once.
const memoryStep = 64 << 10

func (w *memoryWriter) Write(data []byte, _ Heap) (err error) {
	if w.m.item == nil && w.m.swap == 0 {
		_, err = w.w.Write(data)
		return err
	}
	step := max(memoryStep/w.m.stored, 1) * w.m.stored
	for len(data) > 0 {
		n := min(step, len(data))
		if w.buf, err = w.m.Append(w.buf[:0], data[:n]); err != nil {
			return err
		}
		if _, err = w.w.Write(w.buf); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

func (w *memoryWriter) Close() error { return nil }

// Shape is that of the elements in memory: of a shape, and the axes of an array type.
func (m *Memory) Shape(shape []uint64) []uint64 {
	return append(append([]uint64{}, shape...), m.Dims...)
}

// NPYHead is what stands before the bytes of memory in a file of numpy's (NEP 1).
func (m *Memory) NPYHead(shape []uint64) []byte {
	return npyHeader("'"+m.Descr+"'", m.Shape(shape))
}

// Booleans of HDF5 are bytes; pictures have a bit for each.
func (m *Memory) boolean() bool { return m.Kind == 'b' }

// Item is the type of the items of an array type, any other type itself; of opaque elements that h5py made of one of
// numpy's types, that type.
func Item(t *dtype.Type) *dtype.Type {
	for t.Class == dtype.Array {
		t = t.Base
	}
	return tagged(t)
}

// tagged finds the type that the tag of an opaque one names. Times stay: HDF5 has nothing else for them.
func tagged(t *dtype.Type) *dtype.Type {
	name, ok := strings.CutPrefix(t.Tag, "NUMPY:")
	if !ok || t.Class != dtype.Opaque {
		return t
	}
	meant, err := dtype.Parse(name)
	if err != nil || meant.Size != t.Size || meant.Class == dtype.VarLen || meant.Class == dtype.Opaque {
		return t
	}
	return meant
}
