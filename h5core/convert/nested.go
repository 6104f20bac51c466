package convert

import (
	"errors"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// compileCompound converts member by member, each for all elements at once.
// Neighbours that only move, and move alike, are moved together.
func compileCompound(from, to *dtype.Type) (loop, error) {
	type step struct {
		run     loop
		at, src int // offsets of the member
		size    int // of what only moves, else 0
	}
	sources := make(map[string]dtype.Member, len(from.Members))
	for _, m := range from.Members {
		sources[m.Name] = m
	}
	var steps []step
	for _, m := range to.Members {
		f, ok := sources[m.Name]
		if !ok {
			continue
		}
		run, err := compile(f.Type, m.Type)
		if err != nil {
			return nil, inMember(m.Name, err)
		}
		next := step{run, int(m.Offset), int(f.Offset), 0}
		if solid(f.Type) && f.Type.Equal(m.Type) {
			next.size = int(m.Type.Size)
			if k := len(steps) - 1; k >= 0 && steps[k].size > 0 && next.size > 0 &&
				steps[k].at+steps[k].size == next.at && steps[k].src+steps[k].size == next.src {
				steps[k].size += next.size
				steps[k].run = move(steps[k].size)
				continue
			}
		}
		steps = append(steps, next)
	}
	return func(dst, src []byte, n, ds, ss int) {
		for _, s := range steps {
			s.run(dst[s.at:], src[s.src:], n, ds, ss)
		}
	}, nil
}

// inMember puts the member that holds it in front of an error.
func inMember(name string, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Member != "" {
		name += "." + e.Member
	}
	return &Error{From: e.From, To: e.To, Member: name, Reason: e.Reason}
}

func compileArray(from, to *dtype.Type) (loop, error) {
	if !slices.Equal(from.Dims, to.Dims) {
		return nil, no(from, to, "their dimensions differ")
	}
	run, err := compile(from.Base, to.Base)
	if err != nil {
		return nil, err
	}
	f, t := int(from.Base.Size), int(to.Base.Size)
	if t == 0 || f == 0 {
		return func([]byte, []byte, int, int, int) {}, nil
	}
	each := int(to.Size) / t
	return func(dst, src []byte, n, ds, ss int) {
		if ds == each*t && ss == each*f {
			run(dst, src, n*each, t, f)
			return
		}
		for i := range n {
			run(dst[i*ds:], src[i*ss:], each, t, f)
		}
	}, nil
}

// compileVarLen moves descriptors: what they lead to lies in a heap, and stays
// what it is.
func compileVarLen(from, to *dtype.Type) (loop, error) {
	switch {
	case from.IsString != to.IsString:
		return nil, no(from, to, "one is a text, the other a sequence")
	case from.IsString && from.CharSet != to.CharSet:
		return nil, no(from, to, "their character sets differ")
	case from.Size != to.Size || (!from.IsString && !from.Base.Equal(to.Base)):
		return nil, no(from, to, "what lies in the heap is not converted")
	}
	return move(int(to.Size)), nil
}

// complexPart gives the type of both parts of a complex number: of the class
// Complex, or a compound as h5py makes it.
func complexPart(t *dtype.Type) (*dtype.Type, bool) {
	switch {
	case t.Class == dtype.Complex:
		return t.Base, true
	case t.IsComplex():
		return t.Members[0].Type, true
	}
	return nil, false
}

func compileParts(from, to *dtype.Type) (loop, error) {
	part, err := compile(from, to)
	if err != nil {
		return nil, err
	}
	f, t := int(from.Size), int(to.Size)
	return func(dst, src []byte, n, ds, ss int) {
		if ds == 2*t && ss == 2*f {
			part(dst, src, 2*n, t, f)
			return
		}
		part(dst, src, n, ds, ss)
		part(dst[t:], src[f:], n, ds, ss)
	}, nil
}

// compileReal makes complex numbers of real ones.
func compileReal(from, to *dtype.Type) (loop, error) {
	part, err := compile(from, to.Base)
	if err != nil {
		return nil, err
	}
	size := int(to.Base.Size)
	return func(dst, src []byte, n, ds, ss int) {
		part(dst, src, n, ds, ss)
		for i := range n {
			clear(dst[i*ds+size : i*ds+2*size])
		}
	}, nil
}

// compileEnum maps the values of members to those of the same names, which the
// target must have. What is no member becomes all ones.
func compileEnum(from, to *dtype.Type) (loop, error) {
	f, t := int(from.Size), int(to.Size)
	values := make(map[string][]byte, len(to.Names))
	for i, name := range to.Names {
		values[name] = to.Values[i*t : (i+1)*t]
	}
	member := make(map[string][]byte, len(from.Names))
	for i, name := range from.Names {
		value, ok := values[name]
		if !ok {
			return nil, no(from, to, "the target has no member %q", name)
		}
		member[string(from.Values[i*f:(i+1)*f])] = value
	}
	return func(dst, src []byte, n, ds, ss int) {
		for i := range n {
			at := dst[i*ds : i*ds+t]
			if value, ok := member[string(src[i*ss:i*ss+f])]; ok {
				copy(at, value)
				continue
			}
			for k := range at {
				at[k] = 0xff
			}
		}
	}, nil
}
