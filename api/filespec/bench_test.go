package filespec

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
)

func dtypeOf(t testing.TB, text string) *dtype.Type {
	t.Helper()
	made, err := dtype.Parse(text[1 : len(text)-1])
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// BenchmarkInline reads one large array of numbers, in both passes.
func BenchmarkInline(b *testing.B) {
	for name, number := range map[string]func(b []byte, i int) []byte{
		"integers": func(b []byte, i int) []byte { return strconv.AppendInt(b, int64(i)*7919, 10) },
		"floats":   func(b []byte, i int) []byte { return strconv.AppendFloat(b, float64(i)*0.123457, 'g', 8, 64) },
		"long":     func(b []byte, i int) []byte { return strconv.AppendFloat(b, float64(i)*0.123457, 'g', -1, 64) },
	} {
		text := []byte(`{"datasets":{"x":[`)
		for i := range 1_000_000 {
			text = append(number(text, i), ',', ' ')
		}
		text = append(text[:len(text)-2], "]}}"...)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				spec, err := Parse(context.Background(), bytes.NewReader(text), nil, DefaultLimits())
				if err != nil {
					b.Fatal(err)
				}
				if err := spec.tree.lookup("x").dataset.value.stream.copyTo(context.Background(), io.Discard, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGenerator(b *testing.B) {
	for _, x := range []string{`"dtype":"<f8","shape":[1000000],"data":{"start":0,"step":1}`, `"dtype":"<i4","shape":[1000000],"data":{"start":0,"step":1}`, `"dtype":"<f4","shape":[1000000],"data":{"linspace":[0,1]}`} {
		spec, err := Parse(context.Background(), bytes.NewReader([]byte(one(x))), nil, DefaultLimits())
		if err != nil {
			b.Fatal(err)
		}
		ds := spec.tree.lookup("x").dataset
		buf := make([]byte, 1<<18)
		b.Run(ds.t.String(), func(b *testing.B) {
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				if err := ds.value.source.Read(context.Background(), 0, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
