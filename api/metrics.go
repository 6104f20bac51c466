package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
)

// metrics are those of one server, in a registry of its own. No label holds anything that a client can choose.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // route, method, status
	bytes    *prometheus.CounterVec   // route
	duration *prometheus.HistogramVec // route
	inFlight prometheus.Gauge
	upstream *prometheus.CounterVec // store, operation, result
	received *prometheus.CounterVec // store
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: counterVec("requests_total", "Requests that ended.", "route", "method", "status"),
		bytes:    counterVec("response_bytes_total", "Bytes of bodies sent.", "route"),
		upstream: counterVec("upstream_requests_total", "Requests to stores.", "store", "operation", "result"),
		received: counterVec("upstream_bytes_total", "Bytes that came from stores.", "store"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "h5serve", Name: "requests_in_flight", Help: "Requests that run."}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "h5serve", Name: "request_duration_seconds", Help: "From a request's header to the end of its answer.",
			Buckets: []float64{.001, .005, .025, .1, .25, 1, 5, 30, 120},
		}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.bytes, m.duration, m.inFlight, m.upstream, m.received,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("spool_bytes", "Bytes of bodies and made files that are kept.", func() float64 { return float64(s.budget.Used()) }),
		gauge("spool_limit_bytes", "How many may be.", func() float64 { return float64(s.budget.Limit()) }),
		gauge("plans", "Plans that are known.", func() float64 { return float64(s.shelf.count()) }),
	)
	c := s.settings.Cache
	m.registry.MustRegister(
		total("cache_hits_total", "Ranges that the block cache held.", c, func(n cached.Counts) int64 { return n.Hits }),
		total("cache_misses_total", "Ranges that the block cache waited for.", c, func(n cached.Counts) int64 { return n.Misses }),
		total("cache_shared_total", "Misses that waited for what others had begun.", c, func(n cached.Counts) int64 { return n.Shared }),
		total("cache_rounds_total", "Rounds of requests that the block cache made.", c, func(n cached.Counts) int64 { return n.Rounds }),
		gauge("open_files", "HDF5 files that are kept open.", func() float64 { files, _ := s.sources.Held(); return float64(files) }),
		gauge("open_files_bytes", "Memory that they hold, as estimated.", func() float64 { _, held := s.sources.Held(); return float64(held) }),
	)
	return m
}

func counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "h5serve", Name: name, Help: help}, labels)
}

func gauge(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "h5serve", Name: name, Help: help}, value)
}

func total(name, help string, c *cached.Cache, of func(cached.Counts) int64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "h5serve", Name: name, Help: help},
		func() float64 { return float64(of(c.Totals())) })
}

// handler answers /metrics.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true})
}

// measure counts requests by their routes' patterns, however they end.
func (m *metrics) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.inFlight.Inc()
		begun := time.Now()
		defer func() {
			m.inFlight.Dec()
			if a, ok := w.(*answer); ok {
				m.ended(a, r, time.Since(begun))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func (m *metrics) ended(a *answer, r *http.Request, took time.Duration) {
	route, method := a.route, r.Method
	if c := chi.RouteContext(r.Context()); route == "" && c != nil {
		route = c.RoutePattern()
	}
	if route == "" {
		route = "none"
	}
	if !strings.Contains(" GET HEAD POST PUT DELETE OPTIONS ", " "+method+" ") {
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(a.status)).Inc()
	m.bytes.WithLabelValues(route).Add(float64(a.bytes))
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}

// counted is a store whose requests are counted; it can be written to where the store can.
func (m *metrics) counted(name string, s storage.Store) storage.Store {
	c := &countedStore{s, name, m}
	if w, ok := s.(storage.Writer); ok {
		return &countedWriter{c, w}
	}
	return c
}

type countedStore struct {
	storage.Store
	name    string
	metrics *metrics
}

func (s *countedStore) count(operation string, err error) {
	result := "ok"
	switch {
	case errors.Is(err, storage.ErrNotModified):
		result = "not_modified"
	case err != nil:
		result = explain(err).Code
	}
	s.metrics.upstream.WithLabelValues(s.name, operation, result).Inc()
}

func (s *countedStore) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	part, err := s.Store.Get(ctx, key, r, c)
	s.count("get", err)
	if err == nil {
		part.Body = &countedBody{part.Body, s.metrics.received.WithLabelValues(s.name)}
	}
	return part, err
}

func (s *countedStore) Stat(ctx context.Context, key string, c storage.Conditions) (storage.Info, error) {
	info, err := s.Store.Stat(ctx, key, c)
	s.count("stat", err)
	return info, err
}

func (s *countedStore) List(ctx context.Context, q storage.Query) (*storage.Page, error) {
	page, err := s.Store.List(ctx, q)
	s.count("list", err)
	return page, err
}

type countedWriter struct {
	*countedStore
	to storage.Writer
}

func (s *countedWriter) Put(ctx context.Context, key string, body io.Reader, size int64, o storage.PutOptions) (storage.Info, error) {
	info, err := s.to.Put(ctx, key, body, size, o)
	s.count("put", err)
	return info, err
}

func (s *countedWriter) Delete(ctx context.Context, key string, c storage.Conditions) error {
	err := s.to.Delete(ctx, key, c)
	s.count("delete", err)
	return err
}

type countedBody struct {
	io.ReadCloser
	received prometheus.Counter
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.received.Add(float64(n))
	return n, err
}
