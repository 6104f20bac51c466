// Package wiretest holds structures of the disk format to their bytes.
//
//	annotated bytes ──Layout.Run──▶ decode, encode, size and describe agree
//	                ──Spoil──────▶ each fault is found, and named
//	any bytes ───────FixedPoint──▶ a fault, or a value that stays itself
package wiretest

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

// Library says that the bytes of a case were cut from a file that h5py 3.16
// made with HDF5 2.0; all others are written by hand from the specification.
const Library = true

// Layout is one structure in its three forms: value, bytes, description.
type Layout struct {
	Name    string
	Library bool
	Geo     wire.Geometry         // wire.Default if zero
	Bytes   string                // see Unhex
	Value   wire.Structure        // what the bytes mean
	Blank   func() wire.Structure // what a reader knows before it reads
	Least   int                   // bytes without which decoding fails; 0 = all, and it takes all
	Lossy   bool                  // the bytes hold what a writer says otherwise
	Text    string                // what Describe gives; "" = not looked at
}

// Unhex reads annotated bytes: hexadecimal pairs up to a "|" in each line,
// "00*24" for a run, "sum" for the lookup3 checksum of all bytes since the
// start or the last "apart".
func Unhex(t testing.TB, annotated string) []byte {
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

// Check holds the three forms to each other, and every cut of the bytes to a fault.
func (l Layout) Check(t *testing.T) {
	geo, src := l.Geo, Unhex(t, l.Bytes)
	if geo == (wire.Geometry{}) {
		geo = wire.Default
	}
	got := l.Blank()
	n, err := wire.Decode(src, geo, 0x1000, got)
	if err != nil || l.Least == 0 && n != len(src) {
		t.Fatalf("Decode took %d of %d bytes: %v", n, len(src), err)
	}
	if diff := cmp.Diff(l.Value, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	out, err := wire.Append([]byte("before"), geo, l.Value)
	if err != nil || !bytes.HasPrefix(out, []byte("before")) {
		t.Fatalf("Append: %v", err)
	}
	if out = out[6:]; !l.Lossy && !bytes.Equal(out, src) {
		t.Errorf("Append:\n% x\nwant\n% x", out, src)
	}
	if n, err := wire.Size(geo, l.Value); err != nil || n != len(out) {
		t.Errorf("Size = %d, %v; %d bytes are written", n, err, len(out))
	}
	if back := l.Blank(); true {
		if _, err := wire.Decode(out, geo, 0, back); err != nil || !cmp.Equal(l.Value, back, cmpopts.EquateEmpty()) {
			t.Errorf("decode(encode(v)) = %+v, %v", back, err)
		}
	}
	l.checkShort(t, geo, src)
	l.checkText(t, geo, src)
}

func (l Layout) checkShort(t *testing.T, geo wire.Geometry, src []byte) {
	least := l.Least
	if least == 0 {
		least = len(src)
	}
	for n := range src {
		_, err := wire.Decode(src[:n:n], geo, 0x1000, l.Blank())
		var f *wire.Fault
		if err == nil && n < least {
			t.Fatalf("%d of %d bytes were enough", n, len(src))
		}
		if err != nil && (!errors.As(err, &f) || f.Structure == "" || f.Field == "" || f.Offset < 0x1000 || f.Offset > 0x1000+uint64(n)) {
			t.Fatalf("%d bytes: %#v", n, err)
		}
	}
}

func (l Layout) checkText(t *testing.T, geo wire.Geometry, src []byte) {
	if l.Text == "" {
		return
	}
	text, err := wire.Describe(src, geo, 0x1000, l.Blank())
	if diff := cmp.Diff(strings.TrimLeft(l.Text, "\n"), text); err != nil || diff != "" {
		t.Errorf("Describe: %v (-want +got):\n%s", err, diff)
	}
}

// Run checks every layout.
func Run(t *testing.T, layouts []Layout) {
	for _, l := range layouts {
		t.Run(l.Name, l.Check)
	}
}

// Fault says how one byte is spoiled, and which field the reader must name:
// "checksum", or that of the byte once the checksums are right again.
type Fault struct {
	At    int // from the end where below zero
	To    byte
	Field string
}

// Spoil checks that the reader finds each fault.
func (l Layout) Spoil(t *testing.T, faults []Fault) {
	t.Run(l.Name, func(t *testing.T) {
		geo := l.Geo
		if geo == (wire.Geometry{}) {
			geo = wire.Default
		}
		for _, f := range faults {
			src := Unhex(t, l.Bytes)
			if f.At < 0 {
				f.At += len(src)
			}
			if src[f.At] == f.To {
				t.Errorf("byte %d is %#x already", f.At, f.To)
			}
			src[f.At] = f.To
			if f.Field != "checksum" {
				src = Repaired(src, geo, l.Blank)
			}
			_, err := wire.Decode(src, geo, 0, l.Blank())
			var got *wire.Fault
			if !errors.As(err, &got) || got.Field != f.Field {
				t.Errorf("byte %d = %#x: %v, want a fault of %q", f.At, f.To, err, f.Field)
			}
		}
	})
}
