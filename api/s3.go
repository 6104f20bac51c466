package api

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/rs/cors"

	"github.com/h5serve/h5serve/api/objects"
	"github.com/h5serve/h5serve/api/s3"
	"github.com/h5serve/h5serve/api/sigv4"
)

// S3 are the settings of the S3-compatible listener.
type S3 struct {
	Domain string                  // BUCKET.Domain is a bucket, beside the path style; "": no such names
	Keys   map[string]sigv4.Secret // who may read, by access key id; empty: everybody, with any signature or none
}

var domainName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

func (c *S3) validate() error {
	if c.Domain != "" && !domainName.MatchString(c.Domain) {
		return fmt.Errorf("s3-domain must be a name such as s3.example.org, not %q", c.Domain)
	}
	for id, secret := range c.Keys {
		if id == "" || secret == "" || strings.ContainsAny(id, "/, ") {
			return fmt.Errorf("s3-key must be ID:SECRET")
		}
	}
	return nil
}

// pagesOfS3 may read; they sign as S3's clients do.
var pagesOfS3 = cors.Options{
	AllowedMethods: []string{http.MethodGet, http.MethodHead},
	AllowedHeaders: append(slices.Clone(sentFields), "X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token",
		"X-Amz-User-Agent", "X-Amz-Checksum-Mode", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request"),
	ExposedHeaders: append(slices.Clone(shownFields), "X-Amz-Request-Id", "X-Amz-Bucket-Region"),
}

// S3Handler is the S3-compatible server without a listener. Each store is a bucket.
func (s *Server) S3Handler() (http.Handler, error) {
	set := s.settings
	c := s3.Config{
		Domain: set.S3.Domain, Explain: fault, Note: func(w http.ResponseWriter, operation, code string) {
			if operation != "" {
				noteRoute(w, "s3 "+operation)
			}
			noteProblem(w, code)
		},
		Object: func(name, key string) *objects.Object { return s.objectOf(s.stores[name], key) },
		Arrive: func(w http.ResponseWriter, r *http.Request) func() { return s.arrive(w, r, set.MaxObject) },

		MaxObject: set.MaxObject,
	}
	for _, st := range s.stores {
		c.Buckets = append(c.Buckets, s3.Bucket{Name: st.Name, Store: st.Store, Writable: st.Writable})
	}
	if len(set.S3.Keys) > 0 {
		c.Verifier = &sigv4.Verifier{Service: "s3", Keys: set.S3.Keys, Now: set.now}
	}
	h := s3.New(c)
	own := ownHosts(set.PublicURL)
	known := func(name string) bool {
		return own(name) || set.S3.Domain != "" && (name == set.S3.Domain || strings.HasSuffix(name, "."+set.S3.Domain))
	}
	guards, err := s.guards(known, pagesOfS3, h.Fail)
	if err != nil {
		return nil, err
	}
	return chi.Chain(guards...).Handler(h), nil
}

// fault is an error as the S3-compatible listener is told of it.
func fault(r *http.Request, err error) s3.Fault {
	p := explain(err)
	logFailure(r, p, err)
	return s3.Fault{Status: p.Status, Code: p.Code, Detail: p.Detail, Header: p.header}
}
