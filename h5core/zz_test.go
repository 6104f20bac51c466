package h5core_test

import (
	"testing"
)

func TestZZ(t *testing.T) {
	d := corpus(t) + "/files/"
	for i, low := range bounds {
		must(t, rewrite(t, d+"HDFGroup+cve_hdf5/cvefiles/cve-2024-32623.h5", "/tmp/zz_cve"+string(rune('0'+i)), low))
	}
}
