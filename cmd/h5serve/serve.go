package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/h5serve/h5serve/api"
)

type serve struct {
	Listen    string   `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on (${default})."`
	Anonymous string   `enum:",read,write" default:"" placeholder:"read|write" help:"What anybody may do; needed to listen on more than this machine."`
	PublicURL *url.URL `name:"public-url" placeholder:"URL" help:"What the server is called from outside; its host is answered too."`
	Store     []store  `sep:"," placeholder:"NAME=FOLDER" help:"A folder of files, and its name. The folder is checked and listed in the log; this version does not read stores yet."`

	MaxBody        size `default:"1GiB" placeholder:"SIZE" help:"Largest request body (${default})."`
	MaxDescription size `default:"256MiB" placeholder:"SIZE" help:"Largest description (${default})."`
	MaxFile        size `default:"64GiB" placeholder:"SIZE" help:"Largest file that is made (${default})."`

	Spool     size          `default:"4GiB" placeholder:"SIZE" help:"Memory for bodies and made files (${default}). What goes beyond lies in temporary files."`
	Work      size          `default:"1GiB" placeholder:"SIZE" help:"Memory for the requests that are worked on at once (${default})."`
	TempDir   string        `type:"existingdir" placeholder:"FOLDER" help:"Folder of the temporary files (the system's)."`
	Plans     string        `placeholder:"FOLDER" help:"Folder that keeps what plans are made of, so that they outlive the process (a temporary one)."`
	PlansSize size          `default:"8GiB" placeholder:"SIZE" help:"Disk for what plans are made of (${default})."`
	PlansAge  time.Duration `default:"24h" placeholder:"TIME" help:"How long a plan is kept after its last use (${default})."`

	Patience    time.Duration `default:"60s" placeholder:"TIME" help:"How long a client may go without taking or sending a byte (${default})."`
	DrainDelay  time.Duration `default:"0s" placeholder:"TIME" help:"Time between 'not ready' and the end of listening (${default})."`
	StopTimeout time.Duration `default:"30s" placeholder:"TIME" help:"Time for requests that run when the server is stopped (${default})."`
	LogFormat   string        `enum:"auto,json,console" default:"auto" placeholder:"auto|json|console" help:"Form of the log on standard error (${default}: console on a terminal)."`
}

func (s *serve) Run(ctx context.Context, std streams) error {
	local, err := api.Loopback(s.Listen)
	switch {
	case err != nil:
		return usageError(fmt.Sprintf("--listen: %v", err))
	case !local && s.Anonymous == "":
		return usageError(fmt.Sprintf("--listen %s can be reached from other machines, by anybody. Listen on 127.0.0.1, or say what anybody may do: --anonymous read or --anonymous write", s.Listen))
	}
	log := s.logger(std.err)
	server, err := api.New(s.settings(log))
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return errors.Join(taken(s.Listen, err), server.Close())
	}
	s.announce(log, l.Addr())
	return errors.Join(server.Serve(ctx, l), server.Close())
}

func (s *serve) settings(log zerolog.Logger) api.Settings {
	set := api.DefaultSettings()
	set.Version, set.Log, set.PublicURL = version, log, s.PublicURL
	set.MaxBody, set.MaxDescription, set.MaxFile = int64(s.MaxBody), int64(s.MaxDescription), int64(s.MaxFile)
	set.Spool, set.Work, set.TempDir = int64(s.Spool), int64(s.Work), s.TempDir
	set.Plans, set.PlansSize, set.PlansAge = s.Plans, int64(s.PlansSize), s.PlansAge
	set.Patience, set.DrainDelay, set.StopTimeout = s.Patience, s.DrainDelay, s.StopTimeout
	return set
}

func (s *serve) announce(log zerolog.Logger, addr net.Addr) {
	for _, st := range s.Store {
		log.Info().Str("store", st.Name).Str("folder", st.Folder).Msg("store")
	}
	log.Info().Msg("the viewer is not built in")
	log.Info().Str("addr", "http://"+addr.String()).Str("version", version).Msg("listening")
}

// taken names the way out of the error that everybody meets once.
func taken(address string, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
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

// store is a folder under a name.
type store struct{ Name, Folder string }

var storeName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

func (s *store) UnmarshalText(text []byte) error {
	name, folder, ok := strings.Cut(string(text), "=")
	switch {
	case !ok || folder == "":
		return fmt.Errorf("%q is not NAME=FOLDER", text)
	case !storeName.MatchString(name):
		return fmt.Errorf("%q is no name of a store: 3 to 63 of a-z, 0-9 and -, a letter or digit first and last", name)
	case strings.Contains(folder, "://"):
		return fmt.Errorf("%s: this version has folders only", folder)
	}
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder", folder)
	}
	*s = store{name, folder}
	return nil
}
