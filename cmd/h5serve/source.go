package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/h5serve/h5serve/h5core"
)

// source is a file to be read, and an object in it.
type source struct {
	File   string `arg:"" placeholder:"FILE" help:"HDF5 file to read, or where one lies: s3://BUCKET/KEY, https://HOST/PATH."`
	Path   string `arg:"" optional:"" default:"/" placeholder:"PATH" help:"Object in the file (${default})."`
	Follow string `type:"existingdir" placeholder:"FOLDER" help:"Folder below which other files may be read that the file leads to: by external links, as external storage, as sources of virtual datasets. Without it none is."`
	driver `embed:""`
}

// open opens the file and finds the object in it.
func (s *source) open(ctx context.Context) (*h5core.File, h5core.Object, error) {
	driver, err := s.driver.open(s.File)
	if err != nil {
		return nil, nil, err
	}
	f, err := h5core.Open(ctx, s.File, "r", h5core.WithDriver(driver), h5core.WithFollow(s.Follow))
	if err != nil {
		return nil, nil, err
	}
	if s.Path == "/" {
		return f, f.Group, nil
	}
	o, err := f.Get(ctx, s.Path)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, o, nil
}

// unread is the error of a call that gave all that could be read.
func unread(file string, faults int) error {
	switch faults {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: one thing could not be read; the output says which and why", file)
	}
	return fmt.Errorf("%s: %d things could not be read; the output says which and why", file, faults)
}

// output calls write with the file of that name, "-" being standard output.
// A file that is there stays when writing fails.
func output(name string, std io.Writer, write func(io.Writer) error) (err error) {
	if name == "-" {
		return write(std)
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		out, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(out), out.Close())
	}
	beside := fmt.Sprintf("%s.%d.unfinished", name, os.Getpid())
	out, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	if err := errors.Join(write(out), out.Close()); err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	return os.Rename(beside, name)
}
