package format

import (
	"errors"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

func blankHeader(version uint8) func() wire.Structure {
	return func() wire.Structure { return &ObjectHeader{Version: version} }
}

func blankContinuation(version, flags uint8, length uint64) func() wire.Structure {
	return func() wire.Structure { return &ObjectContinuation{Version: version, Flags: flags, Length: length} }
}

var headers = []wiretest.Layout{
	{
		Name: "version 1", Library: wiretest.Library,
		Bytes: `
			01 00 03 00             | version; reserved; messages in all chunks
			01 00 00 00             | references
			18 00 00 00 00 00 00 00 | bytes of messages; alignment
			10 00 10 00 00 00 00 00 | continuation, its size, flags; reserved
			98 07 00 00 00 00 00 00 | where it goes on
			50 00 00 00 00 00 00 00 | how long`,
		Value: &ObjectHeader{
			Version: 1, Count: 3, RefCount: 1, Chunk: 24,
			Messages: []Message{{Type: 0x10, Size: 16, Raw: []byte{0x98, 7, 0, 0, 0, 0, 0, 0, 0x50, 0, 0, 0, 0, 0, 0, 0}}},
		},
		Blank: blankHeader(1),
		Text: `
0x001000 object header version = 1
0x001002 object header number of header messages = 3
0x001004 object header object reference count = 1
0x001008 object header object header size = 24
0x001010 object header message type = 16
0x001012 object header message size = 16
0x001014 object header message flags = 0
0x001018 object header message body = 98 07 00 00 00 00 00 00 50 00 00 00 00 00 00 00
`,
	},
	{
		Name: "version 1 without messages",
		Bytes: `
			01 00 00 00 | version; reserved; messages
			02 00 00 00 | references
			00*8        | bytes of messages; alignment`,
		Value: &ObjectHeader{Version: 1, RefCount: 2},
		Blank: blankHeader(1),
	},
	{
		Name: "version 1, messages of no and of 8 bytes, and a gap",
		Bytes: `
			01 00 02 00 01 00 00 00
			1c 00 00 00 00 00 00 00 | bytes of messages; alignment
			00 00 00 00 00 00 00 00 | nil message without a body
			05 00 08 00 01 00 00 00 | fill value, constant; reserved
			02 02 02 01 00 00 00 00
			00 00 00 00             | a gap too small for a message`,
		Value: &ObjectHeader{
			Version: 1, Count: 2, RefCount: 1, Chunk: 28,
			Messages: []Message{{}, {Type: 5, Size: 8, Flags: 1, Raw: []byte{2, 2, 2, 1, 0, 0, 0, 0}}},
		},
		Blank: blankHeader(1),
	},
	{
		Name: "version 2",
		Bytes: `
			4f 48 44 52 02 00       | signature, version, flags
			0f                      | bytes of messages
			05 02 00 01             | fill value, its size, constant
			03 0a                   | body
			16 05 00 00             | reference count, its size, flags
			00 02 00 00 00          | body
			sum`,
		Value: &ObjectHeader{
			Version: 2, Chunk: 15,
			Messages: []Message{{Type: 5, Size: 2, Flags: 1, Raw: []byte{3, 10}}, {Type: 0x16, Size: 5, Raw: []byte{0, 2, 0, 0, 0}}},
		},
		Blank: blankHeader(2),
		Text: `
0x001000 object header signature = "OHDR"
0x001004 object header version = 2
0x001005 object header flags = 0
0x001006 object header size of chunk #0 = 15
0x001007 object header message type = 5
0x001008 object header message size = 2
0x00100a object header message flags = 1
0x00100b object header message body = 03 0a
0x00100d object header message type = 22
0x00100e object header message size = 5
0x001010 object header message flags = 0
0x001011 object header message body = 00 02 00 00 00
0x001016 object header checksum = 235484574
`,
	},
	{
		Name: "version 2 with times, phase change and creation order",
		Bytes: `
			4f 48 44 52 02 3d       | signature, version, flags
			01 00 00 00 02 00 00 00 | access and modification time
			03 00 00 00 04 00 00 00 | change and birth time
			08 00 06 00             | phase change
			08 00                   | bytes of messages, 2 of them
			0c 02 00 04 07 00       | attribute, its size, not to be shared, creation index
			aa bb                   | body
			sum`,
		Value: &ObjectHeader{
			Version: 2, Flags: 0x3d, Times: [4]uint32{1, 2, 3, 4}, Phase: [2]uint16{8, 6}, Chunk: 8,
			Messages: []Message{{Type: 12, Size: 2, Flags: 4, Order: 7, Raw: []byte{0xaa, 0xbb}}},
		},
		Blank: blankHeader(2),
	},
	{
		Name: "version 2, size of 8 bytes, phase change, gap",
		Bytes: `
			4f 48 44 52 02 13       | signature, version, flags
			08 00 06 00             | phase change
			09 00 00 00 00 00 00 00 | bytes of messages
			00 02 00 00 00 00       | nil message of 2 bytes
			00 00 00                | a gap too small for a message
			sum`,
		Value: &ObjectHeader{
			Version: 2, Flags: 0x13, Phase: [2]uint16{8, 6}, Chunk: 9, Messages: []Message{{Size: 2, Raw: []byte{0, 0}}},
		},
		Blank: blankHeader(2),
	},
	{
		Name: "version 2, a group of one link", Library: wiretest.Library,
		Bytes: `
			4f 48 44 52 02 00 78    | signature, version, flags, bytes of messages
			02 12 00 00             | link info
			00 00 ff*16
			0a 02 00 01             | group info, constant
			00 00
			06 0c 00 00             | link
			01 00 01 64 b3 00*7     | version, flags, "d", header
			00 48 00 00             | nil message that fills the chunk
			00*72
			1a fb c0 33             | checksum`,
		Value: &ObjectHeader{
			Version: 2, Chunk: 120,
			Messages: []Message{
				{Type: 2, Size: 18, Raw: []byte("\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")},
				{Type: 10, Size: 2, Flags: 1, Raw: []byte{0, 0}},
				{Type: 6, Size: 12, Raw: []byte("\x01\x00\x01d\xb3\x00\x00\x00\x00\x00\x00\x00")},
				{Size: 72, Raw: make([]byte, 72)},
			},
		},
		Blank: blankHeader(2),
	},
}

var continuations = []wiretest.Layout{
	{
		Name: "version 1",
		Bytes: `
			0c 00 08 00 00 00 00 00 | attribute, its size, flags; reserved
			01 02 03 04 05 06 07 08`,
		Value: &ObjectContinuation{
			Version: 1, Length: 16, Messages: []Message{{Type: 12, Size: 8, Raw: []byte{1, 2, 3, 4, 5, 6, 7, 8}}},
		},
		Blank: blankContinuation(1, 0, 16),
	},
	{
		Name: "version 2, creation order tracked", Library: wiretest.Library,
		Bytes: `
			4f 43 48 4b             | signature
			06 18 00 00 00 00       | link, its size, flags, creation index
			01 0c 40                | version, flags: type and order stored; external
			04 00 00 00 00 00 00 00 | order of the link
			01 78                   | name
			09 00 00 6f 2e 68 35 00 2f 79 00
			47 03 1e 53             | checksum`,
		Value: &ObjectContinuation{
			Version: 2, Flags: 0x0c, Length: 38,
			Messages: []Message{{Type: 6, Size: 24, Raw: []byte("\x01\x0c\x40\x04\x00\x00\x00\x00\x00\x00\x00\x01x\x09\x00\x00o.h5\x00/y\x00")}},
		},
		Blank: blankContinuation(2, 0x0c, 38),
		Text: `
0x001000 object header continuation signature = "OCHK"
0x001004 object header continuation message type = 6
0x001005 object header continuation message size = 24
0x001007 object header continuation message flags = 0
0x001008 object header continuation message creation order = 0
0x00100a object header continuation message body = 01 0c 40 04 00 00 00 00 00 00 00 01 78 09 00 00 6f 2e 68 35 00 2f 79 00
0x001022 object header continuation checksum = 1394475847
`,
	},
	{
		Name: "version 2 with a gap",
		Bytes: `
			4f 43 48 4b    | signature
			05 02 00 01    | fill value
			03 0a
			00 00 00       | gap
			sum`,
		Value: &ObjectContinuation{
			Version: 2, Length: 17, Messages: []Message{{Type: 5, Size: 2, Flags: 1, Raw: []byte{3, 10}}},
		},
		Blank: blankContinuation(2, 0, 17),
	},
}

func TestObjectHeader(t *testing.T) {
	wiretest.Run(t, headers)
	headers[0].Spoil(t, []wiretest.Fault{{At: 0, To: 2, Field: "version"}, {At: 8, To: 40, Field: "size of messages"}, {At: 8, To: 16, Field: "size of messages"}, {At: 18, To: 0xff, Field: "message body"}})
	headers[3].Spoil(t, []wiretest.Fault{
		{At: 0, To: 'X', Field: "signature"}, {At: 4, To: 3, Field: "version"}, {At: 6, To: 0xff, Field: "size of messages"}, {At: 6, To: 14, Field: "size of messages"},
		{At: 8, To: 0xff, Field: "message body"}, {At: 11, To: 2, Field: "checksum"}, {At: -1, To: 0, Field: "checksum"},
	})
	wiretest.Run(t, continuations)
	continuations[1].Spoil(t, []wiretest.Fault{{At: 3, To: 'X', Field: "signature"}, {At: 5, To: 0x19, Field: "size of messages"}, {At: 20, To: 9, Field: "checksum"}})
}

// body is a message that says nothing of its size.
type body []byte

func (b body) Fields(c *wire.Codec) {
	c.Name("body")
	p := []byte(b)
	c.Bytes("bytes", uint64(len(b)), &p)
}

func TestMessageBodyIsPaddedToItsSize(t *testing.T) {
	h := &ObjectHeader{Version: 1, Count: 1, Chunk: 16, Messages: []Message{{Type: 3, Size: 8, Body: body{1, 2, 3}}}}
	got, err := wire.Append(nil, wire.Default, h)
	want := wiretest.Unhex(t, "01 00 01 00 00*4 10 00*7  03 00 08 00 00*4  01 02 03 00*5")
	if err != nil || string(got) != string(want) {
		t.Errorf("% x, %v\nwant % x", got, err, want)
	}
	h.Messages[0].Size = 2
	var f *wire.Fault
	if _, err := wire.Append(nil, wire.Default, h); !errors.As(err, &f) || f.Field != "message size" {
		t.Errorf("a body longer than its message: %v", err)
	}
	h.Messages[0].Size, h.Chunk = 8, 15
	if _, err := wire.Append(nil, wire.Default, h); !errors.As(err, &f) || f.Field != "size of messages" {
		t.Errorf("messages longer than their chunk: %v", err)
	}
}

func TestPrefixSizes(t *testing.T) {
	for _, version := range []uint8{1, 2} {
		for _, chunk := range []uint64{0, 8, 255, 256, 65535, 65536} {
			h := &ObjectHeader{Version: version, Chunk: chunk}
			if version == 2 {
				h.Flags = ChunkWidth(chunk)
			}
			got, err := wire.Append(nil, wire.Default, h)
			before, after := HeaderPrefixSize(version, chunk)
			if err != nil || len(got) != before+int(chunk)+after {
				t.Errorf("version %d, %d bytes of messages: %d bytes, planned %d+%d+%d, %v", version, chunk, len(got), before, chunk, after, err)
			}
		}
	}
	for width, chunk := range map[uint8]uint64{0: 255, 1: 256, 2: 1 << 16, 3: 1 << 32} {
		if got := ChunkWidth(chunk); got != width {
			t.Errorf("ChunkWidth(%d) = %d", chunk, got)
		}
	}
	for name, tc := range map[string]struct {
		version, flags uint8
	}{"version 1": {1, 0}, "version 2": {2, 0}, "version 2 with order": {2, HeaderAttributeOrderTracked}} {
		h := &ObjectHeader{Version: tc.version, Flags: tc.flags, Chunk: uint64(MessagePrefixSize(tc.version, tc.flags)), Messages: []Message{{}}}
		if _, err := wire.Append(nil, wire.Default, h); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestContinuationTooShort(t *testing.T) {
	_, err := wire.Decode([]byte("OCHK....."), wire.Default, 0, &ObjectContinuation{Version: 2, Length: 7})
	if err == nil || !strings.Contains(err.Error(), "7 bytes") {
		t.Error(err)
	}
}

func FuzzObjectHeader(f *testing.F) {
	for _, l := range append(headers, continuations...) {
		f.Add(wiretest.Unhex(f, l.Bytes), uint8(0))
		f.Add(wiretest.Unhex(f, l.Bytes), uint8(HeaderAttributeOrderTracked))
	}
	f.Fuzz(func(t *testing.T, src []byte, flags uint8) {
		for _, version := range []uint8{1, 2} {
			wiretest.FixedPoint(t, src, wire.Default, blankHeader(version))
			wiretest.FixedPoint(t, src, wire.Default, blankContinuation(version, flags, uint64(len(src))))
		}
	})
}

func BenchmarkObjectHeader(b *testing.B) {
	for _, l := range []wiretest.Layout{headers[0], headers[4], headers[6]} {
		b.Run(l.Name, func(b *testing.B) {
			buf := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = wire.Append(buf[:0], wire.Default, l.Value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
