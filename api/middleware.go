package api

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/h5serve/h5serve/api/sources"
)

// answer is the response of one request, with what the log wants to know of it. Its deadline moves with
// what is written: a client may be slow, but not idle.
type answer struct {
	http.ResponseWriter
	control *http.ResponseController
	patient time.Duration

	status int
	bytes  int64
	code   string // of the problem, if it is one
	plan   string // id of the plan, if it is about one
	route  string // for the metrics, where the router does not know it
}

// pace is how many bytes are given one deadline.
const pace = 64 << 10

func (a *answer) extend() {
	_ = a.control.SetWriteDeadline(time.Now().Add(a.patient)) // a test's recorder has none
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.extend()
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	done := 0
	for {
		piece := p[done:min(len(p), done+pace)]
		a.extend()
		n, err := a.ResponseWriter.Write(piece)
		done += n
		a.bytes += int64(n)
		if err != nil || done == len(p) {
			return done, err
		}
	}
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func noteProblem(w http.ResponseWriter, code string) {
	if a, ok := w.(*answer); ok {
		a.code = code
	}
}

func notePlan(w http.ResponseWriter, id string) {
	if a, ok := w.(*answer); ok {
		a.plan = id
	}
}

func noteRoute(w http.ResponseWriter, route string) {
	if a, ok := w.(*answer); ok {
		a.route = route
	}
}

type requestKey struct{}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

var sendableID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

var lower32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// identify gives the request its id, the client's own where that is fit to be logged, and a logger with it.
func identify(log zerolog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get("X-Request-Id")
			if !sendableID.MatchString(id) {
				var random [10]byte
				_, _ = rand.Read(random[:]) // never fails
				id = lower32.EncodeToString(random[:])
			}
			w.Header().Set("X-Request-Id", id)
			w.Header().Set("X-Content-Type-Options", "nosniff")
			ctx := context.WithValue(r.Context(), requestKey{}, id)
			ctx = log.With().Str("request_id", id).Logger().WithContext(ctx)
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// record logs the request when it has ended, however it ended.
func record(patient time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun := time.Now()
			a := &answer{ResponseWriter: w, control: http.NewResponseController(w), patient: patient}
			whole := false
			defer func() {
				event := zerolog.Ctx(r.Context()).Info()
				if a.code != "" {
					event.Str("code", a.code)
				}
				if a.plan != "" {
					event.Str("plan", a.plan)
				}
				if !whole {
					event.Bool("aborted", true)
				}
				event.Str("method", r.Method).Str("target", target(r)).Int("status", a.status).
					Int64("bytes", a.bytes).Dur("duration", time.Since(begun)).Msg("request")
			}()
			next.ServeHTTP(a, r.WithContext(sources.Arrived(r.Context(), begun)))
			whole = true
		})
	}
}

// private are the parameters whose values have no place in a log, by a part of their names: descriptions, and what
// signs a request or should never have been in one.
var private = regexp.MustCompile(`(?i)^spec$|secret|token|signature|credential|password|key(id)?$`)

// target is the request's target for the log.
func target(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return r.URL.EscapedPath()
	}
	pairs := strings.Split(r.URL.RawQuery, "&")
	for i, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); ok && (err != nil || private.MatchString(plain)) {
			pairs[i] = fmt.Sprintf("%s=(%d bytes)", name, len(value))
		}
	}
	return r.URL.EscapedPath() + "?" + strings.Join(pairs, "&")
}

// failing answers with an error: as a problem document, or as a listener's own clients want it.
type failing func(http.ResponseWriter, *http.Request, error)

// survive turns a panic into a 500, or aborts the connection where an answer had begun.
func survive(fail failing) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if value := recover(); value != nil {
					panicked(w, r, value, fail)
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
}

func panicked(w http.ResponseWriter, r *http.Request, value any, fail failing) {
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	zerolog.Ctx(r.Context()).Error().Interface("panic", value).Bytes("stack", debug.Stack()).Msg("panic")
	if a, ok := w.(*answer); ok && a.status != 0 {
		panic(http.ErrAbortHandler)
	}
	fail(w, r, fmt.Errorf("panic: %v", value))
}
