package vfd

import (
	"strings"
	"testing"
)

// FuzzFamilyName numbers members: never the same name twice, and none much
// longer than the family's.
func FuzzFamilyName(f *testing.F) {
	for _, s := range []string{"run-%05d.h5", "%d", "100%%-%i", "%lld%s", "%99999d", "%64x", "%0X%", "a%b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !numbered(name) {
			return
		}
		first, second := member(name, 0), member(name, 1)
		if first == second {
			t.Errorf("%q names two members %q", name, first)
		}
		if longest := len(name) + maxWidth + 10; len(second) > longest {
			t.Errorf("%q names a member by %d bytes", name, len(second))
		}
		if strings.Contains(second, "%!") && !strings.Contains(name, "!") {
			t.Errorf("%q names a member %q", name, second)
		}
	})
}
