package filespec

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/h5serve/h5serve/h5core"
)

func (p *parser) libver() {
	pointer := p.s.pointer()
	low, high := "", "latest"
	if p.s.kind() == '"' {
		low, _ = p.text("a version")
	} else {
		if !p.expect('[', "the low and the high bound") {
			return
		}
		n := 0
		for p.s.begin(); p.s.next(); n++ {
			switch n {
			case 0:
				low, _ = p.text("the low bound")
			case 1:
				high, _ = p.text("the high bound")
			default:
				p.s.skip()
			}
		}
		if n != 2 {
			p.noteAt(pointer, "bad_libver", complain("bad_libver", "%d members, expected the low and the high bound", n))
			return
		}
	}
	if p.s.err == nil {
		p.setLibver(pointer, low, high)
	}
}

func (p *parser) setLibver(pointer, low, high string) {
	var err error
	if p.spec.low, err = h5core.ParseLibver(low); err == nil {
		p.spec.high, err = h5core.ParseLibver(high)
	}
	switch {
	case err != nil:
	case p.spec.low > p.spec.high:
		err = complain("bad_libver", "the low bound %s lies above the high bound %s", low, high)
	case p.spec.high == h5core.Earliest:
		err = complain("bad_libver", "the high bound earliest allows no file: the lowest is v108")
	}
	if err != nil {
		p.noteProblem(problem("bad_libver", Entry{Pointer: pointer, Detail: err.Error()}))
		return
	}
	p.spec.bounded = true
}

var userBlockKeys = keySet{what: "a user block", known: []string{"text", "base64"}}

func (p *parser) userBlockContent() {
	pointer := p.s.pointer()
	forms := 0
	p.members(userBlockKeys, func(key string) {
		forms++
		if !p.expect('"', "the content of the user block") {
			return
		}
		text := append([]byte(nil), p.s.str(math.MaxInt32)...)
		if key == "base64" {
			b, err := decodeBase64(text)
			if err != nil {
				p.noteAt(p.s.pointer(), "bad_base64", err)
			}
			text = b
		}
		p.spec.userBlock, p.userBlock = text, true
	})
	if forms != 1 && p.s.err == nil {
		p.noteAt(pointer, "bad_user_block", complain("bad_user_block", `expected {"text": …} or {"base64": …}`))
	}
}

// checkUserBlock holds the user block to its rules, once size and content are
// known; a size that is left out is the least that will do.
func (p *parser) checkUserBlock() {
	size, n := p.spec.userBlockSize, uint64(len(p.spec.userBlock))
	if size == 0 && p.userBlock {
		size = max(512, uint64(1)<<bits.Len64(max(n, 1)-1))
		p.spec.userBlockSize = size
	}
	limit := p.spec.limits.MaxFile
	switch {
	case size != 0 && (size < 512 || size&(size-1) != 0):
		p.noteAt("/userblock_size", "bad_user_block", complain("bad_user_block", "%d is neither 0 nor a power of two of 512 or more", size))
	case n > size:
		p.noteAt("/userblock", "bad_user_block", complain("bad_user_block", "the content has %d bytes, the user block %d", n, size))
	case limit > 0 && size > limit:
		p.noteProblem(tooMuch("file_too_large", int64(min(limit, math.MaxInt64)), int64(min(size, math.MaxInt64)),
			Entry{Pointer: "/userblock_size", Detail: fmt.Sprintf("%d bytes; a file has at most %d", size, limit)}))
	}
}
