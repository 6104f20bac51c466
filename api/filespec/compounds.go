package filespec

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/h5serve/h5serve/h5core/dtype"
)

func arrayEncoder(element encoder, dims []uint32, size int) encoder {
	if len(dims) == 0 {
		return element
	}
	inner := arrayEncoder(element, dims[1:], size)
	for _, d := range dims[1:] {
		size *= int(d)
	}
	what := fmt.Sprintf("an element is an array of shape %v", dims)
	return func(s *scanner, dst []byte) {
		if s.kind() != '[' {
			s.mismatch("a list: " + what)
			return
		}
		fixedList(s, dst, inner, int(dims[0]), size, what)
	}
}

// compoundEncoder takes rows as lists, in the order of the members, and as
// objects.
func compoundEncoder(t *dtype.Type, heap dtype.Heap) encoder {
	members := make([]encoder, len(t.Members))
	index := make(map[string]int, len(t.Members))
	names := make([]string, len(t.Members))
	for i, m := range t.Members {
		members[i] = newEncoder(m.Type, heap)
		index[m.Name], names[i] = i, m.Name
	}
	put := func(s *scanner, dst []byte, i int) {
		m := &t.Members[i]
		members[i](s, dst[m.Offset:m.Offset+m.Type.Size])
	}
	what := fmt.Sprintf("a row has the fields %s", strings.Join(names[:min(len(names), 20)], ", "))
	return func(s *scanner, dst []byte) {
		switch s.kind() {
		case '[':
			i := 0
			for s.begin(); s.next(); i++ {
				if i < len(members) {
					put(s, dst, i)
				} else {
					s.skip()
				}
			}
			if i != len(members) {
				s.complain(complain("shape_mismatch", "%d values, expected %d: %s", i, len(members), what))
			}
		case '{':
			rowObject(s, index, names, func(i int) { put(s, dst, i) })
		default:
			s.mismatch("a row as a list or an object: " + what)
		}
	}
}

// rowObject reads a row whose values have names, each exactly once.
func rowObject(s *scanner, index map[string]int, names []string, put func(i int)) {
	seen := make([]bool, len(names))
	found := 0
	for s.begin(); s.next(); {
		key := string(s.key())
		i, ok := index[key]
		switch {
		case s.err != nil:
		case !ok:
			e := Entry{Pointer: s.pointer(), Detail: "no such field; there are " + strings.Join(names[:min(len(names), 20)], ", ")}
			e.DidYouMean = nearest(key, names[:min(len(names), 100)])
			s.complain(problem("unknown_key", e))
			s.skip()
		case seen[i]:
			s.complain(complain("duplicate_key", "the key %q is there twice", key))
			s.skip()
		default:
			seen[i] = true
			found++
			put(i)
		}
	}
	if s.err != nil || found == len(names) {
		return
	}
	for i, is := range seen {
		if !is {
			s.complain(complain("missing_key", "the field %q is missing", names[i]))
			return
		}
	}
}

// varStringEncoder takes texts; null is the null pointer, which is not "".
func varStringEncoder(t *dtype.Type, heap dtype.Heap) encoder {
	return func(s *scanner, dst []byte) {
		var text []byte
		switch s.kind() {
		case 'n':
			s.literal()
			clear(dst)
			return
		case '"':
			text = s.str(math.MaxInt32)
		case '{':
			b, ok := base64Object(s, math.MaxInt32/4)
			if !ok {
				return
			}
			text = b
		default:
			s.mismatch("a text or null")
			return
		}
		if s.err == nil {
			putVarString(s, t, dst, text, heap)
		}
	}
}

func putVarString(s *scanner, t *dtype.Type, dst, text []byte, heap dtype.Heap) {
	if err := checkVarString(t, text); err != nil {
		s.complain(err)
		return
	}
	s.heapError(putHeap(dst, heap, text, len(text)))
}

// checkVarString holds text to what a null-terminated string can hold.
func checkVarString(t *dtype.Type, text []byte) error {
	for i, c := range text {
		switch {
		case c == 0:
			return complain("bad_value", "a NUL at byte %d: a string of any length cannot hold one", i)
		case c >= utf8.RuneSelf && t.CharSet == dtype.ASCII:
			return complain("bad_value", "%q is not ASCII (byte %d)", cut(text), i)
		}
	}
	return nil
}

// putHeap stores a descriptor: the length, then where the heap put the data.
func putHeap(dst []byte, heap dtype.Heap, data []byte, length int) error {
	token, index, err := heap.Put(data)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(dst, uint32(length))
	binary.LittleEndian.PutUint64(dst[4:], token)
	binary.LittleEndian.PutUint32(dst[12:], index)
	return nil
}

// heapError ends the reading: what is wrong is no value.
func (s *scanner) heapError(err error) {
	if err != nil {
		s.stop(err)
	}
}

func sequenceEncoder(element encoder, size int, heap dtype.Heap) encoder {
	return func(s *scanner, dst []byte) {
		if s.kind() != '[' {
			s.mismatch("a list, which may be of any length")
			return
		}
		// Sequences in sequences need a buffer each, so it is made here.
		var data []byte
		n := 0
		for s.begin(); s.next(); n++ {
			if len(data) > 4*maxElement {
				s.fail("bad_value", "a sequence of more than %d bytes", len(data))
				return
			}
			data = append(data, make([]byte, size)...)
			element(s, data[n*size:])
		}
		clear(dst)
		if s.err == nil && n > 0 {
			s.heapError(putHeap(dst, heap, data, n))
		}
	}
}
