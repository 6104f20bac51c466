package filespec

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// inlineContent finds the shape of values that stand in the description.
func (p *parser) inlineContent(d *draft) (content, error) {
	f := d.data.profile
	t, dims := d.t, slices.Clone(f.shape())
	lists := len(dims)
	switch {
	case d.data.row != nil && (t == nil || nests(t) == 0):
		return content{}, d.data.row
	case t == nil:
		inferred, err := f.infer()
		if err != nil {
			return content{}, err
		}
		t = inferred
	case nests(t) == 0:
		if f.ragged != nil {
			return content{}, f.ragged
		}
	case f.depth == 1 && f.rank == 1 && f.dims[0] == 0: // []
	default:
		lists = p.listsAround(d, t)
		var err error
		if dims, err = p.measure(d, lists); err != nil {
			return content{}, err
		}
	}
	if err := checkElement(t); err != nil {
		return content{}, at(d.data.pointer, "bad_dtype", err)
	}
	if d.shaped && !slices.Equal(dims, d.shape) {
		n, ok := product(d.shape)
		if !ok || len(dims) != 1 || dims[0] != n {
			return content{}, problem("shape_mismatch", Entry{Pointer: d.data.pointer, Detail: fmt.Sprintf(
				"the values have the shape %v, \"shape\" says %v", dims, d.shape)})
		}
		dims = d.shape
	}
	return content{t, dims, value{stream: inlineValues{p.spec, t, d.data.at, d.data.pointer, lists}}}, nil
}

// maxElement is the most that one element from JSON may have: it is made in
// memory, and its text may be much shorter.
const maxElement = 64 << 20

func checkElement(t *dtype.Type) error {
	if t.Size > maxElement {
		return complain("bad_dtype", "an element of %d bytes; at most %d are made of JSON: send a part", t.Size, maxElement)
	}
	return nil
}

// listsAround is how many lists lie around the elements of a type that is
// made of lists itself. One list holds all values of a shape, too.
func (p *parser) listsAround(d *draft, t *dtype.Type) int {
	natural := max(d.data.profile.depth-nests(t), 0)
	if d.shaped && (natural != 1 || len(d.shape) == 0) {
		return len(d.shape)
	}
	return natural
}

// measure reads the lengths of the outer lists.
func (p *parser) measure(d *draft, lists int) ([]uint64, error) {
	s := p.spec.scan(p.ctx, d.data.at, d.data.pointer)
	dims := make([]uint64, lists)
	known := make([]bool, lists)
	var walk func(depth int)
	walk = func(depth int) {
		if depth == lists {
			s.skip()
			return
		}
		if s.kind() != '[' {
			s.fail("ragged", "a value where the shape has a list")
			return
		}
		n := uint64(0)
		for s.begin(); s.next(); n++ {
			walk(depth + 1)
		}
		if !known[depth] {
			dims[depth], known[depth] = n, true
		} else if dims[depth] != n {
			s.fail("ragged", "%d values where others have %d", n, dims[depth])
		}
	}
	walk(0)
	return dims, s.err
}

// scan begins to read a range of the description again.
func (s *Spec) scan(ctx context.Context, at span, pointer string) *scanner {
	return newScanner(ctx, s.source, at, pointer, cmp.Or(s.limits.MaxDepth, math.MaxInt32))
}

// inlineValues are values in nested lists of the description.
type inlineValues struct {
	spec    *Spec
	t       *dtype.Type
	at      span
	pointer string
	lists   int // around the elements
}

func (v inlineValues) copyTo(ctx context.Context, out io.Writer, heap dtype.Heap) error {
	var found problems
	s := v.spec.scan(ctx, v.at, v.pointer)
	s.problems = &found
	w := newElements(s, v.t, heap, out, v.at.end-v.at.begin)
	w.read(v.lists)
	w.flush()
	return found.err(s.err)
}

// elements collects encoded elements and writes them in large pieces.
type elements struct {
	s      *scanner
	out    io.Writer
	encode encoder
	number *numeric // of a type of numbers
	size   int
	gaps   bool // encoders leave bytes as they are
	buf    []byte
	n      int
}

// newElements makes room for as many elements as that many bytes of text can
// hold, up to a piece.
func newElements(s *scanner, t *dtype.Type, heap dtype.Heap, out io.Writer, text int64) *elements {
	size := int(t.Size)
	room := max(size, int(min(window/int64(size), text/2+1))*size)
	w := &elements{s: s, out: out, encode: newEncoder(t, heap), size: size, gaps: t.Class == dtype.Compound, buf: make([]byte, room)}
	if isNumber(t) {
		w.number = newNumeric(t)
	}
	return w
}

// read reads elements that lie in that many lists.
func (w *elements) read(lists int) {
	switch lists {
	case 0:
		w.one()
	case 1:
		w.list()
	default:
		for w.s.begin(); w.s.next(); {
			w.read(lists - 1)
		}
	}
}

// list reads the elements of one list.
func (w *elements) list() {
	if w.number == nil {
		for w.s.begin(); w.s.next(); {
			w.one()
		}
		return
	}
	number := func(text []byte) {
		if err := w.number.put(w.room(), text); err != nil {
			w.s.complain(err)
		}
	}
	for w.s.begin(); ; {
		if w.s.plainNumbers(number); !w.s.next() {
			return
		}
		w.one()
	}
}

func (w *elements) one() {
	dst := w.room()
	if w.gaps {
		clear(dst)
	}
	w.encode(w.s, dst)
}

// room is where the next element goes.
func (w *elements) room() []byte {
	if w.n+w.size > len(w.buf) {
		w.flush()
	}
	w.n += w.size
	return w.buf[w.n-w.size : w.n]
}

func (w *elements) flush() {
	if w.s.err == nil && w.n > 0 {
		if _, err := w.out.Write(w.buf[:w.n]); err != nil {
			w.s.stop(err)
		}
	}
	w.n = 0
}

// encodedContent makes elements, as stored, of base64.
func (p *parser) encodedContent(d *draft) (content, error) {
	switch {
	case d.t == nil:
		return content{}, problem("missing_dtype", Entry{Pointer: d.pointer, Detail: "bytes in base64 need a dtype and a shape"})
	case !d.shaped:
		return content{}, problem("missing_shape", Entry{Pointer: d.pointer, Detail: "bytes in base64 need a shape"})
	case d.t.HasVarLen():
		return content{}, problem("bad_dtype", Entry{Pointer: d.pointer, Detail: "bytes in base64 hold no elements of any length, such as " + d.t.String()})
	}
	n, err := size(d.t, d.shape)
	if err != nil {
		return content{}, at(d.pointer+"/shape", "bad_shape", err)
	}
	return content{d.t, d.shape, value{stream: encodedValues{p.spec, d.data.at, d.data.pointer + "/base64", n}}}, nil
}

// encodedValues are elements in base64, of which there are size bytes.
type encodedValues struct {
	spec    *Spec
	at      span
	pointer string
	size    uint64
}

func (v encodedValues) copyTo(ctx context.Context, out io.Writer, _ dtype.Heap) error {
	s := v.spec.scan(ctx, v.at, v.pointer)
	s.openString()
	text := &unpadded{s: s}
	buf := make([]byte, min(v.size+1, 48<<10))
	from := base64.NewDecoder(base64.RawStdEncoding, text)
	for done := uint64(0); ; {
		n, err := from.Read(buf)
		if uint64(n) > v.size-done {
			return v.refuse("shape_mismatch", "more than the %d bytes that dtype and shape need", v.size)
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return err
		}
		done += uint64(n)
		var corrupt base64.CorruptInputError
		switch {
		case s.err != nil:
			return s.err
		case err == io.EOF && done == v.size:
			return nil
		case err == io.EOF:
			return v.refuse("shape_mismatch", "%d bytes, dtype and shape need %d", done, v.size)
		case errors.As(err, &corrupt):
			return v.refuse("bad_base64", "character %d is not base64: expected letters, digits, + and /", int64(corrupt))
		case err != nil:
			return v.refuse("bad_base64", "the last characters are missing")
		}
	}
}

func (v encodedValues) refuse(code, format string, args ...any) error {
	return problem(code, Entry{Pointer: v.pointer, Detail: fmt.Sprintf(format, args...)})
}

// unpadded reads the text of a string without the = at its end.
type unpadded struct {
	s     *scanner
	piece []byte
	done  bool
}

func (u *unpadded) Read(b []byte) (int, error) {
	for len(u.piece) == 0 {
		if u.done {
			return 0, io.EOF
		}
		var more bool
		u.piece, more = u.s.piece()
		u.done = !more
		if i := slices.Index(u.piece, '='); i >= 0 {
			if rest := u.piece[i:]; len(rest) > 2 || rest[len(rest)-1] != '=' {
				return 0, base64.CorruptInputError(i)
			}
			u.piece, u.done = u.piece[:i], true
		}
	}
	n := copy(b, u.piece)
	u.piece = u.piece[n:]
	return n, nil
}
