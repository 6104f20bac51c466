package format

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// library says that the bytes of a case were cut from a file that h5py 3.16
// made with HDF5 2.0; all others are written by hand from the specification.
const library = true

// layout is one structure in its three forms: value, bytes, description.
type layout struct {
	name    string
	library bool
	geo     wire.Geometry         // wire.Default if zero
	bytes   string                // see unhex
	value   wire.Structure        // what the bytes mean
	blank   func() wire.Structure // what a reader knows before it reads
	least   int                   // bytes without which decoding fails; 0 = all, and it takes all
	lossy   bool                  // the bytes hold what a writer says otherwise
	text    string                // what Describe gives; "" = not looked at
}

// unhex reads annotated bytes: hexadecimal pairs up to a "|" in each line,
// "00*24" for a run, "sum" for the lookup3 checksum of all bytes since the
// start or the last "apart".
func unhex(t testing.TB, annotated string) []byte {
	t.Helper()
	var out []byte
	start := 0
	for line := range strings.Lines(annotated) {
		line, _, _ = strings.Cut(line, "|")
		for _, word := range strings.Fields(line) {
			switch word {
			case "sum":
				sum := wire.Lookup3(out[start:], 0)
				out = append(out, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))
			case "apart":
				start = len(out)
			default:
				pair, times, many := strings.Cut(word, "*")
				n := 1
				b, err := strconv.ParseUint(pair, 16, 8)
				if many && err == nil {
					n, err = strconv.Atoi(times)
				}
				if err != nil {
					t.Fatalf("%q: %v", word, err)
				}
				out = append(out, bytes.Repeat([]byte{byte(b)}, n)...)
			}
		}
	}
	return out
}

func (l layout) check(t *testing.T) {
	geo, src := l.geo, unhex(t, l.bytes)
	if geo == (wire.Geometry{}) {
		geo = wire.Default
	}
	got := l.blank()
	n, err := wire.Decode(src, geo, 0x1000, got)
	if err != nil || l.least == 0 && n != len(src) {
		t.Fatalf("Decode took %d of %d bytes: %v", n, len(src), err)
	}
	if diff := cmp.Diff(l.value, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	out, err := wire.Append([]byte("before"), geo, l.value)
	if err != nil || !bytes.HasPrefix(out, []byte("before")) {
		t.Fatalf("Append: %v", err)
	}
	if out = out[6:]; !l.lossy && !bytes.Equal(out, src) {
		t.Errorf("Append:\n% x\nwant\n% x", out, src)
	}
	if n, err := wire.Size(geo, l.value); err != nil || n != len(out) {
		t.Errorf("Size = %d, %v; %d bytes are written", n, err, len(out))
	}
	if back := l.blank(); true {
		if _, err := wire.Decode(out, geo, 0, back); err != nil || !cmp.Equal(l.value, back, cmpopts.EquateEmpty()) {
			t.Errorf("decode(encode(v)) = %+v, %v", back, err)
		}
	}
	l.checkShort(t, geo, src)
	l.checkText(t, geo, src)
}

func (l layout) checkShort(t *testing.T, geo wire.Geometry, src []byte) {
	least := l.least
	if least == 0 {
		least = len(src)
	}
	for n := range src {
		_, err := wire.Decode(src[:n:n], geo, 0x1000, l.blank())
		var f *wire.Fault
		if err == nil && n < least {
			t.Fatalf("%d of %d bytes were enough", n, len(src))
		}
		if err != nil && (!errors.As(err, &f) || f.Structure == "" || f.Field == "" || f.Offset < 0x1000 || f.Offset > 0x1000+uint64(n)) {
			t.Fatalf("%d bytes: %#v", n, err)
		}
	}
}

func (l layout) checkText(t *testing.T, geo wire.Geometry, src []byte) {
	if l.text == "" {
		return
	}
	text, err := wire.Describe(src, geo, 0x1000, l.blank())
	if diff := cmp.Diff(strings.TrimLeft(l.text, "\n"), text); err != nil || diff != "" {
		t.Errorf("Describe: %v (-want +got):\n%s", err, diff)
	}
}

func run(t *testing.T, layouts []layout) {
	for _, l := range layouts {
		t.Run(l.name, l.check)
	}
}

// fault says how one byte is spoiled, and which field the reader must name.
type fault struct {
	at    int
	to    byte
	field string
}

func (l layout) spoil(t *testing.T, faults []fault) {
	t.Run(l.name, func(t *testing.T) {
		geo := l.geo
		if geo == (wire.Geometry{}) {
			geo = wire.Default
		}
		for _, f := range faults {
			src := unhex(t, l.bytes)
			if f.at < 0 {
				f.at += len(src)
			}
			if src[f.at] == f.to {
				t.Errorf("byte %d is %#x already", f.at, f.to)
			}
			src[f.at] = f.to
			_, err := wire.Decode(src, geo, 0, l.blank())
			var got *wire.Fault
			if !errors.As(err, &got) || got.Field != f.field {
				t.Errorf("byte %d = %#x: %v, want a fault of %q", f.at, f.to, err, f.field)
			}
		}
	})
}
