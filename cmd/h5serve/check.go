package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/h5serve/h5serve/h5core"
)

type check struct {
	File   string `arg:"" placeholder:"FILE" help:"HDF5 file to check, or where one lies: s3://BUCKET/KEY, https://HOST/PATH."`
	JSON   bool   `name:"json" help:"One JSON document, for programs."`
	driver `embed:""`
}

// Run gives exit code 0 for a sound file and 1 for a damaged one.
func (c *check) Run(ctx context.Context, std streams) error {
	driver, err := c.driver.open(c.File)
	if err != nil {
		return err
	}
	r, err := h5core.Check(ctx, c.File, h5core.WithDriver(driver))
	if r == nil {
		return usageError(err.Error()) // there is no such file, or it may not be read
	}
	if err := errors.Join(err, c.print(std.out, r)); err != nil {
		return err
	}
	if !r.Sound() {
		return fmt.Errorf("%s is damaged", c.File)
	}
	return nil
}

func (c *check) print(w io.Writer, r *h5core.Report) error {
	if c.JSON {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(struct {
			File   string `json:"file"`
			Sound  bool   `json:"sound"`
			Unused uint64 `json:"at_most_unused"`
			*h5core.Report
		}{c.File, r.Sound(), r.Unused(), r})
	}
	_, err := io.WriteString(w, c.text(r))
	return err
}

// text is a line for each finding, then what is left of a damaged file, then
// the sums.
func (c *check) text(r *h5core.Report) string {
	var text strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&text, "%-11s  %s", f.Severity, printable(f.Path))
		if f.Structure != "" {
			fmt.Fprintf(&text, "  %s at %#x", f.Structure, f.Offset)
		}
		fmt.Fprintf(&text, ": %s\n", printable(f.Detail))
	}
	if r.Omitted > 0 {
		fmt.Fprintf(&text, "and %d findings more\n", r.Omitted)
	}
	verdict := "sound"
	if !r.Sound() {
		verdict = "damaged"
		for _, path := range r.Readable {
			fmt.Fprintf(&text, "readable     %s\n", printable(path))
		}
	}
	fmt.Fprintf(&text, "%s: %s; %d objects, %d of %d datasets readable, %d chunks; %d bytes, at most %d of them unused\n",
		printable(c.File), verdict, r.Objects, len(r.Readable), r.Datasets, r.Chunks, r.Bytes.Size, r.Unused())
	return text.String()
}
