package reference

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Mismatch is one property in which a reference and the manifest differ.
type Mismatch struct {
	Line     int    `json:"line"` // of the manifest, from 1
	File     string `json:"file"`
	Object   string `json:"object"`
	Key      string `json:"key"`
	Expected any    `json:"expected"`
	Found    any    `json:"found"`
}

func (m Mismatch) String() string {
	return fmt.Sprintf("%s: %s: %s: expected %v, found %v", m.File, m.Object, m.Key, m.Expected, m.Found)
}

// Check lets one Python (see [Current], [Debian]) compare the files in dir
// with what is said of them. The error is about the process: a word on
// standard error, or an end before all files were checked.
func Check(ctx context.Context, python, dir string, files []File) ([]Mismatch, error) {
	manifest := filepath.Join(dir, "manifest.jsonl")
	var found []Mismatch
	err := halve(files, func(part []File) error {
		if err := writeManifest(manifest, part); err != nil {
			return err
		}
		mismatches, err := CheckManifest(ctx, python, manifest)
		if err != nil {
			return fmt.Errorf("%s: %w", part[0].Path, err)
		}
		found = append(found, mismatches...)
		return nil
	})
	return found, err
}

// CheckManifest does the same for a manifest that lies beside its files.
func CheckManifest(ctx context.Context, python, manifest string) ([]Mismatch, error) {
	lines, err := os.ReadFile(manifest)
	if err != nil {
		return nil, err
	}
	script := filepath.Join(checkout(), "e2e", "reference", "check.py")
	out, err := run(ctx, python, "-B", script, manifest)
	if err != nil && !isExit(err, 1) {
		return nil, err
	}
	mismatches, checked, parse := parseCheck(out)
	switch {
	case parse != nil:
		return nil, parse
	case checked != bytes.Count(lines, []byte("\n")):
		return nil, fmt.Errorf("%s: %d files of %s checked: %w", python, checked, manifest, errIncomplete)
	case (err != nil) != (len(mismatches) > 0):
		return nil, fmt.Errorf("%s: %d mismatches, which its exit code denies: %w", python, len(mismatches), errIncomplete)
	}
	return mismatches, nil
}

var errIncomplete = errors.New("the reference ended early")

// parseCheck reads check.py's standard output.
func parseCheck(out []byte) (found []Mismatch, checked int, err error) {
	for line := range bytes.Lines(out) {
		var l struct {
			Mismatch
			Checked *int `json:"checked"`
		}
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, 0, fmt.Errorf("check.py said %q: %w", line, err)
		}
		if l.Checked != nil {
			checked = *l.Checked
			continue
		}
		found = append(found, l.Mismatch)
	}
	return found, checked, nil
}

// run gives a program's standard output; a word on standard error is an error.
func run(ctx context.Context, name string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if words := strings.TrimSpace(stderr.String()); words != "" {
		return stdout.Bytes(), fmt.Errorf("%s (%s) says: %s", filepath.Base(name), cmd.ProcessState, words)
	}
	return stdout.Bytes(), err
}

func isExit(err error, code int) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == code
}

// halve does a thing to all of a list at once; where that fails, to each half,
// so that the errors it gives name the few that fail alone.
func halve[T any](list []T, do func([]T) error) error {
	err := do(list)
	if err == nil || len(list) < 2 {
		return err
	}
	middle := len(list) / 2
	apart := errors.Join(halve(list[:middle], do), halve(list[middle:], do))
	if apart == nil {
		return fmt.Errorf("together, though not apart: %w", err)
	}
	return apart
}
