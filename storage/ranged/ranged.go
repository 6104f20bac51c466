// Package ranged looks at what a server answers to a GET for a range, before
// anybody takes its bytes for the ones that were asked for.
//
//	206  Content-Range as asked, no coding      taken as it comes
//	200  for a range: the range was ignored     cut out, where little is wasted
//	anything else                               refused, with what was wrong
//
// A Body then ends with all its bytes or with an error: it asks again for the
// rest when the connection breaks, and gives up on a server that falls silent.
package ranged

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/storage"
)

// maxWaste is how much of a body that is the whole object is read for nothing.
const maxWaste = 8 << 20

// Answer is the head of an answer.
type Answer struct {
	Status          int
	ContentRange    string
	ContentLength   int64 // -1: not said
	ContentEncoding string
}

// Window is the part of an object that an answer brings.
type Window struct {
	Skip  uint64 // bytes of the body before it
	First uint64
	Count uint64
	Size  uint64 // of the whole object
}

// Read checks an answer against the range that was asked for. Where the object
// ends before the range begins it is a *Beyond.
func Read(r storage.Range, a Answer) (Window, error) {
	if a.ContentEncoding != "" && a.ContentEncoding != "identity" && a.ContentEncoding != "aws-chunked" {
		return Window{}, fmt.Errorf("bad upstream: the answer is coded as %s", shorten(a.ContentEncoding))
	}
	switch a.Status {
	case http.StatusPartialContent:
		return partial(r, a)
	case http.StatusOK:
		return whole(r, a)
	}
	return Window{}, fmt.Errorf("bad upstream: status %d", a.Status)
}

// Beyond says that a range begins beyond the object's end.
type Beyond struct{ Size uint64 }

func (b *Beyond) Error() string { return fmt.Sprintf("the object has %d bytes", b.Size) }

// emptySuffix is what Go's net/http says of the last bytes of an empty object.
const emptySuffix = "bytes 0--1/0"

func partial(r storage.Range, a Answer) (Window, error) {
	if a.ContentRange == emptySuffix && r.Suffix && a.ContentLength <= 0 {
		return Window{}, nil
	}
	first, last, size, err := ParseContentRange(a.ContentRange)
	if err != nil {
		return Window{}, err
	}
	wantFirst, wantCount, ok := r.Of(size)
	if !ok || wantCount == 0 || first != wantFirst || last-first+1 != wantCount {
		return Window{}, fmt.Errorf("bad upstream: asked for %q, got %q", r.Header(), shorten(a.ContentRange))
	}
	if a.ContentLength >= 0 && uint64(a.ContentLength) != wantCount {
		return Window{}, fmt.Errorf("bad upstream: Content-Length %d with Content-Range %q", a.ContentLength, shorten(a.ContentRange))
	}
	return Window{First: first, Count: wantCount, Size: size}, nil
}

func whole(r storage.Range, a Answer) (Window, error) {
	if a.ContentLength < 0 {
		return Window{}, fmt.Errorf("bad upstream: neither Content-Length nor Content-Range")
	}
	size := uint64(a.ContentLength)
	first, count, ok := r.Of(size)
	if !ok {
		return Window{}, &Beyond{size}
	}
	if size-count > maxWaste {
		return Window{}, fmt.Errorf("bad upstream: the range is ignored, and the object has %d bytes", size)
	}
	return Window{Skip: first, First: first, Count: count, Size: size}, nil
}

// ParseContentRange reads "bytes first-last/size" (RFC 9110, 14.4); a size that
// is not told is an error, for nothing can be read by range without it.
func ParseContentRange(value string) (first, last, size uint64, err error) {
	fail := fmt.Errorf("bad upstream: Content-Range %q", shorten(value))
	rest, ok := strings.CutPrefix(value, "bytes ")
	span, total, ok2 := strings.Cut(rest, "/")
	from, to, ok3 := strings.Cut(span, "-")
	if !ok || !ok2 || !ok3 {
		return 0, 0, 0, fail
	}
	numbers := [3]uint64{}
	for i, text := range []string{from, to, total} {
		if numbers[i], err = strconv.ParseUint(text, 10, 63); err != nil {
			return 0, 0, 0, fail
		}
	}
	first, last, size = numbers[0], numbers[1], numbers[2]
	if first > last || last >= size {
		return 0, 0, 0, fail
	}
	return first, last, size, nil
}

// ParseUnsatisfied reads the size out of "bytes */size", as an answer 416 has it.
func ParseUnsatisfied(value string) (size uint64, ok bool) {
	rest, ok := strings.CutPrefix(value, "bytes */")
	if !ok {
		return 0, false
	}
	size, err := strconv.ParseUint(rest, 10, 63)
	return size, err == nil
}

// shorten keeps what a server said from filling a log.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
