package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStoreFlag(t *testing.T) {
	folder := t.TempDir()
	odd := filepath.Join(folder, "a?b=c")
	if err := os.Mkdir(odd, 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]store{
		"demo=" + folder:                             {Name: "demo", Location: folder, kind: "folder"},
		"demo=" + folder + "?writable=true":          {Name: "demo", Location: folder, kind: "folder"},
		"demo=" + odd + "?":                          {Name: "demo", Location: odd, kind: "folder"},
		"archive=s3://bucket/a/b":                    {Name: "archive", Location: "s3://bucket/a/b", kind: "s3"},
		"archive=s3://b?region=x&path-style=true":    {Name: "archive", Location: "s3://b", kind: "s3"},
		"archive=s3://b?endpoint=http://127.0.0.1:1": {Name: "archive", Location: "s3://b", kind: "s3"},
		"far=https://host/a=b":                       {Name: "far", Location: "https://host/a=b", kind: "web"},
	} {
		var got store
		if err := got.UnmarshalText([]byte(text)); err != nil || got.Name != want.Name || got.Location != want.Location || got.kind != want.kind {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"x":                             "NAME=s3://BUCKET/PREFIX",
		"demo=":                         "NAME=FOLDER",
		"D=" + folder:                   "no name of a store",
		"demo=" + folder + "/none":      "none",
		"demo=gs://bucket":              "gs:// is no kind",
		"demo=s3://b?secret=x":          "anonymous, endpoint, path-style, region, writable",
		"demo=" + folder + "?region=x":  "has writable",
		"demo=https://host/?x=y":        "has none",
		"demo=https://user:pw@host/":    "without a user",
		"demo=s3://b?anonymous=yes":     "true or false",
		"demo=s3://b?region=a&region=b": "given twice",
		"demo=s3://b?region=%zz":        "OPTION=VALUE",
	} {
		var got store
		if err := got.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

// Half of a credential is a wrong call that names the other half. No message has a secret.
func TestStoreCredentials(t *testing.T) {
	const canary = "canary-7f3a"
	for _, test := range []struct {
		name  string
		env   []string // of H5SERVE_STORE_MY_STORE_…
		where string
		says  string
	}{
		{"id alone", []string{"SECRET_ID=" + canary}, "s3://b?region=x", "H5SERVE_STORE_MY_STORE_SECRET_KEY is missing"},
		{"key alone", []string{"SECRET_KEY=" + canary}, "s3://b?region=x", "H5SERVE_STORE_MY_STORE_SECRET_ID is missing"},
		{"token alone", []string{"SESSION_TOKEN=" + canary}, "s3://b?region=x", "SECRET_ID is missing"},
		{"no region", []string{"SECRET_ID=" + canary, "SECRET_KEY=" + canary}, "s3://b", "the region is missing"},
		{"anonymous too", []string{"SECRET_ID=" + canary, "SECRET_KEY=" + canary}, "s3://b?anonymous=true", "choose one"},
		{"in the endpoint", nil, "s3://b?region=x&endpoint=http://u:" + canary + "@127.0.0.1:1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("AWS_REGION", "")
			for _, pair := range test.env {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv("H5SERVE_STORE_MY_STORE_"+name, value)
			}
			code, out, errs := call(t, "", "serve", "--listen=127.0.0.1:0", "--store=my-store="+test.where)
			if code == 0 || code != exitUsage && test.env != nil || !strings.Contains(errs, test.says) || strings.Contains(out+errs, canary) {
				t.Errorf("code %d, %s", code, errs)
			}
		})
	}
}

func TestServeRefuses(t *testing.T) {
	folder := t.TempDir()
	for says, args := range map[string][]string{
		"--s3-listen 0.0.0.0:0 can be reached":      {"--s3-listen=0.0.0.0:0"},
		"--metrics-listen 0.0.0.0:0 can be reached": {"--metrics-listen=0.0.0.0:0"},
		"give it an address with --s3-listen":       {"--s3-key=a:b"},
		"lets nobody write":                         {"--anonymous=read", "--store=demo=" + folder + "?writable=true"},
		"ID:SECRET":                                 {"--s3-listen=127.0.0.1:0", "--s3-key=canary"},
		"two stores named demo":                     {"--store=demo=" + folder, "--store=demo=" + folder},
		"cors-origin must be":                       {"--cors-origin=*"},
	} {
		code, _, errs := call(t, "", append([]string{"serve", "--listen=127.0.0.1:0"}, args...)...)
		if code == 0 || !strings.Contains(errs, says) || strings.Contains(errs, "canary") {
			t.Errorf("%v: code %d, %s", args, code, errs)
		}
	}
}

// Nothing that a server says holds a secret of its own or of a request.
func TestSecretsAreKept(t *testing.T) {
	const canary = "canary9f3a"
	upstream := failing(t)
	t.Setenv("H5SERVE_STORE_ARCHIVE_SECRET_ID", canary+"id")
	t.Setenv("H5SERVE_STORE_ARCHIVE_SECRET_KEY", canary+"key")
	t.Setenv("H5SERVE_STORE_ARCHIVE_SESSION_TOKEN", canary+"token")
	t.Setenv("H5SERVE_S3_KEY", "AKID:"+canary+"secret")
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"serve", "--listen=127.0.0.1:0", "--s3-listen=127.0.0.1:0", "--temp-dir=" + t.TempDir(), "--log-format=json",
			"--store=archive=s3://bucket/p?region=us-east-1&path-style=true&endpoint=" + upstream}, streams{os.Stdin, io.Discard, writer})
		writer.Close()
	}()
	var said strings.Builder
	log := json.NewDecoder(io.TeeReader(reader, &said))
	at := map[string]string{}
	for at["listening"] == "" {
		var line struct{ Message, Addr string }
		if err := log.Decode(&line); err != nil {
			t.Fatal(err)
		}
		at[line.Message] = line.Addr
	}
	rest := make(chan []byte)
	go func() {
		tail, _ := io.ReadAll(reader)
		rest <- tail
	}()
	var answers strings.Builder
	for _, url := range []string{
		at["listening"] + "/v1/stores/archive/x", at["listening"] + "/v1/stores/archive?secret_key=" + canary, at["listening"] + "/v1/stores?X-Amz-Signature=" + canary,
		at["listening"] + "/v1/stores?secret%5Fid=" + canary, at["listening for S3"] + "/archive/x", at["listening for S3"] + "/archive/x?X-Amz-Credential=" + canary, at["listening"] + "/metrics",
	} {
		r, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(&answers, r.Body)
		_ = r.Header.Write(&answers)
		r.Body.Close()
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("code %d", code)
	}
	all := said.String() + string(<-rest) + answers.String()
	if strings.Contains(all, canary) || !strings.Contains(all, "store_denied") || !strings.Contains(all, "AccessDenied") {
		t.Errorf("what was said: %s", all)
	}
}

// failing is an S3 server that denies everything and says what it was sent.
func failing(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>"+r.Header.Get("Authorization")+r.Header.Get("X-Amz-Security-Token")+"</Message></Error>")
	}))
	t.Cleanup(server.Close)
	return server.URL
}
