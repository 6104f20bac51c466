package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonical is the request in the one form that all who sign it agree on. S3 encodes the path once and never
// cleans it.
func (c *claim) canonical(r *http.Request) (string, error) {
	headers, err := c.canonicalHeaders(r)
	if err != nil {
		return "", err
	}
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	path := encode(r.URL.Path, true)
	if path == "" {
		path = "/"
	}
	return strings.Join([]string{
		r.Method, path, query, headers, strings.Join(c.headers, ";"), c.payload(r.Header),
	}, "\n"), nil
}

// payload is the hash of the body as the request says it.
func (c *claim) payload(h http.Header) string {
	if said := h.Get("X-Amz-Content-Sha256"); said != "" {
		return said
	}
	if c.presigned {
		return Unsigned
	}
	return emptyHash
}

// canonicalHeaders has a line for each signed header. Those of Amazon must all be signed: an unsigned one
// could have been put in by anybody.
func (c *claim) canonicalHeaders(r *http.Request) (string, error) {
	for name := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !slices.Contains(c.headers, lower) && !(c.presigned && lower == "x-amz-content-sha256") {
			return "", malformed("the header %s is not signed", lower)
		}
	}
	var out strings.Builder
	for _, name := range c.headers {
		values, err := header(r, name)
		if err != nil {
			return "", err
		}
		out.WriteString(name + ":")
		for i, value := range values {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(strings.Join(strings.Fields(value), " "))
		}
		out.WriteByte('\n')
	}
	return out.String(), nil
}

// header finds also what net/http keeps apart from the other fields.
func header(r *http.Request, name string) ([]string, error) {
	switch name {
	case "host":
		return []string{r.Host}, nil
	case "content-length":
		return []string{strconv.FormatInt(max(r.ContentLength, 0), 10)}, nil
	case "transfer-encoding":
		return r.TransferEncoding, nil
	}
	values, ok := r.Header[http.CanonicalHeaderKey(name)]
	if !ok || name != strings.ToLower(name) {
		return nil, malformed("the signed header %q is not there", name)
	}
	return values, nil
}

// canonicalQuery sorts the parameters by name and value, as encoded. The signature does not sign itself.
func canonicalQuery(raw string) (string, error) {
	var pairs [][2]string
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		plainName, err := url.QueryUnescape(name)
		if err != nil {
			return "", malformed("the query cannot be read")
		}
		plainValue, err := url.QueryUnescape(value)
		if err != nil {
			return "", malformed("the query cannot be read")
		}
		if plainName != "X-Amz-Signature" {
			pairs = append(pairs, [2]string{encode(plainName, false), encode(plainValue, false)})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if n := strings.Compare(a[0], b[0]); n != 0 {
			return n
		}
		return strings.Compare(a[1], b[1])
	})
	lines := make([]string, len(pairs))
	for i, pair := range pairs {
		lines[i] = pair[0] + "=" + pair[1]
	}
	return strings.Join(lines, "&"), nil
}

// encode is Amazon's UriEncode: all but the unreserved characters of RFC 3986, section 2.3, as %XX.
func encode(text string, keepSlash bool) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && keepSlash:
			out.WriteByte(c)
		default:
			out.WriteString("%" + string([]byte{digits[c>>4], digits[c&15]}))
		}
	}
	return out.String()
}
