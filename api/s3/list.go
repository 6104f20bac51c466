package s3

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/h5serve/h5serve/storage"
)

const (
	namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
	stampForm = "2006-01-02T15:04:05.000Z"
)

type owner struct {
	ID          string
	DisplayName string
}

type bucketList struct {
	XMLName xml.Name `xml:"ListAllMyBucketsResult"`
	Xmlns   string   `xml:"xmlns,attr"`
	Owner   owner
	Buckets []bucketEntry `xml:"Buckets>Bucket"`
}

type bucketEntry struct {
	Name         string
	CreationDate string
}

type locationConstraint struct {
	XMLName xml.Name `xml:"LocationConstraint"` // empty means us-east-1
	Xmlns   string   `xml:"xmlns,attr"`
}

// objectList is the answer of both versions of the list; empty elements are left out.
type objectList struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Xmlns                 string   `xml:"xmlns,attr"`
	Name                  string
	Prefix                string
	Marker                *string // version 1
	NextMarker            string  `xml:",omitempty"`
	StartAfter            string  `xml:",omitempty"` // version 2
	ContinuationToken     string  `xml:",omitempty"`
	NextContinuationToken string  `xml:",omitempty"`
	KeyCount              *int
	MaxKeys               int
	Delimiter             string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	IsTruncated           bool
	Contents              []objectEntry
	CommonPrefixes        []commonPrefix
}

type objectEntry struct {
	Key          string
	LastModified string
	ETag         string
	Size         uint64
	StorageClass string
}

type commonPrefix struct{ Prefix string }

func (h *Handler) listBuckets(w http.ResponseWriter) error {
	list := bucketList{Xmlns: namespace, Owner: owner{"h5serve", "h5serve"}}
	for name := range h.buckets {
		list.Buckets = append(list.Buckets, bucketEntry{name, time.Unix(0, 0).UTC().Format(stampForm)})
	}
	slices.SortFunc(list.Buckets, func(a, b bucketEntry) int { return strings.Compare(a.Name, b.Name) })
	return send(w, list)
}

// listObjects answers both versions of the list: the second goes on from a token, the first from a key.
func (h *Handler) listObjects(w http.ResponseWriter, r *http.Request, b Bucket, query url.Values) error {
	err := only(query, "list-type", "prefix", "delimiter", "max-keys", "encoding-type", "marker", "start-after", "continuation-token", "fetch-owner")
	if err != nil {
		return err
	}
	second := query.Get("list-type") == "2"
	list := objectList{Xmlns: namespace, Name: b.Name, MaxKeys: storage.MaxPage, EncodingType: query.Get("encoding-type")}
	if given := query.Get("max-keys"); given != "" {
		n, err := strconv.ParseInt(given, 10, 32)
		if err != nil || n < 0 {
			return fault(http.StatusBadRequest, "InvalidArgument", "max-keys must be 0 to %d.", storage.MaxPage)
		}
		list.MaxKeys = min(int(n), storage.MaxPage)
	}
	if list.EncodingType != "" && list.EncodingType != "url" {
		return fault(http.StatusBadRequest, "InvalidArgument", "encoding-type can be url alone.")
	}
	after, err := begin(query, second)
	if err != nil {
		return err
	}
	page := &storage.Page{}
	if list.MaxKeys > 0 {
		q := storage.Query{Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter"), After: after, Limit: list.MaxKeys}
		if page, err = b.Store.List(r.Context(), q); err != nil {
			return err
		}
	}
	list.fill(page, query, second)
	return send(w, list)
}

// begin is the key that a list begins after.
func begin(query url.Values, second bool) (string, error) {
	if !second {
		return query.Get("marker"), nil
	}
	token := query.Get("continuation-token")
	if token == "" {
		return query.Get("start-after"), nil
	}
	after, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return "", fault(http.StatusBadRequest, "InvalidArgument", "The continuation token is not one that was given.")
	}
	return string(after), nil
}

func (l *objectList) fill(page *storage.Page, query url.Values, second bool) {
	coded := func(text string) string { return text }
	if l.EncodingType == "url" {
		coded = encodeKey
	}
	l.Prefix, l.Delimiter = coded(query.Get("prefix")), coded(query.Get("delimiter"))
	for _, o := range page.Objects {
		l.Contents = append(l.Contents, objectEntry{coded(o.Key), o.Modified.UTC().Format(stampForm), o.ETag, o.Size, "STANDARD"})
	}
	for _, p := range page.Prefixes {
		l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{coded(p)})
	}
	l.IsTruncated = page.Next != ""
	if !second {
		marker := coded(query.Get("marker"))
		l.Marker, l.NextMarker = &marker, coded(page.Next)
		return
	}
	count := len(l.Contents) + len(l.CommonPrefixes)
	l.KeyCount, l.StartAfter, l.ContinuationToken = &count, coded(query.Get("start-after")), query.Get("continuation-token")
	if l.IsTruncated {
		l.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(page.Next))
	}
}

// encodeKey is a key for lists with encoding-type=url; slashes stay, as S3 leaves them.
func encodeKey(key string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key))
}
