//go:build !linux

package dir

import "io/fs"

func stampOf(fi fs.FileInfo) stamp {
	return stamp{size: fi.Size(), modified: fi.ModTime()}
}
