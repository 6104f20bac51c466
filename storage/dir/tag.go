package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// stamp is what tells two states of a file apart.
type stamp struct {
	inode    uint64
	size     int64
	modified time.Time
	changed  time.Time // of the inode; zero where the system does not tell
}

func (s stamp) tag() string {
	return fmt.Sprintf(`"%x-%x-%x-%x"`, s.inode, s.size, s.modified.UnixNano(), max(s.changed.UnixNano(), 0))
}

func (s stamp) info(key string) storage.Info {
	return storage.Info{Key: key, Size: uint64(s.size), ETag: s.tag(), Modified: s.modified.UTC()}
}

// sameContent tells whether nobody has written to a file since. Its other time
// changes also when another file takes its name.
func (s stamp) sameContent(before stamp) bool {
	return s.size == before.size && s.modified.Equal(before.modified)
}

// Clocks of file systems: Linux stamps files with the time of its last tick, 1
// to 10 ms ago; some file systems keep whole seconds only.
const (
	tick   = 20 * time.Millisecond
	second = 1100 * time.Millisecond
)

// unsettled is how long a file must be left alone until a further write is sure
// to give it another stamp. A write sets both times to the same; where they
// differ, the file's time was set by us, and a write would change it.
func (s stamp) unsettled(now time.Time) time.Duration {
	if !s.changed.IsZero() && !s.changed.Equal(s.modified) {
		return 0
	}
	grain := tick
	if s.modified.Nanosecond() == 0 {
		grain = second
	}
	age := now.Sub(s.modified)
	if age < -second { // a time in the future says nothing
		return 0
	}
	return min(grain-age, grain)
}

// tries bounds the waiting for a file that is written to all the time.
const tries = 10

var errBusy = errors.New("the file is being written to")

// settled tells what a file is, once that can be told from what it may be next.
func settled(ctx context.Context, stat func() (fs.FileInfo, error)) (stamp, error) {
	for try := 1; ; try++ {
		fi, err := stat()
		if err != nil {
			return stamp{}, err
		}
		if !fi.Mode().IsRegular() {
			return stamp{}, storage.ErrNotFound
		}
		now := stampOf(fi)
		wait := now.unsettled(time.Now())
		if wait <= 0 {
			return now, nil
		}
		if try == tries {
			return now, errBusy
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			continue
		case <-ctx.Done():
			timer.Stop()
			return stamp{}, ctx.Err()
		}
	}
}
