package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/h5serve/h5serve/api"
	"github.com/h5serve/h5serve/api/sigv4"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/web"
)

type serve struct {
	Listen    string   `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on (${default})."`
	Anonymous string   `enum:",read,write" default:"" placeholder:"read|write" help:"What anybody may do; needed to listen on more than this machine."`
	PublicURL *url.URL `name:"public-url" placeholder:"URL" help:"What the server is called from outside; its host is answered too."`
	Store     []store  `sep:"," placeholder:"NAME=LOCATION" help:"A store and its name: NAME=FOLDER, NAME=s3://BUCKET/PREFIX or NAME=https://HOST/PATH. Options follow a question mark, as in s3://b/p?region=eu-west-1&writable=true: writable (folders, S3), and for S3 endpoint, region, path-style, anonymous. Secrets come from H5SERVE_STORE_<NAME>_SECRET_ID, _SECRET_KEY and _SESSION_TOKEN, or where AWS's tools find them."`

	S3Listen       string   `name:"s3-listen" env:"H5SERVE_S3_LISTEN" placeholder:"HOST:PORT" help:"A second address, where the stores are the buckets of an S3-compatible server."`
	S3Domain       string   `name:"s3-domain" env:"H5SERVE_S3_DOMAIN" placeholder:"NAME" help:"There, BUCKET.NAME is a bucket too, beside the path style."`
	S3Key          []s3Key  `name:"s3-key" env:"H5SERVE_S3_KEY" sep:"," placeholder:"ID:SECRET" help:"There, only requests signed with this key are answered; otherwise all are. Set it as H5SERVE_S3_KEY: flags can be seen by others."`
	MetricsListen  string   `placeholder:"HOST:PORT" help:"Address of /metrics. Otherwise it is at --listen, if that is on this machine only and there is no --public-url."`
	CORSOrigin     []string `name:"cors-origin" sep:"," placeholder:"ORIGIN" help:"Pages of this origin, as https://example.org, may read answers."`
	FrameAncestors []string `name:"frame-ancestors" sep:"," placeholder:"ORIGIN" help:"Pages of this origin, as https://example.org, may show the viewer inside them."`

	MaxBody        size `default:"1GiB" placeholder:"SIZE" help:"Largest request body (${default})."`
	MaxDescription size `default:"256MiB" placeholder:"SIZE" help:"Largest description (${default})."`
	MaxFile        size `default:"64GiB" placeholder:"SIZE" help:"Largest file that is made (${default})."`
	MaxObject      size `default:"64GiB" placeholder:"SIZE" help:"Largest object that is put into a store (${default})."`

	Spool           size          `default:"4GiB" placeholder:"SIZE" help:"Memory for bodies and made files (${default}). What goes beyond lies in temporary files."`
	Work            size          `default:"1GiB" placeholder:"SIZE" help:"Memory for the requests that are worked on at once (${default})."`
	CacheMetadata   size          `default:"256MiB" placeholder:"SIZE" help:"Memory for metadata of files in stores (${default})."`
	CacheRaw        size          `default:"0B" placeholder:"SIZE" help:"Memory for elements as they lie in stores (${default})."`
	CacheFolder     string        `placeholder:"FOLDER" help:"Folder that keeps metadata of files in stores, so that it outlives the process. Without it none is kept."`
	CacheFolderSize size          `default:"1GiB" placeholder:"SIZE" help:"Disk for that (${default})."`
	OpenFiles       int           `default:"256" placeholder:"NUMBER" help:"HDF5 files of stores that are kept open, ready to be looked at (${default})."`
	TempDir         string        `type:"existingdir" placeholder:"FOLDER" help:"Folder of the temporary files (the system's)."`
	Plans           string        `placeholder:"FOLDER" help:"Folder that keeps what plans are made of, so that they outlive the process (a temporary one)."`
	PlansSize       size          `default:"8GiB" placeholder:"SIZE" help:"Disk for what plans are made of (${default})."`
	PlansAge        time.Duration `default:"24h" placeholder:"TIME" help:"How long a plan is kept after its last use (${default})."`

	Patience    time.Duration `default:"60s" placeholder:"TIME" help:"How long a client may go without taking or sending a byte (${default})."`
	DrainDelay  time.Duration `default:"0s" placeholder:"TIME" help:"Time between 'not ready' and the end of listening (${default})."`
	StopTimeout time.Duration `default:"30s" placeholder:"TIME" help:"Time for requests that run when the server is stopped (${default})."`
	LogFormat   string        `enum:"auto,json,console" default:"auto" placeholder:"auto|json|console" help:"Form of the log on standard error (${default}: console on a terminal)."`
}

func (s *serve) Run(ctx context.Context, std streams) (err error) {
	for _, at := range []struct{ flag, address string }{{"listen", s.Listen}, {"s3-listen", s.S3Listen}, {"metrics-listen", s.MetricsListen}} {
		if err := s.reachable(at.flag, at.address); err != nil {
			return err
		}
	}
	if s.S3Listen == "" && (s.S3Domain != "" || len(s.S3Key) > 0) {
		return usageError("--s3-domain and --s3-key are for the S3-compatible server; give it an address with --s3-listen")
	}
	stores, closeStores, err := s.openStores(ctx)
	defer func() { err = errors.Join(err, closeStores()) }()
	if err != nil {
		return err
	}
	log := s.logger(std.err)
	set := s.settings(log)
	set.Stores = stores
	if set.Cache, err = s.cache(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Cache.Close()) }()
	server, err := api.New(set)
	if err != nil {
		return err
	}
	l, err := s.listen(ctx)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	s.announce(log, l)
	return errors.Join(server.Serve(ctx, l), server.Close())
}

// reachable refuses an address that other machines reach, unless it is said what anybody may do.
func (s *serve) reachable(name, address string) error {
	if address == "" {
		return nil
	}
	local, err := api.Loopback(address)
	switch {
	case err != nil:
		return usageError(fmt.Sprintf("--%s: %v", name, err))
	case !local && s.Anonymous == "":
		return usageError(fmt.Sprintf("--%s %s can be reached from other machines, by anybody. Listen on 127.0.0.1, or say what anybody may do: --anonymous read or --anonymous write", name, address))
	}
	return nil
}

func (s *serve) listen(ctx context.Context) (l api.Listeners, err error) {
	for _, at := range []struct {
		flag, address string
		to            *net.Listener
	}{{"listen", s.Listen, &l.Main}, {"s3-listen", s.S3Listen, &l.S3}, {"metrics-listen", s.MetricsListen, &l.Metrics}} {
		if at.address == "" {
			continue
		}
		if *at.to, err = new(net.ListenConfig).Listen(ctx, "tcp", at.address); err != nil {
			for _, open := range []net.Listener{l.Main, l.S3, l.Metrics} {
				if open != nil {
					_ = open.Close()
				}
			}
			return l, taken(at.flag, at.address, err)
		}
	}
	return l, nil
}

func (s *serve) settings(log zerolog.Logger) api.Settings {
	set := api.DefaultSettings()
	set.Version, set.Log, set.PublicURL = version, log, s.PublicURL
	set.MaxBody, set.MaxDescription, set.MaxFile = int64(s.MaxBody), int64(s.MaxDescription), int64(s.MaxFile)
	set.Spool, set.Work, set.TempDir = int64(s.Spool), int64(s.Work), s.TempDir
	set.Plans, set.PlansSize, set.PlansAge = s.Plans, int64(s.PlansSize), s.PlansAge
	set.MaxObject, set.CORS, set.S3.Domain = int64(s.MaxObject), s.CORSOrigin, strings.ToLower(s.S3Domain)
	set.S3.Keys = map[string]sigv4.Secret{}
	for _, key := range s.S3Key {
		set.S3.Keys[key.id] = key.secret
	}
	local, err := api.Loopback(s.Listen)
	set.Metrics = err == nil && local && s.PublicURL == nil && s.MetricsListen == ""
	set.Look.Files = s.OpenFiles
	set.Viewer, set.FrameAncestors = web.Files(), s.FrameAncestors
	set.Patience, set.DrainDelay, set.StopTimeout = s.Patience, s.DrainDelay, s.StopTimeout
	return set
}

// cache is what reads of stores go through.
func (s *serve) cache() (*cached.Cache, error) {
	return cached.New(cached.Settings{
		MetadataBudget: max(1, uint64(s.CacheMetadata)), RawBudget: uint64(s.CacheRaw),
		Folder: s.CacheFolder, FolderBudget: max(1, uint64(s.CacheFolderSize)),
	})
}

func (s *serve) announce(log zerolog.Logger, l api.Listeners) {
	for _, st := range s.Store {
		log.Info().Str("store", st.Name).Str(st.kind, st.Location).Bool("writable", st.on("writable")).Msg("store")
	}
	if web.Files() == nil {
		log.Info().Msg("the viewer is not built in")
	}
	if l.S3 != nil {
		log.Info().Str("addr", "http://"+l.S3.Addr().String()).Msg("listening for S3")
	}
	if l.Metrics != nil {
		log.Info().Str("addr", "http://"+l.Metrics.Addr().String()+"/metrics").Msg("listening for metrics")
	}
	log.Info().Str("addr", "http://"+l.Main.Addr().String()).Str("version", version).Msg("listening")
}

// taken names the way out of the error that everybody meets once.
func taken(name, address string, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	if name != "listen" {
		return fmt.Errorf("%s is taken by another program; choose another port with --%s", address, name)
	}
	host, port, _ := net.SplitHostPort(address)
	other := "8081"
	if port == other {
		other = "8082"
	}
	return fmt.Errorf("%s is taken by another program; choose another port: make run LISTEN=%s (or --listen)", address, net.JoinHostPort(host, other))
}

func (s *serve) logger(to io.Writer) zerolog.Logger {
	if s.LogFormat == "console" || s.LogFormat == "auto" && terminal(to) {
		to = zerolog.ConsoleWriter{Out: to, TimeFormat: time.TimeOnly}
	}
	return zerolog.New(to).With().Timestamp().Logger()
}

// terminal tells whether a stream is one that a person looks at.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// s3Key is an access key that clients of the S3-compatible server sign with.
type s3Key struct {
	id     string
	secret sigv4.Secret
}

func (k *s3Key) UnmarshalText(text []byte) error {
	id, secret, ok := strings.Cut(string(text), ":")
	if !ok || id == "" || secret == "" {
		return errors.New("a key is ID:SECRET") // never with what was given
	}
	*k = s3Key{id, sigv4.Secret(secret)}
	return nil
}
