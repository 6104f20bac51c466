package filespec

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// Whatever falls on the border of two windows is read like all else.
func TestWindows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	var want []int64
	text.WriteString(`{"datasets":{"x":[`)
	for i := range 20_000 {
		if i > 0 {
			text.WriteString(strings.Repeat(" ", random.IntN(2)) + "," + strings.Repeat("\n ", random.IntN(2)*random.IntN(100)))
		}
		v := int64(random.Uint64()) >> random.IntN(64)
		want = append(want, v)
		fmt.Fprint(&text, v)
	}
	text.WriteString(`]}}`)
	_, raw, _ := elementsOf(t, text.String())
	for i, v := range want {
		if got := int64(binary.LittleEndian.Uint64(raw[8*i:])); got != v {
			t.Fatalf("element %d: got %d, want %d", i, got, v)
		}
	}
	long := strings.Repeat("aé😀\\n\\u00e9", 20_000)
	_, _, heap := elementsOf(t, `{"datasets":{"x":["`+long+`"]}}`)
	if heap != strings.NewReplacer(`\n`, "\n", `\u00e9`, "é").Replace(long) {
		t.Error("a long text changed")
	}
}

// Memory does not grow with the values of the body.
func TestMemoryOfValues(t *testing.T) {
	numbers := strings.Repeat("1.25,", 1_000_000)
	base64 := strings.Repeat("AAAA", 1_000_000)
	for name, description := range map[string]string{
		"numbers": `{"datasets":{"x":[` + numbers + `1]}}`,
		"base64":  one(`"dtype":"u1","shape":[3000000],"data":{"base64":"` + base64 + `"}`),
		"columns": one(`"data":{"columns":{"a":[` + numbers + `1]}}`),
	} {
		source := bytes.NewReader([]byte(description))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		spec, err := Parse(context.Background(), source, nil, testLimits)
		if err != nil {
			t.Fatal(err)
		}
		if err := spec.tree.lookup("x").dataset.value.stream.copyTo(context.Background(), io.Discard, nil); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes allocated for a body of %d", name, used, source.Size())
		}
	}
}
