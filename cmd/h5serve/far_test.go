package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// Files behind a web server, and in buckets, are looked at where they lie.
func TestFar(t *testing.T) {
	path := built(t)
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(path))))
	defer server.Close()
	at := server.URL + "/" + filepath.Base(path)
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"ls " + at + " /g", 0, "x  dataset  2×2  <i2\n"},
		{"dump " + at + " /points --format=csv", 0, "a,b\r\n1,p\r\n2,q\r\n"},
		{"check " + at, 0, "sound"},
		{"check " + at + " --driver=ros3", 0, "sound"},
		{"check " + server.URL + "/none.h5", 2, ""},
		{"ls " + at + " --block-size=1MiB", 2, ""},
		{"ls " + path + " --aws-region=eu-west-1", 2, ""},
		{"ls s3://bucket", 1, ""},
	} {
		code, out, errs := call(t, "", strings.Fields(test.args)...)
		if code != test.code || !strings.Contains(out, test.want) || code != 0 && errs == "" {
			t.Errorf("%s: code %d\n%s\nwant\n%s%s", test.args, code, out, test.want, errs)
		}
	}
}

// A bucket is read through the S3-compatible server of another h5serve, say, without a signature.
func TestFarBucket(t *testing.T) {
	path := built(t)
	files := http.FileServer(http.Dir(filepath.Dir(path)))
	signed := make(chan bool, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed <- r.Header.Get("Authorization") != ""
		w.Header().Set("ETag", `"one"`)
		http.StripPrefix("/bucket", files).ServeHTTP(w, r)
	}))
	defer server.Close()
	code, out, errs := call(t, "", "ls", "s3://bucket/"+filepath.Base(path), "/g", "--anonymous", "--aws-region=eu-west-1", "--endpoint="+server.URL)
	if code != 0 || out != "x  dataset  2×2  <i2\n" {
		t.Fatalf("code %d: %s%s", code, out, errs)
	}
	if <-signed {
		t.Error("it was signed")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "a secret")
	for len(signed) > 0 {
		<-signed
	}
	code, out, errs = call(t, "", "ls", "s3://bucket/"+filepath.Base(path), "/g", "--aws-region=eu-west-1", "--endpoint="+server.URL)
	if code != 0 || out != "x  dataset  2×2  <i2\n" {
		t.Fatalf("code %d: %s%s", code, out, errs)
	}
	if !<-signed {
		t.Error("it was not signed")
	}
}
