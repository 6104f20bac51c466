package storage

import (
	"context"
	"io"
	"time"
)

// Store is a set of objects, each under its key. It is safe for concurrent use.
//
// A key is a non-empty string of at most 1,024 bytes of UTF-8 and is never
// cleaned: "a//b" is not "a/b". A store that cannot have a key says ErrNotFound.
type Store interface {
	// Get reads a range of an object. What is known of the object comes with
	// the first bytes: nobody needs to ask for its size before. The caller
	// closes the Body; ctx ends a body that is still read.
	Get(ctx context.Context, key string, r Range, c Conditions) (*Part, error)
	// Stat tells what is known of an object without its bytes.
	Stat(ctx context.Context, key string, c Conditions) (Info, error)
	// List tells which objects there are, ascending by the bytes of their keys.
	List(ctx context.Context, q Query) (*Page, error)
}

// Writer is a store that objects can be written to.
type Writer interface {
	Store
	// Put stores an object, replacing what its key had; nothing of it is seen
	// before the last byte of body was taken. Size is -1 where it is not known.
	// It returns what is known of the new object.
	Put(ctx context.Context, key string, body io.Reader, size int64, o PutOptions) (Info, error)
	// Delete removes an object; one that is not there is no error, as in S3.
	Delete(ctx context.Context, key string, c Conditions) error
}

// Info is what is known of an object.
type Info struct {
	Key         string
	Size        uint64
	ETag        string // strong, with its quotes (RFC 9110, 8.8.3); it changes whenever a byte does
	Modified    time.Time
	ContentType string // "" where nobody said
}

// Range is a part of an object. The zero Range is all of it.
type Range struct {
	First  uint64
	Length uint64 // 0: to the end; what lies beyond the end is clipped
	Suffix bool   // the last Length bytes instead; First is not looked at
}

// Part is what Get brought.
type Part struct {
	Info
	First uint64        // where Body begins
	Count uint64        // its bytes; fewer, without an error, never come
	Body  io.ReadCloser // ends with an error that is an Error where the store failed midway
}

// Conditions are those of a request (RFC 9110, 13.1). Empty fields do not count.
type Conditions struct {
	IfMatch     string // an ETag, or "*"
	IfNoneMatch string // an ETag, or "*"
}

// PutOptions tell how an object is stored.
type PutOptions struct {
	Conditions
	ContentType string
}

// Query is a question about the objects of a store.
type Query struct {
	Prefix    string
	Delimiter string // keys that hold it behind the prefix are told as one common prefix
	After     string // keys and common prefixes up to this one are left out
	Limit     int    // objects and prefixes together; 0 is the store's own, at most 1,000
}

// Page is an answer, or a part of it.
type Page struct {
	Objects  []Info
	Prefixes []string // ascending
	Next     string   // the After of the next page, "" where this is the last one
}
