package filespec

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// build parses a description and makes its file, as the server does.
func build(t testing.TB, description string, parts ...Part) error {
	t.Helper()
	spec, err := Parse(context.Background(), strings.NewReader(description), parts, testLimits)
	if err != nil {
		return err
	}
	_, err = write(spec)
	return err
}

// testLimits keep what a mistake could cost small.
var testLimits = Limits{MaxDescription: 8 << 20, MaxDepth: 64, MaxObjects: 1000, MaxIndex: 1 << 20, MaxFile: 1 << 30}

// write makes the file and returns the size of its plan.
func write(spec *Spec) (uint64, error) {
	ctx := context.Background()
	options, err := spec.Options()
	if err != nil {
		return 0, err
	}
	f, err := h5core.Open(ctx, "test", "w", append(options, h5core.WithDriver(vfd.Core{}))...)
	if err != nil {
		return 0, err
	}
	defer f.Discard()
	if err := spec.Write(ctx, f); err != nil {
		return 0, err
	}
	plan, err := f.Plan(ctx)
	if err != nil {
		return 0, spec.Explain(err)
	}
	return plan.Size(), nil
}

// one is a description of one dataset, x.
func one(members string) string { return `{"datasets":{"x":{` + members + `}}}` }

func TestBadInput(t *testing.T) {
	deep := strings.Repeat("[", 70) + strings.Repeat("]", 70)
	for _, test := range []struct {
		name, description string
		status            int
		code, pointer     string
		detail            string // a part of the words
	}{
		{"empty", ``, 400, "not_json", "", "found the end"},
		{"not JSON", `hello`, 400, "not_json", "", "expected a value"},
		{"not an object", `[1]`, 400, "wrong_type", "", "expected an object"},
		{"unfinished", `{"datasets": {"x": [1, 2`, 400, "not_json", "/datasets/x/1", "found the end"},
		{"more after the end", `{} {}`, 400, "not_json", "", "expected the end"},
		{"trailing comma", `{"datasets":{"x":[1,]}}`, 400, "not_json", "/datasets/x/0", "after the comma"},
		{"leading zero", `{"datasets":{"x":[01]}}`, 400, "not_json", "/datasets/x/0", "comma"},
		{"bare NaN", `{"datasets":{"x":[1.5, NaN]}}`, 400, "not_json", "/datasets/x/1", `write "NaN" in quotes`},
		{"bare -Infinity", `{"datasets":{"x":[-Infinity]}}`, 400, "not_json", "/datasets/x/0", `write "-Infinity" in quotes`},
		{"invalid UTF-8", "{\"datasets\":{\"x\":\"a\xff\"}}", 400, "not_json", "/datasets/x", "invalid UTF-8"},
		{"lone surrogate", `{"datasets":{"x":"\ud800"}}`, 400, "not_json", "/datasets/x", "surrogate"},
		{"control character", "{\"datasets\":{\"x\":\"a\nb\"}}", 400, "not_json", "/datasets/x", "control character"},
		{"nesting over 64", one(`"dtype":"<i4","data":` + deep), 400, "too_deep", "", "64"},
		{"nesting in an unknown key", `{"huh":` + deep + `}`, 400, "too_deep", "", "64"},

		{"wrong type: datasets", `{"datasets": 3}`, 400, "wrong_type", "/datasets", "an object"},
		{"wrong type: shape", one(`"dtype":"<i4","shape":"3"`), 400, "wrong_type", "/datasets/x/shape", "a list"},
		{"wrong type: dtype", one(`"dtype":3,"shape":[3]`), 400, "wrong_type", "/datasets/x/dtype", "a dtype"},
		{"wrong type: shuffle", one(`"data":[1],"shuffle":"yes"`), 400, "wrong_type", "/datasets/x/shuffle", "true or false"},
		{"wrong type: filename", `{"filename": 3}`, 400, "wrong_type", "/filename", "a text"},
		{"wrong type: attrs", `{"attrs": [1]}`, 400, "wrong_type", "/attrs", "an object"},
		{"wrong type: null dataset", `{"datasets":{"x":null}}`, 400, "wrong_type", "/datasets/x", ""},
		{"wrong type: null attribute", `{"attrs":{"x":null}}`, 400, "wrong_type", "/attrs/x", "null space"},
		{"unknown key", `{"dataset":{}}`, 422, "unknown_key", "/dataset", "known are"},
		{"unknown key of a dataset", one(`"data":[1],"compresion":"gzip"`), 422, "unknown_key", "/datasets/x/compresion", ""},
		{"unknown key of data", one(`"dtype":"<f4","shape":[3],"data":{"linspaced":[0,1]}`), 422, "unknown_key", "/datasets/x/data/linspaced", ""},
		{"later key", `{"fs_strategy":"page"}`, 501, "unsupported_feature", "/fs_strategy", "not supported"},
		{"preset", `{"preset":"clout"}`, 422, "bad_preset", "/preset", "cloud"},
		{"later type", one(`"dtype":{"ref":"object"},"shape":[3]`), 501, "unsupported_feature", "/datasets/x/dtype/ref", ""},
		{"named type", one(`"dtype":{"named":"/t"},"shape":[3]`), 501, "unsupported_feature", "/datasets/x/dtype/named", ""},
		{"data in a store", one(`"data":{"file":"a/b.h5","path":"/x"}`), 501, "unsupported_feature", "/datasets/x/data/file", ""},
		{"dimension scale", one(`"data":[1],"scale":"x"`), 501, "unsupported_feature", "/datasets/x/scale", ""},
		{"lzf", one(`"data":[1],"compression":"lzf"`), 501, "unsupported_feature", "/datasets/x/compression", ""},
		{"vlen in vlen", one(`"dtype":{"vlen":{"vlen":"<i4"}},"shape":[1]`), 501, "unsupported_feature", "/datasets/x/dtype", ""},

		{"duplicate key", `{"attrs":{},"attrs":{}}`, 400, "duplicate_key", "/attrs", "twice"},
		{"duplicate dataset", `{"datasets":{"x":[1],"x":[2]}}`, 400, "duplicate_key", "/datasets/x", ""},
		{"duplicate attribute", `{"attrs":{"a":1,"\u0061":2}}`, 400, "duplicate_key", "/attrs/a", ""},
		{"duplicate field of a row", one(`"dtype":[["a","i1"]],"data":[{"a":1,"a":2}]`), 400, "duplicate_key", "/datasets/x/data/0/a", ""},
		{"duplicate enum member", one(`"dtype":{"enum":{"A":0,"A":1}},"shape":[1]`), 400, "duplicate_key", "/datasets/x/dtype/enum/A", ""},
		{"duplicate column", one(`"data":{"columns":{"a":[1],"a":[2]}}`), 400, "duplicate_key", "/datasets/x/data/columns/a", ""},
		{"two spellings", `{"datasets":{"a/x":[1],"/a//./x":[2]}}`, 422, "duplicate_path", "/datasets/~1a~1~1.~1x", `"/a//./x" and "a/x"`},
		{"two sections", `{"groups":{"x":{}},"datasets":{"x":[1]}}`, 422, "duplicate_path", "/datasets/x", "/groups/x"},
		{"two in a list", `{"datasets":[{"name":"x","data":1},{"name":"x","data":2}]}`, 422, "duplicate_path", "/datasets/1", "/datasets/0"},
		{"a group is there", `{"datasets":{"a/x":[1],"a":[2]}}`, 422, "duplicate_path", "/datasets/a", "a/x"},
		{"path through a dataset", `{"datasets":{"a":[1],"a/b":[2]}}`, 422, "path_through_leaf", "/datasets/a~1b", "a dataset"},
		{"path through a link", `{"links":{"a":{"soft":"/b"}},"groups":{"a/b":{}}}`, 422, "path_through_leaf", "/groups/a~1b", "a soft link"},
		{"empty name", `{"datasets":{"":[1]}}`, 422, "bad_name", "/datasets/", "names nothing"},
		{"name of blanks", `{"groups":{"//./":{}}}`, 422, "bad_name", "/groups/~1~1.~1", "names nothing"},
		{"link named .", `{"links":{".":{"soft":"/x"}}}`, 422, "bad_name", "/links/.", "names nothing"},
		{"NUL in a name", `{"datasets":{"a\u0000b":[1]}}`, 422, "bad_name", "/datasets/a\x00b", "NUL"},
		{"NUL in an attribute's name", `{"attrs":{"a\u0000b":1}}`, 422, "bad_name", "/attrs/a\x00b", "NUL"},
		{"empty attribute's name", `{"attrs":{"":1}}`, 422, "bad_name", "/attrs/", ""},
		{"hard link to nothing", `{"links":{"a":{"hard":"/b"}}}`, 422, "target_not_found", "/links/a", `"/b"`},
		{"ring of hard links", `{"links":{"a":{"hard":"/b"},"b":{"hard":"/a"}}}`, 422, "target_not_found", "/links/a", ""},
		{"two kinds of a link", `{"links":{"a":{"hard":"/b","soft":"/c"}}}`, 422, "bad_link", "/links/a", ""},
		{"external link of one", `{"links":{"a":{"external":["f.h5"]}}}`, 422, "bad_link", "/links/a/external", ""},
		{"soft link to nowhere", `{"links":{"a":{"soft":""}}}`, 422, "bad_link", "/links/a/soft", ""},

		{"ragged", `{"datasets":{"x":[[1,2],[3]]}}`, 422, "ragged", "/datasets/x/1", "1 values where others have 2"},
		{"ragged depth", `{"datasets":{"x":[[1,2],3]}}`, 422, "ragged", "/datasets/x/1", "a value where others have a list"},
		{"ragged with a dtype", one(`"dtype":"<i4","data":[1,[2]]`), 422, "ragged", "/datasets/x/data/1", ""},
		{"ragged complex", one(`"dtype":"c8","data":[[[1,2]],[[1,2],[3,4]]]`), 422, "ragged", "/datasets/x/data/1", ""},
		{"fewer values", one(`"shape":[3],"data":[1,2]`), 422, "shape_mismatch", "/datasets/x/data", "[3]"},
		{"more values", one(`"shape":[2,2],"data":[1,2,3,4,5]`), 422, "shape_mismatch", "/datasets/x/data", ""},
		{"another shape", one(`"shape":[2,3],"data":[[1,2],[3,4],[5,6]]`), 422, "shape_mismatch", "/datasets/x/data", ""},
		{"a scalar for a shape", one(`"shape":[3],"data":1`), 422, "shape_mismatch", "/datasets/x/data", ""},
		{"short row", one(`"dtype":[["a","i1"],["b","i1"]],"data":[[1,2],[3]]`), 422, "shape_mismatch", "/datasets/x/data/1", "expected 2"},
		{"row without a field", one(`"dtype":[["a","i1"],["b","i1"]],"data":[{"a":1}]`), 422, "missing_key", "/datasets/x/data/0", `"b"`},
		{"row with another field", one(`"dtype":[["temp","i1"]],"data":[{"tmep":1}]`), 422, "unknown_key", "/datasets/x/data/0/tmep", "temp"},
		{"long array element", one(`"dtype":{"array":"i1","dims":[2]},"shape":[1],"data":[[1,2,3]]`), 422, "shape_mismatch", "/datasets/x/data/0", ""},

		{"300 as u1", one(`"dtype":"u1","data":[1,[300]]`), 422, "ragged", "/datasets/x/data/1", ""},
		{"300 as u1", one(`"dtype":"u1","data":[[1],[300]]`), 422, "out_of_range", "/datasets/x/data/1/0", "300 does not fit uint8 (0 … 255)"},
		{"-1 as u8", one(`"dtype":"u8","data":-1`), 422, "out_of_range", "/datasets/x/data", "uint64"},
		{"2^64 as u8", one(`"dtype":"<u8","data":[18446744073709551616]`), 422, "out_of_range", "/datasets/x/data/0", "18446744073709551616"},
		{"2^64 without a dtype", `{"datasets":{"x":[18446744073709551616]}}`, 422, "out_of_range", "/datasets/x/0", ""},
		{"beyond int64 and negative", `{"datasets":{"x":[-1,18446744073709551615]}}`, 422, "out_of_range", "/datasets/x/1", "negative"},
		{"1.5 as i4", one(`"dtype":"<i4","data":[1.5]`), 422, "bad_value", "/datasets/x/data/0", "1.5 is not an integer"},
		{"1e400 as f8", one(`"dtype":"<f8","data":[1e400]`), 422, "out_of_range", "/datasets/x/data/0", "1e400"},
		{"1e400 without a dtype", `{"datasets":{"x":1e400}}`, 422, "out_of_range", "/datasets/x", "1e400"},
		{"1e39 as f4", one(`"dtype":"<f4","data":1e39`), 422, "out_of_range", "/datasets/x/data", "float32"},
		{"65520 as f2", one(`"dtype":"<f2","data":[65520]`), 422, "out_of_range", "/datasets/x/data/0", "float16"},
		{"NaN in integers", one(`"dtype":"<i4","data":[1,"NaN"]`), 422, "bad_value", "/datasets/x/data/1", "no integer"},
		{"NaN in inferred integers", `{"datasets":{"x":[1,"NaN"]}}`, 422, "mixed_kinds", "/datasets/x/1", "float dtype"},
		{"null among numbers", one(`"dtype":"<f4","data":[1,null]`), 422, "bad_value", "/datasets/x/data/1", `write "NaN" in quotes`},
		{"null among inferred numbers", `{"datasets":{"x":[1.5,null]}}`, 422, "mixed_kinds", "/datasets/x/1", `"NaN" in quotes`},
		{"nothing but null", `{"datasets":{"x":[null]}}`, 422, "mixed_kinds", "/datasets/x/0", ""},
		{"numbers and texts", `{"datasets":{"x":[1,"a"]}}`, 422, "mixed_kinds", "/datasets/x/1", "an integer"},
		{"texts and booleans", `{"attrs":{"x":["a",true]}}`, 422, "mixed_kinds", "/attrs/x/1", "a boolean"},
		{"booleans and numbers", `{"datasets":{"x":[[true],[1.5]]}}`, 422, "mixed_kinds", "/datasets/x/1/0", ""},
		{"an object among data", `{"datasets":{"x":[{"a":1}]}}`, 422, "mixed_kinds", "/datasets/x/0", "compound"},
		{"text as a number", one(`"dtype":"<f4","data":["12"]`), 422, "bad_value", "/datasets/x/data/0", "a number"},
		{"number as a text", one(`"dtype":"str","data":[1]`), 422, "bad_value", "/datasets/x/data/0", "a text"},
		{"true as an integer", one(`"dtype":"i1","data":[true]`), 422, "bad_value", "/datasets/x/data/0", "an integer"},
		{"2 as a boolean", one(`"dtype":"bool","data":[2]`), 422, "out_of_range", "/datasets/x/data/0", "neither"},
		{"too long a text", one(`"dtype":"S3","data":["abcd"]`), 422, "bad_value", "/datasets/x/data/0", "4 bytes"},
		{"not ASCII", one(`"dtype":"S3","data":["ä"]`), 422, "bad_value", "/datasets/x/data/0", "ASCII"},
		{"NUL in a string", one(`"dtype":"str","data":["a\u0000b"]`), 422, "bad_value", "/datasets/x/data/0", "NUL"},
		{"no member", one(`"dtype":{"enum":{"RED":0,"BLUE":1}},"data":["BLEU"]`), 422, "bad_value", "/datasets/x/data/0", "BLEU"},
		{"no base64", one(`"dtype":{"opaque":3},"data":["?"]`), 422, "bad_base64", "/datasets/x/data/0", "base64"},
		{"too few bytes", one(`"dtype":{"opaque":3},"data":["AAAA","AA=="]`), 422, "bad_value", "/datasets/x/data/1", ""},
		{"no time", one(`"dtype":"M8[s]","data":["yesterday"]`), 422, "bad_value", "/datasets/x/data/0", "ISO 8601"},
		{"no day", one(`"dtype":"M8[s]","data":["2023-02-29"]`), 422, "out_of_range", "/datasets/x/data/0", "no such day"},
		{"too fine a time", one(`"dtype":"M8[s]","data":["2023-02-28T00:00:00.5"]`), 422, "out_of_range", "/datasets/x/data/0", "finer unit"},
		{"base64 too short", one(`"dtype":"<i4","shape":[2],"data":{"base64":"AAAA"}`), 422, "shape_mismatch", "/datasets/x/data/base64", "need 8"},
		{"base64 too long", one(`"dtype":"u1","shape":[2],"data":{"base64":"AAAA"}`), 422, "shape_mismatch", "/datasets/x/data/base64", ""},
		{"base64 cut off", one(`"dtype":"u1","shape":[3],"data":{"base64":"AAAAA"}`), 422, "bad_base64", "/datasets/x/data/base64", ""},
		{"base64 without a shape", one(`"dtype":"u1","data":{"base64":"AAAA"}`), 422, "missing_shape", "/datasets/x", ""},
		{"base64 of texts", one(`"dtype":"str","shape":[1],"data":{"base64":"AAAA"}`), 422, "bad_dtype", "/datasets/x", ""},

		{"shape overflow", one(`"dtype":"<f8","shape":[4294967296,4294967296]`), 422, "bad_shape", "/datasets/x/shape", "2^64"},
		{"generated overflow", one(`"shape":[4294967296,4294967296],"data":{"full":1}`), 422, "bad_shape", "/datasets/x/shape", ""},
		{"negative shape", one(`"dtype":"<f8","shape":[-1]`), 422, "bad_shape", "/datasets/x/shape/0", "from 0"},
		{"half a row", one(`"dtype":"<f8","shape":[1.5]`), 422, "bad_shape", "/datasets/x/shape/0", ""},
		{"rank over 32", one(`"dtype":"<f8","shape":[` + strings.Repeat("1,", 32) + `1]`), 422, "rank_too_high", "/datasets/x/shape/32", "32"},
		{"rank over 32 of data", one(`"data":` + strings.Repeat("[", 33) + "1" + strings.Repeat("]", 33)), 422, "rank_too_high", "", "32"},
		{"no dtype", one(`"shape":[3]`), 422, "missing_dtype", "/datasets/x", ""},
		{"no shape", one(`"dtype":"<f4"`), 422, "missing_shape", "/datasets/x", ""},
		{"nothing", one(``), 422, "missing_dtype", "/datasets/x", ""},
		{"data in a null space", one(`"shape":null,"data":[1]`), 422, "conflicting_keys", "/datasets/x", "null space"},
		{"unknown dtype", one(`"dtype":"<q9","shape":[3]`), 422, "bad_dtype", "/datasets/x/dtype", "known are"},
		{"UTF-32", one(`"dtype":"<U4","shape":[3]`), 422, "bad_dtype", "/datasets/x/dtype", "str"},
		{"empty compound", one(`"dtype":[],"shape":[3]`), 422, "bad_dtype", "/datasets/x/dtype", ""},
		{"two fields of a name", one(`"dtype":[["a","i1"],["a","i2"]],"shape":[3]`), 422, "bad_dtype", "/datasets/x/dtype", `"a"`},
		{"overlapping fields", one(`"dtype":{"names":["a","b"],"formats":["<i4","<i4"],"offsets":[0,2]},"shape":[3]`), 422, "bad_dtype", "/datasets/x/dtype", "overlaps"},
		{"enum beyond its base", one(`"dtype":{"enum":{"A":300},"base":"u1"},"shape":[3]`), 422, "bad_dtype", "/datasets/x/dtype", "300"},
		{"two forms of a type", one(`"dtype":{"vlen":"<i4","opaque":3},"shape":[3]`), 422, "bad_dtype", "/datasets/x/dtype", ""},
		{"companion of another", one(`"dtype":{"vlen":"<i4","tag":"x"},"shape":[3]`), 422, "conflicting_keys", "/datasets/x/dtype/tag", ""},
		{"element of 4 GiB", one(`"dtype":{"opaque":4294967295},"data":["AA=="]`), 422, "bad_dtype", "/datasets/x/data", "part"},

		{"chunk of zero", one(`"data":[1],"chunks":[0]`), 422, "bad_chunks", "/datasets/x/chunks", ""},
		{"negative chunk", one(`"data":[1],"chunks":[-1]`), 422, "bad_chunks", "/datasets/x/chunks/0", ""},
		{"chunk beyond the shape", one(`"data":[1],"chunks":[2]`), 422, "bad_chunks", "/datasets/x/chunks", "axis 0"},
		{"chunk beyond maxshape", one(`"data":[1],"maxshape":[3],"chunks":[4]`), 422, "bad_chunks", "/datasets/x/chunks", ""},
		{"chunk of 2^32", one(`"dtype":"u1","shape":[8589934592],"chunks":[4294967296]`), 422, "bad_chunks", "/datasets/x/chunks", "2^32-1"},
		{"chunk of 4 GiB", one(`"dtype":"<f8","shape":[8589934592],"chunks":[536870912]`), 422, "bad_chunks", "/datasets/x/chunks", "bytes"},
		{"chunk of another rank", one(`"data":[1],"chunks":[1,1]`), 422, "bad_chunks", "/datasets/x/chunks", "axes"},
		{"chunks on a scalar", one(`"data":1,"chunks":true`), 422, "not_chunked", "/datasets/x/chunks", ""},
		{"filter on a scalar", one(`"data":1,"compression":"gzip"`), 422, "not_chunked", "/datasets/x/compression", ""},
		{"filter on contiguous data", one(`"data":[1],"chunks":false,"shuffle":true`), 422, "not_chunked", "/datasets/x/chunks", "shuffle"},
		{"contiguous and resizable", one(`"data":[1],"chunks":false,"maxshape":[null]`), 422, "not_chunked", "/datasets/x/chunks", "maxshape"},
		{"gzip 10", one(`"data":[1],"compression":"gzip","compression_opts":10`), 422, "bad_compression", "/datasets/x/compression_opts", "0 to 9"},
		{"level 10", one(`"data":[1],"compression":10`), 422, "bad_compression", "/datasets/x/compression", "0 to 9"},
		{"level without gzip", one(`"data":[1],"compression_opts":4`), 422, "bad_compression", "/datasets/x/compression_opts", ""},
		{"level twice", one(`"data":[1],"compression":4,"compression_opts":4`), 422, "conflicting_keys", "/datasets/x/compression_opts", ""},
		{"unknown compression", one(`"data":[1],"compression":"gzi"`), 422, "bad_compression", "/datasets/x/compression", ""},
		{"maxshape under the shape", one(`"data":[1,2],"maxshape":[1]`), 422, "bad_maxshape", "/datasets/x/maxshape", "less than"},
		{"maxshape of another rank", one(`"data":[1,2],"maxshape":[null,null]`), 422, "bad_maxshape", "/datasets/x/maxshape", ""},
		{"maxshape of a scalar", one(`"data":1,"maxshape":true`), 422, "not_chunked", "/datasets/x/maxshape", ""},
		{"a large index", `{"libver":"v110","datasets":{"x":{"data":[1],"maxshape":[1000000000],"chunks":[1]}}}`, 413, "index_too_large", "/datasets/x", ""},
		{"fill value out of range", one(`"dtype":"u1","shape":[3],"fillvalue":256`), 422, "out_of_range", "/datasets/x/fillvalue", "uint8"},
		{"fill value of a wrong kind", one(`"dtype":"u1","shape":[3],"fillvalue":"a"`), 422, "bad_value", "/datasets/x/fillvalue", ""},

		{"user block of 513", `{"userblock_size":513}`, 422, "bad_user_block", "/userblock_size", "power of two"},
		{"user block of 256", `{"userblock_size":256}`, 422, "bad_user_block", "/userblock_size", ""},
		{"user block too long", `{"userblock_size":512,"userblock":{"text":"` + strings.Repeat("x", 513) + `"}}`, 422, "bad_user_block", "/userblock", "513"},
		{"user block of nothing", `{"userblock":{}}`, 422, "bad_user_block", "/userblock", ""},
		{"user block not base64", `{"userblock":{"base64":"%"}}`, 422, "bad_base64", "/userblock/base64", ""},
		{"libver low over high", `{"libver":["v110","v108"]}`, 422, "bad_libver", "/libver", "above"},
		{"libver unknown", `{"libver":"v999"}`, 422, "bad_libver", "/libver", "v112"},
		{"libver of three", `{"libver":["v108","v110","v112"]}`, 422, "bad_libver", "/libver", ""},
		{"large attribute", `{"attrs":{"x":{"dtype":"<f8","shape":[10000],"data":{"full":1}}}}`, 422, "attribute_too_large", "/attrs/x", "64 KiB"},

		{"a generator that overflows", one(`"dtype":"u1","shape":[300],"data":{"start":0,"step":1}`), 422, "out_of_range", "/datasets/x/data", "element 256 would be 256"},
		{"a falling generator", one(`"dtype":"u1","shape":[300],"data":{"start":10,"step":-3}`), 422, "out_of_range", "/datasets/x/data", "element 4 would be -2"},
		{"a fraction of integers", one(`"dtype":"u1","shape":[3],"data":{"start":0,"step":0.5}`), 422, "bad_generator", "/datasets/x/data", "integers"},
		{"linspace beyond f2", one(`"dtype":"f2","shape":[3],"data":{"linspace":[0,1e6]}`), 422, "out_of_range", "/datasets/x/data", "element 2"},
		{"linspace of one number", one(`"shape":[3],"data":{"linspace":[0]}`), 422, "bad_generator", "/datasets/x/data/linspace", ""},
		{"arange with step 0", one(`"data":{"arange":[0,1,0]}`), 422, "bad_generator", "/datasets/x/data", "step of 0"},
		{"arange of another shape", one(`"shape":[3],"data":{"arange":[0,4,1]}`), 422, "shape_mismatch", "/datasets/x/data", "4"},
		{"generator without a shape", one(`"data":{"start":0,"step":1}`), 422, "missing_shape", "/datasets/x", ""},
		{"full without a shape", one(`"data":{"full":0}`), 422, "missing_shape", "/datasets/x", ""},
		{"full of a wrong value", one(`"dtype":"u1","shape":[2],"data":{"full":-1}`), 422, "out_of_range", "/datasets/x/data/full", ""},
		{"two forms of data", one(`"shape":[2],"data":{"full":1,"linspace":[0,1]}`), 422, "conflicting_keys", "/datasets/x/data/linspace", ""},
		{"no form of data", one(`"shape":[2],"data":{}`), 422, "missing_key", "/datasets/x/data", ""},
		{"data beyond a file", one(`"dtype":"u1","shape":[1000000000000000],"data":{"full":1}`), 413, "file_too_large", "/datasets/x", ""},
		{"unequal columns", one(`"data":{"columns":{"a":[1,2],"b":["x"]}}`), 422, "unequal_columns", "/datasets/x/data/columns/b", "1 values"},
		{"mixed column", one(`"data":{"columns":{"a":[1,"x"]}}`), 422, "mixed_kinds", "/datasets/x/data/columns/a/1", ""},
		{"column missing", one(`"dtype":[["a","i1"],["b","i1"]],"data":{"columns":{"a":[1]}}`), 422, "missing_key", "/datasets/x/data/columns", `"b"`},
		{"column unknown", one(`"dtype":[["a","i1"]],"data":{"columns":{"a":[1],"b":[1]}}`), 422, "unknown_key", "/datasets/x/data/columns/b", ""},
		{"datatype over 64 KiB", one(`"shape":[1],"dtype":[` + fields(4000) + `]`), 422, "dtype_too_large", "/datasets/x", "too large"},
		{"attribute just over 64 KiB", `{"attrs":{"x":{"dtype":"u1","shape":[65535],"data":{"full":1}}}}`, 422, "attribute_too_large", "/attrs/x", ""},
		{"column out of range", one(`"dtype":[["a","i1"]],"data":{"columns":{"a":[1,128]}}`), 422, "out_of_range", "/datasets/x/data/columns/a/1", "int8"},
		{"part missing", one(`"data":{"part":"p"}`), 422, "missing_part", "/datasets/x/data", `"p"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := build(t, test.description)
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("got %v, want a problem", err)
			}
			if p.Status != test.status || p.Code != test.code {
				t.Errorf("got %d %s (%s), want %d %s", p.Status, p.Code, p.Detail, test.status, test.code)
			}
			if len(p.Errors) == 0 || len(p.Errors) > maxErrors {
				t.Fatalf("%d errors", len(p.Errors))
			}
			if got := p.Errors[0].Pointer; got != test.pointer && (test.pointer != "" || test.code == "wrong_type") {
				t.Errorf("got pointer %q, want %q (%s)", got, test.pointer, p.Detail)
			}
			if !strings.Contains(p.Detail, test.detail) {
				t.Errorf("got %q, want %q in it", p.Detail, test.detail)
			}
			if _, known := codes[p.Code]; !known {
				t.Errorf("code %q is not in the list", p.Code)
			}
		})
	}
}

// fields is a list of n fields.
func fields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,["field%d","i1"]`, i)
	}
	return b.String()[1:]
}

func TestManyProblemsAtOnce(t *testing.T) {
	var p *Problem
	err := build(t, `{"libver":"v999","shape":1,"datasets":{"a":{"dtype":"<q9","shape":[-1]},"b":[1,"x"],"c":{"data":[1],"chunks":[7],"compression":11}},"links":{"d":{"hard":"/e"}}}`)
	if !errors.As(err, &p) {
		t.Fatal(err)
	}
	var pointers []string
	for _, e := range p.Errors {
		pointers = append(pointers, e.Pointer)
	}
	want := "[/libver /shape /datasets/a/dtype /datasets/a/shape/0 /datasets/b/1 /datasets/c/compression /datasets/c/chunks /links/d]"
	if fmt.Sprint(pointers) != want {
		t.Errorf("got %v, want %v", pointers, want)
	}

	err = build(t, one(`"dtype":"u1","data":[`+strings.Repeat("300,", 100)+`1]`))
	if !errors.As(err, &p) || len(p.Errors) != maxErrors || p.Errors[19].Pointer != "/datasets/x/data/19" {
		t.Errorf("100 bad values: %+v", p)
	}
}

func TestDidYouMean(t *testing.T) {
	for description, want := range map[string]string{
		`{"dataset":{}}`:                                           "datasets",
		`{"user_block_size":512}`:                                  "userblock_size",
		one(`"data":[1],"chunk":[1]`):                              "chunks",
		one(`"data":[1],"Compression":"gzip"`):                     "compression",
		one(`"data":[1],"xyzzy":1`):                                "",
		one(`"shape":[3],"data":{"linspcae":[0,1]}`):               "linspace",
		one(`"dtype":[["temp","i1"]],"data":[{"tmep":1}]`):         "temp",
		one(`"dtype":{"enum":{"RED":0,"BLUE":1}},"data":["BLEU"]`): "BLUE",
	} {
		var p *Problem
		if err := build(t, description); !errors.As(err, &p) || p.Errors[0].DidYouMean != want {
			t.Errorf("%s: %+v, want did_you_mean %q", description, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"d%d":0`, i)
		}
		return b.String()[1:]
	}
	limits := testLimits
	limits.MaxObjects = 100
	for _, test := range []struct {
		description string
		code        string
		limit, size int64
	}{
		{`{"datasets":{` + many(5000) + `}}`, "too_many_objects", 100, 101},
		{`{"attrs":{` + many(5000) + `}}`, "too_many_objects", 100, 101},
		{`{"groups":{"` + strings.Repeat("g/", 5000) + `":{}}}`, "too_many_objects", 100, 101},
		{`{"attrs":{"a":"` + strings.Repeat("a", 8<<20) + `"}}`, "description_too_large", 8 << 20, 8<<20 + 18},
	} {
		_, err := Parse(context.Background(), strings.NewReader(test.description), nil, limits)
		var p *Problem
		if !errors.As(err, &p) || p.Status != 413 || p.Code != test.code || p.Limit != test.limit || p.Size != test.size {
			t.Errorf("%.30s…: got %+v, want 413 %s, limit %d, size %d", test.description, p, test.code, test.limit, test.size)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Parse(ctx, strings.NewReader(`{}`), nil, testLimits); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
