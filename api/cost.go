package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/h5serve/h5serve/storage/cached"
)

// cost is what one answer took from stores. Where a block cache read for it, counts has that cache's figures.
type cost struct {
	took   time.Duration
	counts *cached.Counts
}

// tell puts the cost into the header: Server-Timing for the tools of browsers, Cache-Status (RFC 9211) for whoever
// asks whether the cache answered.
func (c cost) tell(h http.Header) {
	timing := fmt.Sprintf("store;dur=%.1f", float64(c.took.Microseconds())/1000)
	status := "h5serve; fwd=bypass"
	if n := c.counts; n != nil {
		timing += fmt.Sprintf(`;desc="%d GETs in %d rounds, %d bytes"`, n.GETs, n.Rounds, n.Bytes)
		switch {
		case n.Misses == 0 && n.GETs == 0:
			status = "h5serve; hit"
		case n.Misses == 0 && n.Bytes == 0: // only whether it is still the same was asked
			status = "h5serve; fwd=stale; fwd-status=304"
		case n.Misses > 0 && n.Hits > 0:
			status = "h5serve; fwd=partial"
		default:
			status = "h5serve; fwd=miss"
		}
		if n.Misses > 0 && n.Shared == n.Misses {
			status += "; collapsed"
		}
	}
	h.Set("Server-Timing", timing)
	h.Set("Cache-Status", status)
}
