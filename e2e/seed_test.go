package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// seed is what thins matrices and sweeps: that of the test run, else a new one.
func seed(t testing.TB) uint64 {
	t.Helper()
	if given := os.Getenv("H5SERVE_SEED"); given != "" {
		n, err := strconv.ParseUint(given, 10, 64)
		if err != nil {
			t.Fatalf("H5SERVE_SEED: %v", err)
		}
		return n
	}
	n := uint64(rand.Uint32())
	t.Logf("H5SERVE_SEED=%d repeats this choice", n)
	return n
}
