package h5core_test

import (
	"bytes"
	"testing"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core"
)

// linesOf are the canonical lines of a file but the first.
func linesOf(t testing.TB, name string, opts ...h5core.Option) []string {
	t.Helper()
	f, err := h5core.Open(ctx, name, "r", opts...)
	must(t, err)
	defer f.Close()
	return linesIn(t, f)
}

func linesIn(t testing.TB, f *h5core.File) []string {
	t.Helper()
	lines, err := linesOfFile(f)
	must(t, err)
	return lines
}

func linesOfFile(f *h5core.File) (lines []string, err error) {
	var b bytes.Buffer
	_, err = represent.Lines(ctx, &b, f)
	for i, line := range bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n")) {
		if i > 0 {
			lines = append(lines, string(line))
		}
	}
	return lines, err
}
