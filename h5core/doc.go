// Package h5core is HDF5 in Go: h5py's File with its drivers and parameters,
// without the C library.
//
//	Open "w" ──▶ File ─┬─ CreateGroup, CreateDataset, links, Attributes   the tree
//	                   ├─ Dataset.Write, Writer                           elements, into memory
//	                   ├─ Plan                                            the file to be: length, any window
//	                   └─ Close                                           the file, in its driver
//
//	Open "r" ──▶ File ─┬─ Links, Get, Attributes                      what is there, lazily
//	                   ├─ Dataset.ReadRaw ──▶ Elements                values, and what they lead to
//	                   └─ Check                                       what is damaged
//
// A new file is planned whole before a byte of it exists: the plan knows its
// length, writes itself to any io.Writer, and produces any window again. What
// is written to a dataset lies in the file's memory until then (or in a
// temporary file, once the memory's budget is spent); values that can be made
// on demand never do.
//
// Names are h5py's and the format specification's. A File is safe for use by
// any number of goroutines; one at a time may write to a dataset.
package h5core
