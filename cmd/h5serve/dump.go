package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core"
)

type dump struct {
	source    `embed:""`
	Format    string `enum:"json,csv,npy" default:"json" placeholder:"json|csv|npy" help:"Form of the values (${default}). csv and npy need the PATH of a dataset."`
	Canonical bool   `help:"Print a line for each object, with hashes of its values, by which files can be compared."`
	NaN       string `name:"nan" enum:"string,null" default:"string" placeholder:"string|null" help:"What NaN and infinities are in JSON (${default})."`
	Out       string `short:"o" default:"-" placeholder:"FILE" help:"File to write, '-' for standard output (${default})."`
}

func (d *dump) Run(ctx context.Context, std streams) error {
	switch {
	case d.Canonical && d.Path != "/":
		return usageError("--canonical describes whole files: leave out PATH")
	case d.Format == "npy" && d.Out == "-" && terminal(std.out):
		return usageError("an .npy file is no text for a terminal: name one with -o FILE, or pipe the output")
	}
	f, o, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	faults := 0
	err = output(d.Out, std.out, func(w io.Writer) (err error) {
		out := bufio.NewWriterSize(w, 64<<10)
		if faults, err = d.write(ctx, out, f, o); err != nil {
			_ = out.Flush() // on standard output, what there is
			return err
		}
		return out.Flush()
	})
	if err != nil {
		return err
	}
	return unread(d.File, faults)
}

func (d *dump) write(ctx context.Context, w io.Writer, f *h5core.File, o h5core.Object) (faults int, err error) {
	switch {
	case d.Canonical:
		return represent.Lines(ctx, w, f)
	case d.Format == "json":
		return represent.JSON{NullNaN: d.NaN == "null"}.Document(ctx, w, o)
	}
	ds, ok := o.(*h5core.Dataset)
	if !ok {
		return 0, fmt.Errorf("%s is no dataset; --format %s needs the PATH of one", d.Path, d.Format)
	}
	form := represent.NewCSV
	if d.Format == "npy" {
		form = represent.NewNPY
	}
	return 0, represent.WriteDataset(ctx, w, ds, form)
}
