package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// parameters reads the query. Every parameter that a resource knows is single; others are refused.
func parameters(r *http.Request, known ...string) (url.Values, error) {
	return parametersOf(r, nil, known...)
}

// parametersOf is parameters, of which several may be given more than once.
func parametersOf(r *http.Request, several []string, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "bad_query", "The query cannot be read: %v.", err)
	}
	var wrong []Wrong
	for name, given := range values {
		switch {
		case !slices.Contains(known, name):
			wrong = append(wrong, Wrong{Parameter: name, Detail: "unknown parameter", DidYouMean: nearest(name, known)})
		case len(given) > 1 && !slices.Contains(several, name):
			wrong = append(wrong, Wrong{Parameter: name, Detail: "given more than once"})
		}
	}
	if len(wrong) == 0 {
		return values, nil
	}
	slices.SortFunc(wrong, func(a, b Wrong) int { return strings.Compare(a.Parameter, b.Parameter) })
	p := refuse(http.StatusUnprocessableEntity, "bad_parameter", "%s: %s.", wrong[0].Parameter, wrong[0].Detail)
	p.Errors = wrong[:min(len(wrong), maxWrong)]
	return nil, p
}

// flag reads a parameter that is true or false, false when it is not given.
func flag(values url.Values, name string) (bool, error) {
	switch values.Get(name) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "":
		if !values.Has(name) {
			return false, nil
		}
	}
	p := refuse(http.StatusUnprocessableEntity, "bad_parameter", "%s is true or false, not %q.", name, values.Get(name))
	p.Errors = []Wrong{{Parameter: name, Detail: "must be true or false"}}
	return false, p
}

// nearest is the known name that differs from name in at most two places, or nothing.
func nearest(name string, known []string) string {
	best, least := "", 3
	if len(name) > 64 {
		return best
	}
	for _, k := range known {
		if d := distance(strings.ToLower(name), k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's: how many insertions, deletions and replacements make a from b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
