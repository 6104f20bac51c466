package filespec

import (
	"encoding/binary"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// timeUnit is the unit of numpy's times: a point in time counts from 1970, in
// UTC; a span is a number of units. Both are 64-bit integers, and the least of
// them is NaT.
type timeUnit struct {
	span    bool
	name    string   // "ns", "D", "25s"; "" for none
	months  int64    // of one unit, where it is one of the calendar (Y, M)
	seconds *big.Rat // of one unit
	order   binary.ByteOrder
}

var timeTag = regexp.MustCompile(`^NUMPY:([<>])([Mm])8(?:\[(\d*)([A-Za-z]+)\])?$`)

// unitSeconds are the lengths in seconds of the units that have one.
var unitSeconds = map[string]*big.Rat{
	"W": big.NewRat(7*86400, 1), "D": big.NewRat(86400, 1), "h": big.NewRat(3600, 1), "m": big.NewRat(60, 1), "s": big.NewRat(1, 1),
	"ms": big.NewRat(1, 1e3), "us": big.NewRat(1, 1e6), "ns": big.NewRat(1, 1e9), "ps": big.NewRat(1, 1e12), "fs": big.NewRat(1, 1e15), "as": big.NewRat(1, 1e18),
}

// timeOf tells the unit of a type that holds times, by the tag that h5py gives
// it.
func timeOf(t *dtype.Type) (u timeUnit, ok bool) {
	m := timeTag.FindStringSubmatch(t.Tag)
	if m == nil || t.Class != dtype.Opaque || t.Size != 8 {
		return u, false
	}
	u = timeUnit{span: m[2] == "m", name: m[3] + m[4], order: binary.LittleEndian}
	if m[1] == ">" {
		u.order = binary.BigEndian
	}
	multiple := int64(1)
	if m[3] != "" {
		n, err := strconv.ParseInt(m[3], 10, 32)
		if err != nil || n == 0 {
			return u, false
		}
		multiple = n
	}
	switch m[4] {
	case "Y":
		u.months = 12 * multiple
	case "M":
		u.months = multiple
	case "":
	default:
		one := unitSeconds[m[4]]
		if one == nil {
			return u, false
		}
		u.seconds = new(big.Rat).Mul(one, big.NewRat(multiple, 1))
	}
	return u, true
}

// timeEncoder takes ISO 8601 texts, "NaT", and integers, which count units.
func timeEncoder(u timeUnit) encoder {
	want := `a time such as "2024-01-31T12:00:00Z", "NaT", or an integer`
	if u.span {
		want = `a span such as "P1DT12H", "NaT", or an integer`
	}
	return func(s *scanner, dst []byte) {
		switch s.kind() {
		case '0':
			text := s.number()
			v, ok := parseInt(text)
			if !ok && s.err == nil {
				s.complain(complain("out_of_range", "%s is no integer of 64 bits", cut(text)))
			}
			u.order.PutUint64(dst, uint64(v))
		case '"':
			v, err := u.parse(string(s.str(maxName)))
			s.complain(err)
			u.order.PutUint64(dst, uint64(v))
		default:
			s.mismatch(want)
		}
	}
}

func (u timeUnit) parse(text string) (int64, error) {
	switch {
	case text == "NaT":
		return math.MinInt64, nil
	case u.name == "":
		return 0, complain("bad_value", "%q: a time without a unit is an integer", cut([]byte(text)))
	case u.span:
		return u.parseSpan(text)
	}
	return u.parsePoint(text)
}

var (
	pointForm = regexp.MustCompile(`^([+-]?\d{4,6})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):?(\d\d)?(?::?(\d\d)(?:[.,](\d{1,18}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?)?)?$`)
	spanForm  = regexp.MustCompile(`^([+-]?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,18}))?S)?)?$`)
)

// parsePoint reads a date, or a date and a time of day (ISO 8601-1, 5.2 to
// 5.4, extended format; years of up to six digits).
func (u timeUnit) parsePoint(text string) (int64, error) {
	m := pointForm.FindStringSubmatch(text)
	if m == nil {
		return 0, complain("bad_value", `%q is no time of ISO 8601, such as "2024-01-31T12:00:00Z"`, cut([]byte(text)))
	}
	year, month, day := number(m[1], 0), number(m[2], 1), number(m[3], 1)
	hour, minute, second := number(m[4], 0), number(m[5], 0), number(m[6], 0)
	date := time.Date(int(year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
	if int64(date.Month()) != month || int64(date.Day()) != day || hour > 23 || minute > 59 || second > 59 {
		return 0, complain("out_of_range", "%q: there is no such day or time of day", text)
	}
	if u.months != 0 {
		rest := day != 1 || hour != 0 || minute != 0 || second != 0 || strings.Trim(m[7], "0") != "" || offset(m[8]) != 0
		return u.inMonths(text, (year-1970)*12+month-1, rest)
	}
	seconds := date.Unix() + hour*3600 + minute*60 + second - offset(m[8])
	return u.inUnits(text, seconds, m[7])
}

// offset reads an offset from UTC, in seconds.
func offset(text string) int64 {
	if text == "" || text == "Z" {
		return 0
	}
	hours, minutes := number(text[1:3], 0), number(strings.TrimPrefix(text[3:], ":"), 0)
	seconds := hours*3600 + minutes*60
	if text[0] == '-' {
		return -seconds
	}
	return seconds
}

// parseSpan reads a duration (ISO 8601-1, 5.5.2). Years and months have no
// fixed length, so they stand alone and in their own units only.
func (u timeUnit) parseSpan(text string) (int64, error) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil || strings.HasSuffix(text, "T") || strings.HasSuffix(text, "P") {
		return 0, complain("bad_value", `%q is no duration of ISO 8601, such as "P1DT12H30M"`, cut([]byte(text)))
	}
	for _, n := range m[2:9] {
		if len(n) > 12 {
			return 0, complain("out_of_range", "%q is too long a time", cut([]byte(text)))
		}
	}
	months := number(m[2], 0)*12 + number(m[3], 0)
	seconds := number(m[4], 0)*7*86400 + number(m[5], 0)*86400 + number(m[6], 0)*3600 + number(m[7], 0)*60 + number(m[8], 0)
	fraction := m[9]
	if months != 0 && u.months == 0 {
		return 0, complain("bad_value", "%q: years and months have no fixed length in %s", text, u.name)
	}
	var v int64
	var err error
	if u.months != 0 {
		v, err = u.inMonths(text, months, seconds != 0 || strings.Trim(fraction, "0") != "")
	} else {
		v, err = u.inUnits(text, seconds, fraction)
	}
	if m[1] == "-" {
		v = -v
	}
	return v, err
}

func (u timeUnit) inMonths(text string, months int64, rest bool) (int64, error) {
	if rest || months%u.months != 0 {
		return 0, u.fraction(text)
	}
	return months / u.months, nil
}

func (u timeUnit) inUnits(text string, seconds int64, fraction string) (int64, error) {
	x := new(big.Rat).SetInt64(seconds)
	if fraction != "" {
		part, _ := new(big.Rat).SetString("0." + fraction)
		x.Add(x, part)
	}
	x.Quo(x, u.seconds)
	switch {
	case !x.IsInt():
		return 0, u.fraction(text)
	case !x.Num().IsInt64() || x.Num().Int64() == math.MinInt64:
		return 0, complain("out_of_range", "%q lies beyond 64 bits of %s", text, u.name)
	}
	return x.Num().Int64(), nil
}

func (u timeUnit) fraction(text string) error {
	return complain("out_of_range", "%q is no whole number of %s: choose a finer unit", text, u.name)
}

// number reads digits that a pattern has matched.
func number(digits string, none int64) int64 {
	if digits == "" {
		return none
	}
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}
