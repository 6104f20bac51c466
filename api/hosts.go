package api

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// hosts lets in only requests that name this server: a page elsewhere whose name was made to resolve to this
// machine (DNS rebinding) does not. Probes of the process come by address, so the health routes are free.
func hosts(known func(name string) bool, fail failing) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !known(hostname(r.Host)) && r.URL.Path != "/livez" && r.URL.Path != "/readyz" {
				fail(w, r, refuse(http.StatusMisdirectedRequest, "wrong_host",
					"This server does not answer for %q. If it should, start it with --public-url.", r.Host))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// ownHosts are the names that the server itself goes by.
func ownHosts(public *url.URL) func(name string) bool {
	known := map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true}
	if public != nil {
		known[strings.ToLower(public.Hostname())] = true
	}
	return func(name string) bool { return known[name] }
}

// hostname is the Host field without its port and without the brackets of an IPv6 address.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(host)
}

// sameOrigin refuses unsafe requests that a browser sends for a page of another origin, if that is not one of those
// that are trusted.
func sameOrigin(public *url.URL, trusted []string, fail failing) (func(http.Handler) http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	if public != nil {
		trusted = append(slices.Clone(trusted), public.Scheme+"://"+public.Host)
	}
	for _, origin := range trusted {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := protection.Check(r); err != nil {
				fail(w, r, refuse(http.StatusForbidden, "cross_origin", "A page of another origin may not send this request."))
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}
