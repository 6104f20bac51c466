package ros3

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzLocate takes names apart: what has a place has a key in a bucket or on a
// web server, and no error shows a password.
func FuzzLocate(f *testing.F) {
	for _, name := range []string{
		"s3://bucket/a key?#%", "https://bucket.s3.eu-west-1.amazonaws.com/k", "http://127.0.0.1:9000/bucket/key", "https://u:p@h/x?q=1#f", "s3://b", "http://u:%zz@h/k", "https://h//k",
	} {
		f.Add(name, true)
		f.Add(name, false)
	}
	f.Fuzz(func(t *testing.T, name string, chain bool) {
		at, err := Driver{Chain: chain}.locate(name)
		if err == nil && (at.key == "" && at.web == "" || (at.bucket == "") == (at.web == "")) {
			t.Errorf("%q lies at %+v", name, at)
		}
		if u, err := url.Parse("https://user:hunter2@" + name); err == nil && u.Host == "" || strings.Contains(name, "hunter2") {
			return
		}
		if shown := bare("https://user:hunter2@" + name); strings.Contains(shown, "hunter2") {
			t.Errorf("%q is shown as %q", name, shown)
		}
	})
}
