package e2e

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/e2e/s3server"
)

// subsetFiles are as many files of the corpus as an ordinary run takes.
const subsetFiles = 100

// TestSubsetSweep takes the first rows of every dataset of files in S3, and lets h5py say whether they are its
// slice, with the chunks that lie whole in it as they were stored.
func TestSubsetSweep(t *testing.T) {
	python := reference.Current(t)
	files := soundFiles(t)
	dice := rand.New(rand.NewPCG(seed(t), 0))
	dice.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	if os.Getenv("FULL") == "" {
		files = files[:min(len(files), subsetFiles)]
	}
	listed := exec.CommandContext(t.Context(), python, append([]string{"clients/subset.py", "list"}, files...)...)
	listing, err := listed.Output()
	if err != nil {
		t.Fatal(err)
	}
	far := s3server.Start(t)
	counted, bucket := far.Counted(), newBucket(far)
	t.Setenv("H5SERVE_STORE_FAR_SECRET_ID", far.AccessKey)
	t.Setenv("H5SERVE_STORE_FAR_SECRET_KEY", far.SecretKey)
	s := serve(t, "--store", "far=s3://"+bucket+"?path-style=true&region="+far.Region+"&endpoint="+url.QueryEscape(counted.Endpoint))

	var jobs bytes.Buffer
	dir, datasets, refused, stored, sent := t.TempDir(), 0, 0, int64(0), int64(0)
	for in := bufio.NewReader(bytes.NewReader(listing)); ; {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		var f struct {
			File     string
			Datasets []struct {
				Path string
				Rank int
			}
		}
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(f.File)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Datasets) == 0 || len(content) > 16*mebibyte {
			continue
		}
		key := strconv.Itoa(datasets) + ".h5"
		far.Put(bucket, key, content)
		stored += int64(len(content))
		for _, d := range f.Datasets[:min(len(f.Datasets), 50)] {
			query := url.Values{"file": {"far/" + key}, "path": {d.Path}}
			if d.Rank > 0 {
				query.Set("select", "0:10")
			}
			resp, err := http.Get(s.URL + "/v1/subset?" + query.Encode())
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusNotImplemented {
				refused++
				t.Logf("%s %s: %.300s", f.File, d.Path, body)
				continue
			}
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("%s %s: %s %v %.300s", f.File, d.Path, resp.Status, err, body)
				continue
			}
			sent += int64(len(body))
			datasets++
			name := filepath.Join(dir, strconv.Itoa(datasets)+".h5")
			if err := os.WriteFile(name, body, 0o600); err != nil {
				t.Fatal(err)
			}
			job, _ := json.Marshal(map[string]string{"file": f.File, "path": d.Path, "subset": name})
			jobs.Write(append(job, '\n'))
		}
	}
	check := exec.CommandContext(t.Context(), python, "clients/subset.py", "check")
	var said strings.Builder
	check.Stdin, check.Stderr = &jobs, &said
	wrong, err := check.Output()
	if err != nil || len(wrong) > 0 || datasets == 0 {
		t.Errorf("%v\n%s", err, wrong)
	}
	t.Logf("%d datasets, %d refused as unsupported; %s; %d bytes stored, %d read, %d sent", datasets, refused, strings.TrimSpace(said.String()), stored, counted.Counts().Bytes, sent)
}

// soundFiles are the files of the corpus that every reader reads, without those that attack readers: some of these
// h5py reads and h5core rightly does not.
func soundFiles(t *testing.T) []string {
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
	var files []string
	for _, row := range rows[1:] {
		if row[6] == "ok" && !strings.Contains(row[0], "cve_hdf5/") {
			files = append(files, filepath.Join(dir, "files", row[0]))
		}
	}
	return files
}
