package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/rs/cors"
)

// handler answers, or says why not before anything of the answer has left.
type handler func(http.ResponseWriter, *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h(w, r); err != nil {
		fail(w, r, err)
	}
}

// Handler is the server without a listener.
func (s *Server) Handler() (http.Handler, error) {
	return s.routes()
}

// MetricsHandler has /metrics alone.
func (s *Server) MetricsHandler() (http.Handler, error) {
	m := chi.NewRouter()
	m.Use(identify(s.settings.Log), record(s.settings.Patience), survive(fail))
	m.Method(http.MethodGet, "/metrics", s.metrics.handler())
	m.NotFound(handler(noRoute).ServeHTTP)
	return m, nil
}

func (s *Server) routes() (*chi.Mux, error) {
	guards, err := s.guards(ownHosts(s.settings.PublicURL), readingPages, fail)
	if err != nil {
		return nil, err
	}
	m := chi.NewRouter()
	m.Use(guards...)

	m.Method(http.MethodPost, "/v1/files", handler(s.makeFile))
	readable(m, "/v1/files/{filename}", s.getFile)
	readable(m, "/v1/subset", s.getSubset)
	m.Method(http.MethodPost, "/v1/plans", handler(s.makePlan))
	m.Method(http.MethodGet, "/v1/plans/{id}", handler(s.getPlan))
	readable(m, "/v1/plans/{id}/file", s.getPlanFile)

	m.Method(http.MethodGet, "/v1/stores", handler(s.listStores))
	m.Method(http.MethodGet, "/v1/stores/{store}", handler(s.listObjects))
	readable(m, "/v1/stores/{store}/*", s.getObject)
	m.Method(http.MethodPut, "/v1/stores/{store}/*", handler(s.putObject))

	m.Method(http.MethodGet, "/v1/data", handler(s.getData))
	m.Method(http.MethodGet, "/v1/tree", handler(s.getTree))
	m.Method(http.MethodGet, "/v1/search", handler(s.getSearch))
	m.Method(http.MethodGet, "/v1/stats", handler(s.getStats))
	m.Method(http.MethodGet, "/v1/inspect", handler(s.inspectFile))
	s.groveRoutes(m)

	readable(m, "/", s.page)
	readable(m, "/assets/*", s.asset)
	readable(m, "/openapi.yaml", contract)
	readable(m, "/livez", live)
	readable(m, "/readyz", s.readiness)
	if s.settings.Metrics {
		m.Method(http.MethodGet, "/metrics", s.metrics.handler())
	}

	m.NotFound(handler(noRoute).ServeHTTP)
	m.MethodNotAllowed(handler(func(_ http.ResponseWriter, r *http.Request) error {
		return wrongMethod(m, r)
	}).ServeHTTP)
	return m, nil
}

// guards stand before every route of a listener.
func (s *Server) guards(known func(string) bool, pages cors.Options, fail failing) (chi.Middlewares, error) {
	same, err := sameOrigin(s.settings.PublicURL, s.settings.CORS, fail)
	if err != nil {
		return nil, err
	}
	return chi.Middlewares{
		identify(s.settings.Log), record(s.settings.Patience), s.metrics.measure, survive(fail),
		hosts(known, fail), crossOrigin(s.settings.CORS, pages), same,
	}, nil
}

// readable is a resource that GET and HEAD read.
func readable(m chi.Router, pattern string, h handler) {
	m.Method(http.MethodGet, pattern, h)
	m.Method(http.MethodHead, pattern, h)
}

func noRoute(_ http.ResponseWriter, r *http.Request) error {
	return refuse(http.StatusNotFound, "not_found", "There is nothing at %s.", r.URL.EscapedPath())
}

func wrongMethod(m *chi.Mux, r *http.Request) error {
	p := refuse(http.StatusMethodNotAllowed, "method_not_allowed", "%s is not for %s.", r.Method, r.URL.EscapedPath())
	p.header = http.Header{}
	path := r.URL.Path
	if r.URL.RawPath != "" {
		path = r.URL.RawPath
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if m.Match(chi.NewRouteContext(), method, path) {
			p.header.Add("Allow", method)
		}
	}
	return p
}
