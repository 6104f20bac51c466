package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
)

// form packs a description and parts, in the order given, as a browser would.
func form(t testing.TB, spec []byte, parts ...namedPart) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	add := func(name, file string, data []byte) {
		out, err := w.CreateFormFile(name, file)
		if err == nil {
			_, err = out.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range parts {
		if i == 1 && spec != nil { // after the first part: the order is free
			add("spec", "spec.json", spec)
		}
		add(p.name, p.file, p.data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

type namedPart struct {
	name, file string
	data       []byte
}

func pixels() []byte {
	var b []byte
	for i := range 256 {
		b = binary.LittleEndian.AppendUint16(b, uint16(i*3))
	}
	return b
}

// npy is numpy's file of int32 0..11 in the shape (3, 4).
func npy(fortran string) []byte {
	header := fmt.Sprintf("{'descr': '<i4', 'fortran_order': %s, 'shape': (3, 4), }", fortran)
	for (10+len(header)+1)%64 != 0 {
		header += " "
	}
	header += "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	b = append(b, header...)
	for i := range 12 {
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
	}
	return b
}

// TestEveryKey sends a description with every key, and lets h5py say what came.
func TestEveryKey(t *testing.T) {
	s := serve(t)
	spec, err := os.ReadFile(filepath.Join("testdata", "everything.json"))
	if err != nil {
		t.Fatal(err)
	}
	kind, body := form(t, spec, namedPart{"pixels", "pixels.bin", pixels()},
		namedPart{"measured", "measured.npy", npy("False")}, namedPart{"fortran", "fortran.npy", npy("True")})
	for _, bound := range []string{"earliest", "v108", "v110", "latest"} {
		changed := bytes.Replace(body, []byte(`["earliest", "latest"]`), []byte(`["`+bound+`", "latest"]`), 1)
		name := filepath.Join(t.TempDir(), bound+".h5")
		writeFile(t, name, post(t, s.URL+"/v1/files", kind, changed))
		script(t, reference.Current(t), "everything.py", name)
		if bound != "latest" {
			script(t, reference.Debian(t), "everything.py", name)
			if err := reference.DumpAll(t.Context(), reference.H5dump(t), []string{name}); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestPartsWithoutSpec makes every part a dataset of its name.
func TestPartsWithoutSpec(t *testing.T) {
	s := serve(t)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "t.npy"), npy("False"))
	out := filepath.Join(dir, "both.h5")
	command(t, "curl", "-sS", "--fail-with-body", "-F", "raw/t=@"+filepath.Join(dir, "t.npy"),
		"-F", "raw/p=@"+filepath.Join(dir, "t.npy"), s.URL+"/v1/files", "-o", out)
	command(t, reference.Current(t), "-c", "import h5py,sys; f=h5py.File(sys.argv[1]); "+
		"assert list(f['raw'])==['p','t'] and (f['raw/t'][:].ravel()==range(12)).all() and f['raw/p'].shape==(3,4)", out)
}

// TestPlanAnswers holds what POST /v1/plans says, and that the plan's file is
// the one that POST /v1/files sends.
func TestPlanAnswers(t *testing.T) {
	s := serve(t)
	want := post(t, s.URL+"/v1/files", "", []byte(withGroups))
	for _, status := range []int{http.StatusOK, http.StatusOK} { // known: it was just made
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/plans", bytes.NewReader([]byte(withGroups)))
		if err != nil {
			t.Fatal(err)
		}
		resp, _ := do(t, req, status)
		_, got := get(t, s.URL+resp.Header.Get("Location")+"/file", http.StatusOK)
		if !bytes.Equal(got, want) {
			t.Errorf("the plan's file has %d bytes, the file %d", len(got), len(want))
		}
	}
}
