package objects

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/storage"
)

// maxRanges is how many parts an answer may have.
const maxRanges = 16

// span is a range of an object whose size is known.
type span struct{ first, count uint64 }

// ranges reads the Range field. What cannot be read, other units, and more than maxRanges are no ranges at all
// (RFC 9110, 14.2).
func ranges(h http.Header) []storage.Range {
	fields := h.Values("Range")
	if len(fields) != 1 {
		return nil
	}
	unit, list, _ := strings.Cut(fields[0], "=")
	if !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return nil
	}
	var all []storage.Range
	for spec := range strings.SplitSeq(list, ",") {
		spec = strings.Trim(spec, " \t")
		if spec == "" {
			continue
		}
		r, ok := oneRange(spec)
		if !ok || len(all) == maxRanges {
			return nil
		}
		all = append(all, r)
	}
	return all
}

// oneRange reads "first-last", "first-" or "-suffix".
func oneRange(spec string) (storage.Range, bool) {
	from, to, ok := strings.Cut(spec, "-")
	if !ok || from == "" && to == "" {
		return storage.Range{}, false
	}
	if from == "" {
		n, ok := number(to)
		return storage.Range{Length: n, Suffix: true}, ok
	}
	first, ok := number(from)
	if to == "" || !ok {
		return storage.Range{First: first}, ok
	}
	last, ok := number(to)
	if !ok || last < first {
		return storage.Range{}, false
	}
	return storage.Range{First: first, Length: last - first + 1}, true
}

// number reads digits. What is beyond any object counts as the end of the largest.
func number(digits string) (uint64, bool) {
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	var n uint64
	for _, c := range []byte(digits) {
		if n = n*10 + uint64(c-'0'); n > math.MaxInt64/16 {
			return math.MaxInt64 / 16, true
		}
	}
	return n, true
}

// resolve says which bytes of an object the ranges are: nil for all of it, because nothing else was asked for or
// the ranges overlap. Those that begin beyond the end vanish; no byte at all is an error.
func resolve(asked []storage.Range, size uint64) ([]span, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	var spans []span
	for _, r := range asked {
		if r.Suffix && size == 0 && r.Length > 0 {
			return nil, nil // its last bytes are all that it has
		}
		if first, count, ok := r.Of(size); ok && count > 0 {
			spans = append(spans, span{first, count})
		}
	}
	if len(spans) == 0 {
		return nil, badRange(size)
	}
	sorted := slices.SortedFunc(slices.Values(spans), func(a, b span) int { return cmp.Compare(a.first, b.first) })
	for i := 1; i < len(sorted); i++ {
		if sorted[i].first < sorted[i-1].first+sorted[i-1].count {
			return nil, nil
		}
	}
	return spans, nil
}
