package sigv4

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// parse reads a request as the server does.
func parse(t testing.TB, text string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func at(t testing.TB, date string) func() time.Time {
	t.Helper()
	now, err := time.Parse(timeForm, date)
	if err != nil {
		t.Fatal(err)
	}
	return func() time.Time { return now }
}

const (
	suiteKey = "AKIDEXAMPLE"
	bookKey  = "AKIAIOSFODNN7EXAMPLE"
	empty    = "x-amz-content-sha256: " + emptyHash + "\n"
)

// The requests are those of AWS's test suite (get-vanilla and others) and of the Amazon S3 API Reference,
// "Examples: Signature Calculations".
var published = []struct {
	name, service, date, request string
}{
	{"get-vanilla", "service", "20150830T123600Z", "GET / HTTP/1.1\nHost: example.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
		suite("host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")},
	{"get-vanilla-query-order-key-case", "service", "20150830T123600Z",
		"GET /?Param2=value2&Param1=value1 HTTP/1.1\nHost: example.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
			suite("host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")},
	{"post-vanilla", "service", "20150830T123600Z", "POST / HTTP/1.1\nHost: example.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
		suite("host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")},
	{"GET of a range", "s3", "20130524T000000Z",
		"GET /test.txt HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nRange: bytes=0-9\nx-amz-date: 20130524T000000Z\n" + empty +
			book("host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")},
	{"PUT with a dollar", "s3", "20130524T000000Z",
		"PUT /test$file.text HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nDate: Fri, 24 May 2013 00:00:00 GMT\n" +
			"x-amz-date: 20130524T000000Z\nx-amz-storage-class: REDUCED_REDUNDANCY\n" +
			"x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n" +
			book("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")},
	{"GET of a subresource", "s3", "20130524T000000Z",
		"GET /?lifecycle HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nx-amz-date: 20130524T000000Z\n" + empty +
			book("host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")},
	{"GET of a list", "s3", "20130524T000000Z",
		"GET /?max-keys=2&prefix=J HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nx-amz-date: 20130524T000000Z\n" + empty +
			book("host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")},
	{"presigned", "s3", "20130524T120000Z",
		"GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
			"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
			"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 HTTP/1.1\nHost: examplebucket.s3.amazonaws.com"},
}

func suite(headers, signature string) string {
	return "Authorization: AWS4-HMAC-SHA256 Credential=" + suiteKey + "/20150830/us-east-1/service/aws4_request, SignedHeaders=" + headers + ", Signature=" + signature
}

func book(headers, signature string) string {
	return "Authorization: AWS4-HMAC-SHA256 Credential=" + bookKey + "/20130524/us-east-1/s3/aws4_request,SignedHeaders=" + headers + ",Signature=" + signature
}

func verifier(service string, now func() time.Time) *Verifier {
	return &Verifier{Service: service, Now: now, Keys: map[string]Secret{
		suiteKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		bookKey:  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	}}
}

func TestPublishedSignatures(t *testing.T) {
	for _, test := range published {
		t.Run(test.name, func(t *testing.T) {
			v := verifier(test.service, at(t, test.date))
			if key, err := v.Verify(parse(t, test.request)); err != nil || key == "" {
				t.Fatalf("%q, %v", key, err)
			}
			for _, change := range [][2]string{{"amazonaws.com", "amazonaws.org"}, {" /", " /x"}, {"GET", "HEAD"}, {"POST", "PUT"}, {"PUT", "POST"}} {
				altered := strings.Replace(test.request, change[0], change[1], 1)
				if altered == test.request {
					continue
				}
				if _, err := v.Verify(parse(t, altered)); !errors.Is(err, ErrMismatch) {
					t.Errorf("with %s: %v", change[1], err)
				}
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	get, presigned := published[3], published[7]
	tests := []struct {
		name, request, old, new, date string
		want                          error
	}{
		{"unsigned", "GET / HTTP/1.1\nHost: x", "", "", get.date, ErrUnsigned},
		{"other scheme", get.request, "AWS4-HMAC-SHA256", "Bearer", get.date, ErrMalformed},
		{"version 2", get.request, "AWS4-HMAC-SHA256 Credential", "AWS AKIA:sig", get.date, ErrMalformed},
		{"no signature", get.request, ",Signature=", ",Sig=", get.date, ErrMalformed},
		{"part given twice", get.request, ",Signature=", ",Signature=0,Signature=", get.date, ErrMalformed},
		{"short signature", get.request, "036bdb41", "036b", get.date, ErrMalformed},
		{"upper case", get.request, "036bdb41", "036BDB41", get.date, ErrMalformed},
		{"host not signed", get.request, "=host;range", "=range", get.date, ErrMalformed},
		{"headers out of order", get.request, "host;range;", "range;host;", get.date, ErrMalformed},
		{"header not there", get.request, "host;range;", "host;origin;range;", get.date, ErrMalformed},
		{"header of Amazon not signed", get.request, "Range:", "x-amz-security-token: t\nRange:", get.date, ErrMalformed},
		{"other service", get.request, "/s3/", "/sqs/", get.date, ErrMalformed},
		{"other day", get.request, "/20130524/", "/20130525/", get.date, ErrMalformed},
		{"other region", get.request, "/us-east-1/", "/us-east-2/", get.date, ErrMismatch},
		{"other range", get.request, "bytes=0-9", "bytes=0-8", get.date, ErrMismatch},
		{"unknown key", get.request, bookKey, "AKIAI", get.date, ErrUnknownKey},
		{"late", get.request, "", "", "20130524T001501Z", ErrSkewed},
		{"early", get.request, "", "", "20130523T234459Z", ErrSkewed},
		{"expired", presigned.request, "", "", "20130525T000001Z", ErrExpired},
		{"longer than allowed", presigned.request, "=86400", "=604801", presigned.date, ErrMalformed},
		{"expiry altered", presigned.request, "=86400", "=86401", presigned.date, ErrMismatch},
		{"query altered", presigned.request, "?", "?x=1&", presigned.date, ErrMismatch},
		{"signed twice", presigned.request, "Host:", "Authorization: AWS4-HMAC-SHA256 x\nHost:", presigned.date, ErrMalformed},
		{"half a query", presigned.request, "X-Amz-Date=20130524T000000Z&", "", presigned.date, ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			altered := strings.Replace(test.request, test.old, test.new, 1)
			if test.old != "" && altered == test.request {
				t.Fatalf("%q is not in the request", test.old)
			}
			if key, err := verifier("s3", at(t, test.date)).Verify(parse(t, altered)); !errors.Is(err, test.want) || key != "" {
				t.Errorf("%q, %v", key, err)
			}
		})
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	v := verifier("s3", nil)
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(form, v.Keys); strings.Contains(text, "wJalr") || strings.Contains(text, "774a616c72") {
			t.Errorf("%s prints %s", form, text)
		}
	}
}

// Whatever a client writes is an error, never a panic, and never a pass.
func FuzzVerify(f *testing.F) {
	for _, p := range published {
		line, _, _ := strings.Cut(p.request, "\n")
		_, target, _ := strings.Cut(strings.TrimSuffix(line, " HTTP/1.1"), "/")
		_, field, _ := strings.Cut(p.request, "Authorization: ")
		f.Add(target, field, "20130524T000000Z")
	}
	f.Fuzz(func(t *testing.T, target, authorization, date string) {
		r, err := http.NewRequest(http.MethodGet, "http://host/"+target, nil)
		if err != nil {
			return
		}
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Amz-Date", date)
		v := verifier("s3", at(t, "20130524T000000Z"))
		v.Keys = map[string]Secret{suiteKey: "another", bookKey: "another"}
		if key, err := v.Verify(r); err == nil || key != "" {
			t.Errorf("%q passes as %q", authorization, key)
		}
	})
}
