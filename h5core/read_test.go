package h5core_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/h5core"
)

func TestReadWhatWasWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "rich.h5")
	f, err := h5core.Open(ctx, name, "w")
	must(t, err)
	rich(t, f)
	must(t, f.Close())
	r, err := h5core.Open(ctx, name, "r")
	must(t, err)
	defer r.Close()
	_ = os.Stdout
	links, err := r.Links(ctx)
	must(t, err)
	for _, l := range links {
		t.Logf("%+v", l)
	}
	o, err := r.Get(ctx, "a/b/chunked")
	must(t, err)
	e, err := o.(*h5core.Dataset).ReadRaw(ctx, nil)
	must(t, err)
	t.Log(e.Shape, e.Data[8*20:8*21])
	o, err = r.Get(ctx, "text")
	must(t, err)
	e, err = o.(*h5core.Dataset).ReadRaw(ctx, nil)
	must(t, err)
	t.Log(string(e.VarLen(e.Data[:16])), string(e.VarLen(e.Data[32:48])))
}
