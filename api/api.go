// Package api is h5serve over HTTP: thin handlers, one file per resource, over the engine and filespec.
//
//	request ──▶ identify, record, survive, hosts, sameOrigin ──▶ a handler
//	  body  ──▶ recipe (kept: memory, then a temporary file)
//	        ──▶ filespec.Parse ──▶ plan id ──▶ shelf: are its bytes there? else order.make
//	        ──▶ h5core on the core driver: Write, Plan
//	answer  ◀── Plan.WriteWindow, straight to the connection
//
// Handlers return errors. What an error means to a client stands in problem.go alone. Once the first byte of
// a file has left, a failure aborts the connection.
package api

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"github.com/h5serve/h5serve/api/filespec"
	"github.com/h5serve/h5serve/api/objects"
	"github.com/h5serve/h5serve/api/reduce"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage/cached"
)

// Settings are the parameters of a server. Sizes are in bytes.
type Settings struct {
	Version   string   // of h5serve: a part of every plan's id
	PublicURL *url.URL // what the server is called from outside; nil: this machine only

	MaxBody        int64
	MaxDescription int64
	MaxFile        int64
	MaxObject      int64 // that is put into a store

	Stores []Store
	Open   objects.Opener // how ranges of objects are read; nil: each from its store
	S3     S3
	CORS   []string // origins whose pages may read answers
	// Metrics has /metrics beside the other routes, where whoever reaches those may read it.
	Metrics bool
	Cache   *cached.Cache // through which files are looked at; nil: one in memory
	Look    Look

	Viewer         fs.FS    // index.html and assets/*; nil: there is none
	FrameAncestors []string // origins whose pages may show the viewer inside them

	Spool   int64  // memory for bodies and plans; what goes beyond lies in temporary files
	TempDir string // of the temporary files; empty: the system's
	Work    int64  // memory for requests that are worked on at once
	Wait    time.Duration

	Plans     string // folder of the recipes; empty: a fresh one that goes at the end
	PlansSize int64
	PlansAge  time.Duration // after a plan's last use

	Patience    time.Duration // without a byte, either way
	DrainDelay  time.Duration // between "not ready" and the end of listening
	StopTimeout time.Duration // for requests that run when the server is stopped

	Log zerolog.Logger
	now func() time.Time
}

// Look bounds the looking at files. A zero field takes the default of package sources.
type Look struct {
	Files  int           // that are kept open
	Memory int64         // that these hold, as estimated
	Limits h5core.Limits // of one request
	Time   time.Duration // likewise
	Levels int64         // bytes of reduced data that are kept; 256 MiB
}

func (l Look) sources(cache *cached.Cache, p sources.Plans) sources.Settings {
	return sources.Settings{Cache: cache, Plans: p, Files: l.Files, Memory: uint64(max(l.Memory, 0)), Limits: l.Limits, Time: l.Time}
}

// DefaultSettings are the settings of a server for this machine alone.
func DefaultSettings() Settings {
	return Settings{
		Version:        "dev",
		MaxBody:        1 << 30,
		MaxDescription: 256 << 20,
		MaxFile:        64 << 30,
		MaxObject:      64 << 30,
		Open:           objects.Direct,
		Metrics:        true,
		Spool:          4 << 30,
		Work:           1 << 30,
		Wait:           5 * time.Second,
		PlansSize:      8 << 30,
		PlansAge:       24 * time.Hour,
		Patience:       time.Minute,
		StopTimeout:    30 * time.Second,
		Log:            zerolog.Nop(),
		now:            time.Now,
	}
}

// Validate tells which setting cannot be.
func (s *Settings) Validate() error {
	for name, size := range map[string]int64{
		"max-body": s.MaxBody, "max-description": s.MaxDescription, "max-file": s.MaxFile, "max-object": s.MaxObject,
		"spool": s.Spool, "work": s.Work, "plans-size": s.PlansSize,
	} {
		if size <= 0 {
			return fmt.Errorf("%s must be above 0, not %d", name, size)
		}
	}
	if s.Wait < 0 || s.Patience <= 0 || s.PlansAge <= 0 || s.DrainDelay < 0 || s.StopTimeout < 0 {
		return errors.New("a time must not be negative, and patience and age must be above 0")
	}
	if u := s.PublicURL; u != nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("public-url must be http://HOST or https://HOST, not %q", u)
	}
	return errors.Join(validStores(s.Stores), validOrigins("cors-origin", s.CORS), validOrigins("frame-ancestors", s.FrameAncestors), s.S3.validate())
}

// Server answers requests. All its methods are safe for concurrent use.
type Server struct {
	settings Settings
	limits   filespec.Limits
	budget   *vfd.Budget
	recipes  *recipeFolder
	shelf    *shelf
	work     *semaphore.Weighted
	stores   map[string]Store
	sources  *sources.Sources
	levels   *reduce.Levels
	metrics  *metrics
	ready    atomic.Bool
}

// New makes a server that is ready to answer. Close ends it.
func New(settings Settings) (*Server, error) {
	if settings.now == nil {
		settings.now = time.Now
	}
	if settings.Cache == nil {
		settings.Cache, _ = cached.New(cached.Settings{}) // in memory, nothing can fail
	}
	if settings.Open == nil {
		settings.Open = objects.Direct
	}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	s := &Server{
		settings: settings,
		limits:   filespec.DefaultLimits(),
		budget:   vfd.NewBudget(uint64(settings.Spool)),
		work:     semaphore.NewWeighted(settings.Work),
	}
	s.limits.MaxDescription = settings.MaxDescription
	s.limits.MaxFile = uint64(settings.MaxFile)
	var err error
	if s.recipes, err = openRecipes(settings.Plans, settings.TempDir, uint64(settings.PlansSize)); err != nil {
		return nil, err
	}
	if s.shelf, err = newShelf(s.budget, s.recipes, settings.PlansAge, settings.now); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(s)
	s.stores = map[string]Store{}
	for _, st := range settings.Stores {
		st.Store = s.metrics.counted(st.Name, st.Store)
		s.stores[st.Name] = st
	}
	s.levels = reduce.NewLevels(uint64(cmp.Or(max(settings.Look.Levels, 0), 256<<20)))
	s.sources = sources.New(settings.Look.sources(settings.Cache, plans{s}))
	s.ready.Store(true)
	return s, nil
}

// Close stops all work and gives back all memory and temporary files.
func (s *Server) Close() error {
	s.ready.Store(false)
	s.sources.Close()
	return s.shelf.close()
}
