package api

import (
	"context"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"time"
)

// Limits of the connections themselves.
const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	maxHeader  = 32 << 10
)

// Serve answers on a listener until ctx ends, and then stops gracefully: not ready any more, a delay for
// those who look at that, no new connections, time for the requests that run, and then their end.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h, err := s.Handler()
	if err != nil {
		return err
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := s.httpServer(base, h)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.settings.Log.Info().Msg("stopping")
	s.ready.Store(false)
	time.Sleep(s.settings.DrainDelay)
	late, done := context.WithTimeout(base, s.settings.StopTimeout)
	defer done()
	if err := server.Shutdown(late); err != nil {
		cancel()
		_ = server.Close() // what still runs is cut
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// httpServer has no limit on a whole request or answer: their deadlines move with their progress.
func (s *Server) httpServer(base context.Context, h http.Handler) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       0,
		WriteTimeout:      0,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		Protocols:         &protocols,
		ErrorLog:          stdlog.New(s.settings.Log, "", 0),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
}

// Loopback tells whether an address HOST:PORT can be reached from this machine alone.
func Loopback(address string) (bool, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, err
	}
	if host == "localhost" {
		return true, nil
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback(), nil
}
