package reference

import (
	"bytes"
	"context"
	"fmt"
)

// Dump gives h5dump's text of a file, properties included.
func Dump(ctx context.Context, h5dump, file string) (string, error) {
	out, err := run(ctx, h5dump, "-p", file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return string(out), nil
}

// DumpAll lets h5dump read the files whole: an error for each that it refuses
// or has a word to say about. It prints unstored elements too: leave out files
// with more than anyone can read.
func DumpAll(ctx context.Context, h5dump string, files []string) error {
	return halve(files, func(part []string) error {
		out, err := run(ctx, h5dump, append([]string{"-p"}, part...)...)
		if err != nil {
			return fmt.Errorf("%s: %w", part[0], err)
		}
		if n := bytes.Count(out, []byte("HDF5 \"")); n != len(part) {
			return fmt.Errorf("h5dump: %d files of %d dumped: %w", n, len(part), errIncomplete)
		}
		return nil
	})
}
