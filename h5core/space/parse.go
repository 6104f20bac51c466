package space

import (
	"net/url"
	"strconv"
	"strings"
)

// Parse reads a selection as it is written in a URL, and holds it to a space:
//
//	3,::2,1:5     members by commas, one for each axis from the first on
//	-1,...,0      "..." stands for as many whole axes as are missing
//	[2:8]         brackets around it may be there, percent-encoded too
//
// A member is an index, start:stop or start:stop:step, any of the three left
// out as in Python; negative numbers count from the end, steps are above 0,
// slices are cut to the axis. Axes that no member is left for are whole; no
// text selects everything.
//
// The shape is that of the result, where an index drops its axis; the
// selection has all axes. Errors are *Error: of a text that is no selection,
// of too many members, and of an index that lies beyond its axis.
func Parse(text string, dims []uint64) (sel Hyperslab, shape []uint64, err error) {
	members, err := members(text, len(dims))
	if err != nil {
		return Hyperslab{}, nil, err
	}
	n := len(dims)
	sel = Hyperslab{Start: make([]uint64, n), Stride: make([]uint64, n), Count: make([]uint64, n)}
	shape = make([]uint64, 0, n)
	for i, d := range dims {
		a, err := parseMember(members[i], i, d)
		if err != nil {
			return Hyperslab{}, nil, err
		}
		sel.Start[i], sel.Stride[i], sel.Count[i] = a.start, a.stride, a.count
		if !a.index {
			shape = append(shape, a.count)
		}
	}
	return sel, shape, nil
}

// members gives one member for each axis.
func members(text string, rank int) ([]string, error) {
	plain := text
	if strings.Contains(text, "%") {
		var err error
		if plain, err = url.QueryUnescape(strings.ReplaceAll(text, "+", "%2B")); err != nil {
			return nil, bad("selection", -1, "%q is not percent-encoded", text)
		}
	}
	plain = strings.TrimSpace(plain)
	if strings.HasPrefix(plain, "[") && strings.HasSuffix(plain, "]") {
		plain = plain[1 : len(plain)-1]
	}
	var given []string
	if strings.TrimSpace(plain) != "" {
		if strings.Count(plain, ",") > MaxRank {
			return nil, bad("selection", -1, "over %d members", MaxRank)
		}
		given = strings.Split(plain, ",")
	}
	rest, named := len(given), len(given) // where whole axes go, and how many axes are named
	for i := range given {
		given[i] = strings.TrimSpace(given[i])
		if given[i] != "..." {
			continue
		}
		if named != len(given) {
			return nil, bad("selection", -1, "%q has more than one \"...\"", plain)
		}
		rest, named = i, len(given)-1
	}
	if named > rank {
		return nil, bad("selection", -1, "%d members, the space has %d axes", named, rank)
	}
	all := make([]string, 0, rank)
	all = append(all, given[:rest]...)
	for range rank - named {
		all = append(all, ":")
	}
	return append(all, given[min(rest+1, len(given)):]...), nil
}

// picked is what a member selects of its axis.
type picked struct {
	start, stride, count uint64
	index                bool
}

func parseMember(text string, i int, length uint64) (picked, error) {
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return picked{}, bad("selection", i, "%q has more than start:stop:step", text)
	}
	var numbers [3]int64
	var given [3]bool
	for k, p := range parts {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		v, err := strconv.ParseInt(p, 10, 64)
		if err != nil {
			return picked{}, bad("selection", i, "%q is no index and no start:stop:step", text)
		}
		numbers[k], given[k] = v, true
	}
	if len(parts) == 1 {
		if !given[0] {
			return picked{}, bad("selection", i, "an empty member")
		}
		at, err := indexOf(numbers[0], i, length)
		return picked{start: at, stride: 1, count: 1, index: true}, err
	}
	step := uint64(1)
	if given[2] {
		if numbers[2] < 1 {
			return picked{}, bad("selection", i, "the step %d is not above 0", numbers[2])
		}
		step = uint64(numbers[2])
	}
	start, stop := uint64(0), length
	if given[0] {
		start = clip(numbers[0], length)
	}
	if given[1] {
		stop = clip(numbers[1], length)
	}
	return slice(start, stop, step), nil
}

// slice selects from start up to stop.
func slice(start, stop, step uint64) picked {
	a := picked{start: start, stride: step}
	if stop > start {
		a.count = (stop-start-1)/step + 1
	}
	return a
}

// clip is a slice's end inside an axis, counted from the end where negative.
func clip(v int64, length uint64) uint64 {
	if v >= 0 {
		return min(uint64(v), length)
	}
	if back := -uint64(v); back < length {
		return length - back
	}
	return 0
}

// indexOf is an index of an axis, counted from the end where negative.
func indexOf(v int64, i int, length uint64) (uint64, error) {
	at := uint64(v)
	if v < 0 {
		at += length // beyond length where v lies before the first
	}
	if at >= length || (v < 0 && -uint64(v) > length) {
		return 0, bad("selection", i, "the index %d is out of range: the axis has length %d", v, length)
	}
	return at, nil
}
