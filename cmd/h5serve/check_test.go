package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	folder := t.TempDir()
	sound, spoiled, text := filepath.Join(folder, "sound.h5"), filepath.Join(folder, "spoiled.h5"), filepath.Join(folder, "text.h5")
	if code, _, errs := call(t, ten, "build", "-", "-o", sound); code != 0 {
		t.Fatal(errs)
	}
	p, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(p, []byte("SNOD"))
	if at < 0 {
		at = bytes.LastIndex(p, []byte("OHDR"))
	}
	p[at+1] ^= 1
	for name, content := range map[string][]byte{spoiled: p, text: []byte("no HDF5 at all")} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"sound", []string{sound}, 0, "sound.h5: sound; 2 objects, 1 of 1 datasets readable"},
		{"in memory", []string{sound, "--driver=core"}, 0, ": sound;"},
		{"damaged", []string{spoiled}, exitRefused, "damaged      /"},
		{"no HDF5", []string{text}, exitRefused, "file signature not found"},
		{"no file", []string{filepath.Join(folder, "none.h5")}, exitUsage, ""},
		{"no argument", nil, exitUsage, ""},
		{"unknown driver", []string{sound, "--driver=tape"}, exitUsage, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, out, errs := call(t, "", append([]string{"check"}, test.args...)...)
			if code != test.code || !strings.Contains(out, test.says) || (code == 0) != (errs == "") {
				t.Errorf("code %d: %s%s", code, out, errs)
			}
		})
	}
	for name, want := range map[string]bool{sound: true, spoiled: false} {
		_, out, _ := call(t, "", "check", "--json", name)
		var got struct {
			Sound    bool
			Findings []struct{ Severity, Path, Structure, Expected, Found string }
			Readable []string
			Bytes    struct{ Known, Size uint64 }
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err, out)
		}
		if got.Sound != want || (len(got.Findings) == 0) != want || got.Bytes.Size != uint64(len(p)) || got.Bytes.Known > got.Bytes.Size {
			t.Errorf("%s", out)
		}
	}
}
