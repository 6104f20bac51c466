package objects

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/mem"
)

func coded(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }

func TestPut(t *testing.T) {
	const text = "some bytes"
	m5, s256, s512 := md5.Sum([]byte(text)), sha256.Sum256([]byte(text)), sha512.Sum512([]byte(text))
	other := sha256.Sum256(nil)
	tests := []struct {
		name, fields string
		size         int64 // -1: chunked
		body         string
		code         string // "": stored
		created      bool
	}{
		{"new", "", 10, text, "", true},
		{"chunked", "", -1, text, "", true},
		{"empty", "", 0, "", "", true},
		{"create only", "If-None-Match: *", 10, text, "", true},
		{"MD5", "Content-MD5: " + coded(m5[:]), 10, text, "", true},
		{"SHA-256", "Repr-Digest: sha-256=:" + coded(s256[:]) + ":", 10, text, "", true},
		{"both, and an unknown one", "Content-Digest: sha-512=:" + coded(s512[:]) + ":, x=:AA==:, sha-256=:" + coded(s256[:]) + ":", -1, text, "", true},
		{"as S3 says it", "X-Amz-Content-Sha256: " + hex.EncodeToString(s256[:]), 10, text, "", true},
		{"not signed", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD", 10, text, "", true},
		{"other MD5", "Content-MD5: " + coded(other[:16]), 10, text, "bad_digest", false},
		{"other SHA-256", "Repr-Digest: sha-256=:" + coded(other[:]) + ":", -1, text, "bad_digest", false},
		{"other SHA-256 of nothing", "Repr-Digest: sha-256=:" + coded(s256[:]) + ":", 0, "", "bad_digest", false},
		{"other as S3 says it", "X-Amz-Content-Sha256: " + hex.EncodeToString(other[:]), 10, text, "bad_digest", false},
		{"ill-formed MD5", "Content-MD5: ??", 10, text, "invalid_digest", false},
		{"short digest", "Repr-Digest: sha-256=:AAAA:", 10, text, "invalid_digest", false},
		{"too large", "", 101, strings.Repeat("x", 101), "body_too_large", false},
		{"too large, chunked", "", -1, strings.Repeat("x", 101), "body_too_large", false},
		{"replace what is not there", `If-Match: "x"`, 10, text, "precondition_failed", false},
		{"weak tag", `If-Match: W/"x"`, 10, text, "bad_condition", false},
		{"two tags", `If-Match: "x", "y"`, 10, text, "bad_condition", false},
		{"none of a tag", `If-None-Match: "x"`, 10, text, "bad_condition", false},
		{"part", "Content-Range: bytes 0-9/20", 10, text, "partial_put", false},
		{"coded", "Content-Encoding: gzip", 10, text, "unknown_coding", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := mem.New("demo")
			o := &Object{Name: "demo", Store: s, Key: "a/b"}
			r := httptest.NewRequest("PUT", "/", iotest.OneByteReader(strings.NewReader(test.body)))
			r.Header, r.ContentLength = header(test.fields), test.size
			info, created, err := o.Put(t.Context(), r, 100)
			_, missing := s.Stat(context.Background(), "a/b", storage.Conditions{})
			var refused *Refusal
			switch {
			case test.code == "" && (err != nil || missing != nil || created != test.created || info.Size != uint64(len(test.body))):
				t.Errorf("%+v, %v, %v, %v", info, created, err, missing)
			case test.code != "" && (!errors.As(err, &refused) || refused.Code != test.code || missing == nil):
				t.Errorf("%v, want %s; stored: %v", err, test.code, missing == nil)
			}
		})
	}
}

// The check values of the catalogue of parametrised CRC algorithms (reveng), for "123456789".
func TestChecksums(t *testing.T) {
	for field, sum := range map[string]string{
		"X-Amz-Checksum-Crc32": "cbf43926", "X-Amz-Checksum-Crc32c": "e3069283", "X-Amz-Checksum-Crc64nvme": "ae8b14860a799888",
		"X-Amz-Checksum-Sha1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
	} {
		want, _ := hex.DecodeString(sum)
		for body, code := range map[string]string{"123456789": "", "123456780": "bad_digest"} {
			r := httptest.NewRequest("PUT", "/", strings.NewReader(body))
			r.Header.Set(field, coded(want))
			o := &Object{Name: "demo", Store: mem.New("demo"), Key: "x"}
			_, _, err := o.Put(t.Context(), r, 100)
			var refused *Refusal
			if code == "" && err != nil || code != "" && (!errors.As(err, &refused) || refused.Code != code) {
				t.Errorf("%s of %s: %v", field, body, err)
			}
		}
	}
}

func TestPutReplaces(t *testing.T) {
	s := mem.New("demo")
	old := put(t, s, "x", []byte("old"))
	o := &Object{Name: "demo", Store: s, Key: "x"}
	send := func(body io.Reader, fields string) (storage.Info, bool, error) {
		r := httptest.NewRequest("PUT", "/", body)
		r.Header, r.ContentLength = header(fields), 5
		return o.Put(t.Context(), r, 100)
	}
	if _, _, err := send(strings.NewReader("young"), "If-None-Match: *"); !errors.Is(err, errPrecondition) {
		t.Error(err)
	}
	if _, _, err := send(strings.NewReader("young"), `If-Match: "x"`); !errors.Is(err, errPrecondition) {
		t.Error(err)
	}
	// A body that breaks leaves the old object, and its own error.
	if _, _, err := send(io.MultiReader(strings.NewReader("you"), iotest.ErrReader(iotest.ErrTimeout)), ""); !errors.Is(err, iotest.ErrTimeout) {
		t.Error(err)
	}
	if now, err := s.Stat(t.Context(), "x", storage.Conditions{}); err != nil || now.ETag != old.ETag {
		t.Errorf("%+v, %v", now, err)
	}
	if info, created, err := send(strings.NewReader("young"), "If-Match: "+old.ETag); err != nil || created || info.ETag == old.ETag {
		t.Errorf("%+v, %v, %v", info, created, err)
	}
	if _, created, err := send(strings.NewReader("again"), ""); err != nil || created {
		t.Errorf("%v, %v", created, err)
	}
}
