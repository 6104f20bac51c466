package h5grove

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
)

func TestParseResolve(t *testing.T) {
	for text, want := range map[string]Resolve{
		"": ResolveValid, "only_valid": ResolveValid, "Only_Valid": ResolveValid, "all": ResolveAll, "TRUE": ResolveAll, "none": ResolveNone, "false": ResolveNone,
	} {
		if got, err := ParseResolve(text); got != want || err != nil {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	var r *Refusal
	if _, err := ParseResolve("some"); !errors.As(err, &r) || r.Status != 422 || r.Parameter != "resolve_links" {
		t.Error(err)
	}
}

func TestBlanks(t *testing.T) {
	for text, want := range map[string]string{"": "", " 1 , 2:5": "1,2:5", "0 : 3 : 2,:": "0:3:2,:", "1 2": "1 2"} {
		if got := withoutBlanks(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Clients of h5grove do not know the class of HDF5 2.0's complex numbers.
func TestComplexIsACompound(t *testing.T) {
	got, err := json.Marshal(describe(dtype.Must(dtype.NativeComplex(8, dtype.BigEndian))))
	want := `{"class":6,"dtype":"\u003ec8","size":8,"members":[{"name":"r","class":1,"dtype":"\u003ef4","size":4,"order":1},{"name":"i","class":1,"dtype":"\u003ef4","size":4,"order":1}]}`
	if err != nil || string(got) != want {
		t.Errorf("%s %v", got, err)
	}
}

func TestSum(t *testing.T) {
	var s sum
	for _, v := range []float64{1, 1e100, 1, -1e100} {
		s.add(v)
	}
	if s.value() != 2 {
		t.Errorf("%v", s.value())
	}
	var far sum
	far.add(math.MaxFloat64)
	far.add(math.MaxFloat64)
	if !math.IsInf(far.value(), 1) {
		t.Errorf("%v", far.value())
	}
}
