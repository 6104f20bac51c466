package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
)

// h5pyExample is the Fletcher32 example of the HDF5 documentation.
const h5pyExample = `{"datasets":{"DS1":{"dtype":"<i4","shape":[32,64],"chunks":[4,8],"fletcher32":true,"data":{"start":0,"step":1}}}}`

// TestFletcher32ExampleSweep flips a byte of every chunk: the C library must notice
// each. `make sweep` flips every byte of every chunk.
func TestFletcher32ExampleSweep(t *testing.T) {
	s := serve(t)
	name := filepath.Join(t.TempDir(), "h5ex_d_checksum.h5")
	writeFile(t, name, post(t, s.URL+"/v1/files", "", []byte(h5pyExample)))
	every := "0"
	if os.Getenv("FULL") != "" {
		every = "1"
	}
	for _, python := range []string{reference.Current(t), reference.Debian(t)} {
		t.Log(script(t, python, "flip.py", name, every, "12345"))
	}
}
