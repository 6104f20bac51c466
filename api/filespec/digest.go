package filespec

import (
	"crypto/sha256"
	"hash"
)

// endOfText ends a text: no byte of UTF-8 has this value.
const endOfText = 0xff

// digest takes the tokens of a description in their order, in one canonical
// form: no blanks, commas and colons, texts unescaped, each ended by endOfText,
// numbers as they were written, each ended by a comma.
type digest struct {
	sum    hash.Hash
	buf    []byte
	hidden bool // the tokens at hand do not count
}

func newDigest() *digest { return &digest{sum: sha256.New(), buf: make([]byte, 0, 8<<10)} }

func (d *digest) mark(c byte) {
	if d.hidden {
		return
	}
	if len(d.buf) == cap(d.buf) {
		d.flush()
	}
	d.buf = append(d.buf, c)
}

func (d *digest) write(b []byte) {
	if d.hidden {
		return
	}
	if len(b) > cap(d.buf)-len(d.buf) {
		d.flush()
		if len(b) > cap(d.buf) {
			d.sum.Write(b)
			return
		}
	}
	d.buf = append(d.buf, b...)
}

func (d *digest) number(text []byte) {
	if d.hidden || len(text) >= cap(d.buf)-len(d.buf) {
		d.write(text)
		d.mark(',')
		return
	}
	d.buf = append(append(d.buf, text...), ',')
}

func (d *digest) text(b []byte) {
	d.mark('"')
	d.write(b)
	d.mark(endOfText)
}

func (d *digest) flush() {
	d.sum.Write(d.buf)
	d.buf = d.buf[:0]
}

// result is the digest of all tokens so far.
func (d *digest) result() (sum [32]byte) {
	d.flush()
	d.sum.Sum(sum[:0])
	return sum
}
