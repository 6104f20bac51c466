package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

type sample struct {
	version uint8
	small   uint16
	wide    uint64
	addr    uint64
	text    string
	padded  string
	raw     []byte
}

func (s *sample) Fields(c *Codec) {
	c.Name("sample")
	c.Signature("SMPL")
	c.Version(&s.version, 1, 2)
	c.U16("small", &s.small)
	c.Uint("wide", 3, &s.wide)
	c.Addr("address", &s.addr)
	c.String("text", 2, &s.text)
	c.CString("padded", 8, &s.padded)
	c.Zeros(1)
	c.Bytes("raw", 2, &s.raw)
	c.Checksum()
}

func TestFourWalksAgree(t *testing.T) {
	s := &sample{version: 2, small: 0x0102, wide: 0x030405, addr: Undefined, text: "hi", padded: "name", raw: []byte{7, 8}}
	want := []byte{
		'S', 'M', 'P', 'L', // signature
		2,          // version
		0x02, 0x01, // small
		0x05, 0x04, 0x03, // wide
		0xff, 0xff, 0xff, 0xff, // address, undefined at 4 bytes
		'h', 'i',
		'n', 'a', 'm', 'e', 0, 0, 0, 0,
		0,    // reserved
		7, 8, // raw
	}
	sum := Lookup3(want, 0)
	want = append(want, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))

	geo := Geometry{OffsetSize: 4, LengthSize: 4}
	got, err := Append([]byte("before"), geo, s)
	if err != nil || !bytes.Equal(got[6:], want) {
		t.Fatalf("Append = % x, %v\nwant % x", got[6:], err, want)
	}
	if n, err := Size(geo, s); n != len(want) || err != nil {
		t.Errorf("Size = %d, %v, want %d", n, err, len(want))
	}
	var back sample
	if n, err := Decode(want, geo, 0, &back); n != len(want) || err != nil {
		t.Fatalf("Decode = %d, %v", n, err)
	}
	if back.addr != Undefined || back.wide != s.wide || back.padded != "name" || back.text != "hi" {
		t.Errorf("decoded %+v", back)
	}
	text, err := Describe(want, geo, 0x100, &back)
	if err != nil || !strings.Contains(text, `0x0110 sample padded = "name"`) && !strings.Contains(text, `sample padded = "name"`) {
		t.Errorf("Describe = %v\n%s", err, text)
	}
}

func TestFaultsNamePlace(t *testing.T) {
	s := &sample{version: 1, text: "hi", padded: "n", raw: []byte{1, 2}}
	good, err := Append(nil, Default, s)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		spoil func([]byte) []byte
		field string
	}{
		"signature": {func(b []byte) []byte { b[0] = 'X'; return b }, "signature"},
		"version":   {func(b []byte) []byte { b[4] = 9; return b }, "version"},
		"checksum":  {func(b []byte) []byte { b[len(b)-1]++; return b }, "checksum"},
		"short":     {func(b []byte) []byte { return b[:12] }, "address"},
	} {
		var back sample
		_, err := Decode(tc.spoil(bytes.Clone(good)), Default, 0x40, &back)
		var f *Fault
		if !errors.As(err, &f) || f.Field != tc.field || f.Structure != "sample" || f.Offset < 0x40 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEncodingRefusesWhatDoesNotFit(t *testing.T) {
	if _, err := Append(nil, Default, &sample{version: 1, wide: 1 << 24, text: "hi", raw: []byte{1, 2}}); err == nil {
		t.Error("2^24 in three bytes was accepted")
	}
	if _, err := Append(nil, Default, &sample{version: 1, text: "long", raw: []byte{1, 2}}); err == nil {
		t.Error("a text of another length was accepted")
	}
}

type counted struct{ n uint64 }

func (s *counted) Fields(c *Codec) {
	c.U64("n", &s.n)
	c.Count("records", s.n, 8)
}

func TestCountStopsHugeClaims(t *testing.T) {
	src := bytes.Repeat([]byte{0xff}, 64)
	if _, err := Decode(src, Default, 0, &counted{}); err == nil {
		t.Error("2^64-1 records in 56 bytes were accepted")
	}
}

// Vectors published with the hash by its author.
func TestLookup3(t *testing.T) {
	text := []byte("Four score and seven years ago")
	for _, tc := range []struct {
		in      []byte
		initial uint32
		want    uint32
	}{
		{nil, 0, 0xdeadbeef}, {nil, 0xdeadbeef, 0xbd5b7dde},
		{text, 0, 0x17770551}, {text, 1, 0xcd628161},
	} {
		if got := Lookup3(tc.in, tc.initial); got != tc.want {
			t.Errorf("Lookup3(%q, %#x) = %#x, want %#x", tc.in, tc.initial, got, tc.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	good, _ := Append(nil, Default, &sample{version: 1, text: "hi", raw: []byte{1, 2}})
	f.Add(good)
	f.Fuzz(func(t *testing.T, src []byte) {
		var s sample
		n, err := Decode(src, Default, 0, &s)
		if err == nil && n > len(src) {
			t.Fatalf("read %d of %d bytes", n, len(src))
		}
	})
}
