package objects

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/h5serve/h5serve/storage"
)

// Serve answers GET and HEAD with all that RFC 9110 knows of ranges and conditionals, in identity coding and with
// the exact length. An object that is replaced before the first byte has come is opened once more; then it is
// storage.ErrChanged.
func (o *Object) Serve(w http.ResponseWriter, r *http.Request) error {
	c := readConditions(r.Header)
	ctx, flow := o.watch(r.Context())
	defer flow.stop()
	err := o.serve(ctx, w, r, &c, flow)
	if errors.Is(err, storage.ErrChanged) {
		err = o.serve(ctx, w, r, &c, flow)
	}
	if err != nil && errors.Is(context.Cause(ctx), errStalled) {
		return o.broken(storage.ErrUnavailable, context.DeadlineExceeded)
	}
	return err
}

func (o *Object) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, c *conditions, flow *flow) error {
	if r.Method == http.MethodHead {
		return o.head(ctx, w, c)
	}
	asked := ranges(r.Header)
	if before, ok := c.simple(); ok && len(asked) < 2 && !(len(asked) == 1 && asked[0] == storage.Range{Suffix: true}) {
		return o.once(ctx, w, c, asked, before, flow)
	}
	return o.informed(ctx, w, c, asked, flow)
}

// informed answers with two requests to the store or more: the first one tells of the object.
func (o *Object) informed(ctx context.Context, w http.ResponseWriter, c *conditions, asked []storage.Range, flow *flow) error {
	info, err := o.Store.Stat(ctx, o.Key, storage.Conditions{})
	if err != nil {
		return err
	}
	if err := c.check(info); err != nil {
		return o.unsent(w, info, err)
	}
	if !c.ranged(info) {
		asked = nil
	}
	spans, err := resolve(asked, info.Size)
	if err != nil {
		return err
	}
	if len(spans) > 1 && info.ETag != "" {
		return o.several(ctx, w, info, spans, flow)
	}
	var one storage.Range
	if len(spans) == 1 {
		one = storage.Range{First: spans[0].first, Length: spans[0].count}
	}
	part, err := o.pinned(ctx, info, one)
	if err != nil {
		return err
	}
	return o.send(ctx, w, part, len(spans) == 1, flow)
}

// head tells of the object what GET would.
func (o *Object) head(ctx context.Context, w http.ResponseWriter, c *conditions) error {
	info, err := o.Store.Stat(ctx, o.Key, storage.Conditions{})
	if err != nil {
		return err
	}
	if err := c.check(info); err != nil {
		return o.unsent(w, info, err)
	}
	o.describe(w.Header(), info)
	w.Header().Set("Content-Type", Type(info))
	w.Header().Set("Content-Length", strconv.FormatUint(info.Size, 10))
	w.WriteHeader(http.StatusOK)
	return nil
}

// once answers with one request to the store, which judges the conditions. Only where If-Range turns out not to hold
// is there another one, for the whole.
func (o *Object) once(ctx context.Context, w http.ResponseWriter, c *conditions, asked []storage.Range, before storage.Conditions, flow *flow) error {
	var one storage.Range
	if len(asked) == 1 {
		one = asked[0]
	}
	part, err := o.Open(ctx, o.Store, o.Key, one, before)
	var failed *storage.Error
	switch {
	case errors.Is(err, storage.ErrNotModified):
		return o.unsent(w, storage.Info{ETag: before.IfNoneMatch}, errNotModified)
	case errors.Is(err, storage.ErrChanged) && before.IfMatch != "":
		return errPrecondition
	case errors.Is(err, storage.ErrRange) && c.rangeAsked: // whether it holds is not known
		return o.informed(ctx, w, c, asked, flow)
	case errors.Is(err, storage.ErrRange) && errors.As(err, &failed):
		return badRange(failed.Size)
	case err != nil:
		return err
	case len(asked) == 1 && !c.ranged(part.Info):
		_ = part.Body.Close()
		return o.once(ctx, w, c, nil, before, flow)
	case len(asked) == 1 && part.Count == 0 && !one.Suffix: // of an empty object
		_ = part.Body.Close()
		return badRange(part.Size)
	}
	return o.send(ctx, w, part, len(asked) == 1 && part.Count > 0, flow)
}

// pinned opens a range of exactly the object that is known, or storage.ErrChanged.
func (o *Object) pinned(ctx context.Context, info storage.Info, r storage.Range) (*storage.Part, error) {
	part, err := o.Open(ctx, o.Store, o.Key, r, storage.Conditions{IfMatch: info.ETag})
	if err != nil {
		if errors.Is(err, storage.ErrRange) {
			return nil, o.broken(storage.ErrChanged, err) // it became shorter
		}
		return nil, err
	}
	if part.ETag != info.ETag || part.Size != info.Size {
		_ = part.Body.Close()
		return nil, o.broken(storage.ErrChanged, nil)
	}
	return part, nil
}

// unsent answers 304; other conditions are errors.
func (o *Object) unsent(w http.ResponseWriter, info storage.Info, err error) error {
	if !errors.Is(err, errNotModified) {
		return err
	}
	o.describe(w.Header(), info)
	w.WriteHeader(http.StatusNotModified)
	return nil
}

// describe sets the fields that all answers with an object have.
func (o *Object) describe(h http.Header, info storage.Info) {
	if info.ETag != "" {
		h.Set("ETag", info.ETag)
	}
	if !info.Modified.IsZero() {
		h.Set("Last-Modified", info.Modified.UTC().Format(http.TimeFormat))
	}
	h.Set("Accept-Ranges", "bytes")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox") // whatever the object is, it is no page of ours
}
