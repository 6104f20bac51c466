package dtype

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

const known = "known are i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 with < or > in front, " +
	"S10 (fixed string), V16 (opaque), bool, str, M8[ns], m8[ns], " +
	"int8 to int64, uint8 to uint64, float16 to float64, complex64, complex128"

// Numpy's words for types, and its one-letter codes, on a 64-bit machine.
var words = map[string]string{
	"int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8", "int": "i8",
	"uint8": "u1", "uint16": "u2", "uint32": "u4", "uint64": "u8", "uint": "u8",
	"float16": "f2", "float32": "f4", "float64": "f8", "float": "f8",
	"half": "f2", "single": "f4", "double": "f8",
	"complex64": "c8", "complex128": "c16", "complex": "c16",
	"b": "i1", "h": "i2", "i": "i4", "l": "i8", "q": "i8",
	"B": "u1", "H": "u2", "I": "u4", "L": "u8", "Q": "u8",
	"e": "f2", "f": "f4", "d": "f8", "F": "c8", "D": "c16",
	"bool": "b1", "bool_": "b1", "?": "b1",
}

var (
	sized = regexp.MustCompile(`^([iufcbSaV])(\d+)$`)
	timed = regexp.MustCompile(`^(M|m|datetime|timedelta)(8|64)(?:\[(\w+)\])?$`)
	unit  = regexp.MustCompile(`^(\d*)(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)$`)
)

// Parse reads a datatype as numpy writes it ("<f4", "S10", "bool", "M8[ns]",
// "float64", ...), or "str" for a variable UTF-8 string, and returns it as
// h5py stores it. Native byte order is little-endian on every machine.
// Errors are of type *ParseError.
func Parse(s string) (*Type, error) {
	if s == "str" {
		return VarString(UTF8), nil
	}
	order, code := LittleEndian, s
	if s != "" && strings.ContainsRune("<>=|", rune(s[0])) {
		code = s[1:]
		if s[0] == '>' {
			order = BigEndian
		}
	}
	t, err := parseCode(code, order)
	if err != nil {
		return nil, &ParseError{Text: s, Reason: err.Error()}
	}
	return t, nil
}

type reason string

func (r reason) Error() string { return string(r) }

func parseCode(code string, order Order) (*Type, error) {
	if word, ok := words[code]; ok {
		code = word
	}
	if m := timed.FindStringSubmatch(code); m != nil && (m[2] == "8") == (len(m[1]) == 1) {
		kind := byte('M')
		if m[1] == "m" || m[1] == "timedelta" {
			kind = 'm'
		}
		return Datetime(kind, m[3], order)
	}
	if m := sized.FindStringSubmatch(code); m != nil {
		if n, err := strconv.ParseUint(m[2], 10, 32); err == nil && n > 0 {
			return parseSized(m[1], uint32(n), order)
		}
		return nil, reason("the size must be 1 to " + strconv.Itoa(math.MaxUint32))
	}
	switch {
	case strings.HasPrefix(code, "U") || code == "unicode":
		return nil, reason(`HDF5 has no UTF-32 strings: use "str", or {"string": n} for n bytes`)
	case code == "S" || code == "a" || code == "V" || code == "bytes":
		return nil, reason(`a length is missing, as in "S10"; "str" is a string of any length`)
	case code == "O" || code == "object":
		return nil, reason(`Python objects have no stored form: use "str" or {"vlen": type}`)
	}
	return nil, reason("unknown; " + known)
}

func parseSized(kind string, n uint32, order Order) (*Type, error) {
	switch kind {
	case "S", "a":
		return FixedString(n, ASCII, NullPad)
	case "V":
		return OpaqueOf(n, "")
	case "b":
		if n == 1 {
			return Bool(), nil
		}
	case "c":
		if n == 8 || n == 16 {
			return ComplexOf(n, order)
		}
	case "f":
		switch n {
		case 2:
			return Float16(order), nil
		case 4:
			return Float32(order), nil
		case 8:
			return Float64(order), nil
		}
	case "i", "u":
		if n == 1 {
			order = LittleEndian // one byte has no order, as in numpy
		}
		if n == 1 || n == 2 || n == 4 || n == 8 {
			return Int(n, kind == "i", order)
		}
	}
	return nil, reason("unknown size; " + known)
}

// timeUnit returns numpy's canonical spelling of a time unit: one of a unit
// is the unit itself.
func timeUnit(s string) (string, bool) {
	m := unit.FindStringSubmatch(s)
	if m == nil {
		return "", s == ""
	}
	if m[1] == "" {
		return s, true
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil || n == 0 {
		return "", false
	}
	if n == 1 {
		return m[2], true
	}
	return strconv.FormatInt(n, 10) + m[2], true
}
