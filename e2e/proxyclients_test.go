package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/e2e/s3server"
)

// proxyClients are other people's programs, as their users call them.
var proxyClients = []struct {
	name string
	read func(*testing.T, *proxy)
}{
	{"h5py on fsspec's http", func(t *testing.T, p *proxy) { p.readByPython(t, reference.Current(t), nil, "http", p.base()) }},
	{"h5py on s3fs", func(t *testing.T, p *proxy) { p.readByPython(t, reference.Current(t), p.forS3(), "s3fs", "far") }},
	{"boto3", readByBoto3},
	{"ros3 of HDF5 1.10", readByOldRos3},
	{"ros3 of HDF5 2", readByNewRos3},
	{"netCDF-C", readByNetCDF},
	{"GDAL vsicurl", readByVSICurl},
	{"GDAL vsis3", readByVSIS3},
	{"h5wasm in Chromium", readInBrowser},
	{"curl", fetchByCurl},
	{"curl after cuts", resumeByCurl},
	{"wget after cuts", resumeByWget},
}

// TestProxyClients lets unmodified clients read through both listeners what a
// local read finds.
func TestProxyClients(t *testing.T) {
	s := makeSamples(t)
	for _, upstream := range []struct {
		name  string
		start func(*testing.T, *samples) *proxy
	}{{"folder", overFolder}, {"S3", overS3}} {
		t.Run(upstream.name, func(t *testing.T) {
			p := upstream.start(t, s)
			for _, client := range proxyClients {
				t.Run(client.name, func(t *testing.T) {
					before := p.asked()
					if p.upstream != nil {
						p.upstream.Reset()
					}
					client.read(t, p)
					p.holdUpstream(t, before)
				})
			}
		})
	}
}

// run runs a client in an environment of its own.
func run(t *testing.T, environment []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), environment...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", filepath.Base(name), args, err, stderr.String())
	}
	return string(out)
}

// forS3 tells clients of S3 where to go, as whom, and not to look for more.
func (p *proxy) forS3() []string {
	return append([]string{
		"AWS_ENDPOINT_URL_S3=" + p.S3, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}, p.signing...)
}

func (p *proxy) readByPython(t *testing.T, python string, environment []string, how, base string) {
	t.Helper()
	args := append([]string{"-B", filepath.Join("clients", "proxy_values.py"), how, base}, p.keys...)
	p.hold(t, readValues(t, run(t, environment, python, args...)))
}

func (p *proxy) hold(t *testing.T, got values) {
	t.Helper()
	for _, key := range p.keys {
		if !reflect.DeepEqual(got[key], p.values[key]) {
			t.Errorf("%s: got %v, expected %v", key, got[key], p.values[key])
		}
	}
}

func readByBoto3(t *testing.T, p *proxy) {
	args := append([]string{"-B", filepath.Join("clients", "proxy_boto3.py"), p.folder, "far"}, p.keys...)
	run(t, p.forS3(), reference.Current(t), args...)
}

// readByOldRos3 signs each request by hand; it takes no endpoint but a URL.
func readByOldRos3(t *testing.T, p *proxy) {
	p.readByPython(t, reference.Debian(t), p.forS3(), "ros3", p.S3+"/far")
}

// readByNewRos3 stands on AWS's own C library.
func readByNewRos3(t *testing.T, p *proxy) {
	folder, err := filepath.Abs(filepath.Join("..", ".venv", "ros3"))
	if err != nil {
		t.Fatal(err)
	}
	python := reference.Need(t, reference.Current(t), "-c", "import sys; sys.path.insert(0, sys.argv[1]); import h5py; assert 'ros3' in h5py.registered_drivers()", folder)
	p.readByPython(t, python, append(p.forS3(), "PYTHONPATH="+folder), "ros3", "s3://far")
}

func readByNetCDF(t *testing.T, p *proxy) {
	args := append([]string{"-B", filepath.Join("clients", "proxy_netcdf.py"), p.base()}, p.keys...)
	p.hold(t, readValues(t, run(t, p.forS3(), reference.Current(t), args...)))
}

func readByVSICurl(t *testing.T, p *proxy) {
	for _, key := range p.keys {
		p.translate(t, nil, "/vsicurl/"+p.at(key), key, "cube")
	}
}

// readByVSIS3 takes buckets in the path, and in the host's name.
func readByVSIS3(t *testing.T, p *proxy) {
	environment := append(p.forS3(), "AWS_HTTPS=NO")
	if p.signing == nil {
		environment = append(environment, "AWS_NO_SIGN_REQUEST=YES")
	}
	host := strings.TrimPrefix(p.S3, "http://")
	inPath := slices.Concat(environment, []string{"AWS_VIRTUAL_HOSTING=FALSE", "AWS_S3_ENDPOINT=" + host})
	for _, key := range p.keys {
		p.translate(t, inPath, "/vsis3/far/"+key, key, "grid")
	}
	host = strings.Replace(host, "127.0.0.1", "s3.localhost", 1)
	inHost := slices.Concat(environment, []string{"AWS_VIRTUAL_HOSTING=TRUE", "AWS_S3_ENDPOINT=" + host})
	p.translate(t, inHost, "/vsis3/far/"+oddKey, oddKey, "cube")
}

// translate lets GDAL write a dataset's values as they are.
func (p *proxy) translate(t *testing.T, environment []string, from, key, dataset string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "values.bin")
	run(t, environment, reference.Need(t, "gdal_translate", "--version"), "-q", "-of", "ENVI", `HDF5:"`+from+`"://`+dataset, out)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != p.values[key][dataset] {
		t.Errorf("%s: /%s of %s are other values", from, dataset, key)
	}
}

// servePage serves the browser's page from an origin of its own.
func servePage(t *testing.T) string {
	t.Helper()
	page := httptest.NewServer(http.FileServer(http.Dir("browser")))
	t.Cleanup(page.Close)
	return page.URL
}

func readInBrowser(t *testing.T, p *proxy) {
	chromium, err := exec.LookPath(reference.Need(t, "chromium", "--version"))
	if err != nil {
		t.Fatal(err)
	}
	open, err := filepath.Abs(filepath.Join("browser", "open.js"))
	if err != nil {
		t.Fatal(err)
	}
	node := reference.Need(t, "node", "-e", "require('module').createRequire(process.argv[1])('playwright-core')", open)
	args := []string{open, chromium, p.page}
	for _, key := range p.keys {
		args = append(args, p.at(key))
	}
	if p.signing == nil {
		args = append(args, p.S3+"/far"+escapedPath(oddKey))
	}
	var found []map[string]string
	if err := json.Unmarshal([]byte(run(t, nil, node, args...)), &found); err != nil {
		t.Fatal(err)
	}
	got := values{}
	for i, key := range append(p.keys[:len(p.keys):len(p.keys)], oddKey)[:len(found)] {
		if got[key] == nil || reflect.DeepEqual(got[key], p.values[key]) { // the last one is there twice
			got[key] = found[i]
		}
	}
	p.hold(t, got)
}

// fetchByCurl asks the S3 listener by the bucket's own name.
func fetchByCurl(t *testing.T, p *proxy) {
	from := strings.Replace(p.S3, "127.0.0.1", "far.s3.localhost", 1)
	var signing []string
	if p.signing != nil {
		signing = curlSigning(p.signing[0], p.signing[1])
		for code, args := range map[string][]string{"AccessDenied": nil, "SignatureDoesNotMatch": curlSigning(p.signing[0], "=wrong")} {
			if said := curl(t, args, from+escapedPath(oddKey)); !strings.Contains(said, "<Code>"+code+"</Code>") {
				t.Errorf("curl %v: %.500s, expected %s", args, said, code)
			}
		}
	}
	for _, key := range p.keys {
		got := curl(t, signing, "-r", "1000-2000999", from+escapedPath(key))
		if want := p.content(t, key)[1000:2001000]; got != string(want) {
			t.Errorf("%s: %d bytes, expected %d", key, len(got), len(want))
		}
	}
}

// curlSigning are the arguments for two variables of the environment.
func curlSigning(id, secret string) []string {
	_, id, _ = strings.Cut(id, "=")
	_, secret, _ = strings.Cut(secret, "=")
	return []string{"--aws-sigv4", "aws:amz:us-east-1:s3", "--user", id + ":" + secret}
}

func curl(t *testing.T, signing []string, args ...string) string {
	t.Helper()
	return run(t, nil, reference.Need(t, "curl", "--version"), slices.Concat([]string{"-sS"}, signing, args)...)
}

// cut is the read proxy behind a network that breaks each connection after so many bytes.
func (p *proxy) cut(t *testing.T) string {
	t.Helper()
	return poisoned(t, &s3server.Server{Endpoint: p.URL}, `{"type": "limit_data", "attributes": {"bytes": 1500000}}`)
}

func resumeByCurl(t *testing.T, p *proxy) {
	exe, out := reference.Need(t, "curl", "--version"), filepath.Join(t.TempDir(), "out.h5")
	from := strings.Replace(p.at(oddKey), p.URL, p.cut(t), 1)
	cuts := 0
	for {
		said, err := exec.CommandContext(t.Context(), exe, "-sS", "--fail", "-C", "-", "-o", out, from).CombinedOutput()
		if err == nil {
			break
		}
		var exit *exec.ExitError
		const partial, failedRead = 18, 56
		if !errors.As(err, &exit) || exit.ExitCode() != partial && exit.ExitCode() != failedRead || cuts > 10 {
			t.Fatalf("%v: %s", err, said)
		}
		cuts++
	}
	p.holdFile(t, out, oddKey)
	if cuts < 3 {
		t.Errorf("only %d cuts", cuts)
	}
}

func resumeByWget(t *testing.T, p *proxy) {
	out := filepath.Join(t.TempDir(), "out.h5")
	from := strings.Replace(p.at(oddKey), p.URL, p.cut(t), 1)
	run(t, nil, reference.Need(t, "wget", "--version"), "-q", "--tries=10", "--waitretry=0", "-O", out, from)
	p.holdFile(t, out, oddKey)
}

func (p *proxy) holdFile(t *testing.T, name, key string) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if want := p.content(t, key); !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, which are not the %d of the file", key, len(got), len(want))
	}
}
