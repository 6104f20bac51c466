package api

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/h5serve/h5serve/api/sigv4"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/mem"
)

// newS3 is a house whose requests go to its S3-compatible listener.
func newS3(t *testing.T, change ...func(*Settings)) (*house, *mem.Store) {
	t.Helper()
	h, s := withStore(t, append([]func(*Settings){func(set *Settings) { set.S3.Domain = "s3.example.org" }}, change...)...)
	handler, err := h.S3Handler()
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewUnstartedServer(handler)
	listener.Config = h.httpServer(t.Context(), handler)
	listener.Start()
	t.Cleanup(func() {
		h.client.CloseIdleConnections()
		listener.Close()
	})
	return &house{h.Server, t, listener.URL, h.client}, s
}

// wantXML checks the status and S3's code.
func (r reply) wantXML(t *testing.T, status int, code string) {
	t.Helper()
	var document struct {
		XMLName                            xml.Name `xml:"Error"`
		Code, Message, Resource, RequestID string
	}
	id := r.Header.Get("X-Amz-Request-Id")
	if r.StatusCode != status || id == "" || r.Header.Get("Content-Length") == "" {
		t.Fatalf("status %d, want %d: %v %.300s", r.StatusCode, status, r.Header, r.body)
	}
	if r.Request.Method == http.MethodHead {
		return
	}
	if err := xml.Unmarshal([]byte(strings.ReplaceAll(string(r.body), "RequestId", "RequestID")), &document); err != nil {
		t.Fatalf("%v in %.300s", err, r.body)
	}
	if document.Code != code || document.RequestID != id || document.Message == "" || r.Header.Get("Content-Type") != "application/xml" {
		t.Errorf("%+v, want %s", document, code)
	}
}

func TestS3Objects(t *testing.T) {
	h, s := newS3(t)
	info, err := s.Put(t.Context(), "a/b+c d.h5", strings.NewReader("0123456789"), 10, storage.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	path := "/demo/a/b+c%20d.h5"
	for _, where := range [][]string{{path}, {"/a/b+c%20d.h5", "Host: demo.s3.example.org"}, {"/a/b%2Bc%20d.h5", "Host: DEMO.s3.example.org:8443"}, {path, "Host: s3.example.org"}} {
		whole := h.get(where[0], where[1:]...)
		if whole.StatusCode != 200 || string(whole.body) != "0123456789" || whole.Header.Get("ETag") != info.ETag || whole.Header.Get("X-Amz-Request-Id") == "" {
			t.Errorf("%v: %d %v %s", where, whole.StatusCode, whole.Header, whole.body)
		}
		part := h.get(where[0], append(where[1:], "Range: bytes=2-4")...)
		if part.StatusCode != 206 || string(part.body) != "234" || part.Header.Get("Content-Range") != "bytes 2-4/10" {
			t.Errorf("%v: %d %s", where, part.StatusCode, part.body)
		}
		head := h.ask(http.MethodHead, where[0], nil, append(where[1:], "Authorization: AWS4-HMAC-SHA256 any")...)
		if head.StatusCode != 200 || head.ContentLength != 10 {
			t.Errorf("%v: %d %v", where, head.StatusCode, head.Header)
		}
	}
	h.get(path+"?x-id=GetObject&X-Amz-Signature=any").want(t, 200, "")
	h.get(path, "If-None-Match: "+info.ETag).want(t, 304, "")
	put := h.put("/demo/new", "x")
	if put.StatusCode != 200 || put.Header.Get("ETag") == "" || len(put.body) > 0 {
		t.Errorf("%d %v", put.StatusCode, put.Header)
	}
	for _, test := range []struct {
		method, path string
		fields       []string
		status       int
		code         string
	}{
		{"GET", "/demo/none", nil, 404, "NoSuchKey"},
		{"HEAD", "/demo/none", nil, 404, ""},
		{"GET", "/none/x", nil, 404, "NoSuchBucket"},
		{"HEAD", "/none", nil, 404, ""},
		{"GET", "/demo/%ff", nil, 404, "NoSuchKey"},
		{"GET", "/demo/" + strings.Repeat("k", 1025), nil, 400, "KeyTooLongError"},
		{"GET", path, []string{"Range: bytes=10-"}, 416, "InvalidRange"},
		{"GET", path, []string{`If-Match: "x"`}, 412, "PreconditionFailed"},
		{"GET", path + "?acl", nil, 501, "NotImplemented"},
		{"GET", "/demo?versioning", nil, 501, "NotImplemented"},
		{"GET", "/demo?prefix=%zz", nil, 400, "InvalidURI"},
		{"GET", "/demo?max-keys=x", nil, 400, "InvalidArgument"},
		{"GET", "/demo?list-type=2&continuation-token=!", nil, 400, "InvalidArgument"},
		{"DELETE", path, nil, 405, "MethodNotAllowed"},
		{"PUT", "/demo", nil, 405, "MethodNotAllowed"},
		{"POST", "/demo?delete", nil, 405, "MethodNotAllowed"},
		{"PUT", "/demo/new", []string{"If-None-Match: *"}, 412, "PreconditionFailed"},
		{"PUT", "/demo/y", []string{"X-Amz-Copy-Source: /demo/new"}, 501, "NotImplemented"},
		{"PUT", "/demo/y", []string{"X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, 501, "NotImplemented"},
		{"PUT", "/demo/y", []string{"Content-MD5: AAAAAAAAAAAAAAAAAAAAAA=="}, 400, "BadDigest"},
		{"PUT", "/demo/y", []string{"Sec-Fetch-Site: cross-site"}, 403, "AccessDenied"},
		{"GET", "/", []string{"Host: evil.example"}, 421, "InvalidRequest"},
		{"GET", "/", []string{"Host: s3.example.org.evil.example"}, 421, "InvalidRequest"},
	} {
		t.Run(test.method+" "+test.path[:min(len(test.path), 30)], func(t *testing.T) {
			h.ask(test.method, test.path, nil, test.fields...).wantXML(t, test.status, test.code)
		})
	}
	readOnly, _ := newS3(t, func(set *Settings) { set.Stores[0].Writable = false })
	readOnly.put("/demo/x", "x").wantXML(t, 403, "AccessDenied")
}

func TestS3Lists(t *testing.T) {
	h, s := newS3(t)
	keys := []string{"a", "b/1", "b/2", "c d+e&é", "z"}
	for _, key := range keys {
		if _, err := s.Put(t.Context(), key, strings.NewReader(key), -1, storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	type page struct {
		XMLName                           xml.Name `xml:"ListBucketResult"`
		IsTruncated                       bool
		KeyCount                          int
		NextMarker, NextContinuationToken string
		Contents                          []struct{ Key, LastModified, ETag string }
		CommonPrefixes                    []struct{ Prefix string }
	}
	walk := func(query, next string) (told []string) {
		for more := ""; ; {
			r := h.get("/demo?" + query + more)
			var p page
			if err := xml.Unmarshal(r.body, &p); err != nil || r.StatusCode != 200 || len(told) > 9 {
				t.Fatalf("%d %v %s", r.StatusCode, err, r.body)
			}
			for _, o := range p.Contents {
				told = append(told, o.Key)
			}
			for _, o := range p.CommonPrefixes {
				told = append(told, o.Prefix)
			}
			if !p.IsTruncated {
				return told
			}
			more = "&" + next + "=" + url.QueryEscape(p.NextMarker+p.NextContinuationToken)
		}
	}
	for query, want := range map[string][]string{
		"max-keys=2":                   keys,
		"max-keys=1&delimiter=/":       {"a", "b/", "c d+e&é", "z"},
		"prefix=b/&max-keys=1":         {"b/1", "b/2"},
		"encoding-type=url&max-keys=4": {"a", "b/1", "b/2", "c%20d%2Be%26%C3%A9", "z"},
		"max-keys=0":                   nil,
	} {
		if got := walk(query, "marker"); !slices.Equal(got, want) {
			t.Errorf("version 1, %s: %q", query, got)
		}
		if got := walk("list-type=2&"+query, "continuation-token"); !slices.Equal(got, want) {
			t.Errorf("version 2, %s: %q", query, got)
		}
	}
	if got := walk("list-type=2&start-after=b/1", "x"); !slices.Equal(got, keys[2:]) {
		t.Errorf("%q", got)
	}
	if r := h.get("/"); !strings.Contains(string(r.body), "<Bucket><Name>demo</Name>") {
		t.Errorf("%s", r.body)
	}
	if r := h.get("/demo?location"); r.StatusCode != 200 || !strings.Contains(string(r.body), "<LocationConstraint") {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	if r := h.ask(http.MethodHead, "/demo", nil); r.StatusCode != 200 || r.Header.Get("X-Amz-Bucket-Region") == "" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
}

// With keys only what they signed is answered. The clock stands at the time of AWS's published example.
func TestS3Signatures(t *testing.T) {
	clock := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	h, s := newS3(t, func(set *Settings) {
		set.S3 = S3{Domain: "s3.amazonaws.com", Keys: map[string]sigv4.Secret{"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}}
		set.Stores = append(set.Stores, Store{Name: "examplebucket", Store: set.Stores[0].Store})
		set.now = func() time.Time { return clock }
	})
	if _, err := s.Put(t.Context(), "test.txt", strings.NewReader("0123456789abcdef"), -1, storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	fields := []string{
		"Host: examplebucket.s3.amazonaws.com", "Range: bytes=0-9", "X-Amz-Date: 20130524T000000Z",
		"X-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request," +
			"SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
	}
	if r := h.get("/test.txt", fields...); r.StatusCode != 206 || string(r.body) != "0123456789" {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	h.get("/test.txt", fields[0]).wantXML(t, 403, "AccessDenied")
	h.get("/", "Host: localhost").wantXML(t, 403, "AccessDenied")
	h.get("/other.txt", fields...).wantXML(t, 403, "SignatureDoesNotMatch")
	clock = clock.Add(time.Hour)
	h.get("/test.txt", fields...).wantXML(t, 403, "RequestTimeTooSkewed")
	fields[4] = strings.Replace(fields[4], "AKIAIOSFODNN7EXAMPLE", "AKIA", 1)
	clock = clock.Add(-time.Hour)
	h.get("/test.txt", fields...).wantXML(t, 403, "InvalidAccessKeyId")
}

// A panic below is S3's InternalError, told without what it was about.
func TestS3Panic(t *testing.T) {
	h, _ := newS3(t, func(set *Settings) { set.Open = nil })
	h.Server.settings.Open = nil // as no caller can leave it
	r := h.get("/demo/x")
	r.wantXML(t, 500, "InternalError")
	if strings.Contains(string(r.body), "nil pointer") {
		t.Errorf("%s", r.body)
	}
}

func TestS3Settings(t *testing.T) {
	for _, bad := range []S3{{Domain: "http://x"}, {Domain: "x:80"}, {Domain: ".x"}, {Keys: map[string]sigv4.Secret{"": "x"}}, {Keys: map[string]sigv4.Secret{"x": ""}}} {
		set := DefaultSettings()
		set.S3 = bad
		if err := set.Validate(); err == nil {
			t.Errorf("%+v passes", bad)
		}
	}
	for _, bad := range [][]Store{{{Name: "x"}}, {{Name: "demo"}}, {{Name: "demo", Store: mem.New("a")}, {Name: "demo", Store: mem.New("a")}}} {
		set := DefaultSettings()
		set.Stores = bad
		if err := set.Validate(); err == nil {
			t.Errorf("%+v passes", bad)
		}
	}
	for origin, good := range map[string]bool{"https://a.example": true, "http://localhost:3000": true, "*": false, "a.example": false, "https://a.example/": false, "https://*.example": false, "null": false} {
		set := DefaultSettings()
		set.CORS = []string{origin}
		if err := set.Validate(); (err == nil) != good {
			t.Errorf("%s: %v", origin, err)
		}
	}
}
