package dir

import (
	"io/fs"
	"syscall"
	"time"
)

func stampOf(fi fs.FileInfo) stamp {
	s := stamp{size: fi.Size(), modified: fi.ModTime()}
	if sys, ok := fi.Sys().(*syscall.Stat_t); ok {
		s.inode = sys.Ino
		s.changed = time.Unix(sys.Ctim.Unix())
	}
	return s
}
