package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
)

// enough files of the corpus for `make test`; FULL=1 takes them all.
const groveFiles = 24

// TestH5groveMatrix asks h5grove itself and h5serve the same of files that other people's software wrote: metadata,
// attributes, elements in every format and of random selections, statistics and paths. Each file lies in a folder of
// its own, since h5grove follows what leads to other files, and h5serve does not.
func TestH5groveMatrix(t *testing.T) {
	python := reference.Need(t, reference.Current(t), "-c", "import h5grove, flask, tifffile")
	files := corpusFiles(t)
	chosen := seed(t)
	if os.Getenv("FULL") == "" {
		random := rand.New(rand.NewPCG(chosen, 0))
		random.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		files = files[:min(groveFiles, len(files))]
	}
	folder := t.TempDir()
	keys := make([]string, len(files))
	for i, file := range files {
		keys[i] = fmt.Sprintf("%s%d/%s", file.kind, i, filepath.Base(file.name))
		content, err := os.ReadFile(file.name)
		if err == nil {
			err = os.Mkdir(filepath.Join(folder, filepath.Dir(keys[i])), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, keys[i]), content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, "--store", "corpus="+folder)
	const parts = 4
	var found comparison
	var all sync.WaitGroup
	for part := range parts {
		var some []string
		for i := part; i < len(keys); i += parts {
			some = append(some, keys[i])
		}
		all.Go(func() { found.run(t, python, s.URL, folder, chosen, some) })
	}
	all.Wait()
	t.Logf("%d files: %d answers equal, %d refused alike, %d that h5grove fails at", found.files, found.Compared, found.Refused, found.Failed)
	if found.files < len(keys)*9/10 || found.Compared < 20*found.files {
		t.Errorf("of %d files only %d were compared", len(keys), found.files)
	}
}

// corpusFile is one of the corpus; the client takes other answers for damaged ones.
type corpusFile struct{ name, kind string }

// corpusFiles are those that can be read, wholly or in part. Of those that were made to mislead libhdf5 it reads what
// is not there.
func corpusFiles(t *testing.T) (files []corpusFile) {
	t.Helper()
	dir := os.Getenv("H5SERVE_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	f, err := os.Open(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Skip("there is no corpus: no ../shared/corpus beside the checkout, and H5SERVE_CORPUS is not set")
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if row[6] != "ok" && row[6] != "partial" || strings.Contains(row[0], "cve") {
			continue
		}
		kind := "sound"
		if strings.Contains(row[5], "malformed") {
			kind = "damaged"
		}
		files = append(files, corpusFile{filepath.Join(dir, "files", row[0]), kind})
	}
	return files
}

// comparison is what the client tells of its files.
type comparison struct {
	mu                        sync.Mutex
	files                     int
	Compared, Refused, Failed int
}

func (c *comparison) run(t *testing.T, python, url, folder string, chosen uint64, keys []string) {
	script := filepath.Join("clients", "h5grove_compare.py")
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), python, "-B", script, url, "corpus", folder, fmt.Sprint(chosen))
	cmd.Stdin = strings.NewReader(strings.Join(keys, "\n"))
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v", script, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var line struct {
			File, Asked, Difference, Broken, Unreadable string
			Compared, Refused, Failed, Died             int
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Errorf("%v: %s", err, lines.Text())
		}
		switch {
		case line.Difference != "" || line.Broken != "":
			t.Errorf("%s: %s: %s%s", line.File, line.Asked, line.Difference, line.Broken)
		case line.Died != 0 || line.Unreadable != "":
			t.Logf("%s: h5grove ends: signal %d %s", line.File, line.Died, line.Unreadable)
		default:
			c.files++
			c.Compared, c.Refused, c.Failed = c.Compared+line.Compared, c.Refused+line.Refused, c.Failed+line.Failed
		}
	}
}
