package catalog

import (
	"regexp"
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"emp", "Temp", true}, {"EMP", "temp", true}, {"x", "temp", false}, {"", "a", true},
		{"t*p", "temp", true}, {"t*p", "temps", false}, {"*", "", true}, {"?", "", false}, {"?", "é", true},
		{"*a*b", "xaxxab", true}, {"*a*b", "xaxxba", false}, {"a**", "a", true}, {"ÄÖ*", "äöü", true},
	} {
		if got := NewPattern(c.pattern).Match(c.text); got != c.want {
			t.Errorf("%q in %q: %v", c.pattern, c.text, got)
		}
	}
	for path, want := range map[string]bool{"/a/temp": true, "/temp/a": false, "temp": true} {
		if got := NewPattern("te*p").MatchPath(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// Globs are what the regular expressions for them are.
func FuzzGlob(f *testing.F) {
	f.Add("a*?b*", "axxbab")
	f.Add("**a?", "aaaa")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 50 || len(text) > 200 || !strings.ContainsAny(pattern, "*?") {
			return
		}
		pattern, text = strings.ToLower(strings.ToValidUTF8(pattern, "_")), strings.ToLower(strings.ToValidUTF8(text, "_"))
		if strings.ToLower(pattern) != pattern || strings.ToLower(text) != text {
			return
		}
		expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		want := regexp.MustCompile("(?s)^" + expression + "$").MatchString(text)
		if got := NewPattern(pattern).Match(text); got != want {
			t.Errorf("%q, %q: %v, want %v", pattern, text, got, want)
		}
	})
}
