// Package storage reads and writes objects where they lie: in a bucket, a
// folder, memory, or behind a web server.
//
//	dir/  s3/  mem/  web/        a Store each: objects by key, read by range
//	          │
//	       pinned/               one version of one object, or ErrChanged
//	          │
//	       cached/               its blocks, fetched once for all who wait
//
// s3 and web look at every answer with ranged/ before they take it for the range
// that was asked for.
//
// A Store knows bytes and keys; what the bytes mean is nobody's business here.
// Every store passes the suite of storagetest.
package storage
