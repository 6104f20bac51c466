package floors

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/h5serve/h5serve"
	internal = "h5core/internal/"
	maxLines = 500
)

// Rooms that others name together.
var (
	values  = []string{"h5core/dtype", "h5core/space", "h5core/filter"}
	ground  = append([]string{internal + "wire", "h5core/vfd"}, values...)
	formats = append([]string{internal + "format", internal + "format/message"}, ground...)
	pieces  = append([]string{internal + "piece"}, formats...)
	walks   = append([]string{internal + "walk"}, pieces...)
	indexes = append([]string{internal + "index", internal + "object"}, walks...)
	tops    = append([]string{internal + "transfer", "h5core/convert"}, indexes...)
	face    = append([]string{"h5core", "h5core/vfd"}, values...)
	stores  = []string{"storage", "storage/pinned", "storage/cached"}
)

// below says which of our own packages a package may import.
var below = map[string][]string{
	".":                         nil, // openapi.yaml, embedded
	"cmd/h5serve":               join(face, stores, "api", "web", "api/filespec", "api/represent", "h5core/vfd/ros3", "storage/s3", "storage/dir", "storage/mem", "storage/web", "api/sigv4"),
	"web":                       nil,
	"api":                       join(face, stores, ".", "api/sources", "api/inspect", "api/reduce", "api/catalog", "api/h5grove", "api/filespec", "api/represent", "api/objects", "api/s3", "api/sigv4"),
	"api/filespec":              face,
	"api/represent":             face,
	"api/sources":               join(face, stores, "h5core/vfd/ros3"),
	"api/inspect":               join(face, nil, "api/sources"),
	"api/h5grove":               join(face, nil, "api/represent"),
	"api/reduce":                face,
	"api/catalog":               join(face, nil, "api/represent"),
	"api/objects":               {"storage"},
	"api/s3":                    {"storage", "api/objects", "api/sigv4"},
	"api/sigv4":                 nil,
	"h5core":                    join(tops, nil, internal+"load", internal+"plan", internal+"edit"),
	internal + "load":           tops,
	internal + "plan":           tops,
	internal + "edit":           join(tops, nil, internal+"plan"),
	internal + "transfer":       indexes,
	internal + "index":          walks,
	internal + "object":         pieces,
	internal + "walk":           formats,
	internal + "piece":          formats,
	internal + "format":         ground,
	internal + "format/message": ground,
	internal + "wire":           nil,
	internal + "wire/wiretest":  {internal + "wire"},
	internal + "floors":         nil,
	"h5core/convert":            {"h5core/dtype"},
	"h5core/dtype":              nil,
	"h5core/space":              nil,
	"h5core/filter":             nil,
	"h5core/vfd":                nil,
	"h5core/vfd/vfdtest":        {"h5core/vfd"},
	"h5core/vfd/ros3":           join(stores, nil, "h5core/vfd", "storage/s3", "storage/web"),
	"storage":                   nil,
	"storage/s3":                {"storage", "storage/ranged"},
	"storage/web":               {"storage", "storage/ranged"},
	"storage/ranged":            {"storage"},
	"storage/dir":               {"storage"},
	"storage/mem":               {"storage"},
	"storage/pinned":            {"storage"},
	"storage/cached":            {"storage", "storage/pinned"},
	"storage/storagetest":       {"storage"},
}

// reserved says who may import other people's packages that not everybody may.
var reserved = map[string][]string{
	"github.com/aws/":       {"storage/s3"},
	"github.com/go-chi/chi": {"api", "cmd/h5serve"},
}

// engine says which of other people's packages the engine knows, and where.
var engine = map[string][]string{
	"github.com/google/go-cmp/":      {internal + "wire/wiretest"},
	"github.com/klauspost/compress/": {"h5core/filter"},
	"github.com/pierrec/lz4/":        {"h5core/filter"},
	"golang.org/x/sync/":             nil, // anywhere
}

var badNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "manager", "impl"}

func join(a, b []string, more ...string) []string { return slices.Concat(a, b, more) }

// importFault says why a room may not import a package, or "".
func importFault(room, imported string) string {
	if imported == module || strings.HasPrefix(imported, module+"/") {
		target := path.Join(".", strings.TrimPrefix(strings.TrimPrefix(imported, module), "/"))
		if !slices.Contains(below[room], target) {
			return "does not lie below it"
		}
		return ""
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	for prefix, rooms := range reserved {
		if strings.HasPrefix(imported, prefix) && !slices.Contains(rooms, room) {
			return fmt.Sprintf("is for %v only", rooms)
		}
	}
	if room != "h5core" && !strings.HasPrefix(room, "h5core/") {
		return ""
	}
	for prefix, rooms := range engine {
		if strings.HasPrefix(imported, prefix) && (rooms == nil || slices.Contains(rooms, room)) {
			return ""
		}
	}
	return "is nothing that the engine knows"
}

func nameFault(name string) string {
	if slices.Contains(badNames, strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test")) {
		return "a name that says nothing"
	}
	return ""
}

func TestHouse(t *testing.T) {
	top := filepath.Join("..", "..", "..")
	seen := 0
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return enter(top, name, d)
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		seen++
		checkFile(t, top, name)
		return nil
	})
	if err != nil || seen < 2 {
		t.Fatalf("%d files seen, %v", seen, err)
	}
}

// enter skips what is not of this module: hidden folders, test data, modules inside.
func enter(top, name string, d fs.DirEntry) error {
	if name == top {
		return nil
	}
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	if err == nil || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules" {
		return fs.SkipDir
	}
	return nil
}

func checkFile(t *testing.T, top, name string) {
	t.Helper()
	dir, err := filepath.Rel(top, filepath.Dir(name))
	if err != nil {
		t.Fatal(err)
	}
	room := filepath.ToSlash(dir)
	where := path.Join(room, filepath.Base(name))
	if _, known := below[room]; !known {
		t.Errorf("%s: package %s has no place in the table", where, room)
	}
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{filepath.Base(name), file.Name.Name} {
		if fault := nameFault(word); fault != "" {
			t.Errorf("%s: %s: %s", where, word, fault)
		}
	}
	if strings.HasSuffix(name, "_test.go") {
		return
	}
	if lines := bytes.Count(source, []byte("\n")); lines > maxLines {
		t.Errorf("%s: %d lines, more than %d", where, lines, maxLines)
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if fault := importFault(room, imported); fault != "" {
			t.Errorf("%s imports %s, which %s", where, imported, fault)
		}
	}
}

// The table itself names only rooms that it knows.
func TestTableIsClosed(t *testing.T) {
	for room, others := range below {
		for _, other := range others {
			if _, known := below[other]; !known || other == room {
				t.Errorf("%s may import %s", room, other)
			}
		}
	}
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		room, imported string
		allowed        bool
	}{
		{"api", module + "/h5core", true},
		{"api", module, true},
		{"h5core", module + "/api", false},
		{"api", module + "/h5core/internal/plan", false},
		{"api/filespec", module + "/storage", false},
		{internal + "load", module + "/h5core/internal/plan", false},
		{internal + "edit", module + "/h5core/internal/plan", true},
		{internal + "plan", module + "/h5core/internal/edit", false},
		{internal + "index", module + "/h5core/internal/object", false},
		{"h5core/vfd/ros3", module + "/storage/s3", true},
		{"h5core/vfd", module + "/storage", false},
		{"web", module + "/api", false},
		{"h5core/dtype", "encoding/binary", true},
		{"h5core/dtype", "github.com/google/go-cmp/cmp", false},
		{"h5core/filter", "github.com/klauspost/compress/flate", true},
		{"h5core/vfd", "github.com/klauspost/compress/flate", false},
		{internal + "transfer", "golang.org/x/sync/errgroup", true},
		{"storage/s3", "github.com/aws/aws-sdk-go-v2/service/s3", true},
		{"storage", "github.com/aws/aws-sdk-go-v2/service/s3", false},
		{"cmd/h5serve", "github.com/go-chi/chi/v5", true},
		{"api/filespec", "github.com/go-chi/chi/v5", false},
		{"api/filespec", "github.com/go-json-experiment/json/jsontext", true},
	} {
		if fault := importFault(c.room, c.imported); (fault == "") != c.allowed {
			t.Errorf("%s importing %s: %q", c.room, c.imported, fault)
		}
	}
	for name, good := range map[string]bool{"util": false, "helpers_test.go": false, "base.go": false, "basename.go": true} {
		if (nameFault(name) == "") != good {
			t.Errorf("name %s: %q", name, nameFault(name))
		}
	}
}
