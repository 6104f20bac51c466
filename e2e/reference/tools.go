package reference

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Current is the Python with current h5py in the checkout's .venv.
func Current(t testing.TB) string {
	t.Helper()
	return Need(t, filepath.Join(checkout(), ".venv", "bin", "python"), "-c", "import h5py")
}

// Debian is the system's Python with the distribution's h5py, which stands on HDF5 1.10.
func Debian(t testing.TB) string {
	t.Helper()
	return Need(t, "/usr/bin/python3", "-c", "import h5py; assert h5py.version.hdf5_version_tuple < (1, 12)")
}

// H5dump is the system's h5dump.
func H5dump(t testing.TB) string {
	t.Helper()
	return Need(t, "h5dump", "--version")
}

var probed sync.Map // command line: does it run

// Need gives a program that can do what the probe asks; without it the test
// is skipped, or fails where CI is set.
func Need(t testing.TB, program string, probe ...string) string {
	t.Helper()
	key := program + " " + strings.Join(probe, " ")
	works, known := probed.Load(key)
	if !known {
		works = exec.CommandContext(context.Background(), program, probe...).Run() == nil
		probed.Store(key, works)
	}
	if works == true {
		return program
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("this does not run: %s (scripts/setup.sh installs it)", key)
	}
	t.Skipf("this does not run: %s (scripts/setup.sh installs it)", key)
	return ""
}

// checkout is the project's top folder: the nearest one above with e2e/go.mod.
var checkout = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	for parent := filepath.Dir(dir); ; dir, parent = parent, filepath.Dir(parent) {
		if _, err := os.Stat(filepath.Join(dir, "e2e", "go.mod")); err == nil {
			return dir
		}
		if parent == dir {
			panic("not inside the checkout")
		}
	}
})
