// Package reference asks other people's HDF5 software what it finds in our files.
//
// A test that makes files also writes down, from the model it made them of,
// what is in them: one [File] each. One process per reference then looks at
// all of them, since starting a process costs more than reading a small file:
//
//	model ──► files                       ┌► check.py, current h5py (HDF5 2.x)
//	      └─► []File ──► manifest.jsonl ──┼► check.py, Debian's h5py (HDF5 1.10)
//	                                      └► h5dump (1.10)
//
// A word on standard error is a failure, and so is a process that ends
// without having counted every file. When a process dies, the files are
// halved until the one that killed it stands alone.
package reference
