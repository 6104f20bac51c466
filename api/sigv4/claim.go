package sigv4

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// claim is what a request says of its signature.
type claim struct {
	key                  string
	day, region, service string
	at                   time.Time
	expires              time.Duration // of a presigned address, else 0
	headers              []string      // lower case, ascending
	signature            string        // hex
	presigned            bool
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

func (c *claim) scope() string {
	return c.day + "/" + c.region + "/" + c.service + "/" + terminator
}

func readClaim(r *http.Request) (*claim, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformed("the query cannot be read")
	}
	fields := r.Header.Values("Authorization")
	presigned := query.Has("X-Amz-Signature") || query.Has("X-Amz-Algorithm")
	switch {
	case len(fields) == 0 && !presigned:
		return nil, ErrUnsigned
	case len(fields) > 0 && presigned, len(fields) > 1:
		return nil, malformed("there is more than one")
	case presigned:
		return fromQuery(query)
	}
	return fromField(fields[0], r.Header)
}

// fromField reads "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…".
func fromField(field string, h http.Header) (*claim, error) {
	rest, ok := strings.CutPrefix(field, algorithm)
	if !ok || rest == "" || rest[0] != ' ' {
		return nil, malformed("only %s is understood", algorithm)
	}
	parts := map[string]string{}
	for pair := range strings.SplitSeq(rest, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(pair), "=")
		if _, twice := parts[name]; !found || twice {
			return nil, malformed("Authorization must have Credential, SignedHeaders and Signature, once each")
		}
		parts[name] = value
	}
	c := &claim{}
	if err := c.read(parts["Credential"], parts["SignedHeaders"], parts["Signature"]); err != nil {
		return nil, err
	}
	date := h.Get("X-Amz-Date")
	if date == "" {
		date = h.Get("Date")
	}
	return c, c.dated(date)
}

func fromQuery(query url.Values) (*claim, error) {
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"} {
		if len(query[name]) != 1 {
			return nil, malformed("the query must have %s, once", name)
		}
	}
	if query.Get("X-Amz-Algorithm") != algorithm {
		return nil, malformed("only %s is understood", algorithm)
	}
	seconds, err := strconv.ParseUint(query.Get("X-Amz-Expires"), 10, 32)
	c := &claim{presigned: true, expires: time.Duration(seconds) * time.Second}
	if err != nil || seconds == 0 || c.expires > maxExpires {
		return nil, malformed("X-Amz-Expires must be 1 to %d seconds", int(maxExpires.Seconds()))
	}
	if err := c.read(query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Signature")); err != nil {
		return nil, err
	}
	return c, c.dated(query.Get("X-Amz-Date"))
}

// read takes the parts that both forms have. A key id may hold slashes; the scope behind it may not.
func (c *claim) read(credential, headers, signature string) error {
	parts := strings.Split(credential, "/")
	n := len(parts)
	if n < 5 || parts[n-1] != terminator {
		return malformed("the credential must be KEY/DATE/REGION/SERVICE/%s", terminator)
	}
	c.key = strings.Join(parts[:n-4], "/")
	c.day, c.region, c.service = parts[n-4], parts[n-3], parts[n-2]
	c.headers = strings.Split(headers, ";")
	if !slices.IsSorted(c.headers) || len(slices.Compact(slices.Clone(c.headers))) != len(c.headers) {
		return malformed("the signed headers must be ascending")
	}
	if !slices.Contains(c.headers, "host") {
		return malformed("the host must be signed")
	}
	if len(signature) != 64 || strings.Trim(signature, "0123456789abcdef") != "" {
		return malformed("the signature must be 64 lower case hex digits")
	}
	c.signature = signature
	return nil
}

func (c *claim) dated(date string) error {
	at, err := time.Parse(timeForm, date)
	if err != nil {
		if at, err = http.ParseTime(date); err != nil {
			return malformed("the date must have the form %s", timeForm)
		}
	}
	c.at = at.UTC()
	if c.at.Format("20060102") != c.day {
		return malformed("the date and the credential's day differ")
	}
	return nil
}

func (c *claim) timely(now time.Time) error {
	age := now.Sub(c.at)
	switch {
	case age < -maxSkew, !c.presigned && age > maxSkew:
		return ErrSkewed
	case c.presigned && age > c.expires:
		return ErrExpired
	}
	return nil
}
