package e2e

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/h5serve/h5serve/e2e/s3server"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/s3"
	"github.com/h5serve/h5serve/storage/storagetest"
)

var buckets atomic.Int64

// newBucket makes a bucket of its own.
func newBucket(server *s3server.Server) string {
	name := fmt.Sprintf("bucket-%d", buckets.Add(1))
	server.Bucket(name)
	return name
}

func s3Config(server *s3server.Server, bucket string) s3.Config {
	return s3.Config{
		Name: "far", Bucket: bucket, Endpoint: server.Endpoint, PathStyle: true, Region: server.Region,
		SecretID: server.AccessKey, SecretKey: s3.NewSecret(server.SecretKey), Writable: true,
	}
}

func openS3(t *testing.T, c s3.Config) *s3.Store {
	t.Helper()
	s, err := s3.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// notOnDisk tells keys that versitygw's folder cannot hold.
func notOnDisk(key string) bool {
	if strings.ContainsRune(key, 0) {
		return true
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

func TestS3Suite(t *testing.T) {
	server := s3server.Start(t)
	for _, prefix := range []string{"", "some/prefix"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Store {
				c := s3Config(server, newBucket(server))
				c.Prefix = prefix
				return openS3(t, c)
			}, storagetest.Options{
				Writable: true, LooseConditions: true, Large: 17 << 20, Omit: notOnDisk, MaxKey: storage.MaxKey - len(slash(prefix)),
				Secrets: []string{server.SecretKey, server.AccessKey, "X-Amz", "Signature"},
			})
		})
	}
}

func slash(prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix + "/"
}
