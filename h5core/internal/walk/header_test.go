package walk

import (
	"context"
	"errors"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
)

func on(addr, length uint64) format.Message {
	return format.Message{Type: message.TypeContinuation, Size: 16, Body: &message.Continuation{Addr: addr, Length: length}}
}

func comment(text string) format.Message {
	n := uint16(len(text) + 1)
	return format.Message{Type: message.TypeComment, Size: (n + 7) / 8 * 8, Body: &message.Comment{Text: text}}
}

// chained writes a header with two continuations, one of which leads to a third.
func chained(t testing.TB, version uint8) *memory {
	m := newMemory(2000)
	sizes := func(list []format.Message) (n uint64) {
		for _, x := range list {
			n += uint64(format.MessagePrefixSize(version, 0)) + uint64(x.Size)
		}
		return n
	}
	frame := uint64(0)
	if version == 2 {
		frame = 8
	}
	further := [][]format.Message{{comment("second"), on(1600, 0)}, {comment("third")}, {comment("fourth")}}
	length := func(i int) uint64 { return sizes(further[i]) + frame }
	further[0][1] = on(1600, length(2))
	head := []format.Message{comment("first"), on(1000, length(0)), on(1200, length(1))}
	m.put(t, 64, &format.ObjectHeader{Version: version, RefCount: 1, Count: 6, Chunk: sizes(head), Messages: head})
	for i, at := range []uint64{1000, 1200, 1600} {
		m.put(t, at, &format.ObjectContinuation{Version: version, Length: length(i), Messages: further[i]})
	}
	return m
}

func TestObjectHeader(t *testing.T) {
	for _, version := range []uint8{1, 2} {
		m := chained(t, version)
		h, err := ObjectHeader(context.Background(), m, 64)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, x := range h.Messages {
			if x.Type == message.TypeComment {
				text := string(m.data[x.At : x.At+3])
				if text != string(x.Raw[:3]) {
					t.Errorf("version %d: a body lies at %#x, it says %q", version, x.At, text)
				}
				texts = append(texts, text)
			}
		}
		if len(texts) != 4 || texts[0] != "fir" || texts[3] != "fou" || len(h.Chunks) != 4 || h.Version != version {
			t.Errorf("version %d: %q in %v", version, texts, h.Chunks)
		}
		if m.waves != 3 {
			t.Errorf("version %d: %d waves for three levels", version, m.waves)
		}
	}
}

func TestLongObjectHeader(t *testing.T) {
	m := newMemory(64)
	long := comment(string(make([]byte, 2000)))
	m.put(t, 64, &format.ObjectHeader{Version: 2, Flags: 1, Chunk: uint64(long.Size) + 4, Messages: []format.Message{long}})
	h, err := ObjectHeader(context.Background(), m, 64)
	if err != nil || len(h.Messages) != 1 || m.waves != 2 {
		t.Errorf("%v, %d waves", err, m.waves)
	}
}

func TestManyHeadersInOneWave(t *testing.T) {
	m := newMemory(0)
	var addrs []uint64
	for i := range 300 {
		addrs = append(addrs, uint64(i)*100)
		c := comment("x")
		m.put(t, addrs[i], &format.ObjectHeader{Version: 2, Chunk: uint64(c.Size) + 4, Messages: []format.Message{c}})
	}
	m.data[500] = 'X'
	all, err := Headers(context.Background(), m, append(addrs, 1<<40))
	if err != nil || m.waves != 1 {
		t.Fatalf("%v, %d waves", err, m.waves)
	}
	for i, h := range all {
		if bad := i == 5 || i == 300; bad != (h.Err != nil) || bad == (len(h.Messages) == 1) {
			t.Errorf("header %d: %v", i, h.Err)
		}
	}
}

func TestHostileObjectHeaders(t *testing.T) {
	ctx := context.Background()
	for name, list := range map[string][]format.Message{
		"to itself":           {on(64, 40)},
		"twice to one place":  {on(1000, 24), on(1000, 24)},
		"outside the file":    {on(1990, 24)},
		"outside all numbers": {on(1<<64-8, 24)},
	} {
		m := newMemory(2000)
		m.put(t, 64, &format.ObjectHeader{Version: 1, Chunk: 24 * uint64(len(list)), Messages: list})
		h, err := ObjectHeader(ctx, m, 64)
		faulty(t, name, err, "address")
		if h == nil || len(h.Messages) == 0 {
			t.Errorf("%s: nothing of it is left", name)
		}
	}
	m := newMemory(1 << 20) // each chunk leads to the next, as far as there are any
	m.put(t, 0, &format.ObjectHeader{Version: 1, Chunk: 24, Messages: []format.Message{on(64, 24)}})
	for at := uint64(64); at < 1<<20-24; at += 24 {
		m.put(t, at, &format.ObjectContinuation{Version: 1, Length: 24, Messages: []format.Message{on(at+24, 24)}})
	}
	_, err := ObjectHeader(ctx, m, 0)
	faulty(t, "endless chain", err, "offset")
	m.left = 10
	if _, err := ObjectHeader(ctx, m, 0); !errors.Is(err, errSpent) {
		t.Errorf("without a budget: %v", err)
	}
}

func FuzzObjectHeader(f *testing.F) {
	for _, version := range []uint8{1, 2} {
		f.Add(chained(f, version).data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &memory{data: data, geo: wireSmall(len(data)), left: 10000}
		h, err := ObjectHeader(context.Background(), m, 64)
		if err == nil && h == nil {
			t.Fatal("neither a header nor an error")
		}
		if m.bytes > 3*len(data)+4096 {
			t.Fatalf("%d bytes read of %d", m.bytes, len(data))
		}
	})
}
