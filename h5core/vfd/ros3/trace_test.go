package ros3_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage/cached"
)

type tracer struct {
	vfd.File
	n *cached.Counter
}

func (f tracer) ReadVector(ctx context.Context, c vfd.Class, s []vfd.Segment) error {
	b := f.n.Counts()
	err := vfd.Fetch(ctx, f.File, c, s)
	a := f.n.Counts()
	fmt.Printf("  %v: %d segs, first %.2f last %.2f: %d GETs %.2f MB\n", c, len(s), float64(s[0].Addr)/(1<<20), float64(s[len(s)-1].Addr)/(1<<20), a.GETs-b.GETs, float64(a.Bytes-b.Bytes)/1e6)
	return err
}

type tracing struct {
	far
	n *cached.Counter
}

func (d tracing) Open(ctx context.Context, name string, m vfd.Mode) (vfd.File, error) {
	f, err := d.far.Open(ctx, name, m)
	return tracer{f, d.n}, err
}

func TestTrace(t *testing.T) {
	c, n := cached.WithCounter(ctx)
	d := tracing{far{newCache(t, cached.Settings{}), stranger(t, 20, 50)}, n}
	list(c, t, d)
	fmt.Println(n.Counts())
	c, n = cached.WithCounter(ctx)
	d = tracing{far{newCache(t, cached.Settings{}), d.store}, n}
	slice(c, t, d, 13, 37)
}
