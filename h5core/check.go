package h5core

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Severity is how much a Finding matters.
type Severity string

// The severities. Damaged and Overlap make a file unsound; Unsupported is what
// could not be looked at.
const (
	Damaged     Severity = "damaged"
	Overlap     Severity = "overlap"
	Unsupported Severity = "unsupported"
	Warning     Severity = "warning"
)

// Finding is something that a check came across. Offset counts bytes from the
// superblock, as addresses in a file do; where the place of a structure is not
// known, it counts from the structure.
type Finding struct {
	Severity  Severity `json:"severity"`
	Path      string   `json:"path"` // of the object; an attribute as /object@name
	Structure string   `json:"structure,omitempty"`
	Offset    uint64   `json:"offset"`
	Expected  string   `json:"expected,omitempty"`
	Found     string   `json:"found,omitempty"`
	Detail    string   `json:"detail"`
}

// Report is what a check found. Bytes.Known are those of the whole file that
// lie in a structure or in elements that the check came by: not all structures
// are known, so that at most the others are unused.
type Report struct {
	Findings []Finding `json:"findings"`
	Omitted  int       `json:"omitted,omitempty"` // findings beyond the first 10,000
	Objects  int       `json:"objects"`
	Datasets int       `json:"datasets"`
	Chunks   int       `json:"chunks"`
	Bytes    struct {
		Known uint64 `json:"known"`
		Size  uint64 `json:"size"`
	} `json:"bytes"`
	Readable []string `json:"readable"` // paths of the datasets of which everything can be read
}

// Unused is the number of bytes that nothing takes, at most.
func (r *Report) Unused() uint64 { return r.Bytes.Size - r.Bytes.Known }

// Sound tells whether nothing is damaged and nothing overlaps.
func (r *Report) Sound() bool {
	for _, f := range r.Findings {
		if f.Severity == Damaged || f.Severity == Overlap {
			return false
		}
	}
	return true
}

const maxFindings = 10_000

func (r *Report) add(f Finding) {
	if len(r.Findings) == maxFindings {
		r.Omitted++
		return
	}
	r.Findings = append(r.Findings, f)
}

// Check walks everything in the file that Name names. One that is so damaged
// that it cannot be opened gives a report that says so; the error is that of
// the driver or the context.
func Check(ctx context.Context, name string, opts ...Option) (*Report, error) {
	f, err := Open(ctx, name, "r", opts...)
	if err != nil {
		r := &Report{Findings: []Finding{}, Readable: []string{}}
		switch {
		case errors.Is(err, ErrNotHDF5):
			r.add(Finding{Severity: Damaged, Path: "/", Structure: "superblock", Detail: err.Error()})
		case errors.Is(err, ErrDamaged), errors.Is(err, ErrUnsupported), errors.Is(err, ErrTooLarge):
			f := findingOf("/", err)
			if f.Structure == "superblock" {
				f.Severity = Damaged // of a version that is not known nothing can be said
			}
			r.add(f)
		default:
			return nil, err
		}
		return r, nil
	}
	defer f.Close()
	return f.Check(ctx)
}

// Check walks everything from the superblock on: headers, groups, attributes,
// chunk indexes, and chunks, which are decoded, so that their checksums are
// looked at. What is damaged never ends the walk. The error is that of the
// driver or the context; the report then holds what was found before.
func (f *File) Check(ctx context.Context) (*Report, error) {
	if f.stored == nil {
		return nil, failf("check", "/", ErrUnsupported, "a file that is being made is not read")
	}
	// The walk takes a File of its own: what others read is none of its places.
	own, err := load.Open(ctx, f.handle, f.options.limits)
	if err != nil {
		return nil, readError("check", "/", err)
	}
	own.Beside(f.stored)
	extents, err := own.Watch(ctx)
	if err != nil {
		return nil, readError("check", "/", err)
	}
	view := &File{options: f.options, handle: f.handle, stored: own}
	view.paths.once.Do(func() {}) // where references lead is looked at by itself
	c := &checker{file: view, extents: extents, report: &Report{Findings: []Finding{}, Readable: []string{}}, seen: map[uint64]bool{}}
	err = c.all(ctx)
	slices.Sort(c.report.Readable)
	c.overlaps()
	c.report.Bytes.Size = vfd.Stored(f.handle)
	c.report.Bytes.Known = own.Base() + extents.Known()
	return c.report, err
}

// overlaps reports places that two things take.
func (c *checker) overlaps() {
	c.extents.Known()
	c.extents.Overlaps(func(a, b load.Extent) {
		c.report.add(Finding{
			Severity: Overlap, Path: b.Owner, Structure: b.Structure, Offset: b.Addr,
			Detail: fmt.Sprintf("bytes %#x to %#x overlap %#x to %#x: %s of %s",
				b.Addr, b.Addr+b.Size, a.Addr, a.Addr+a.Size, a.Structure, a.Owner),
		})
	})
}
