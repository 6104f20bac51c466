package filespec

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/space"
)

// everything is a description that uses every key.
const everything = `{"filename": "demo.h5", "libver": ["earliest", "v110"], "userblock_size": 512, "userblock": {"text": "hello"}, "track_order": true,
  "attrs": {"title": "a file", "when": {"dtype": "<i8", "data": 1700000000}, "none": {"dtype": "<f4", "shape": null}},
  "groups": {"raw/day1": {"attrs": {"station": "S1"}, "track_order": true}},
  "datasets": {
    "simple": [0, 1, 2, 3],
    "raw/day1/t": {"dtype": "<f4", "shape": [32, 64], "maxshape": [null, 64], "chunks": [4, 8], "compression": "gzip", "compression_opts": 4,
      "shuffle": true, "fletcher32": true, "fillvalue": -1, "data": {"linspace": [0, 1]}, "attrs": {"units": "K"}, "track_order": true},
    "points": {"dtype": [["x", "<f4"], ["y", "<f4"]], "data": [[1, 2], {"x": 3, "y": "NaN"}]},
    "people": {"data": {"columns": {"id": [1, 2], "name": ["Ann", "Bo"]}}},
    "ramp": {"dtype": "<f8", "shape": [1000000], "data": {"start": 0, "step": 1}},
    "blob": {"dtype": "<u2", "shape": [2], "data": {"base64": "AQACAA=="}},
    "grid": {"data": {"arange": [0, 1, 0.1]}, "chunks": true},
    "flat": {"shape": [2], "data": {"full": "x"}} },
  "links": {"latest": {"soft": "/raw/day1/t"}, "again": {"hard": "/simple"}, "other": {"external": ["other.h5", "/x"]}} }`

// testHeap gives each part the number of the bytes before it as a token.
type testHeap struct{ data []byte }

func (h *testHeap) Put(b []byte) (token uint64, index uint32, err error) {
	h.data = append(h.data, b...)
	return uint64(len(h.data) - len(b)), 1, nil
}

// elementsOf parses a description and returns the elements of x as stored, and
// what went to the heap.
func elementsOf(t testing.TB, description string, parts ...Part) (*dataset, []byte, string) {
	t.Helper()
	spec, err := Parse(context.Background(), strings.NewReader(description), parts, testLimits)
	if err != nil {
		t.Fatalf("%s: %v", description, err)
	}
	ds := spec.tree.lookup("x").dataset
	heap := &testHeap{}
	if ds.value.source != nil {
		n, _ := ds.space.Count()
		raw := make([]byte, n*uint64(ds.t.Size))
		if err := ds.value.source.Read(context.Background(), 0, raw); err != nil {
			t.Fatal(err)
		}
		return ds, raw, ""
	}
	var out bytes.Buffer
	if ds.value.stream != nil {
		if err := ds.value.stream.copyTo(context.Background(), &out, heap); err != nil {
			t.Fatalf("%s: %v", description, err)
		}
	}
	return ds, out.Bytes(), string(heap.data)
}

func TestValues(t *testing.T) {
	for _, test := range []struct {
		x     string // the value of the dataset x
		dtype string
		dims  string
		bytes string // hexadecimal
		heap  string
	}{
		// Inference.
		{`[1,-2]`, "<i8", "[2]", "0100000000000000 feffffffffffffff", ""},
		{`[[1],[2]]`, "<i8", "[2 1]", "0100000000000000 0200000000000000", ""},
		{`9223372036854775808`, "<u8", "[]", "0000000000000080", ""},
		{`[1,2.5]`, "<f8", "[2]", "000000000000f03f 0000000000000440", ""},
		{`1e0`, "<f8", "[]", "000000000000f03f", ""},
		{`[0.5,"NaN"]`, "<f8", "[2]", "000000000000e03f 010000000000f87f", ""},
		{`[true,false]`, "enum(<i1){FALSE=0,TRUE=1}", "[2]", "01 00", ""},
		{`["",null,"é"]`, "vstr utf8", "[3]", "00000000 0000000000000000 01000000  00000000 0000000000000000 00000000  02000000 0000000000000000 01000000", "é"},
		{`["NaN"]`, "vstr utf8", "[1]", "03000000 0000000000000000 01000000", "NaN"},
		{`[]`, "<f8", "[0]", "", ""},
		{`[[],[]]`, "<f8", "[2 0]", "", ""},
		// Numbers.
		{`{"dtype":">i2","data":[258,-1]}`, ">i2", "[2]", "0102 ffff", ""},
		{`{"dtype":"u1","data":[255,2.0,1e2]}`, "<u1", "[3]", "ff 02 64", ""},
		{`{"dtype":"<i8","data":[9223372036854775807,-9223372036854775808,9007199254740993]}`, "<i8", "[3]", "ffffffffffffff7f 0000000000000080 0100000000002000", ""},
		{`{"dtype":"<u8","data":[18446744073709551615,1e18]}`, "<u8", "[2]", "ffffffffffffffff 000064a7b3b6e00d", ""},
		{`{"dtype":"<f2","data":[1,"-Infinity"]}`, "<f2", "[2]", "003c 00fc", ""},
		{`{"dtype":"<f4","shape":[2,1],"data":[0.1,3]}`, "<f4", "[2 1]", "cdcccc3d 00004040", ""},
		{`{"dtype":">f8","data":-0.0}`, ">f8", "[]", "8000000000000000", ""},
		{`{"dtype":"c8","data":[[1,2],3,{"r":4,"i":5}]}`, "compound(8){r@0:<f4;i@4:<f4}", "[3]", "0000803f00000040 0000404000000000 000080400000a040", ""},
		{`{"dtype":"c8","data":[1,2]}`, "compound(8){r@0:<f4;i@4:<f4}", "[]", "0000803f00000040", ""},
		{`{"dtype":"bool","data":[true,0,1,"TRUE"]}`, "enum(<i1){FALSE=0,TRUE=1}", "[4]", "01 00 01 01", ""},
		{`{"dtype":{"enum":{"RED":-1,"BLUE":300},"base":"<i2"},"data":["RED",300,5]}`, "enum(<i2){RED=-1,BLUE=300}", "[3]", "ffff 2c01 0500", ""},
		{`{"dtype":{"enum":{"A":0}},"data":"A"}`, "enum(<u1){A=0}", "[]", "00", ""},
		// Texts and bytes.
		{`{"dtype":"S3","data":["ab","abc",{"base64":"/wA="}]}`, "S3 nullpad ascii", "[3]", "616200 616263 ff0000", ""},
		{`{"dtype":{"string":3,"charset":"utf-8","pad":"spacepad"},"data":["é"]}`, "S3 spacepad utf8", "[1]", "c3a920", ""},
		{`{"dtype":{"string":3,"pad":"nullterm"},"data":["ab"]}`, "S3 nullterm utf8", "[1]", "616200", ""},
		{`{"dtype":{"string":null,"charset":"ascii"},"data":"hi"}`, "vstr ascii", "[]", "02000000 0000000000000000 01000000", "hi"},
		{`{"dtype":"V2","data":["AQI="]}`, "opaque(2,)", "[1]", "0102", ""},
		{`{"dtype":"u1","shape":[3],"data":{"base64":"AQID"}}`, "<u1", "[3]", "010203", ""},
		{`{"dtype":"u1","shape":[2],"data":{"base64":"\/\u002b8="}}`, "<u1", "[2]", "ffef", ""},
		// Times.
		{`{"dtype":"M8[s]","data":["1970-01-02","1970-01-01T00:00:01Z","1970-01-01T01:00:00+01:00","NaT",7]}`, "opaque(8,NUMPY:<M8[s])", "[5]",
			"8051010000000000 0100000000000000 0000000000000000 0000000000000080 0700000000000000", ""},
		{`{"dtype":">M8[ms]","data":"1969-12-31T23:59:59.999"}`, "opaque(8,NUMPY:>M8[ms])", "[]", "ffffffffffffffff", ""},
		{`{"dtype":"M8[M]","data":["1970-03","1969-12-01"]}`, "opaque(8,NUMPY:<M8[M])", "[2]", "0200000000000000 ffffffffffffffff", ""},
		{`{"dtype":"m8[25s]","data":["PT50S","-P1DT10S",1]}`, "opaque(8,NUMPY:<m8[25s])", "[3]", "", "!"},
		{`{"dtype":"m8[s]","data":["PT50S","-P1D",1]}`, "opaque(8,NUMPY:<m8[s])", "[3]", "3200000000000000 80aefeffffffffff 0100000000000000", ""},
		// Compounds, arrays, sequences.
		{`{"dtype":[["a","i1"],["b",">i2"]],"data":[[1,2],{"b":3,"a":4}]}`, "compound(3){a@0:<i1;b@1:>i2}", "[2]", "010002 040003", ""},
		{`{"dtype":[["a","i1"]],"data":{"a":1}}`, "compound(1){a@0:<i1}", "[]", "01", ""},
		{`{"dtype":{"names":["a","b"],"formats":["i1","i1"],"offsets":[0,3],"itemsize":5},"data":[[1,2]]}`, "compound(5){a@0:<i1;b@3:<i1}", "[1]", "0100000200", ""},
		{`{"dtype":[["p",[["x","i1"],["y","i1",2]]],["s","str"]],"data":[[[1,[2,3]],"q"]]}`, "compound(19){p@0:compound(3){x@0:<i1;y@1:array(2)(<i1)};s@3:vstr utf8}", "[1]",
			"010203 01000000 0000000000000000 01000000", "q"},
		{`{"dtype":{"array":"i1","dims":[2,2]},"data":[[[1,2],[3,4]]]}`, "array(2,2)(<i1)", "[1]", "01020304", ""},
		{`{"dtype":{"vlen":"<i2"},"data":[[],[1,2]]}`, "vlen(<i2)", "[2]", "00000000 0000000000000000 00000000  02000000 0000000000000000 01000000", "\x01\x00\x02\x00"},
		{`{"dtype":{"vlen":"<i2"},"shape":[2],"data":[[],[]]}`, "vlen(<i2)", "[2]", strings.Repeat("00", 32), ""},
		{`{"data":{"columns":{"a":[1,2],"b":["x","y"],"c":[[true,false],[false,true]]}}}`, "compound(26){a@0:<i8;b@8:vstr utf8;c@24:array(2)(enum(<i1){FALSE=0,TRUE=1})}", "[2]",
			"0100000000000000 01000000 0000000000000000 01000000 0100  0200000000000000 01000000 0100000000000000 01000000 0001", "xy"},
		{`{"dtype":[["b","i1"],["a",">i2"]],"data":{"columns":{"a":[1,2],"b":[3,4]}}}`, "compound(3){b@0:<i1;a@1:>i2}", "[2]", "030001 040002", ""},
		// Generators.
		{`{"dtype":"u1","shape":[4],"data":{"start":3,"step":-1}}`, "<u1", "[4]", "03020100", ""},
		{`{"dtype":">i2","shape":[3],"data":{"start":254,"step":1}}`, ">i2", "[3]", "00fe 00ff 0100", ""},
		{`{"dtype":"<u8","shape":[2],"data":{"start":18446744073709551614,"step":1}}`, "<u8", "[2]", "feffffffffffffff ffffffffffffffff", ""},
		{`{"shape":[2],"data":{"start":1}}`, "<i8", "[2]", "0100000000000000 0200000000000000", ""},
		{`{"data":{"arange":[5,0,-2]},"dtype":"i1"}`, "<i1", "[3]", "050301", ""},
		{`{"data":{"arange":[3]},"dtype":"i1"}`, "<i1", "[3]", "000102", ""},
		{`{"data":{"arange":[0,-3,1]}}`, "<i8", "[0]", "", ""},
		{`{"data":{"linspace":[0,3]},"shape":[3],"dtype":"i1"}`, "<i1", "[3]", "000103", ""},
		{`{"data":{"full":[1,2]},"shape":[2],"dtype":[["a","i1"],["b","i1"]]}`, "compound(2){a@0:<i1;b@1:<i1}", "[2]", "01020102", ""},
		{`{"data":{"full":"x"},"shape":[2]}`, "vstr utf8", "[2]", "01000000 0000000000000000 01000000 01000000 0100000000000000 01000000", "xx"},
		// Nothing to store.
		{`{"data":{"full":0},"shape":[1000]}`, "<i8", "[1000]", "", ""},
		{`{"data":{"full":7},"shape":[1000],"fillvalue":7}`, "<i8", "[1000]", "", ""},
		{`{"dtype":"<f4","shape":[1000000000000]}`, "<f4", "[1000000000000]", "", ""},
		{`{"dtype":"<f4","shape":5,"data":null}`, "<f4", "[5]", "", ""},
		{`{"dtype":"str","data":null}`, "vstr utf8", "[]", "", ""},
		{`{"dtype":"<f4","shape":[0,3],"data":[]}`, "<f4", "[0 3]", "", ""},
	} {
		if test.heap == "!" {
			if err := build(t, `{"datasets":{"x":`+test.x+`}}`); err == nil {
				t.Errorf("%s: want a problem", test.x)
			}
			continue
		}
		ds, raw, heap := elementsOf(t, `{"datasets":{"x":`+test.x+`}}`)
		want, err := hex.DecodeString(strings.ReplaceAll(test.bytes, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if isNaN := strings.Contains(test.x, `"NaN"`) && ds.t.String() == "<f8"; isNaN && len(raw) == 16 && math.IsNaN(math.Float64frombits(binary.LittleEndian.Uint64(raw[8:]))) {
			raw, want = raw[:8], want[:8]
		}
		if ds.t.String() != test.dtype || fmt.Sprint(ds.space.Dims) != test.dims || !bytes.Equal(raw, want) || heap != test.heap {
			t.Errorf("%s:\n got %s %v %x %q\nwant %s %s %x %q", test.x, ds.t, ds.space.Dims, raw, heap, test.dtype, test.dims, want, test.heap)
		}
	}
}

// Any stretch of a generator is the same as that stretch of the whole.
func TestGeneratorsAnywhere(t *testing.T) {
	for _, x := range []string{
		`{"dtype":"u1","shape":[100],"data":{"start":200,"step":-2}}`, `{"dtype":">i4","shape":[100],"data":{"start":-5,"step":7}}`,
		`{"dtype":"<f4","data":{"arange":[0,10,0.1]}}`, `{"dtype":">f8","data":{"arange":[0,10,0.1]}}`, `{"dtype":"f2","shape":[10,10],"data":{"linspace":[0,1]}}`,
		`{"dtype":"<i2","shape":[100],"data":{"linspace":[-1000,1000]}}`, `{"dtype":"S3","shape":[100],"data":{"full":"ab"}}`, `{"shape":[100],"data":{"start":0.5,"step":0.25}}`,
	} {
		ds, whole, _ := elementsOf(t, `{"datasets":{"x":`+x+`}}`)
		size := int(ds.t.Size)
		for first := 0; first < 100; first += 7 {
			part := make([]byte, min(13, 100-first)*size)
			if err := ds.value.source.Read(context.Background(), uint64(first), part); err != nil || !bytes.Equal(part, whole[first*size:first*size+len(part)]) {
				t.Errorf("%s: from %d: %x, %v", x, first, part, err)
			}
		}
	}
}

// The numbers are numpy's, bit for bit: numpy.arange(0, 1, 0.1) and
// numpy.linspace(0, 1, 7), and both in float32.
func TestNumpyBits(t *testing.T) {
	for x, want := range map[string]string{
		`{"data":{"arange":[0,0.7,0.1]}}`:                            "0000000000000000 3fb999999999999a 3fc999999999999a 3fd3333333333334 3fd999999999999a 3fe0000000000000 3fe3333333333334",
		`{"shape":[4],"data":{"linspace":[0,1]}}`:                    "0000000000000000 3fd5555555555555 3fe5555555555555 3ff0000000000000",
		`{"dtype":">f4","data":{"arange":[1,1.3,0.1]}}`:              "3f800000 3f8ccccd 3f99999a 3fa66667",
		`{"dtype":">f4","shape":[1],"data":{"linspace":[0.5,1]}}`:    "3f000000",
		`{"dtype":">f8","shape":[3],"data":{"linspace":[0,5e-324]}}`: "0000000000000000 0000000000000000 0000000000000001",
	} {
		x = strings.Replace(x, `{"data"`, `{"dtype":">f8","data"`, 1)
		if !strings.Contains(x, "dtype") {
			x = strings.Replace(x, `{`, `{"dtype":">f8",`, 1)
		}
		_, raw, _ := elementsOf(t, `{"datasets":{"x":`+x+`}}`)
		if got := hex.EncodeToString(raw); got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: got %s, want %s", x, got, want)
		}
	}
}

func TestStorage(t *testing.T) {
	for _, test := range []struct {
		x, chunk, max, filters string
	}{
		{`"shape":[100]`, "[]", "[]", ""},
		{`"shape":[1000,1000],"chunks":true`, "[63 63]", "[]", ""},
		{`"shape":[1000,1000],"shuffle":true`, "[63 63]", "[]", "shuffle"},
		{`"shape":[100],"maxshape":true`, "[100]", "[18446744073709551615]", ""},
		{`"shape":[10],"maxshape":20,"chunks":15`, "[15]", "[20]", ""},
		{`"shape":[10,10],"maxshape":[null,10],"chunks":[5,2],"compression":7,"fletcher32":true,"shuffle":true`, "[5 2]", "[18446744073709551615 10]", "shuffle deflate[7] fletcher32"},
		{`"shape":[10],"compression":"gzip"`, "[10]", "[]", "deflate[4]"},
		{`"shape":[10],"compression":"gzip","compression_opts":9,"shuffle":false,"chunks":null`, "[10]", "[]", "deflate[9]"},
		{`"shape":[10],"chunks":false,"compression":null`, "[]", "[]", ""},
	} {
		ds, _, _ := elementsOf(t, one(`"dtype":"<f8",`+test.x))
		var filters []string
		if ds.storage != nil {
			for _, step := range ds.storage.filters {
				name := step.Filter.Name()
				if name == "deflate" {
					name += fmt.Sprint(step.Params)
				}
				filters = append(filters, name)
			}
		}
		if fmt.Sprint(ds.chunk()) != test.chunk || fmt.Sprint(ds.space.Max) != test.max || strings.Join(filters, " ") != test.filters {
			t.Errorf("%s: got %v %v %v, want %+v", test.x, ds.chunk(), ds.space.Max, filters, test)
		}
	}
}

func TestFillValue(t *testing.T) {
	for x, want := range map[string]string{
		`"dtype":"<i2","fillvalue":-2`:                              "feff",
		`"dtype":"S3","fillvalue":"ab"`:                             "616200",
		`"dtype":[["a","i1"],["b","u1"]],"fillvalue":[1,2]`:         "0102",
		`"dtype":[["a","i1"],["b","u1"]],"fillvalue":{"b":2,"a":1}`: "0102",
		`"fillvalue":"NaN","dtype":">f2"`:                           "7e00",
		`"dtype":"str","fillvalue":""`:                              "",
	} {
		ds, _, _ := elementsOf(t, one(x+`,"shape":[3]`))
		if got := hex.EncodeToString(ds.fill); got != want {
			t.Errorf("%s: got %s, want %s", x, got, want)
		}
	}
}

func TestOrderOfCreation(t *testing.T) {
	spec, err := Parse(context.Background(), strings.NewReader(`{"links":{"z/l":{"hard":"/b/x"}},"datasets":[{"name":"b/x","data":1},{"name":"a","data":2}],"groups":{"b":{"track_order":true},"c":{}},"attrs":{"k":1}}`), nil, testLimits)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, n := range spec.tree.order {
		order = append(order, n.path())
	}
	if want := []string{"/z", "/z/l", "/b", "/b/x", "/a", "/c"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
	if !spec.tree.lookup("//b/./").track {
		t.Error("a group that was mentioned before it is named lost its options")
	}
	if _, err := write(spec); err != nil {
		t.Error(err)
	}
}

func TestEverything(t *testing.T) {
	spec, err := Parse(context.Background(), strings.NewReader(everything), nil, testLimits)
	if err != nil {
		t.Fatal(err)
	}
	if spec.Filename() != "demo.h5" {
		t.Errorf("got file name %q", spec.Filename())
	}
	first, err := write(spec)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := write(spec); err != nil || first != second {
		t.Errorf("written again: %d, %v; want %d", second, err, first)
	}
	if s := spec.tree.lookup("raw/day1/t").dataset.space; s.Max[0] != space.Unlimited {
		t.Errorf("got %+v", s)
	}
}

func TestDigest(t *testing.T) {
	of := func(description string, parts ...Part) [32]byte {
		spec, err := Parse(context.Background(), strings.NewReader(description), parts, testLimits)
		if err != nil {
			t.Fatal(err)
		}
		return spec.Digest()
	}
	base := of(`{"datasets":{"a":[1,2],"b":"x"}}`)
	for _, same := range []string{"{ \"datasets\" :\n{\"a\": [1, 2],\t\"\\u0062\":\"\\u0078\"}}", `{"filename":"n.h5","datasets":{"a":[1,2],"b":"x"}}`, `{"datasets":{"a":[1,2],"b":"x"},"filename":"m.h5"}`} {
		if of(same) != base {
			t.Errorf("%s: another digest", same)
		}
	}
	seen := map[[32]byte]string{base: "base"}
	for _, other := range []string{`{"datasets":{"b":"x","a":[1,2]}}`, `{"datasets":{"a":[12],"b":"x"}}`, `{"datasets":{"a":[1,2.0],"b":"x"}}`, `{"datasets":{"a":[[1],[2]],"b":"x"}}`,
		`{"datasets":{"a":[1,2],"b":["x"]}}`, `{"datasets":{"a":[1,2]},"attrs":{"b":"x"}}`, `{"datasets":{"a":[1,2],"b":"x","filename":1}}`, `{"datasets":{"a":[1,2],"b":"x","filename":2}}`} {
		if was := seen[of(other)]; was != "" {
			t.Errorf("%s: the digest of %s", other, was)
		}
		seen[of(other)] = other
	}
	raw := func(sum byte) Part {
		return Part{Name: "p", Body: strings.NewReader("ab"), SHA256: [32]byte{sum}}
	}
	use := one(`"dtype":"u1","shape":[2],"data":{"part":"p"}`)
	if of(use, raw(1)) == of(use, raw(2)) {
		t.Error("the content of a part is not in the digest")
	}
}

func TestWarnings(t *testing.T) {
	spec, err := Parse(context.Background(), strings.NewReader(`{"datasets":{"x":{"dtype":"u1","shape":[100000],"chunks":[10]},"y":{"dtype":"u1","shape":[1000000000],"chunks":[100000000]},"z":{"dtype":"u1","shape":[100000],"chunks":true}}}`), nil, testLimits)
	if err != nil {
		t.Fatal(err)
	}
	w := spec.Warnings()
	if len(w) != 2 || w[0].Code != "small_chunks" || w[0].Pointer != "/datasets/x/chunks" || w[1].Code != "large_chunks" {
		t.Errorf("got %+v", w)
	}
}

func TestPointersOfCodes(t *testing.T) {
	for _, c := range Codes() {
		if c.Status < 400 || c.Status > 501 || c.Word == "" || !strings.HasSuffix(c.Text, ".") {
			t.Errorf("%+v", c)
		}
	}
}
