package inspect

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
)

// look is one inspection.
type look struct {
	Options
	outer   context.Context
	file    *sources.File
	libver  h5core.Libver
	advice  grievances
	found   []h5core.Finding
	missing int // findings that nobody told
	report  *Report
}

// Look inspects a file. What is wrong with the file stands in the report; the
// error is that of the store, or of a context that ended.
func Look(ctx context.Context, f *sources.File, o Options) (*Report, error) {
	o = o.orDefaults()
	l := &look{Options: o, outer: ctx, file: f, report: &Report{
		Size: f.Info().Size, Complete: true, Datasets: []Dataset{}, Advice: []Advice{},
		Check: Check{Findings: []h5core.Finding{}},
	}}
	ctx, cancel := context.WithTimeout(ctx, o.Time)
	defer cancel()
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"format", l.format}, {"remote", l.remote}, {"datasets", l.walk}, {"check", l.check}} {
		if err := l.settle(ctx, part.name, part.run(ctx)); err != nil {
			return nil, err
		}
	}
	l.report.Format.Libver = l.libver.String()
	l.findings()
	l.report.Advice = l.advice.about(l.report)
	return l.report, nil
}

// settle decides what an error of a part is: the end of the time or the budget
// cuts the report short, damage is a finding, all else ends the inspection.
func (l *look) settle(ctx context.Context, part string, err error) error {
	switch {
	case l.outer.Err() != nil:
		return l.outer.Err()
	case ctx.Err() != nil:
		l.cut(part, fmt.Sprintf("it takes longer than %v", l.Time))
	case l.file.Budget.Exceeded():
		l.cut(part, "it takes more work than a request may cost")
	case err == nil:
	case faulty(err):
		l.found = append(l.found, h5core.FindingOf(err))
	default:
		return err
	}
	return nil
}

// cut says that a part, and what came after it, is not complete.
func (l *look) cut(part, why string) {
	l.report.Complete = false
	l.report.Incomplete = append(l.report.Incomplete, part+": "+why)
}

func (l *look) format(ctx context.Context) error {
	f, err := l.file.HDF5.Format(ctx)
	l.report.Format = Format{
		Superblock: f.Superblock, UserBlock: f.UserBlock, OffsetSize: f.OffsetSize, LengthSize: f.LengthSize,
		SharedMessages: f.SharedMessages, FileSpace: FileSpace(f.FileSpace),
	}
	switch {
	case f.Superblock >= 3:
		l.libver = h5core.V110
	case f.Superblock == 2:
		l.libver = h5core.V108
	}
	return err
}

func (l *look) remote(ctx context.Context) error {
	cost, err := l.file.Trial(ctx, listAll)
	if err == nil {
		l.report.Remote = &Remote{
			Counted: "open and list through a block cache of its own that held nothing",
			GETs:    cost.GETs, Rounds: cost.Rounds, Bytes: cost.Bytes, Serial: cost.Reads, Metadata: cost.Metadata,
		}
	}
	return err
}

// listAll asks for all objects and their attributes. What is damaged is told by
// the walk that comes after.
func listAll(ctx context.Context, f *h5core.File) error {
	for wave, err := range h5core.Waves(ctx, f.Group) {
		if err != nil {
			return err
		}
		objects := openedIn(wave)
		lists, _ := h5core.AttributesOf(ctx, objects)
		_, _ = h5core.ReadAttributes(ctx, slices.Concat(lists...))
	}
	return ctx.Err()
}

func openedIn(wave []*h5core.Visit) (objects []h5core.Object) {
	for _, v := range wave {
		if v.Object != nil {
			objects = append(objects, v.Object)
		}
	}
	return objects
}

func (l *look) check(ctx context.Context) error {
	if l.SkipElements {
		return nil
	}
	r, err := l.file.HDF5.Check(ctx)
	if r == nil {
		return err
	}
	// It goes everywhere that the walk went, and further.
	l.found, l.missing = r.Findings, r.Omitted
	if err == nil && !l.file.Budget.Exceeded() {
		l.report.Check.Elements = true
		unused := r.Unused()
		l.report.Check.Unused = &unused
	}
	return err
}

// findings tells the worst first.
func (l *look) findings() {
	ranks := map[h5core.Severity]int{h5core.Damaged: 0, h5core.Overlap: 1, h5core.Unsupported: 2, h5core.Warning: 3}
	slices.SortStableFunc(l.found, func(a, b h5core.Finding) int { return cmp.Compare(ranks[a.Severity], ranks[b.Severity]) })
	c := &l.report.Check
	c.Sound = (&h5core.Report{Findings: l.found}).Sound()
	c.Findings = append(c.Findings, l.found[:min(len(l.found), l.Findings)]...)
	c.Omitted = len(l.found) - len(c.Findings) + l.missing
}
