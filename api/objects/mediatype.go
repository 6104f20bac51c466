package objects

import (
	"mime"
	"strings"

	"github.com/h5serve/h5serve/storage"
)

// MediaType is HDF5's, registered with IANA.
const MediaType = "application/vnd.hdfgroup.hdf5"

var endings = []string{".h5", ".hdf5", ".hdf", ".he5", ".hdf5eos", ".nc", ".nc4", ".nxs", ".h5ad", ".loom", ".mat", ".cxi"}

// HasEnding tells whether a name ends as those of HDF5 files do.
func HasEnding(name string) bool {
	lower := strings.ToLower(name)
	for _, ending := range endings {
		if strings.HasSuffix(lower, ending) && len(name) > len(ending) {
			return true
		}
	}
	return false
}

// Type is the media type that an object is served as: HDF5's by its name, else what the store says.
func Type(info storage.Info) string {
	if HasEnding(info.Key) {
		return MediaType
	}
	if _, _, err := mime.ParseMediaType(info.ContentType); err == nil {
		return info.ContentType
	}
	return "application/octet-stream"
}
