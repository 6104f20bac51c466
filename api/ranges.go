package api

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxRanges is how many parts an answer may have.
const maxRanges = 16

// worthwhile tells whether a Range field is for http.ServeContent to judge. Units that nobody knows, more
// ranges than maxRanges and ranges that overlap are answered with the whole (RFC 9110, section 14.2).
func worthwhile(field string, size uint64) bool {
	list, ok := strings.CutPrefix(field, "bytes=")
	if !ok {
		return false
	}
	specs := strings.Split(list, ",")
	if len(specs) > maxRanges {
		return false
	}
	type span struct{ first, last uint64 }
	spans := make([]span, 0, len(specs))
	for _, spec := range specs {
		if strings.TrimSpace(spec) == "" {
			continue
		}
		first, last, ok := bounds(strings.TrimSpace(spec), size)
		if !ok {
			return true // ill-formed: 416
		}
		if first < size {
			spans = append(spans, span{first, min(last, size-1)})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	for i := 1; i < len(spans); i++ {
		if spans[i].first <= spans[i-1].last {
			return false
		}
	}
	return true
}

// bounds reads "first-last", "first-" or "-suffix".
func bounds(spec string, size uint64) (first, last uint64, ok bool) {
	from, to, ok := strings.Cut(spec, "-")
	if !ok {
		return 0, 0, false
	}
	last = size - 1
	var err error
	if from == "" {
		suffix, err := strconv.ParseUint(to, 10, 63)
		return size - min(suffix, size), last, err == nil
	}
	if first, err = strconv.ParseUint(from, 10, 63); err != nil {
		return 0, 0, false
	}
	if to != "" {
		if last, err = strconv.ParseUint(to, 10, 63); err != nil || last < first {
			return 0, 0, false
		}
	}
	return first, last, true
}
