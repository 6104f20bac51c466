package h5core

// WithoutViews runs a test as on a machine whose memory is not little-endian.
func WithoutViews(run func()) {
	was := viewable
	forget := func() {
		decoders.Lock()
		clear(decoders.made)
		decoders.Unlock()
	}
	defer func() {
		viewable = was
		forget()
	}()
	viewable = false
	forget()
	run()
}
