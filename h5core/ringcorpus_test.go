package h5core_test

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core"
)

// ringSample is how many files of the corpus are written anew without FULL.
const ringSample = 150

// TestRingMatrix writes the corpus's files anew and compares: both have the
// same canonical lines, h5diff is silent where it reads the original, the copy
// is sound, and h5py reads of it what it reads of the original. The files of
// the list are those that cannot be; one that passes has to leave it.
func TestRingMatrix(t *testing.T) {
	dir := corpus(t)
	files := manifest(t, dir)["ok"]
	rng := rand.New(rand.NewPCG(sweepSeed(t), 3))
	if os.Getenv("FULL") == "" {
		rng.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		files = files[:min(ringSample, len(files))]
	}
	listed := exceptions(t, "ring_exceptions.tsv")
	reasons, same := map[string]int{}, 0
	var pairs []string
	for i, name := range files {
		low := []h5core.Libver{h5core.Earliest, h5core.V108, h5core.V110, h5core.V200}[rng.IntN(4)]
		rel, err := filepath.Rel(filepath.Join(dir, "files"), name)
		must(t, err)
		rel = filepath.ToSlash(rel)
		out := filepath.Join(t.TempDir(), fmt.Sprint(i, ".h5"))
		fault := aroundRing(t, name, out, low)
		reason, known := listed[rel]
		if strings.HasPrefix(reason, "from v110 on: ") {
			known = low >= h5core.V110
		}
		switch {
		case fault == "" && known:
			t.Errorf("%s passes now: take it off the list (%s)", rel, reason)
		case fault != "" && !known:
			t.Errorf("%s at %v: %s", rel, low, fault)
		case known:
			reasons[reason]++
		default:
			same++
			if apart[filepath.Base(name)] == "" && !immense(linesOf(t, out)) {
				pairs = append(pairs, name+"\t"+out)
			}
		}
	}
	openWithH5py(t, pairs)
	t.Logf("%d of %d are the same", same, len(files))
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		t.Logf("%4d not yet: %s", reasons[reason], reason)
	}
}

// exceptions reads a list of files and reasons.
func exceptions(t *testing.T, name string) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	must(t, err)
	defer f.Close()
	list := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if file, reason, ok := strings.Cut(s.Text(), "\t"); ok {
			list[file] = reason
		}
	}
	return list
}

// aroundRing writes a file anew and says what is otherwise, or "".
func aroundRing(t *testing.T, name, out string, low h5core.Libver) string {
	t.Helper()
	follow := h5core.WithFollow(filepath.Dir(name))
	if err := rewrite(t, name, out, low, follow); err != nil {
		return err.Error()
	}
	lines := linesOf(t, name, follow)
	if diff := sameLines(lines, linesOf(t, out, follow)); diff != "" {
		return diff
	}
	if r, err := h5core.Check(ctx, out); err != nil || !r.Sound() {
		return fmt.Sprint("the copy is unsound: ", err, r)
	}
	_, never := endless[filepath.Base(name)]
	if never || immense(lines) || low == h5core.V200 { // the release of h5diff is older than the last
		return ""
	}
	said, err := h5diff(name, out)
	if err == nil && said == "" {
		return ""
	}
	twin := out + ".twin" // it does not look into a file that it compares with itself
	p, err2 := os.ReadFile(name)
	must(t, errors.Join(err2, os.WriteFile(twin, p, 0o600)))
	if self, failed := h5diff(name, twin); failed != nil || self != "" {
		return "" // it cannot read the original, or not without a word
	}
	return fmt.Sprintf("h5diff: %v: %.400s", err, said)
}

// immense tells of datasets with more elements than a test reads: the lines
// leave out what is over 4 million of them, or 64 MiB.
func immense(lines []string) bool {
	return slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, `"data_skipped"`) })
}

// apart are files whose copies h5py is not held to, and why.
var apart = map[string]string{
	"cve-2024-32623.h5":      "it spoils the memory of the C library, which may die of it or not",
	"utf8-fixed-length.hdf5": "it tracks the order of attributes, and all have the same number",
}

// endless are files over which h5diff never ends.
var endless = map[string]string{
	"cve-2018-15671.h5": "the root group is its own member",
}

func h5diff(a, b string) (string, error) {
	if _, err := exec.LookPath("h5diff"); err != nil {
		return "", nil
	}
	said, err := exec.CommandContext(ctx, "h5diff", a, b).CombinedOutput()
	return strings.TrimSpace(string(said)), err
}

// reader reads all of the first file of each pair, and holds the second to it.
const reader = `
import os, sys, warnings, h5py
warnings.simplefilter("error")
def readable(f, path):
    try:
        o = f[path]
        if isinstance(o, h5py.Dataset):
            o[()]
        names = [(k, o.attrs[k]) and k for k in o.attrs]
        tracked = not isinstance(o, h5py.Datatype) and o.id.get_create_plist().get_attr_creation_order()
        return names if tracked else sorted(names)
    except Exception as e:
        return e
def each(old, new):
    a = h5py.File(old, "r")
    b = h5py.File(new, "r") if new else None
    paths = ["/"]
    try:
        a.visit(paths.append)
    except Exception:
        pass
    for p in paths:
        want = readable(a, p)
        if b is not None and not isinstance(want, Exception):
            got = readable(b, p)
            if isinstance(got, Exception) or want != got:
                print(old, p, repr(got)[:300], "want", want, flush=True)
def alone(*args):  # some originals crash the library
    pid = os.fork()
    if pid == 0:
        try:
            each(*args)
        except BaseException as e:
            print(args, e, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]
for line in sys.stdin:
    old, new = line.rstrip("\n").split("\t")
    null, out = os.open(os.devnull, os.O_WRONLY), os.dup(1)
    os.dup2(null, 1)
    status = alone(old, None)
    os.dup2(out, 1)
    os.close(null), os.close(out)
    if status == 0 and alone(old, new) != 0:
        print(old, "ended badly", flush=True)
`

// openWithH5py has h5py read the copies.
func openWithH5py(t *testing.T, pairs []string) {
	t.Helper()
	python := filepath.Join("..", ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Log("there is no h5py to read the copies with")
		return
	}
	cmd := exec.Command(python, "-c", reader)
	cmd.Stdin = strings.NewReader(strings.Join(pairs, "\n"))
	said, err := cmd.CombinedOutput()
	if err != nil || len(said) > 0 {
		t.Errorf("h5py: %v\n%.4000s", err, said)
	}
}

// rewrite copies a file into a new one.
func rewrite(t testing.TB, name, out string, low h5core.Libver, opts ...h5core.Option) error {
	t.Helper()
	src, err := h5core.Open(ctx, name, "r", opts...)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := h5core.Open(ctx, out, "w", h5core.WithLibver(low, h5core.Latest))
	must(t, err)
	if err := h5core.CopyAll(ctx, src, dst); err != nil {
		dst.Discard()
		if e := (*h5core.Error)(nil); !errors.As(err, &e) {
			t.Errorf("%s: an error of no kind: %v", name, err)
		}
		return err
	}
	return dst.Close()
}

// elsewhere is the place in a file that an error of a missing filter names,
// which no two files have alike.
var elsewhere = regexp.MustCompile(`chunk \[[0-9 ]*\] at 0x[0-9a-f]+`)

// sameLines says where the lines of two files first differ, or "".
func sameLines(want, got []string) string {
	for i := range want {
		if i >= len(got) {
			return fmt.Sprintf("%d lines, want %d", len(got), len(want))
		}
		if g, w := elsewhere.ReplaceAllString(got[i], ""), elsewhere.ReplaceAllString(want[i], ""); g != w {
			return fmt.Sprintf("line %d:\n  %.400s\nwant\n  %.400s", i, g, w)
		}
	}
	if len(got) > len(want) {
		return fmt.Sprintf("%d lines, want %d", len(got), len(want))
	}
	return ""
}
