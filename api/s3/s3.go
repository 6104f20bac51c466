// Package s3 answers as Amazon S3 does, as far as readers of objects need it: each store is a bucket.
//
//	GET /                          ListBuckets
//	GET /bucket?list-type=2        ListObjectsV2, ListObjects, GetBucketLocation;  HEAD /bucket
//	GET, HEAD, PUT /bucket/key…    GetObject, HeadObject, PutObject where the operator allows it
//
// A bucket is the first segment of the path or, with a domain, the first label of the host. Errors are S3's XML
// documents. There are no redirects and no chunked answers: HDF5's ros3 driver takes neither. Source: Amazon S3 API
// Reference.
package s3

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/api/objects"
	"github.com/h5serve/h5serve/api/sigv4"
	"github.com/h5serve/h5serve/storage"
)

// region is the one that all buckets are in.
const region = "us-east-1"

// Bucket is a store under its name.
type Bucket struct {
	Name     string
	Store    storage.Store
	Writable bool
}

// Config is what a Handler is made of.
type Config struct {
	Buckets   []Bucket
	Domain    string          // of hosts BUCKET.Domain; "": path style alone
	Verifier  *sigv4.Verifier // nil: signatures are not looked at
	MaxObject int64           // bytes that are put at once

	Object  func(bucket, key string) *objects.Object
	Arrive  func(http.ResponseWriter, *http.Request) (done func()) // watches over a body
	Explain func(*http.Request, error) Fault                       // of errors that are not this package's own
	Note    func(w http.ResponseWriter, operation, code string)    // for logs and metrics; either may be ""
}

// Handler answers. It is safe for concurrent use.
type Handler struct {
	Config
	buckets map[string]Bucket
}

// New makes a handler.
func New(c Config) *Handler {
	h := &Handler{Config: c, buckets: map[string]Bucket{}}
	for _, b := range c.Buckets {
		h.buckets[b.Name] = b
	}
	return h
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.answer(w, r); err != nil {
		h.Fail(w, r, err)
	}
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("X-Amz-Request-Id", w.Header().Get("X-Request-Id"))
	if h.Verifier != nil {
		if _, err := h.Verifier.Verify(r); err != nil {
			return err
		}
	}
	bucket, key, err := h.locate(r)
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fault(http.StatusBadRequest, "InvalidURI", "The query cannot be read.")
	}
	if bucket == "" {
		return h.service(w, r, query)
	}
	b, ok := h.buckets[bucket]
	if !ok {
		return fault(http.StatusNotFound, "NoSuchBucket", "The bucket %q does not exist.", bucket)
	}
	if key == "" {
		return h.bucket(w, r, b, query)
	}
	return h.object(w, r, b, key, query)
}

// locate finds the bucket, in the host or in the path, and the key as it was sent.
func (h *Handler) locate(r *http.Request) (bucket, key string, err error) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if label, ok := strings.CutSuffix(strings.ToLower(host), "."+h.Domain); ok && h.Domain != "" {
		path = label + "/" + path
	}
	bucket, key, ok := objects.Split(path)
	if !ok {
		return "", "", fault(http.StatusBadRequest, "InvalidURI", "The path cannot be read.")
	}
	return bucket, key, nil
}

func (h *Handler) service(w http.ResponseWriter, r *http.Request, query url.Values) error {
	h.Note(w, "ListBuckets", "")
	if r.Method != http.MethodGet {
		return wrongMethod(r.Method, "GET")
	}
	if err := only(query, "max-buckets", "prefix", "bucket-region"); err != nil {
		return err
	}
	return h.listBuckets(w)
}

func (h *Handler) bucket(w http.ResponseWriter, r *http.Request, b Bucket, query url.Values) error {
	switch {
	case r.Method == http.MethodHead:
		h.Note(w, "HeadBucket", "")
		w.Header().Set("X-Amz-Bucket-Region", region)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		return nil
	case r.Method != http.MethodGet:
		return wrongMethod(r.Method, "GET, HEAD")
	case query.Has("location"):
		h.Note(w, "GetBucketLocation", "")
		return send(w, locationConstraint{Xmlns: namespace})
	case query.Get("list-type") == "2":
		h.Note(w, "ListObjectsV2", "")
	default:
		h.Note(w, "ListObjects", "")
	}
	return h.listObjects(w, r, b, query)
}

func (h *Handler) object(w http.ResponseWriter, r *http.Request, b Bucket, key string, query url.Values) error {
	if err := only(query); err != nil {
		return err
	}
	switch {
	case len(key) > storage.MaxKey:
		return fault(http.StatusBadRequest, "KeyTooLongError", "A key has at most %d bytes.", storage.MaxKey)
	case !storage.ValidKey(key):
		return fault(http.StatusNotFound, "NoSuchKey", "A key is UTF-8.")
	}
	o := h.Object(b.Name, key)
	switch r.Method {
	case http.MethodGet:
		h.Note(w, "GetObject", "")
		return o.Serve(w, r)
	case http.MethodHead:
		h.Note(w, "HeadObject", "")
		return o.Serve(w, r)
	case http.MethodPut:
		h.Note(w, "PutObject", "")
		return h.put(w, r, b, o)
	}
	return wrongMethod(r.Method, "GET, HEAD, PUT")
}

func (h *Handler) put(w http.ResponseWriter, r *http.Request, b Bucket, o *objects.Object) error {
	switch {
	case !b.Writable:
		return fault(http.StatusForbidden, "AccessDenied", "The bucket %s is not writable.", b.Name)
	case r.Header.Get("X-Amz-Copy-Source") != "":
		return fault(http.StatusNotImplemented, "NotImplemented", "Objects are not copied here.")
	case strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), sigv4.Streaming):
		return fault(http.StatusNotImplemented, "NotImplemented", "Bodies in signed chunks are not taken; send the body as it is.")
	}
	defer h.Arrive(w, r)()
	info, _, err := o.Put(r.Context(), r, h.MaxObject)
	if err != nil {
		return err
	}
	if info.ETag != "" {
		w.Header().Set("ETag", info.ETag)
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

// only refuses what of S3 is not here: an answer without it would be another one. Signatures and what the SDKs put
// in for their own ends are let through.
func only(query url.Values, known ...string) error {
	for name := range query {
		own := slices.Contains([]string{"x-id", "AWSAccessKeyId", "Signature", "Expires"}, name)
		if !own && !slices.Contains(known, name) && !strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			return fault(http.StatusNotImplemented, "NotImplemented", "%q is not answered here.", name)
		}
	}
	return nil
}

func wrongMethod(method, allowed string) error {
	f := fault(http.StatusMethodNotAllowed, "MethodNotAllowed", "%s is not for this resource.", method)
	f.Header = http.Header{"Allow": {allowed}}
	return f
}

func fault(status int, code, format string, args ...any) *Fault {
	return &Fault{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}
