package filter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// What HDF5 2.0.0 with libaec stores with szip.
var szipVectors = []vector{
	{"<u1 nn", []uint32{169, 8, 8, 128},
		"8000000080ba922b2cb2c6a52ef2652e437e5557b94fab3fbf551fb73fb730bc0aa52325230315295a9d89905f9ca5574885" +
			"250db3095fa69a56baa0a6b89aae5b252aaa5c86fdca7957fab3fbfbbce00bebdf620987a5534c70153b314aa94c82fcd221" +
			"cabe9286d9ac5b1f52695964",
		squares(128, 1, false, false)},
	{"<u1 ec", []uint32{141, 8, 8, 128},
		"80000000bea455a797a5b69b5196077493f5ad632c74f3f3b3aaa0a2bf9ace795d5ae7eaa01ded5b733f7128be59975a6c2c" +
			"ca2c98257bae3ae36a469e5e9689cc6db0ee927c658cb57e9e7e7028acaaabfcd673ae7fb56aaa01de99fbadb38945f2a6c3" +
			"4b12bc9869e5e8f52275c75c",
		squares(128, 1, false, false)},
	{">i2 nn", []uint32{177, 8, 16, 80},
		"a000000040005d4915965931a94bbc994b90decaaaf729f567f7d551fb73fb7305e055291929180c54a56a7626417e594aae" +
			"910a4a1b65095fa69a565d50535c4d572cc94aaa9721bf7298",
		squares(80, 2, true, false)},
	{">i2 ec", []uint32{149, 8, 16, 80},
		"a00000005f522ad3cbd2cda6d46581dd24f6b5ac658e9e7e733aaa0a2bf9ace6caead73f5500ef356dccfdc4a2f9332eb4d8" +
			"59945928257bae3ae2b5234f2f4b44e31b6c3ba49f1960",
		squares(80, 2, true, false)},
	{"<i4 nn", []uint32{169, 8, 32, 80},
		"4001000080ba922b2cb2c6a52ef2652e437e5557b94fab3fbf551fb73fb730bc0aa52325230315295a9d89905f9ca5574885" +
			"250db3095fa69a56baa0a6b89aae5b252aaa5c86fdca60001000080004",
		squares(80, 4, false, false)},
	{"<i4 ec", []uint32{141, 8, 32, 80},
		"40010000bea455a797a5b69b5196077493f5ad632c74f3f3b3aaa0a2bf9ace795d5ae7eaa01ded5b733f7128be59975a6c2c" +
			"ca2c98257bae3ae36a469e5e9689cc6db0ee927c6580080402",
		squares(80, 4, false, false)},
	{">f8 nn", []uint32{177, 8, 64, 48},
		"8001000013f8e01de901fa3ac9498ec7b5ae7544f9e7a492a77238bfff1220fdffd645e0ad246548e0cb556e0b2c4f3a7007" +
			"c20200000007f7238400003e0003ff800040007f80005e01f00000000bc0007c003c00038040007f8000407f800040002000" +
			"1000080004",
		squares(48, 8, true, true)},
	{">f8 ec", []uint32{149, 8, 64, 48},
		"80010000ca4924ffe000000074040404040404040e8080808080808081d0101010101010103a020202020202020740404040" +
			"40404040fe9f004182a3c4857b5b4193436a91f5ad629c387379e964924113f2a66926926b3d101fea4a5299f448b95fc030" +
			"0000000bc3c0200000001780403c00000003800000404040404060843f0000000000d087860000000000010080402010",
		squares(48, 8, true, true)},
	{"scanlines that are no whole blocks", []uint32{169, 4, 16, 10},
		"8c00000030005a6a5abc4d4a0bdc80300162552e4c551bf7265e7d0018009d67f7dbbbbcfe65fc0c00ce901a3b134c2a7c00" +
			"06001352762592b20bf2cbd220030020aa92859f6cd626275030006d69149596541eac00",
		squares(70, 2, false, false)},
	{"zeros", []uint32{169, 16, 16, 2000},
		"a00f00000000004010",
		make([]byte, 4000)},
}

func TestSzipVectors(t *testing.T) { checkVectors(t, szip{}, szipVectors) }

func FuzzSzipDecode(f *testing.F) { fuzzDecode(f, szip{}, szipVectors) }

// bitWriter writes numbers, highest bit first.
type bitWriter struct {
	out  []byte
	free int // bits in the last byte
}

func (b *bitWriter) write(v uint64, n int) {
	for n--; n >= 0; n-- {
		if b.free == 0 {
			b.out, b.free = append(b.out, 0), 8
		}
		b.free--
		b.out[len(b.out)-1] |= byte(v>>n&1) << b.free
	}
}

// szipStream is a chunk of so many scanlines of 8 blocks of 16 samples.
func szipStream(scanlines, width int) []byte {
	b := bitWriter{out: binary.LittleEndian.AppendUint32(nil, uint32(scanlines*8*16*width))}
	random := noise(scanlines * 8 * 16)
	for i, x := range random {
		if i%16 == 0 {
			b.write(4, 4) // three low bits apart
		}
		if i%128 == 0 {
			b.write(uint64(x), 8*width)
		} else {
			b.write(1, 1+int(x>>6))
		}
		if i%16 == 15 {
			for j := max(i-15, i/128*128+1); j <= i; j++ {
				b.write(uint64(random[j]), 3)
			}
		}
	}
	return b.out
}

func TestSzipErrors(t *testing.T) {
	good := []uint32{szipNN, 16, 16, 128}
	src := szipStream(2, 2)
	cases := []struct {
		name   string
		src    []byte
		params []uint32
		want   error
	}{
		{"whole", src, good, nil},
		{"more parameters", src, []uint32{szipNN, 16, 16, 128, 7, 1 << 31}, nil},
		{"bytes after the stream", append(bytes.Clone(src), 1, 2, 3), good, nil},
		{"three parameters", src, good[:3], ErrParams},
		{"an odd block", src, []uint32{szipNN, 15, 16, 128}, ErrParams},
		{"no block", src, []uint32{szipNN, 0, 16, 128}, ErrParams},
		{"a large block", src, []uint32{szipNN, 66, 16, 128}, ErrParams},
		{"no scanline", src, []uint32{szipNN, 16, 16, 0}, ErrParams},
		{"25 bits", src, []uint32{szipNN, 16, 25, 128}, ErrParams},
		{"no bits", src, []uint32{szipNN, 16, 0, 128}, ErrParams},
		{"no size", src[:3], good, ErrCorrupt},
		{"no stream", src[:4], good, ErrCorrupt},
		{"half a stream", src[:len(src)/2], good, ErrCorrupt},
		{"too large", append([]byte{1, 2, 0, 0}, src[4:]...), good, ErrLimit},
		{"half a sample", append([]byte{1, 1, 0, 0}, src[4:]...), good, ErrCorrupt},
		{"more than there can be", []byte{0, 2, 0, 0}, good, ErrCorrupt},
		{"a run of zeros that is too long", append([]byte{0, 2, 0, 0}, 0, 0, 0, 0, 1), good, ErrCorrupt},
		{"a pair that is too large", append([]byte{0, 2, 0, 0, 0x08}, make([]byte, 20)...), good, ErrCorrupt},
	}
	for _, c := range cases {
		got, err := szip{}.Decode(nil, c.src, c.params, 512)
		if !errors.Is(err, c.want) || err == nil && len(got) != 512 {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
}

func BenchmarkSzipDecode(b *testing.B) {
	b.Run("16 bits", func(b *testing.B) {
		benchmarkDecode(b, szip{}, szipStream(1<<12, 2), []uint32{szipNN, 16, 16, 128}, 1<<20)
	})
	v := szipVectors[len(szipVectors)-1]
	b.Run("zeros", func(b *testing.B) { benchmarkDecode(b, szip{}, v.bytes(), v.params, len(v.want)) })
}
