package wiretest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// FixedPoint decodes hostile bytes: they give a *wire.Fault or a value that
// takes memory in proportion to them, and that survives being written and read
// again.
func FixedPoint(t *testing.T, src []byte, geo wire.Geometry, blank func() wire.Structure) {
	t.Helper()
	src = Repaired(src, geo, blank)
	s := blank()
	var n int
	var err error
	if grown := Allocated(func() { n, err = wire.Decode(src, geo, 0, s) }); grown > 64<<10+200*uint64(len(src)) {
		t.Fatalf("decoding %d bytes Allocated %d", len(src), grown)
	}
	var fault *wire.Fault
	if err != nil {
		if !errors.As(err, &fault) {
			t.Fatalf("%T: %v", err, err)
		}
		return
	}
	if n > len(src) {
		t.Fatalf("took %d of %d bytes", n, len(src))
	}
	if _, err := wire.Describe(src, geo, 0, blank()); err != nil {
		t.Fatalf("Describe: %v", err)
	}
	out, err := wire.Append(nil, geo, s)
	if err != nil {
		t.Fatalf("what was decoded is not encoded: %v\n%+v", err, s)
	}
	back := blank()
	if _, err := wire.Decode(out, geo, 0, back); err != nil {
		t.Fatalf("what was encoded is not decoded: %v\n% x", err, out)
	}
	if diff := cmp.Diff(s, back, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("decode, encode, decode (-first +second):\n%s", diff)
	}
}

// Repaired puts right checksums into a copy of src, so that mutations reach
// what lies behind them.
func Repaired(src []byte, geo wire.Geometry, blank func() wire.Structure) []byte {
	src = bytes.Clone(src)
	for range 16 {
		var fault *wire.Fault
		_, err := wire.Decode(src, geo, 0, blank())
		if !errors.As(err, &fault) || fault.Field != "checksum" || fault.Offset+4 > uint64(len(src)) {
			break
		}
		var stored, computed uint32
		if _, err := fmt.Sscanf(fault.Reason, "stored %v, computed %v", &stored, &computed); err != nil {
			break
		}
		binary.LittleEndian.PutUint32(src[fault.Offset:], computed)
	}
	return src
}

// Allocated tells how many bytes fn allocates. Tests that use it do not run in
// parallel.
func Allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
