package h5core

import (
	"encoding/binary"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/walk"
)

// mover moves elements from the heaps of one file to a heap of another.
type mover struct {
	*copier
	*Elements
	heap  *piece.GlobalHeap
	known map[sharedPart]heapPlace // what several parts share is moved once
}

// sharedPart is a variable-length part as elements of a type, or what a region
// reference leads to.
type sharedPart struct {
	base *dtype.Type
	pointer
}

// heapPlace is where a value lies in a heap to be.
type heapPlace struct {
	token uint64
	index uint32
}

// elements moves elements in place. Where they lie in a heap themselves, links
// takes where their addresses are to go.
func (m *mover) elements(t *dtype.Type, data []byte, links *[]piece.Link) error {
	fields := t.Pointers()
	if len(fields) == 0 {
		return nil
	}
	for at := 0; at+int(t.Size) <= len(data); at += int(t.Size) {
		for off, field := range dtype.Fields(fields) {
			if err := m.field(field, data, at+int(off), links); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *mover) field(t *dtype.Type, data []byte, at int, links *[]piece.Link) error {
	p := data[at : at+int(t.Size)]
	var link piece.Link
	switch {
	case t.Class == dtype.VarLen:
		to, err := m.part(t, p)
		if err != nil {
			return err
		}
		if to.index == 0 {
			clear(p)
		}
		to.put(p[4:])
		link = piece.Link{Off: at + 4, Token: to.token}
		if to.index == 0 {
			return nil
		}
	case t.Ref == dtype.ObjectRef:
		token := m.token(m.file, little(p))
		if binary.LittleEndian.PutUint64(p, token); token == 0 {
			return nil
		}
		link = piece.Link{Off: at, Object: true, Token: token}
	default:
		to, err := m.regionRef(p)
		if err != nil {
			return err
		}
		if to.put(p); to.index == 0 {
			return nil
		}
		link = piece.Link{Off: at, Token: to.token}
	}
	if links != nil {
		*links = append(*links, link)
	}
	return nil
}

func (h heapPlace) put(p []byte) {
	binary.LittleEndian.PutUint64(p, h.token)
	binary.LittleEndian.PutUint32(p[8:], h.index)
}

// part moves what a variable-length part leads to; index 0 is nothing.
func (m *mover) part(t *dtype.Type, descriptor []byte) (heapPlace, error) {
	p := m.file.descriptor(descriptor)
	if p.n == 0 {
		return heapPlace{}, nil
	}
	key := sharedPart{t.Base, p}
	if to, ok := m.known[key]; ok {
		return to, nil
	}
	content, err := m.object(p, t.Base)
	if err != nil {
		return heapPlace{}, err
	}
	var links []piece.Link
	if len(t.Base.Pointers()) > 0 {
		content = slices.Clone(content)
		if err := m.elements(t.Base, content, &links); err != nil {
			return heapPlace{}, err
		}
	}
	return m.keep(key, content, links)
}

func (m *mover) keep(key sharedPart, content []byte, links []piece.Link) (to heapPlace, err error) {
	to.token, to.index, err = m.heap.PutLinked(content, links)
	m.known[key] = to
	return to, err
}

// regionRef moves what a region reference leads to: the address of a dataset,
// and a selection. Where the dataset is not copied it becomes the null one.
func (m *mover) regionRef(p []byte) (heapPlace, error) {
	ref := m.file.heapRef(p)
	if ref.Null() {
		return heapPlace{}, nil
	}
	key := sharedPart{nil, pointer{0, ref}}
	if to, ok := m.known[key]; ok {
		return to, nil
	}
	got, err := m.file.stored.Objects(m.ctx, []walk.HeapRef{ref})
	if err != nil {
		return heapPlace{}, err
	}
	if len(got[0]) < 8 {
		return heapPlace{}, nil // it leads to nothing
	}
	token := m.token(m.file, little(got[0][:8]))
	if token == 0 {
		return heapPlace{}, nil
	}
	return m.keep(key, got[0], []piece.Link{{Object: true, Token: token}})
}
