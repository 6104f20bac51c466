package objects

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
)

// sum is a digest that the body must have.
type sum struct {
	field string
	hash  hash.Hash
	want  []byte
}

// based are the fields that hold base64 and nothing else: RFC 1864's, and those of Amazon S3's clients (User Guide,
// "Checking object integrity").
var based = map[string]func() hash.Hash{
	"Content-MD5":              md5.New,
	"X-Amz-Checksum-Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"X-Amz-Checksum-Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"X-Amz-Checksum-Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"X-Amz-Checksum-Sha1":      sha1.New,
	"X-Amz-Checksum-Sha256":    sha256.New,
}

func (s *sum) holds() bool { return bytes.Equal(s.hash.Sum(nil), s.want) }

// checked is a body that fails at its end where it does not have the digests that the header tells.
func checked(r *http.Request, limit int64) (*body, error) {
	h := r.Header
	b := &body{from: r.Body, size: r.ContentLength, limit: limit}
	add := func(field string, running hash.Hash, want []byte, err error) error {
		if err != nil || len(want) != running.Size() {
			return refuse(http.StatusBadRequest, "invalid_digest", "%s cannot be read.", field)
		}
		b.sums = append(b.sums, &sum{field, running, want})
		return nil
	}
	for field, maker := range based {
		given := h.Get(field)
		if given == "" {
			continue
		}
		want, err := base64.StdEncoding.DecodeString(given)
		if err := add(field, maker(), want, err); err != nil {
			return nil, err
		}
	}
	if given := h.Get("X-Amz-Content-Sha256"); len(given) == hex.EncodedLen(sha256.Size) {
		want, err := hex.DecodeString(given)
		if err := add("X-Amz-Content-Sha256", sha256.New(), want, err); err != nil {
			return nil, err
		}
	}
	// The body has no coding, so both digests of RFC 9530 are of the same bytes.
	for _, field := range []string{"Repr-Digest", "Content-Digest"} {
		for member := range strings.SplitSeq(strings.Join(h.Values(field), ","), ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(member), "=")
			maker, known := map[string]func() hash.Hash{"sha-256": sha256.New, "sha-512": sha512.New}[name]
			if !known {
				continue // of algorithms that nobody knows
			}
			want, err := byteSequence(value)
			if err := add(field, maker(), want, err); err != nil {
				return nil, err
			}
		}
	}
	if b.size == 0 {
		return b, b.compare()
	}
	return b, nil
}

// byteSequence reads ":base64:" (RFC 9651, 3.3.5).
func byteSequence(value string) ([]byte, error) {
	value = strings.TrimSuffix(strings.TrimPrefix(value, ":"), ":")
	return base64.StdEncoding.DecodeString(value)
}
