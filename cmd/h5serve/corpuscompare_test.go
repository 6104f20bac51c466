package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// difference is one thing that is otherwise than in the truth.
type difference struct {
	kind   string // the first key that differs, as "dataset.filters"
	path   string // in the file
	detail string // the error that stands instead, or both values
	about  string // what else objects of one cause have in common
}

type fields map[string]json.RawMessage

// text is the value of a key that is a string.
func (f fields) text(key string) string {
	var s string
	_ = json.Unmarshal(f[key], &s)
	return s
}

// compareLines compares two sets of lines object by object, at most one
// difference for each.
func compareLines(want, got []string) (all []difference) {
	wanted, order := byPath(want)
	have, gotOrder := byPath(got)
	cut := strings.HasPrefix(wanted["file"].text("h5py"), "3.7.")
	for _, path := range order {
		w, g := wanted[path], have[path]
		switch {
		case g == nil:
			all = append(all, difference{kind: "missing " + w.text("kind"), path: path})
		case path == "file":
			all = append(all, firstKey("file", path, w, g, "userblock")...)
		default:
			all = append(all, compareObjects(path, w, g, cut)...)
		}
	}
	for _, path := range gotOrder {
		if wanted[path] == nil {
			all = append(all, difference{kind: "extra " + have[path].text("kind"), path: path, detail: have[path].text("error")})
		}
	}
	if len(all) == 0 && !slices.Equal(order, gotOrder) {
		all = append(all, difference{kind: "order"})
	}
	return all
}

// byPath parses lines; the first, which has no path, gets the path "file".
// Of two lines of one path the second gets a mark.
func byPath(lines []string) (map[string]fields, []string) {
	m, order := make(map[string]fields, len(lines)), make([]string, 0, len(lines))
	for _, text := range lines {
		var f fields
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			f = fields{"kind": json.RawMessage(`"no JSON"`)}
		}
		path := string(f["path"])
		if path == "" {
			path = "file"
		}
		if m[path] != nil {
			path += " (again)"
		}
		m[path] = f
		order = append(order, path)
	}
	return m, order
}

// compareObjects compares what the head of the reference's lines says is to
// be compared: not the words of errors, and no values where the reference
// could not read them.
func compareObjects(path string, want, got fields, cut bool) []difference {
	kind := want.text("kind")
	if d := newError(kind, path, want, got, "error"); d != nil {
		return d
	}
	if d := firstKey(kind, path, want, got, "kind", "dtype", "space", "shape", "maxshape", "layout", "chunks", "virtual",
		"external", "n", "data_skipped", "link", "target", "file", "class", "same_as"); d != nil {
		return d
	}
	if !sameFilters(want["filters"], got["filters"], cut) {
		return []difference{differ(kind+".filters", path, want["filters"], got["filters"])}
	}
	if d := compareFill(path, want["fill"], got["fill"]); d != nil {
		return d
	}
	if want["data_error"] == nil {
		if d := newError(kind, path, want, got, "data_error"); d != nil {
			return d
		}
		if d := firstKey(kind, path, want, got, "first", "sha256"); d != nil {
			return d
		}
	}
	return compareAttributes(kind, path, want, got)
}

// newError finds an error under one of the keys that the truth has not.
func newError(kind, path string, want, got fields, keys ...string) []difference {
	for _, key := range keys {
		if want[key] == nil && got[key] != nil {
			return []difference{{kind: kind + "." + key, path: path, detail: got.text(key)}}
		}
	}
	return nil
}

// firstKey finds the first of the keys whose values differ.
func firstKey(kind, path string, want, got fields, keys ...string) []difference {
	for _, key := range keys {
		if !bytes.Equal(want[key], got[key]) {
			d := differ(kind+"."+key, path, want[key], got[key])
			d.about = skeleton(want)
			return []difference{d}
		}
	}
	return nil
}

var atoms = regexp.MustCompile(`vstr|vlen|ref\(\w+\)|enum|bits|opaque|time\(|complex|array|compound|S\d+ |[<>V][iuf]\d+`)

// skeleton names the classes of an object's type, and its layout and filters.
func skeleton(f fields) string {
	classes := map[string]bool{}
	for _, atom := range atoms.FindAllString(f.text("dtype"), -1) {
		classes[digitsPart.ReplaceAllString(strings.TrimRight(atom, " ("), "")] = true
	}
	text := strings.Join(slices.Sorted(maps.Keys(classes)), "+") + " " + f.text("layout")
	for _, filter := range parseFilters(f["filters"]) {
		text += fmt.Sprintf(" filter %d", filter[0])
	}
	return strings.TrimSpace(text)
}

func differ(kind, path string, want, got json.RawMessage) difference {
	return difference{kind: kind, path: path, detail: fmt.Sprintf("want %s got %s", short(want), short(got))}
}

func short(raw json.RawMessage) string {
	if len(raw) > 120 {
		return string(raw[:120]) + "…"
	}
	return string(raw)
}

// sameFilters compares pipelines. h5py 3.7 cuts client values behind the 16th.
func sameFilters(want, got json.RawMessage, cut bool) bool {
	if bytes.Equal(want, got) || !cut {
		return bytes.Equal(want, got)
	}
	w, g := parseFilters(want), parseFilters(got)
	return slices.EqualFunc(w, g, func(a, b []uint64) bool {
		return slices.Equal(a[:min(len(a), 17)], b[:min(len(b), 17)])
	})
}

// parseFilters gives a list of an id and its values for each filter.
func parseFilters(raw json.RawMessage) (out [][]uint64) {
	var pairs [][2]json.RawMessage
	_ = json.Unmarshal(raw, &pairs)
	for _, p := range pairs {
		var id uint64
		var values []uint64
		_, _ = json.Unmarshal(p[0], &id), json.Unmarshal(p[1], &values)
		out = append(out, append([]uint64{id}, values...))
	}
	return out
}

// compareFill compares fill values where numpy has one.
func compareFill(path string, want, got json.RawMessage) []difference {
	if want == nil {
		return nil
	}
	var w, g fields
	_, _ = json.Unmarshal(want, &w), json.Unmarshal(got, &g)
	if w.text("status") != g.text("status") || w["error"] == nil && !bytes.Equal(w["value"], g["value"]) {
		d := differ("dataset.fill", path, want, got)
		d.about = fmt.Sprintf("%s read as %s", w.text("status"), g.text("status"))
		return []difference{d}
	}
	return nil
}

func compareAttributes(kind, path string, want, got fields) []difference {
	if d := newError(kind, path, want, got, "attrs_error"); d != nil {
		return d
	}
	if bytes.Equal(want["attrs"], got["attrs"]) {
		return nil
	}
	var w, g map[string]fields
	_, _ = json.Unmarshal(want["attrs"], &w), json.Unmarshal(got["attrs"], &g)
	for _, name := range slices.Sorted(maps.Keys(w)) {
		at, a, b := path+"@"+name, w[name], g[name]
		if b == nil {
			return []difference{{kind: "attribute missing", path: at}}
		}
		keys := []string{"dtype", "space", "shape", "value", "first", "sha256"}
		if a["error"] != nil { // the reference has no values
			keys = keys[:3]
		}
		if d := newError("attribute", at, a, b, "error"); d != nil {
			return d
		}
		if d := firstKey("attribute", at, a, b, keys...); d != nil {
			return d
		}
	}
	if len(g) > len(w) {
		return []difference{{kind: "attribute extra", path: path}}
	}
	return nil
}

// summary groups differences of one cause, that of most files first.
type summary struct {
	groups map[string]*group
	files  int
}

type group struct {
	cause    string
	files    []string
	objects  int
	examples []string
}

func (s *summary) add(file string, found []difference) {
	if s.groups == nil {
		s.groups = map[string]*group{}
	}
	s.files++
	seen := map[string]bool{}
	for _, d := range found {
		cause := d.cause()
		g := s.groups[cause]
		if g == nil {
			g = &group{cause: cause}
			s.groups[cause] = g
		}
		g.objects++
		if !seen[cause] {
			seen[cause] = true
			g.files = append(g.files, file)
			if len(g.examples) < 3 {
				g.examples = append(g.examples, fmt.Sprintf("%s %s %s", file, d.path, d.detail))
			}
		}
	}
}

var (
	quotedPart  = regexp.MustCompile(`"[^"]*"`)
	bracketPart = regexp.MustCompile(`\([^()]*\)|\[[^\[\]]*\]`)
	pathPart    = regexp.MustCompile(`\.{0,2}/[^\s:]*`)
	digitsPart  = regexp.MustCompile(`0x[0-9a-f]+|\d+`)
)

// cause is what differences of one group have in common: the kind, what it is
// about, and the error without its numbers, names, paths and brackets.
func (d difference) cause() string {
	if strings.HasPrefix(d.detail, "want ") || d.detail == "" {
		return strings.TrimSuffix(d.kind+": "+d.about, ": ")
	}
	text := pathPart.ReplaceAllString(quotedPart.ReplaceAllString(d.detail, `"…"`), "…")
	for shorter := bracketPart.ReplaceAllString(text, ""); shorter != text; shorter = bracketPart.ReplaceAllString(text, "") {
		text = shorter
	}
	text = strings.Join(strings.Fields(digitsPart.ReplaceAllString(text, "N")), " ")
	return d.kind + ": " + text
}

func (s *summary) String() string {
	all := make([]*group, 0, len(s.groups))
	for _, g := range s.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *group) int {
		return cmp.Or(cmp.Compare(len(b.files), len(a.files)), cmp.Compare(a.cause, b.cause))
	})
	var b strings.Builder
	for _, g := range all {
		fmt.Fprintf(&b, "%4d files %5d objects  %s\n", len(g.files), g.objects, g.cause)
		for _, e := range g.examples {
			fmt.Fprintf(&b, "%27s %s\n", "", e)
		}
	}
	return b.String()
}
