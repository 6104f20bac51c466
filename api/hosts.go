package api

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// hosts lets in only requests that name this server: a page elsewhere whose name was made to resolve to this
// machine (DNS rebinding) does not. Probes of the process come by address, so the health routes are free.
func hosts(public *url.URL) func(http.Handler) http.Handler {
	known := map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true}
	if public != nil {
		known[strings.ToLower(public.Hostname())] = true
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !known[hostname(r.Host)] && r.URL.Path != "/livez" && r.URL.Path != "/readyz" {
				fail(w, r, refuse(http.StatusMisdirectedRequest, "wrong_host",
					"This server does not answer for %q. If it should, start it with --public-url.", r.Host))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// hostname is the Host field without its port and without the brackets of an IPv6 address.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(host)
}

// sameOrigin refuses unsafe requests that a browser sends for a page of another origin.
func sameOrigin(public *url.URL) (func(http.Handler) http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	if public != nil {
		if err := protection.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
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
