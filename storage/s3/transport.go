package s3

import (
	"crypto/tls"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// newClient is the client that the bucket's requests go through. It has the
// transport that the SDK has tuned, with the certificates of AWS_CA_BUNDLE, but
// follows no redirect: a bucket elsewhere is told as an error.
func newClient(tuned aws.HTTPClient) *http.Client {
	transport := http.DefaultTransport.(*http.Transport)
	if b, ok := tuned.(*awshttp.BuildableClient); ok {
		transport = b.GetTransport()
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: stay}
}

// tune makes a transport fit for many small ranged reads of one host. HTTP/1.1
// gives each its own connection, and no coding may touch the bytes.
func (t Timeouts) tune(tr *http.Transport) {
	tr.Proxy = http.ProxyFromEnvironment
	tr.DialContext = (&net.Dialer{Timeout: t.Connect, KeepAlive: 30 * time.Second}).DialContext
	tr.TLSHandshakeTimeout = t.Connect
	tr.ResponseHeaderTimeout = t.Patience
	tr.ExpectContinueTimeout = time.Second
	tr.MaxIdleConns, tr.MaxIdleConnsPerHost = 256, 128
	tr.IdleConnTimeout = 60 * time.Second
	tr.DisableCompression = true
	tr.ForceAttemptHTTP2 = false
	tr.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	tr.ReadBufferSize, tr.WriteBufferSize = 64<<10, 64<<10
}

// Delays between tries: a full-jitter backoff, slower where the server says
// that it is asked too much (503 SlowDown).
const (
	firstDelay    = 100 * time.Millisecond
	throttleDelay = 500 * time.Millisecond
	longestDelay  = 8 * time.Second
)

func newRetryer(attempts int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(delay)
	})
}

func delay(attempt int, err error) (time.Duration, error) {
	first := firstDelay
	if retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool() {
		first = throttleDelay
	}
	ceiling := min(first<<min(max(attempt-1, 0), 16), longestDelay)
	return ceiling/2 + rand.N(ceiling/2+1), nil
}
