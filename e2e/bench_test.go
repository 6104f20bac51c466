package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	for name, spec := range map[string]func() any{
		"tree 1000x10":       tree,
		"inline array 100MB": inlineArray,
		"gzip 64MiB":         gzip64,
		"table 1e6 rows":     table,
	} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			description := filepath.Join(dir, "spec.json")
			data, err := json.Marshal(spec())
			if err != nil {
				b.Fatal(err)
			}
			writeFile(b, description, data)
			python, ours := reference.Current(b), program(b)
			var wall, cpu, peak float64
			var size [2]int64
			for b.Loop() {
				theirs := measure(b, python, "-B", filepath.Join("clients", "by_h5py.py"), description, filepath.Join(dir, "h5py.h5"))
				mine := measure(b, ours, "build", description, "-o", filepath.Join(dir, "ours.h5"))
				wall += theirs.wall.Seconds() / mine.wall.Seconds()
				cpu += theirs.cpu.Seconds() / mine.cpu.Seconds()
				peak += float64(theirs.peak) / float64(mine.peak)
				b.ReportMetric(float64(mine.peak)/(1<<20), "MiB-peak")
				b.ReportMetric(mine.cpu.Seconds()*1000, "ms-cpu")
			}
			for i, file := range []string{"h5py.h5", "ours.h5"} {
				info, err := os.Stat(filepath.Join(dir, file))
				if err != nil {
					b.Fatal(err)
				}
				size[i] = info.Size()
			}
			b.ReportMetric(wall/float64(b.N), "×wall")
			b.ReportMetric(cpu/float64(b.N), "×cpu")
			b.ReportMetric(peak/float64(b.N), "×memory")
			b.ReportMetric(float64(size[1])/float64(size[0]), "size/h5py's")
		})
	}
}

func tree() any {
	datasets := map[string]any{}
	for g := range 1000 {
		for d := range 10 {
			datasets[fmt.Sprintf("group%04d/dataset%d", g, d)] = []int{g, d, 3, 4, 5, 6, 7, 8, 9, 10}
		}
	}
	return map[string]any{"datasets": datasets}
}

// inlineArray is a matrix whose JSON has about 100 MB.
func inlineArray() any {
	rows := make([]json.RawMessage, 5000)
	var row strings.Builder
	for i := range rows {
		row.Reset()
		row.WriteByte('[')
		for k := range 1150 {
			if k > 0 {
				row.WriteByte(',')
			}
			fmt.Fprintf(&row, "%.13f", float64(i*k%9973)/9973)
		}
		row.WriteByte(']')
		rows[i] = json.RawMessage(row.String())
	}
	return map[string]any{"datasets": map[string]any{"matrix": rows}}
}

func gzip64() any {
	return map[string]any{"datasets": map[string]any{"ramp": map[string]any{
		"dtype": "<f8", "shape": []int{8 << 20}, "chunks": []int{128 << 10},
		"compression": "gzip", "compression_opts": 4, "shuffle": true, "data": map[string]any{"linspace": []int{0, 1000}},
	}}}
}

func table() any {
	ids, names, values := make([]int, 1e6), make([]string, 1e6), make([]float64, 1e6)
	for i := range ids {
		ids[i], names[i], values[i] = i, fmt.Sprint("name ", i%1000), float64(i)/7
	}
	return map[string]any{"datasets": map[string]any{"table": map[string]any{
		"dtype": []any{[]string{"id", "<i8"}, []string{"name", "S12"}, []string{"value", "<f8"}},
		"data":  map[string]any{"columns": map[string]any{"id": ids, "name": names, "value": values}},
	}}}
}
