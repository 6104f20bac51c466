package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/convert"
	"github.com/h5serve/h5serve/h5core/dtype"
)

// TestConversionsAreTheLibrarys converts what the C library converted.
func TestConversionsAreTheLibrarys(t *testing.T) {
	for name, python := range map[string]string{"current": reference.Current(t), "HDF5 1.10": reference.Debian(t)} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "conversions.h5")
			script(t, python, "conversions.py", path, fmt.Sprint(seed(t)))
			f, err := h5core.Open(t.Context(), path, "r")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			links, err := f.Links(t.Context())
			if err != nil || len(links) < 100 {
				t.Fatalf("%d pairs, %v", len(links), err)
			}
			for _, l := range links {
				holdConversion(t, stored(t, f, l.Name+"/src"), stored(t, f, l.Name+"/dst"))
			}
		})
	}
}

func stored(t *testing.T, f *h5core.File, path string) *h5core.Elements {
	t.Helper()
	o, err := f.Get(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := o.(*h5core.Dataset).ReadRaw(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func holdConversion(t *testing.T, src, dst *h5core.Elements) {
	t.Helper()
	c, err := convert.New(src.Type, dst.Type)
	if err != nil {
		t.Error(err)
		return
	}
	got, n, m := make([]byte, len(dst.Data)), int(src.Type.Size), int(dst.Type.Size)
	if err := c.Convert(got, src.Data, len(src.Data)/n); err != nil {
		t.Fatal(err)
	}
	for i := range len(got) / m {
		one, want := got[m*i:m*i+m], dst.Data[m*i:m*i+m]
		if !bytes.Equal(one, want) && !bothNaN(dst.Type, one, want) {
			t.Errorf("%s into %s: %x becomes %x, the library has %x", src.Type, dst.Type, src.Data[n*i:n*i+n], one, want)
			return
		}
	}
}

func bothNaN(t *dtype.Type, a, b []byte) bool {
	x, err := t.GetFloat64(a)
	y, other := t.GetFloat64(b)
	return err == nil && other == nil && math.IsNaN(x) && math.IsNaN(y)
}
