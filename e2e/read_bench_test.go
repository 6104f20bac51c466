package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/h5core"
)

// readFiles makes the files that both sides read, once.
var readFiles = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(built, "read")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	_, err := readByH5py("make", dir)
	return dir, err
})

var readPython string

func readByH5py(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(context.Background(), readPython, append([]string{"-B", filepath.Join("clients", "read_by_h5py.py")}, args...)...)
	cmd.Stderr = os.Stderr
	return cmd.Output()
}

func readFolder(b *testing.B) string {
	b.Helper()
	readPython = reference.Current(b)
	dir, err := readFiles()
	if err != nil {
		b.Fatal(err)
	}
	return dir
}

// BenchmarkReadBesideH5py reads the same files with h5py, in a process that
// times itself, and with h5core, and reports h5py's cost over h5core's. The
// fastest of some rounds counts on both sides.
func BenchmarkReadBesideH5py(b *testing.B) {
	for _, bc := range []struct {
		name string
		read func(f *h5core.File) error
	}{
		{"contiguous", readWhole},
		{"gzip", readWhole},
		{"fletcher32", readWhole},
		{"strings", readStrings},
		{"compound", readWhole},
		{"listing", listAll},
	} {
		b.Run(bc.name, func(b *testing.B) {
			dir := readFolder(b)
			out, err := readByH5py("read", dir, bc.name, "5")
			if err != nil {
				b.Fatal(err)
			}
			var theirs struct{ Wall, CPU float64 }
			if err := json.Unmarshal(out, &theirs); err != nil {
				b.Fatal(err)
			}
			var mine cost
			for b.Loop() {
				mine = faster(mine, timed(b, func() error { return readFile(filepath.Join(dir, bc.name+".h5"), bc.read) }))
			}
			b.ReportMetric(theirs.Wall/mine.wall.Seconds(), "×wall")
			b.ReportMetric(theirs.CPU/mine.cpu.Seconds(), "×cpu")
			b.ReportMetric(theirs.Wall*1000, "ms-h5py")
			b.ReportMetric(mine.wall.Seconds()*1000, "ms-ours")
		})
	}
}

// BenchmarkParallelRead reads a gzip dataset with one worker and with two, and
// reports how much faster two are.
func BenchmarkParallelRead(b *testing.B) {
	name := filepath.Join(readFolder(b), "gzip.h5")
	var one, two cost
	for b.Loop() {
		one = faster(one, timed(b, func() error { return readFile(name, readWhole, h5core.WithWorkers(1)) }))
		two = faster(two, timed(b, func() error { return readFile(name, readWhole, h5core.WithWorkers(2)) }))
	}
	b.ReportMetric(one.wall.Seconds()/two.wall.Seconds(), "×two-workers")
	b.ReportMetric(one.wall.Seconds()*1000, "ms-one")
	b.ReportMetric(two.wall.Seconds()*1000, "ms-two")
}

func faster(a, b cost) cost {
	if a.wall == 0 || b.wall < a.wall {
		a.wall = b.wall
	}
	if a.cpu == 0 || b.cpu < a.cpu {
		a.cpu = b.cpu
	}
	return a
}

// timed tells what something in this process took.
func timed(b *testing.B, do func() error) cost {
	b.Helper()
	start, used := time.Now(), cpuTime(b)
	if err := do(); err != nil {
		b.Fatal(err)
	}
	return cost{wall: time.Since(start), cpu: cpuTime(b) - used}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func readFile(name string, read func(f *h5core.File) error, opts ...h5core.Option) error {
	f, err := h5core.Open(context.Background(), name, "r", opts...)
	if err != nil {
		return err
	}
	if err := read(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func readData(f *h5core.File) (*h5core.Elements, error) {
	o, err := f.Get(context.Background(), "data")
	if err != nil {
		return nil, err
	}
	return o.(*h5core.Dataset).ReadRaw(context.Background(), nil)
}

func readWhole(f *h5core.File) error {
	_, err := readData(f)
	return err
}

// readStrings makes a string of each element, as h5py makes an object.
func readStrings(f *h5core.File) error {
	e, err := readData(f)
	if err != nil {
		return err
	}
	size := int(e.Type.Size)
	list := make([]string, 0, len(e.Data)/size)
	for p := e.Data; len(p) > 0; p = p[size:] {
		list = append(list, string(e.VarLen(p[:size])))
	}
	if last := list[len(list)-1]; last != fmt.Sprintf("sample %d of %d", (len(list)-1)%9973, len(list)-1) {
		return fmt.Errorf("the last string is %q", last)
	}
	return nil
}

// listAll visits every dataset with its shape, type and attributes.
func listAll(f *h5core.File) error {
	found := 0
	var visit func(g *h5core.Group) error
	visit = func(g *h5core.Group) error {
		links, err := g.Links(context.Background())
		if err != nil {
			return err
		}
		for _, l := range links {
			o, err := g.Member(context.Background(), l)
			if err != nil {
				return err
			}
			switch o := o.(type) {
			case *h5core.Group:
				err = visit(o)
			case *h5core.Dataset:
				found++
				err = describeDataset(o)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := visit(f.Group); err != nil {
		return err
	}
	if found != 10_000 {
		return fmt.Errorf("%d datasets", found)
	}
	return nil
}

func describeDataset(d *h5core.Dataset) error {
	attrs, err := d.Attributes().All(context.Background())
	if err != nil {
		return err
	}
	for _, a := range attrs {
		if _, err := a.Read(context.Background()); err != nil {
			return err
		}
	}
	if len(attrs) != 4 || d.Type().Size != 4 || len(d.Space().Dims) != 1 {
		return fmt.Errorf("%s: %d attributes, %v, %v", d.Name(), len(attrs), d.Type(), d.Space())
	}
	return nil
}
