package h5core_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

type station struct {
	Name   string     `h5:"name"`
	Where  [2]float64 `h5:"where"`
	Height float32    `h5:"height"`
}

// stations makes a file with a table, a grid and an attribute, and opens it.
func stations() *h5core.File {
	ctx := context.Background()
	f, err := h5core.Open(ctx, "stations.h5", "w", h5core.WithDriver(vfd.Core{}))
	check(err)
	defer f.Discard()
	table := []station{{"Jungfraujoch", [2]float64{46.55, 7.98}, 3571}, {"Sonnblick", [2]float64{47.05, 12.96}, 3106}}
	typ, shape, err := dtype.Of(table)
	check(err)
	d, err := f.CreateDataset("stations", typ, space.Space{Kind: space.Simple, Dims: shape})
	check(err)
	check(d.Write(ctx, nil, table))
	grid := make([]int32, 4*6)
	for i := range grid {
		grid[i] = int32(i)
	}
	d, err = f.CreateDataset("grid", dtype.Must(dtype.Parse(">i4")), space.Space{Kind: space.Simple, Dims: []uint64{4, 6}}, h5core.Chunks(2, 3))
	check(err)
	check(d.Write(ctx, nil, grid))
	check(d.Attributes().Set("units", []string{"K", "m"}))
	p, err := f.Plan(ctx)
	check(err)
	var b bytes.Buffer
	_, err = p.WriteTo(&b)
	check(err)
	f, err = h5core.Open(ctx, "stations.h5", "r", h5core.WithDriver(image(b.Bytes())))
	check(err)
	return f
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func datasetOf(f *h5core.File, path string) *h5core.Dataset {
	o, err := f.Get(context.Background(), path)
	check(err)
	return o.(*h5core.Dataset)
}

// A whole dataset into a slice, whatever numbers are stored.
func ExampleRead() {
	f := stations()
	defer f.Close()
	v, err := h5core.Read[float64](context.Background(), datasetOf(f, "grid"), nil)
	fmt.Println(len(v), v[:5], err)
	// Output: 24 [0 1 2 3 4] <nil>
}

// A table of compounds into structs.
func ExampleRead_structs() {
	f := stations()
	defer f.Close()
	v, err := h5core.Read[station](context.Background(), datasetOf(f, "stations"), nil)
	for _, s := range v {
		fmt.Println(s.Name, s.Where, s.Height)
	}
	fmt.Println(err)
	// Output:
	// Jungfraujoch [46.55 7.98] 3571
	// Sonnblick [47.05 12.96] 3106
	// <nil>
}

// A hyperslab: every other row, columns 1 to 3.
func ExampleRead_hyperslab() {
	f := stations()
	defer f.Close()
	d := datasetOf(f, "grid")
	sel, shape, err := space.Parse("::2,1:4", d.Space().Dims)
	check(err)
	v, err := h5core.Read[int](context.Background(), d, sel)
	fmt.Println(shape, v, err)
	// Output: [2 3] [1 2 3 13 14 15] <nil>
}

func ExampleReadAttribute() {
	f := stations()
	defer f.Close()
	v, err := h5core.ReadAttribute[string](context.Background(), datasetOf(f, "grid").Attributes(), "units")
	fmt.Println(v, err)
	// Output: [K m] <nil>
}

// Any dataset in bounded memory: here at most 12 elements at a time.
func ExampleEachBlock() {
	f := stations()
	defer f.Close()
	for b, err := range h5core.EachBlock[int](context.Background(), datasetOf(f, "grid"), nil, 12) {
		check(err)
		fmt.Println(b.First, b.Shape, b.Values)
	}
	// Output:
	// 0 [2 6] [0 1 2 3 4 5 6 7 8 9 10 11]
	// 12 [2 6] [12 13 14 15 16 17 18 19 20 21 22 23]
}
