package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/api"
	"github.com/h5serve/h5serve/storage/dir"
	"github.com/h5serve/h5serve/storage/s3"
	"github.com/h5serve/h5serve/storage/web"
)

// store is NAME=LOCATION[?OPTION=VALUE&…]: a folder, s3://BUCKET/PREFIX or https://HOST/PATH. What follows the last
// question mark are options; a folder whose name has one is written with another behind it. Secrets are never among
// them: they come from the environment.
type store struct {
	Name     string
	Location string
	kind     string // "folder", "s3", "web"
	options  url.Values
}

// storeOptions are those that each kind of store has.
var storeOptions = map[string][]string{
	"folder": {"writable"},
	"s3":     {"anonymous", "endpoint", "path-style", "region", "writable"},
	"web":    {},
}

// switches are the options that are true or false.
var switches = []string{"anonymous", "path-style", "writable"}

func (s *store) UnmarshalText(text []byte) error {
	name, location, ok := strings.Cut(string(text), "=")
	if !ok || location == "" {
		return errors.New("a store is NAME=FOLDER, NAME=s3://BUCKET/PREFIX or NAME=https://HOST/PATH")
	}
	if err := api.ValidStoreName(name); err != nil {
		return err
	}
	options := ""
	if at := strings.LastIndexByte(location, '?'); at >= 0 {
		location, options = location[:at], location[at+1:]
	}
	*s = store{Name: name, Location: location, kind: "folder"}
	scheme, _, remote := strings.Cut(location, "://")
	switch {
	case scheme == "s3" && remote:
		s.kind = "s3"
	case (scheme == "http" || scheme == "https") && remote:
		s.kind = "web"
	case remote:
		return fmt.Errorf("store %s: %s:// is no kind of store; there are folders, s3://, http:// and https://", name, scheme)
	}
	if err := s.readOptions(options); err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	return s.check()
}

func (s *store) readOptions(text string) error {
	values, err := url.ParseQuery(text)
	if err != nil {
		return errors.New("the options cannot be read; they are OPTION=VALUE&OPTION=VALUE")
	}
	known := storeOptions[s.kind]
	for name, given := range values {
		if !slices.Contains(known, name) {
			has := "none"
			if len(known) > 0 {
				has = strings.Join(known, ", ")
			}
			return fmt.Errorf("there is no option %q; a store of this kind (%s) has %s", name, s.kind, has)
		}
		if len(given) > 1 {
			return fmt.Errorf("the option %s is given twice", name)
		}
		if _, err := strconv.ParseBool(given[0]); err != nil && slices.Contains(switches, name) {
			return fmt.Errorf("the option %s is true or false", name)
		}
	}
	s.options = values
	return nil
}

// check finds what can be known to be wrong before anything is opened.
func (s *store) check() error {
	switch s.kind {
	case "folder":
		info, err := os.Stat(s.Location)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is no folder", s.Location)
		}
	case "web":
		u, err := url.Parse(s.Location)
		if err != nil || u.User != nil || u.Host == "" {
			return fmt.Errorf("store %s: the location must be http://HOST/PATH or https://HOST/PATH, without a user", s.Name)
		}
	}
	return nil
}

func (s *store) on(option string) bool {
	value, _ := strconv.ParseBool(s.options.Get(option))
	return value
}

// open opens the store.
func (s *store) open(ctx context.Context) (st api.Store, err error) {
	st.Name, st.Writable = s.Name, s.on("writable")
	switch s.kind {
	case "s3":
		st.Store, err = s.openS3(ctx)
	case "web":
		st.Store, err = web.Open(web.Config{Name: s.Name, BaseURL: s.Location})
	default:
		st.Store, err = dir.Open(s.Name, s.Location, dir.Options{Writable: st.Writable})
	}
	return st, err
}

func (s *store) openS3(ctx context.Context) (*s3.Store, error) {
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(s.Location, "s3://"), "/")
	c := s3.Config{
		Name: s.Name, Bucket: bucket, Prefix: prefix,
		Region: s.options.Get("region"), Endpoint: s.options.Get("endpoint"), PathStyle: s.on("path-style"),
		Anonymous: s.on("anonymous"), Writable: s.on("writable"),
	}
	if err := s.credentials(&c); err != nil {
		return nil, err
	}
	return s3.Open(ctx, c)
}

// credentials takes those of this store from the environment; without any, the usual chain is asked.
func (s *store) credentials(c *s3.Config) error {
	base := "H5SERVE_STORE_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
	id, key, token := os.Getenv(base+"_SECRET_ID"), os.Getenv(base+"_SECRET_KEY"), os.Getenv(base+"_SESSION_TOKEN")
	switch {
	case id == "" && key == "" && token == "":
		return nil
	case c.Anonymous:
		return usageError(fmt.Sprintf("store %s: anonymous=true and credentials in %s_…: choose one", s.Name, base))
	case id == "":
		return usageError(fmt.Sprintf("store %s: %s_SECRET_ID is missing beside the others", s.Name, base))
	case key == "":
		return usageError(fmt.Sprintf("store %s: %s_SECRET_KEY is missing beside the others", s.Name, base))
	}
	if c.Region == "" {
		if c.Region = os.Getenv("AWS_REGION"); c.Region == "" {
			return usageError(fmt.Sprintf("store %s: the region is missing beside the credentials; add ?region=NAME to its location, or set AWS_REGION", s.Name))
		}
	}
	c.SecretID, c.SecretKey = id, s3.NewSecret(key)
	if token != "" {
		c.SessionToken = s3.NewSecret(token)
	}
	return nil
}

// openStores opens all; the returned function closes them.
func (s *serve) openStores(ctx context.Context) (opened []api.Store, closeAll func() error, err error) {
	closeAll = func() error {
		var failed error
		for _, o := range opened {
			if c, ok := o.Store.(io.Closer); ok {
				failed = errors.Join(failed, c.Close())
			}
		}
		return failed
	}
	for _, st := range s.Store {
		if st.on("writable") && s.Anonymous == "read" {
			return opened, closeAll, usageError(fmt.Sprintf("store %s: writable=true, but --anonymous read lets nobody write", st.Name))
		}
		to, err := st.open(ctx)
		if err != nil {
			return opened, closeAll, err
		}
		opened = append(opened, to)
	}
	return opened, closeAll, nil
}
