package api

import (
	"context"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of the connections themselves.
const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	maxHeader  = 32 << 10
)

// Listeners are where a server answers. Those that are nil are not there.
type Listeners struct {
	Main    net.Listener
	S3      net.Listener
	Metrics net.Listener // has /metrics and nothing else
}

// Serve answers on listeners until ctx ends, and then stops gracefully: not ready any more, a delay for those who
// look at that, no new connections, time for the requests that run, and then their end. It closes the listeners.
func (s *Server) Serve(ctx context.Context, l Listeners) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var servers []*http.Server
	ended := make(chan error, 3)
	for _, door := range []struct {
		listener net.Listener
		handler  func() (http.Handler, error)
	}{{l.Main, s.Handler}, {l.S3, s.S3Handler}, {l.Metrics, s.MetricsHandler}} {
		if door.listener == nil {
			continue
		}
		h, err := door.handler()
		if err != nil {
			return err
		}
		server := s.httpServer(base, h)
		servers = append(servers, server)
		go func() { ended <- server.Serve(door.listener) }()
	}
	select {
	case err := <-ended: // one cannot go on, so the others stop
		ended <- err
	case <-ctx.Done():
		s.settings.Log.Info().Msg("stopping")
		s.ready.Store(false)
		time.Sleep(s.settings.DrainDelay)
	}
	s.stop(base, cancel, servers)
	return drain(ended, len(servers))
}

// stop lets requests end, and then makes them.
func (s *Server) stop(base context.Context, cancel context.CancelFunc, servers []*http.Server) {
	s.ready.Store(false)
	late, done := context.WithTimeout(base, s.settings.StopTimeout)
	defer done()
	var all sync.WaitGroup
	for _, server := range servers {
		all.Go(func() {
			if err := server.Shutdown(late); err != nil {
				cancel()
				_ = server.Close() // what still runs is cut
			}
		})
	}
	all.Wait()
}

// drain waits for n servers to end and says why they did, if not because they should.
func drain(ended <-chan error, n int) error {
	var failed error
	for range n {
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
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
