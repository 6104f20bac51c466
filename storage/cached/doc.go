// Package cached reads objects far away in few requests and few rounds, and
// shares what it fetched with everybody in the process.
//
//	Cache ─▶ object (store, key) ─▶ version (ETag) ─▶ File, one per Open
//	                                   │
//	     Fetch(Metadata) ── pages held ┼─ transfers under way ─ new GETs
//	     Fetch(Raw) ─────── pages held ┴─ transfers under way ─ new GETs
//
// Metadata goes through pages, which stay in memory within a budget of their
// own (and in a folder, if there is one): raw data never drives it out. A wave
// of few places fetches a block around each, a larger one where the reader goes
// on from block to block; a wave of many places fetches windows, or all that is
// not held of the stretch where they nearly fill it. Raw data is fetched exactly:
// sorted, neighbours merged, in parallel. All GETs of a wave are one round.
//
// Every GET carries the version's ETag, so pages, raw data and the size belong
// together; a File whose object was replaced is ErrChanged from then on, and
// what is held of that version is dropped. Whether the version is still the
// object's is known from any GET that went well: a File of Known has asked
// nothing yet, reads raw data with If-Match, and Confirm then needs no request.
//
// A range is fetched once for all who wait for it. Each waits with its own
// context, and a transfer ends early only when the last of them has left.
package cached

import (
	"time"

	"github.com/h5serve/h5serve/storage/pinned"
)

// Kind says how bytes are fetched and held.
type Kind uint8

// The kinds of bytes.
const (
	Metadata Kind = iota // small, near each other, read again
	Raw                  // elements of datasets
)

// Range is a part of an object, and where its bytes go.
type Range struct {
	Off  uint64
	Data []byte
}

// Settings are the constants of the policy. A zero field takes its default,
// which research and the benchmarks of this package chose.
type Settings struct {
	First    uint64        // bytes of the first GET; 1 MiB
	Page     uint64        // unit in which metadata is held, and window of scattered waves; 64 KiB
	Block    uint64        // metadata fetched around one place; 1 MiB
	Largest  uint64        // bytes of one GET, at most; 8 MiB
	Gap      uint64        // bytes between neighbours that one GET fetches along; 256 KiB
	Scatter  int           // places far apart up to which a wave fetches blocks, not windows; 4
	Dense    int           // percent of the stretch that a scattered wave lies in from which on it fetches all of it; 50
	InFlight int           // GETs at once of one object; 16
	Requests int           // GETs at once of the process; 64
	Fresh    time.Duration // how long an ETag is trusted without asking; 0, so every Open asks

	MetadataBudget uint64 // bytes of pages held; 256 MiB
	RawBudget      uint64 // bytes of raw data held; 0, so none
	Folder         string // where pages lie too; "" for memory alone
	FolderBudget   uint64 // bytes in the folder; 1 GiB

	Pinned pinned.Settings // of the requests themselves
}

func (s Settings) orDefaults() Settings {
	set(&s.First, 1<<20)
	set(&s.Page, 64<<10)
	set(&s.Block, 1<<20)
	set(&s.Largest, 8<<20)
	set(&s.Gap, 256<<10)
	set(&s.Scatter, 4)
	set(&s.Dense, 50)
	set(&s.InFlight, 16)
	set(&s.Requests, 64)
	set(&s.MetadataBudget, 256<<20)
	set(&s.FolderBudget, 1<<30)
	// Blocks and GETs are whole pages.
	s.Block = max(1, s.Block/s.Page) * s.Page
	s.Largest = max(s.Block, s.Largest/s.Page*s.Page)
	return s
}

func set[T int | uint64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
