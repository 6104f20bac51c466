package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/h5serve/h5serve/e2e/reference"
)

// cost is what a process took.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // bytes
}

func measure(b *testing.B, name string, args ...string) cost {
	b.Helper()
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s %v: %v", name, args, err)
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), used.Maxrss << 10}
}

// BenchmarkBesideH5py makes a file from a description with h5serve and with
// h5py, one after the other, and reports h5py's cost over h5serve's. Reading
// the description counts on both sides.
func BenchmarkBesideH5py(b *testing.B) {
	for _, bc := range []struct {
		name string
		spec func(w *bufio.Writer)
	}{
		{"tree 1000x10", tree}, {"inline array 100MB", inlineArray}, {"gzip 64MiB", gzip64}, {"table 1e6 rows", table},
	} {
		b.Run(bc.name, func(b *testing.B) {
			dir := b.TempDir()
			description := describe(b, dir, bc.spec)
			python, ours := reference.Current(b), program(b)
			var wall, cpu, peak float64
			for b.Loop() {
				theirs := measure(b, python, "-B", filepath.Join("clients", "by_h5py.py"), description, filepath.Join(dir, "h5py.h5"))
				mine := measure(b, ours, "build", description, "-o", filepath.Join(dir, "ours.h5"))
				wall += theirs.wall.Seconds() / mine.wall.Seconds()
				cpu += theirs.cpu.Seconds() / mine.cpu.Seconds()
				peak += float64(theirs.peak) / float64(mine.peak)
				b.ReportMetric(float64(mine.peak)/(1<<20), "MiB-peak")
				b.ReportMetric(mine.cpu.Seconds()*1000, "ms-cpu")
			}
			b.ReportMetric(wall/float64(b.N), "×wall")
			b.ReportMetric(cpu/float64(b.N), "×cpu")
			b.ReportMetric(peak/float64(b.N), "×memory")
			b.ReportMetric(float64(sizeOf(b, dir, "ours.h5"))/float64(sizeOf(b, dir, "h5py.h5")), "size/h5py's")
		})
	}
}

// describe writes a description piece by piece: a child's peak memory counts
// from that of this process.
func describe(b *testing.B, dir string, spec func(w *bufio.Writer)) string {
	b.Helper()
	name := filepath.Join(dir, "spec.json")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	spec(w)
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		b.Fatal(err)
	}
	return name
}

func sizeOf(b *testing.B, dir, name string) int64 {
	b.Helper()
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// list writes n JSON values in brackets.
func list(w *bufio.Writer, n int, value func(i int)) {
	w.WriteByte('[')
	for i := range n {
		if i > 0 {
			w.WriteByte(',')
		}
		value(i)
	}
	w.WriteByte(']')
}

func tree(w *bufio.Writer) {
	w.WriteString(`{"datasets":{`)
	for i := range 10_000 {
		if i > 0 {
			w.WriteByte(',')
		}
		fmt.Fprintf(w, `"group%04d/dataset%d":[%d,%d,3,4,5,6,7,8,9,10]`, i/10, i%10, i/10, i%10)
	}
	w.WriteString("}}")
}

// inlineArray is a matrix whose JSON has about 100 MB.
func inlineArray(w *bufio.Writer) {
	w.WriteString(`{"datasets":{"matrix":`)
	list(w, 5000, func(i int) {
		list(w, 1150, func(k int) { fmt.Fprintf(w, "%.13f", float64(i*k%9973)/9973) })
	})
	w.WriteString("}}")
}

func gzip64(w *bufio.Writer) {
	w.WriteString(`{"datasets":{"ramp":{"dtype":"<f8","shape":[8388608],"chunks":[131072],"compression":"gzip",` +
		`"compression_opts":4,"shuffle":true,"data":{"linspace":[0,1000]}}}}`)
}

func table(w *bufio.Writer) {
	const rows = 1_000_000
	w.WriteString(`{"datasets":{"table":{"dtype":[["id","<i8"],["name","S12"],["value","<f8"]],"data":{"columns":{"id":`)
	list(w, rows, func(i int) { fmt.Fprint(w, i) })
	w.WriteString(`,"name":`)
	list(w, rows, func(i int) { fmt.Fprintf(w, `"name %d"`, i%1000) })
	w.WriteString(`,"value":`)
	list(w, rows, func(i int) { fmt.Fprint(w, float64(i)/7) })
	w.WriteString("}}}}}")
}
