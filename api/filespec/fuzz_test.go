package filespec

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// wellFormed asks the reference whether text is JSON; duplicate names are not
// its matter.
func wellFormed(text []byte) bool {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	if d.SkipValue() != nil {
		return false
	}
	_, err := d.ReadToken()
	return err == io.EOF
}

func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `[]`, `{}`, `[1,-2.5e+3,0,-0.0,1E9]`, `{"a":[true,false,null],"b":{"c":"\u00e9\ud83d\ude00\n\/"}}`, ` [ "é" , "" ] `,
		`[1,]`, `{"a"}`, `{"a":}`, `{,}`, `[01]`, `[1.]`, `[.5]`, `[+1]`, `[1e]`, `"\x"`, `"\ud800"`, `"\ud800\u0041"`, "\"\xff\"", "\"\x01\"",
		`[nan]`, `tru`, `truefalse`, `[1 2]`, `{"a":1 "b":2}`, `"abc`, `[[[[`, `{"a":1}}`, `{"\u0061":1,"a":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := newScanner(context.Background(), bytes.NewReader(text), span{0, int64(len(text))}, "", 10000)
		s.skip()
		s.finish()
		if text := string(text); len(text) < ahead && (s.err == nil) != wellFormed([]byte(text)) {
			t.Errorf("%q: got %v, the reference says %v", text, s.err, wellFormed([]byte(text)))
		}
	})
}

func FuzzString(f *testing.F) {
	f.Add([]byte(`"aé\u00e9\ud83d\ude00\n\/\""`))
	f.Add([]byte(`"` + strings.Repeat("x", 3*ahead) + `"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := newScanner(context.Background(), bytes.NewReader(text), span{0, int64(len(text))}, "", 64)
		got := string(s.str(1 << 20))
		want, err := jsontext.AppendUnquote(nil, bytes.Trim(text, " \t\r\n"))
		if s.finish(); (s.err == nil) != (err == nil) || (err == nil && got != string(want)) {
			t.Errorf("%q: got %q, %v; want %q, %v", text, got, s.err, want, err)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0", "-0", "1", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "18446744073709551616",
		"0.1", "1e22", "1e23", "123456789012345678", "9007199254740993", "4.35e-5", "2.2250738585072014e-308", "1e-400", "1e400", "0e99999", "1.7976931348623157e308"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, whole := numberLength([]byte(text)); n != len(text) || n == 0 {
			return
		} else if whole == strings.ContainsAny(text, ".eE") {
			t.Errorf("numberLength(%s) says whole: %v", text, whole)
		}
		want, err := strconv.ParseFloat(text, 64)
		if got, ok := parseFloat([]byte(text)); ok != (err == nil) || (ok && math.Float64bits(got) != math.Float64bits(want)) {
			t.Errorf("parseFloat(%s) = %v, %v; want %v", text, got, ok, want)
		}
		i, err := strconv.ParseInt(text, 10, 64)
		if got, ok := parseInt([]byte(text)); ok != (err == nil) || (ok && got != i) {
			t.Errorf("parseInt(%s) = %v, %v; want %v", text, got, ok, i)
		}
		u, err := strconv.ParseUint(text, 10, 64)
		if got, ok := parseUint([]byte(text)); ok != (err == nil) || (ok && got != u) {
			t.Errorf("parseUint(%s) = %v, %v; want %v", text, got, ok, u)
		}
	})
}

// FuzzParse holds every description to one of two ends: a file, or a problem
// that says something.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{everything, one(`"dtype":"<i4","data":[1,2,3]`), `{"datasets":[{"name":"x","data":{"columns":{"a":[1],"b":["x"]}}}]}`,
		one(`"dtype":{"vlen":"<i4"},"data":[[],[1]]`), one(`"shape":[3],"data":{"linspace":[0,1]}`), one(`"dtype":"u1","shape":[2],"data":{"base64":"AAA="}`)} {
		f.Add(seed)
	}
	limits := Limits{MaxDescription: 1 << 20, MaxDepth: 64, MaxObjects: 1000, MaxIndex: 1 << 16, MaxFile: 1 << 20}
	f.Fuzz(func(t *testing.T, description string) {
		spec, err := Parse(context.Background(), strings.NewReader(description), nil, limits)
		if err == nil {
			_, err = write(spec)
		}
		var p *Problem
		switch {
		case err == nil:
		case !errors.As(err, &p):
			t.Fatalf("%v is no problem that a client can mend", err)
		case p.Status == 0 || p.Detail == "" || len(p.Errors) == 0 || len(p.Errors) > maxErrors:
			t.Errorf("%+v", p)
		}
	})
}

func FuzzType(f *testing.F) {
	for _, seed := range []string{`"<f4"`, `"str"`, `{"string":10,"charset":"ascii","pad":"spacepad"}`, `{"string":null}`, `{"enum":{"A":-1},"base":"i2"}`,
		`{"vlen":{"array":"<f4","dims":[2,3]}}`, `[["a","<f4"],["b","i1",[2]]]`, `{"opaque":3,"tag":"NUMPY:<M8[5s]"}`,
		`{"names":["a"],"formats":["i1"],"offsets":[3],"itemsize":8}`, `{"opaque":8,"tag":"NUMPY:<M8[99999999999999s]"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := &parser{ctx: context.Background(), spec: &Spec{}, types: make(map[string]*dtype.Type)}
		p.s = newScanner(p.ctx, strings.NewReader(text), span{0, int64(len(text))}, "", 64)
		p.s.problems = &p.problems
		made := p.dtype()
		if made == nil {
			if p.problems.err(p.s.err) == nil {
				t.Errorf("%s: neither a type nor a problem", text)
			}
			return
		}
		if err := made.Validate(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if len(text) < 1000 { // types are small
			newEncoder(made, nil)
		}
	})
}

func FuzzNPYHeader(f *testing.F) {
	for _, descr := range []string{`'<f8'`, `'|b1'`, `'<U3'`, `'<M8[ns]'`, `[('a', '<i4'), ('b', '<f8', (2,))]`, `[(('t', 'a'), '|S3'), ('', '|V4')]`, `'|O'`, `('<f4', (2, 3))`} {
		f.Add(npyFile(1, descr, false, "(2, 3)", nil))
	}
	f.Add(npyFile(2, `"<f8"`, true, "()", nil))
	f.Add(npyFile(3, `[('é', '<f8')]`, true, "(0,)", nil))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := openNPY(Part{Name: "p", Body: bytes.NewReader(file)}, nil, nil, false)
		var p *Problem
		switch {
		case err != nil && !errors.As(err, &p):
			t.Fatal(err)
		case err != nil:
			return
		case c.t.Validate() != nil:
			t.Fatal(c.t.Validate())
		}
		var out bytes.Buffer
		if c.value.stream != nil {
			_ = c.value.stream.copyTo(context.Background(), &out, new(testHeap))
		}
	})
}
