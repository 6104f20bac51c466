package web

import "time"

// Config tells where a web origin is.
type Config struct {
	Name        string // the store's, for errors
	BaseURL     string // http or https; a key is added to it as a path
	MaxAttempts int    // of one request, 0 is 4
	Timeouts    Timeouts
}

// Timeouts are those of one attempt. There is none on a whole body: one that
// makes progress may go on.
type Timeouts struct {
	Connect  time.Duration // 0 is 5 s
	Patience time.Duration // without a byte of an answer; 0 is 20 s
}
