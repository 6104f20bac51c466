package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/h5serve/h5serve/api/filespec"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

type build struct {
	Spec         string   `arg:"" placeholder:"SPEC" help:"File with the description (JSON), '-' for standard input."`
	Out          string   `short:"o" default:"-" placeholder:"FILE" help:"File to write, '-' for standard output (${default})."`
	Part         []string `sep:"none" placeholder:"NAME=FILE" help:"A part that the description names. Repeat it for more."`
	Driver       string   `enum:"core,sec2" default:"core" placeholder:"core|sec2" help:"How the file comes to the disk: planned in memory and written whole, or through the file (${default})."`
	BlockSize    size     `default:"64KiB" placeholder:"SIZE" help:"By how much the memory of core grows (${default})."`
	BackingStore bool     `default:"true" negatable:"" help:"Let core write the file at its end. Without, the planned bytes are streamed to it."`
}

func (b *build) Run(ctx context.Context, std streams) error {
	if b.Out == "-" && terminal(std.out) {
		return usageError("a file is no text for a terminal: name one with -o FILE, or pipe the output")
	}
	if b.Out == "-" && b.Driver == "sec2" {
		return usageError("--driver sec2 writes a file in place: name one with -o FILE")
	}
	if b.BlockSize < 512 || b.BlockSize > 1<<30 {
		return usageError("--block-size must be 512B to 1GiB")
	}
	spec, done, err := b.read(ctx, std.in)
	defer done()
	if err != nil {
		return explain(err)
	}
	for _, w := range spec.Warnings() {
		fmt.Fprintf(std.err, "h5serve: warning: %s\n", located(w.Pointer, w.Detail))
	}
	if b.Out == "-" {
		return explain(b.stream(ctx, spec, std.out))
	}
	return explain(b.write(ctx, spec))
}

// read understands the description and its parts. The parts' files stay open until done.
func (b *build) read(ctx context.Context, stdin io.Reader) (_ *filespec.Spec, done func(), err error) {
	var open []*os.File
	done = func() {
		for _, f := range open {
			_ = f.Close()
		}
	}
	description, err := readSpec(b.Spec, stdin)
	if err != nil {
		return nil, done, err
	}
	var parts []filespec.Part
	for _, given := range b.Part {
		name, path, ok := strings.Cut(given, "=")
		if !ok || name == "" || path == "" {
			return nil, done, usageError(fmt.Sprintf("--part %q is not NAME=FILE", given))
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, done, err
		}
		open = append(open, f)
		part, err := filePart(name, f)
		if err != nil {
			return nil, done, err
		}
		parts = append(parts, part)
	}
	spec, err := filespec.Parse(ctx, description, parts, limits())
	return spec, done, err
}

// limits are those of the format and of this machine: who calls build asks for it.
func limits() filespec.Limits {
	l := filespec.DefaultLimits()
	l.MaxDescription, l.MaxFile, l.MaxObjects, l.MaxChunk = 0, 0, 0, 0
	return l
}

func readSpec(path string, stdin io.Reader) (filespec.Source, error) {
	if path != "-" {
		text, err := os.ReadFile(path)
		return bytes.NewReader(text), err
	}
	text, err := io.ReadAll(stdin)
	return bytes.NewReader(text), err
}

func filePart(name string, f *os.File) (filespec.Part, error) {
	info, err := f.Stat()
	if err != nil {
		return filespec.Part{}, err
	}
	if !info.Mode().IsRegular() {
		return filespec.Part{}, fmt.Errorf("%s is no regular file", f.Name())
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return filespec.Part{}, err
	}
	return filespec.Part{
		Name: name, FileName: filepath.Base(f.Name()),
		Body: io.NewSectionReader(f, 0, info.Size()), SHA256: [32]byte(sum.Sum(nil)),
	}, nil
}

// stream plans the file in memory and writes it to out.
func (b *build) stream(ctx context.Context, spec *filespec.Spec, out io.Writer) error {
	f, err := b.open(ctx, spec, "stdout", vfd.Core{BlockSize: int(b.BlockSize)})
	if err != nil {
		return err
	}
	defer f.Discard()
	p, err := f.Plan(ctx)
	if err != nil {
		return err
	}
	return p.WriteWindow(ctx, out, 0, p.Size())
}

// write makes the file beside its place: what is there stays whole until the new one is. A place that is
// no regular file, such as a pipe, is written to as it is.
func (b *build) write(ctx context.Context, spec *filespec.Spec) (err error) {
	place := b.Out
	if followed, err := filepath.EvalSymlinks(place); err == nil {
		place = followed
	}
	if info, err := os.Stat(place); err == nil && !info.Mode().IsRegular() {
		out, err := os.OpenFile(place, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(b.stream(ctx, spec, out), out.Close())
	}
	beside := fmt.Sprintf("%s.%d.unfinished", place, os.Getpid())
	defer func() {
		if err != nil {
			_ = os.Remove(beside)
		}
	}()
	if b.Driver == "core" && !b.BackingStore {
		err = b.streamTo(ctx, spec, beside)
	} else {
		err = b.store(ctx, spec, beside)
	}
	if err != nil {
		return err
	}
	return os.Rename(beside, place)
}

func (b *build) streamTo(ctx context.Context, spec *filespec.Spec, path string) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(b.stream(ctx, spec, out), out.Close())
}

// store lets a driver that keeps the file write it.
func (b *build) store(ctx context.Context, spec *filespec.Spec, path string) error {
	var driver vfd.Driver = vfd.Sec2{}
	if b.Driver == "core" {
		driver = vfd.Core{BlockSize: int(b.BlockSize), BackingStore: true}
	}
	f, err := b.open(ctx, spec, path, driver)
	if err != nil {
		return err
	}
	return f.Close()
}

func (b *build) open(ctx context.Context, spec *filespec.Spec, path string, driver vfd.Driver) (*h5core.File, error) {
	options, err := spec.Options()
	if err != nil {
		return nil, err
	}
	f, err := h5core.Open(ctx, path, "w", append(options, h5core.WithDriver(driver))...)
	if err != nil {
		return nil, err
	}
	if err := spec.Write(ctx, f); err != nil {
		f.Discard()
		return nil, err
	}
	return f, nil
}

// explain lists everything that is wrong with a description, a line each.
func explain(err error) error {
	var p *filespec.Problem
	if !errors.As(err, &p) {
		return err
	}
	lines := []string{p.Detail}
	for _, e := range p.Errors {
		where := e.Pointer
		if e.Part != "" {
			where = "part " + e.Part
		}
		line := located(where, e.Detail)
		if e.DidYouMean != "" {
			line += fmt.Sprintf(" (did you mean %q?)", e.DidYouMean)
		}
		if line != p.Detail {
			lines = append(lines, "  "+line)
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

func located(where, detail string) string {
	if where == "" {
		return detail
	}
	return where + ": " + detail
}
