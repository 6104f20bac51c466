package ros3_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/ros3"
	"github.com/h5serve/h5serve/h5core/vfd/vfdtest"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/mem"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, // connections of the process's stores, idle until the servers are gone
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// server serves content at /folder/file.h5 and at /bucket/a key.h5, with ETag and ranges.
func server(t testing.TB, content *atomic.Pointer[[]byte]) (url string, seen func() []*http.Request) {
	t.Helper()
	requests := make(chan *http.Request, 1000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		if r.URL.Path != "/folder/file.h5" && r.URL.Path != "/bucket/a key+.h5" {
			http.NotFound(w, r)
			return
		}
		p := *content.Load()
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, crc32.ChecksumIEEE(p)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p))
	}))
	t.Cleanup(s.Close)
	return s.URL, func() (list []*http.Request) {
		for len(requests) > 0 {
			list = append(list, <-requests)
		}
		return list
	}
}

func holding(p []byte) *atomic.Pointer[[]byte] {
	var content atomic.Pointer[[]byte]
	content.Store(&p)
	return &content
}

func TestDriver(t *testing.T) {
	content := vfdtest.Pattern(3 << 20)
	url, _ := server(t, holding(content))
	vfdtest.Run(t, func(t *testing.T) vfdtest.Subject {
		return vfdtest.Subject{Driver: ros3.Driver{Cache: newCache(t, cached.Settings{})}, Name: url + "/folder/file.h5", Content: content}
	})
}

func TestModesThatWrite(t *testing.T) {
	for _, mode := range []vfd.Mode{vfd.ReadWrite, vfd.Truncate, vfd.Exclusive} {
		_, err := ros3.Driver{}.Open(ctx, "s3://bucket/key", mode)
		if !errors.Is(err, vfd.ErrReadOnly) {
			t.Errorf("%v: %v", mode, err)
		}
	}
	if d, err := vfd.Lookup("ros3"); err != nil || d.Name() != "ros3" {
		t.Error(d, err)
	}
}

func TestHalfOfTheCredentials(t *testing.T) {
	secret := ros3.NewSecret("hush")
	for _, c := range []struct {
		d       ros3.Driver
		missing string
	}{
		{ros3.Driver{SecretID: "id"}, "secret_key, aws_region missing"},
		{ros3.Driver{SecretKey: secret}, "secret_id, aws_region missing"},
		{ros3.Driver{SecretID: "id", SecretKey: secret}, "aws_region missing"},
		{ros3.Driver{SecretID: "id", AWSRegion: "eu-west-1"}, "secret_key missing"},
		{ros3.Driver{SessionToken: secret, AWSRegion: "eu-west-1"}, "secret_id, secret_key missing"},
	} {
		_, err := c.d.Open(ctx, "s3://bucket/key", vfd.Read)
		if err == nil || !strings.Contains(err.Error(), ": "+c.missing+":") {
			t.Errorf("%v", err)
		}
		if text := fmt.Sprintf("%v %+v %#v %v", c.d, c.d, c.d, err); strings.Contains(text, "hush") {
			t.Errorf("a secret was printed: %s", text)
		}
	}
}

func TestNamesThatAreNone(t *testing.T) {
	for _, name := range []string{
		"", "file.h5", "s3://", "s3://bucket", "s3://bucket/", "s3:///key", "ftp://host/file.h5", "http:///file.h5", "http://host", "http://host/",
		"http://user:hush@host/file.h5", "https://host/file.h5?token=hush", "http://host/%zz?token=hush", "http://host/file.h5#part",
	} {
		_, err := ros3.Driver{}.Open(ctx, name, vfd.Read)
		var e *vfd.Error
		if !errors.As(err, &e) || e.Op != "open" || e.Driver != "ros3" || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// With credentials, or of an endpoint, the first part of the path is a bucket
// and requests are signed; without, a web server is asked.
func TestWhereAFileLies(t *testing.T) {
	content := vfdtest.Pattern(1000)
	url, seen := server(t, holding(content))
	keys := ros3.Driver{AWSRegion: "eu-west-1", SecretID: "id", SecretKey: ros3.NewSecret("key")}
	atEndpoint, anonymous := keys, ros3.Driver{Endpoint: url}
	atEndpoint.Endpoint = url
	for name, c := range map[string]struct {
		d      ros3.Driver
		file   string
		signed bool
	}{
		"web":                 {ros3.Driver{}, url + "/bucket/a%20key+.h5", false},
		"signed URL":          {keys, url + "/bucket/a%20key+.h5", true},
		"endpoint":            {atEndpoint, "s3://bucket/a key+.h5", true},
		"endpoint, anonymous": {anonymous, "s3://bucket/a key+.h5", false},
	} {
		t.Run(name, func(t *testing.T) {
			c.d.Cache = newCache(t, cached.Settings{})
			f, err := c.d.Open(ctx, c.file, vfd.Read)
			must(t, err)
			defer f.Close()
			got := make([]byte, len(content))
			must(t, f.ReadAt(ctx, got, 0))
			requests := seen()
			if !bytes.Equal(got, content) || len(requests) != 1 || requests[0].Method != http.MethodGet {
				t.Fatalf("%d requests", len(requests))
			}
			if signature := requests[0].Header.Get("Authorization"); (signature != "") != c.signed ||
				c.signed && !strings.Contains(signature, "Credential=id/") {
				t.Errorf("Authorization %q", signature)
			}
		})
	}
}

// An import is enough: a URL goes to the registered driver, and files of one
// process share its cache.
func TestOpenByURL(t *testing.T) {
	url, seen := server(t, holding(file(t, 1)))
	for i := range 3 {
		f, err := h5core.Open(ctx, url+"/folder/file.h5", "r")
		must(t, err)
		if got, err := value(f); got != 1 || err != nil {
			t.Errorf("value %d, %v", got, err)
		}
		must(t, f.Close())
		requests := seen()
		if len(requests) != 1 || (requests[0].Header.Get("If-None-Match") != "") != (i > 0) {
			t.Errorf("opening %d: %d requests, %v", i, len(requests), requests[0].Header)
		}
	}
	_, err := h5core.Open(ctx, url+"/folder/none.h5", "r")
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
	if _, err := h5core.Open(ctx, url+"/folder/file.h5", "w"); !errors.Is(err, vfd.ErrReadOnly) {
		t.Error(err)
	}
}

// A file that is replaced while it is open says so, and opened anew is the new one.
func TestReplacedFile(t *testing.T) {
	store := mem.New("mem")
	d := far{newCache(t, cached.Settings{First: 512, Page: 64, Block: 64, Gap: 1}), store}
	replace := func(v int64) {
		p := file(t, v)
		_, err := store.Put(ctx, "f", bytes.NewReader(p), int64(len(p)), storage.PutOptions{})
		must(t, err)
	}
	replace(1)
	f, err := h5core.Open(ctx, "f", "r", h5core.WithDriver(d))
	must(t, err)
	defer f.Close()
	replace(2)
	_, err = value(f)
	if !errors.Is(err, storage.ErrChanged) || errors.Is(err, h5core.ErrDamaged) {
		t.Errorf("%v", err)
	}
	again, err := h5core.Open(ctx, "f", "r", h5core.WithDriver(d))
	must(t, err)
	defer again.Close()
	if got, err := value(again); got != 2 || err != nil {
		t.Errorf("value %d, %v", got, err)
	}
}

// file is a small file with one value, some way behind its beginning.
func file(t testing.TB, v int64) []byte {
	t.Helper()
	f, err := h5core.Open(ctx, "x", "w", h5core.WithDriver(vfd.Core{}))
	must(t, err)
	defer f.Discard()
	far, err := f.CreateGroup("g/far")
	must(t, err)
	for i := range 100 {
		_, err = far.CreateGroup(fmt.Sprint("child", i))
		must(t, err)
	}
	d, err := far.CreateDataset("value", dtype.Must(dtype.Int(8, true, dtype.LittleEndian)), space.Space{Kind: space.Simple, Dims: []uint64{1000}})
	must(t, err)
	all := make([]int64, 1000)
	for i := range all {
		all[i] = v
	}
	must(t, d.Write(ctx, nil, all))
	p, err := f.Plan(ctx)
	must(t, err)
	var b bytes.Buffer
	_, err = p.WriteTo(&b)
	must(t, err)
	return b.Bytes()
}

// value is the value that all elements have.
func value(f *h5core.File) (int64, error) {
	o, err := f.Get(ctx, "g/far/value")
	if err != nil {
		return 0, err
	}
	e, err := o.(*h5core.Dataset).ReadRaw(ctx, nil)
	if err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint64(e.Data[8*999:])), nil
}
