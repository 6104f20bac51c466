// Package inspect looks a file over for somebody who wonders how good it is:
// what it holds and how it is laid out, what is damaged, what opening it from
// afar costs, and what would make it better.
//
//	Look ─▶ trial     open and list everything, through a cold cache ─▶ Remote
//	     ─▶ walk      objects, attributes, chunk indexes             ─▶ Counts, Datasets
//	     ─▶ check     every structure, and every chunk decoded       ─▶ Check
//	     ─▶ advise                                                   ─▶ Advice
//
// All of it keeps within the budget of its context and a time of its own. What
// it did not come to is missing, and the report says so.
package inspect

import (
	"time"

	"github.com/h5serve/h5serve/h5core"
)

// Options say how closely a file is looked at. A zero limit takes its default.
type Options struct {
	SkipElements bool          // no chunk is decoded
	Time         time.Duration // after which the rest is left out; 30 s
	Datasets     int           // that are told one by one; 1,000
	Findings     int           // likewise; 100
}

func (o Options) orDefaults() Options {
	if o.Time <= 0 {
		o.Time = 30 * time.Second
	}
	if o.Datasets <= 0 {
		o.Datasets = 1000
	}
	if o.Findings <= 0 {
		o.Findings = 100
	}
	return o
}

// Report is what was found. All sizes are bytes.
type Report struct {
	Size       uint64    `json:"size"`
	Complete   bool      `json:"complete"`
	Incomplete []string  `json:"incomplete,omitempty"` // what was cut short, and by what
	Format     Format    `json:"format"`
	Counts     Counts    `json:"counts"`
	Datasets   []Dataset `json:"datasets"`
	Omitted    int       `json:"datasets_omitted,omitempty"`
	Check      Check     `json:"check"`
	Remote     *Remote   `json:"remote,omitempty"` // missing where it could not be found out
	Advice     []Advice  `json:"advice"`
}

// Format is how the file is laid out.
type Format struct {
	Superblock     uint8     `json:"superblock"` // version
	Libver         string    `json:"libver"`     // the oldest C library that knows the versions that were seen
	UserBlock      uint64    `json:"user_block"`
	OffsetSize     uint8     `json:"offset_size"`
	LengthSize     uint8     `json:"length_size"`
	SharedMessages bool      `json:"shared_messages"`
	FileSpace      FileSpace `json:"file_space"`
}

// FileSpace has h5py's keywords.
type FileSpace struct {
	Strategy  string `json:"strategy"`
	Persist   bool   `json:"persist"`
	Threshold uint64 `json:"threshold"`
	PageSize  uint64 `json:"page_size,omitempty"`
}

// Counts are sums over the file. Stored and Elements are of all datasets: as
// they lie in the file, and as they are read.
type Counts struct {
	Groups     int    `json:"groups"`
	Datasets   int    `json:"datasets"`
	Types      int    `json:"types"`
	Links      int    `json:"links"` // soft, external and user-defined ones
	Unreadable int    `json:"unreadable"`
	Attributes int    `json:"attributes"`
	Chunks     uint64 `json:"chunks"`
	Stored     uint64 `json:"stored_bytes"`
	Elements   uint64 `json:"element_bytes"`
}

// Dataset is the layout of one.
type Dataset struct {
	Path     string   `json:"path"`
	DType    string   `json:"dtype"`
	Shape    []uint64 `json:"shape"` // null for the null space
	Layout   string   `json:"layout"`
	Index    string   `json:"index,omitempty"`
	Chunk    []uint64 `json:"chunk,omitempty"`
	Chunks   uint64   `json:"chunks,omitempty"`
	Smallest uint64   `json:"smallest_chunk,omitempty"`
	Largest  uint64   `json:"largest_chunk,omitempty"`
	Stored   uint64   `json:"stored_bytes"`
	Elements uint64   `json:"element_bytes"`
	Ratio    float64  `json:"compression_ratio,omitempty"` // elements of the stored chunks ÷ stored
	Filters  []Filter `json:"filters,omitempty"`
	VarLen   bool     `json:"variable_length,omitempty"`
	Error    string   `json:"error,omitempty"`

	chunkBytes uint64 // decoded
	external   bool
}

// Filter is a step of a pipeline.
type Filter struct {
	ID    uint16 `json:"id"`
	Name  string `json:"name,omitempty"`
	Known bool   `json:"known"` // its chunks can be read here
}

// Check is the damage. Elements says whether chunks were decoded; without it,
// only metadata was looked at.
type Check struct {
	Elements bool             `json:"elements"`
	Sound    bool             `json:"sound"` // as far as was looked
	Unused   *uint64          `json:"at_most_unused,omitempty"`
	Findings []h5core.Finding `json:"findings"`
	Omitted  int              `json:"findings_omitted,omitempty"`
}

// Remote is what it costs to open the file and list everything in it, values of
// attributes among it, when nothing is held.
type Remote struct {
	Counted  string `json:"counted"` // how
	GETs     int64  `json:"gets"`
	Rounds   int64  `json:"rounds"` // of GETs that wait for one another
	Bytes    int64  `json:"bytes"`
	Serial   int    `json:"serial_reads"` // estimate, for a reader that asks for one place after the other
	Metadata uint64 `json:"metadata_bytes"`
}

// Advice is a thing that could be better.
type Advice struct {
	Code   string   `json:"code"`
	Detail string   `json:"detail"`
	Paths  []string `json:"paths,omitempty"` // the first of the objects that it is about
	Count  int      `json:"count,omitempty"` // of all
}
