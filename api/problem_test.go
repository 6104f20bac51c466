package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/h5serve/h5serve/api/filespec"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

func TestExplain(t *testing.T) {
	engine := func(kind error) error {
		return &h5core.Error{Op: "create dataset", Path: "/x", Kind: kind, Err: errors.New("why")}
	}
	tests := []struct {
		err    error
		status int
		code   string
	}{
		{refuse(418, "teapot", "short and stout"), 418, "teapot"},
		{fmt.Errorf("wrapped: %w", refuse(418, "teapot", "x")), 418, "teapot"},
		{&filespec.Problem{Status: 422, Code: "ragged", Detail: "x"}, 422, "ragged"},
		{&http.MaxBytesError{Limit: 7}, 413, "body_too_large"},
		{fmt.Errorf("spool: %w: %w", vfd.ErrSpoolFull, syscall.ENOSPC), 507, "spool_full"},
		{&os.PathError{Op: "write", Path: "/secret", Err: syscall.ENOSPC}, 507, "spool_full"},
		{fmt.Errorf("read: %w", os.ErrDeadlineExceeded), 408, "timeout"},
		{fmt.Errorf("read: %w", context.Canceled), 499, "client_gone"},
		{engine(h5core.ErrExists), 422, "duplicate_path"},
		{engine(h5core.ErrNotFound), 422, "target_not_found"},
		{engine(h5core.ErrInvalid), 422, "invalid"},
		{engine(h5core.ErrBounds), 422, "libver_bound"},
		{engine(h5core.ErrTooLarge), 413, "too_large"},
		{engine(h5core.ErrUnsupported), 501, "unsupported_feature"},
		{errors.New("open /secret: broken"), 500, "internal"},
	}
	for _, test := range tests {
		p := explain(test.err)
		if p.Status != test.status || p.Code != test.code {
			t.Errorf("%v: %d %s, want %d %s", test.err, p.Status, p.Code, test.status, test.code)
		}
		if strings.Contains(p.Detail, "secret") {
			t.Errorf("a path of the server is told: %s", p.Detail)
		}
	}
}

// A file that outgrows its limit in the spool is too large; a disk that is full is the server's trouble.
func TestOverflow(t *testing.T) {
	s := &Server{settings: Settings{MaxFile: 7}}
	if p := explain(s.overflow(fmt.Errorf("x: %w", vfd.ErrSpoolFull))); p.Code != "file_too_large" || p.Limit != 7 {
		t.Errorf("%+v", p)
	}
	if p := explain(s.overflow(fmt.Errorf("x: %w: %w", vfd.ErrSpoolFull, syscall.ENOSPC))); p.Status != 507 {
		t.Errorf("%+v", p)
	}
}

func TestAtMostTwentyErrors(t *testing.T) {
	from := &filespec.Problem{Status: 422, Code: "ragged"}
	for i := range 30 {
		from.Errors = append(from.Errors, filespec.Entry{Pointer: fmt.Sprint("/", i)})
	}
	if p := explain(from); len(p.Errors) != maxWrong || p.Errors[19].Pointer != "/19" {
		t.Errorf("%d entries", len(p.Errors))
	}
}
