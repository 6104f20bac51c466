package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// maxExceptions is how many files may be read otherwise than the reference
// reads them, each with its reason in corpus_exceptions.tsv.
const maxExceptions = 5

// entry is a file of the corpus.
type entry struct {
	path, note, file, truth string
	driver                  vfd.Driver
}

// TestCorpus reads every file of the corpus that a reference reader read, and
// compares the canonical lines. H5SERVE_CORPUS names the corpus, which else lies beside the checkout, and CORPUS_ONLY a part of
// the paths that are wanted.
func TestCorpus(t *testing.T) {
	folder := corpusFolder()
	if folder == "" {
		t.Skip("there is no corpus: no ../shared/corpus beside the checkout, and H5SERVE_CORPUS is not set")
	}
	entries := readManifest(t, folder)
	exceptions := readExceptions(t)
	found := compareAll(t.Context(), entries)
	var report summary
	right := 0
	for i, e := range entries {
		reason, listed := exceptions[e.path]
		delete(exceptions, e.path)
		switch {
		case len(found[i]) == 0 && listed:
			t.Errorf("%s is an exception (%s), and is read well: take it off the list", e.path, reason)
		case len(found[i]) == 0:
			right++
		case listed:
			t.Logf("exception: %s: %s", e.path, reason)
		default:
			report.add(e.path, found[i])
		}
	}
	for path := range exceptions {
		t.Errorf("the exception %s is no such file", path)
	}
	t.Logf("%d of %d files as the reference reads them", right, len(entries))
	if len(report.groups) > 0 {
		t.Errorf("%d files differ:\n%s", report.files, report.String())
	}
}

func corpusFolder() string {
	if folder := os.Getenv("H5SERVE_CORPUS"); folder != "" {
		return folder
	}
	at, err := os.Getwd()
	for err == nil && at != filepath.Dir(at) {
		at = filepath.Dir(at)
		folder := filepath.Join(at, "shared", "corpus")
		if _, err := os.Stat(filepath.Join(folder, "MANIFEST.tsv")); err == nil {
			return folder
		}
	}
	return ""
}

// readManifest lists the files that are read wholly.
func readManifest(t *testing.T, folder string) (entries []entry) {
	t.Helper()
	for _, row := range readTable(t, filepath.Join(folder, "MANIFEST.tsv"))[1:] {
		path, expect, note, truth := row[0], row[6], row[8], row[9]
		switch {
		case expect != "ok" || !strings.Contains(path, os.Getenv("CORPUS_ONLY")):
		default:
			name, driver := setOf(path, note)
			entries = append(entries, entry{path, note, filepath.Join(folder, "files", name), filepath.Join(folder, "truth", truth), driver})
		}
	}
	return entries
}

// setOf tells which driver opens a file, and by which name: a note such as
// "family set x%d.h5" says that it is one of several.
func setOf(path, note string) (name string, driver vfd.Driver) {
	kind, rest, ok := strings.Cut(note, " set ")
	if !ok {
		return path, vfd.Sec2{}
	}
	pattern, _, _ := strings.Cut(rest, ";")
	folder := filepath.Dir(path)
	switch kind {
	case "family":
		return filepath.Join(folder, pattern), vfd.Family{}
	case "split":
		return filepath.Join(folder, strings.TrimSuffix(pattern, "-?.h5")), vfd.Split{}
	case "multi":
		return filepath.Join(folder, strings.TrimSuffix(pattern, "-?.h5")), vfd.Multi{}
	}
	return path, vfd.Sec2{}
}

func readExceptions(t *testing.T) map[string]string {
	t.Helper()
	reasons := map[string]string{}
	for _, row := range readTable(t, filepath.Join("testdata", "corpus_exceptions.tsv"))[1:] {
		if len(row) != 2 || row[1] == "" {
			t.Fatalf("exception %q has no reason", row)
		}
		reasons[row[0]] = row[1]
	}
	if len(reasons) > maxExceptions {
		t.Errorf("%d exceptions, at most %d may be", len(reasons), maxExceptions)
	}
	return reasons
}

func readTable(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", path, len(rows), err)
	}
	return rows
}

// compareAll gives the differences of each file, some files at a time.
func compareAll(ctx context.Context, entries []entry) [][]difference {
	found := make([][]difference, len(entries))
	next := make(chan int)
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for i := range next {
				found[i] = compareFile(ctx, entries[i])
			}
		})
	}
	for i := range entries {
		next <- i
	}
	close(next)
	readers.Wait()
	return found
}

func compareFile(ctx context.Context, e entry) []difference {
	want, err := readTruth(e.truth)
	if err != nil {
		return []difference{{kind: "truth", detail: err.Error()}}
	}
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute) // only a hang takes as long
	defer stop()
	got, err := canonicalLines(ctx, e)
	if err != nil {
		return []difference{{kind: "open", path: "/", detail: err.Error()}}
	}
	return compareLines(want, got)
}

// canonicalLines is dump --canonical; a panic becomes an error that says
// where.
func canonicalLines(ctx context.Context, e entry) (lines []string, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v in %s", value, panicked(debug.Stack()))
		}
	}()
	f, err := h5core.Open(ctx, e.file, "r", h5core.WithDriver(e.driver), h5core.WithFollow(filepath.Dir(e.file)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out bytes.Buffer
	if _, err := represent.Lines(ctx, &out, f); err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), nil
}

// panicked is the innermost function of ours on a stack.
func panicked(stack []byte) string {
	_, below, _ := bytes.Cut(stack, []byte("panic("))
	for line := range bytes.Lines(below) {
		if bytes.HasPrefix(line, []byte("github.com/h5serve/")) {
			name, _, _ := bytes.Cut(line[len("github.com/h5serve/h5serve/"):], []byte("(0x"))
			return strings.TrimSpace(string(name))
		}
	}
	return "?"
}

func readTruth(path string) (lines []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, 256<<20)
	for scan.Scan() {
		lines = append(lines, scan.Text())
	}
	if scan.Err() == nil && len(lines) == 0 {
		return nil, errors.New("the truth is empty")
	}
	return lines, scan.Err()
}
