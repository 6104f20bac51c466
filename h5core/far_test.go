package h5core_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core"
)

// Without an import of ros3 a URL tells of it; a folder with a colon is a folder.
func TestURLWithoutTheDriver(t *testing.T) {
	for _, name := range []string{"s3://bucket/key.h5", "HTTPS://host/key.h5", "http://host/key.h5"} {
		for _, mode := range []string{"r", "w", "x"} {
			_, err := h5core.Open(ctx, name, mode)
			if !errors.Is(err, h5core.ErrUnsupported) || !strings.Contains(err.Error(), "vfd/ros3") {
				t.Errorf("%s %s: %v", name, mode, err)
			}
		}
	}
	odd := filepath.Join(t.TempDir(), "ftp:")
	must(t, os.Mkdir(odd, 0o700))
	f, err := h5core.Open(ctx, odd+"//x.h5", "w")
	must(t, err)
	must(t, f.Close())
}
