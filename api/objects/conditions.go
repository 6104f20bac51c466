package objects

import (
	"net/http"
	"strings"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// conditions are the preconditions of a request, judged in the order of RFC 9110, 13.2.2.
type conditions struct {
	match, noneMatch            string    // lists of tags, "" where not given
	modifiedSince, unmodified   time.Time // zero where not given, or where a tag stands above it
	rangeTag                    string    // of If-Range
	rangeDate                   time.Time
	rangeAsked, rangeUnreadable bool
}

func readConditions(h http.Header) conditions {
	c := conditions{
		match:     strings.Join(h.Values("If-Match"), ","),
		noneMatch: strings.Join(h.Values("If-None-Match"), ","),
	}
	if c.match == "" {
		c.unmodified = date(h.Get("If-Unmodified-Since"))
	}
	if c.noneMatch == "" {
		c.modifiedSince = date(h.Get("If-Modified-Since"))
	}
	if field := strings.TrimSpace(h.Get("If-Range")); field != "" {
		c.rangeAsked = true
		if strings.HasPrefix(field, `"`) || strings.HasPrefix(field, "W/") {
			c.rangeTag = field
		} else if c.rangeDate = date(field); c.rangeDate.IsZero() {
			c.rangeUnreadable = true
		}
	}
	return c
}

// date is zero where the field is not given or cannot be read, which is to be taken alike.
func date(field string) time.Time {
	at, err := http.ParseTime(field)
	if err != nil {
		return time.Time{}
	}
	return at
}

// check says whether the request is to be answered with the object: nil, errNotModified or errPrecondition.
func (c *conditions) check(info storage.Info) error {
	modified := info.Modified.Truncate(time.Second)
	switch {
	case c.match != "" && !holds(c.match, info.ETag, false):
		return errPrecondition
	case !c.unmodified.IsZero() && !modified.IsZero() && modified.After(c.unmodified):
		return errPrecondition
	case c.noneMatch != "" && holds(c.noneMatch, info.ETag, true):
		return errNotModified
	case !c.modifiedSince.IsZero() && !modified.IsZero() && !modified.After(c.modifiedSince):
		return errNotModified
	}
	return nil
}

// ranged says whether If-Range lets the ranges count: the tag compares strongly, a date exactly.
func (c *conditions) ranged(info storage.Info) bool {
	switch {
	case !c.rangeAsked:
		return true
	case c.rangeTag != "":
		return c.rangeTag == info.ETag && !strings.HasPrefix(info.ETag, "W/")
	}
	return !c.rangeUnreadable && !info.Modified.IsZero() && info.Modified.Truncate(time.Second).Equal(c.rangeDate)
}

// simple says whether a store can judge the conditions on the way, so that one request is enough. If-Range is not
// among them: it is judged by what the store tells with the bytes.
func (c *conditions) simple() (storage.Conditions, bool) {
	if !c.modifiedSince.IsZero() || !c.unmodified.IsZero() {
		return storage.Conditions{}, false
	}
	switch {
	case c.match == "" && c.noneMatch == "":
		return storage.Conditions{}, true
	case c.match == "" && single(c.noneMatch):
		return storage.Conditions{IfNoneMatch: strings.TrimPrefix(c.noneMatch, "W/")}, true
	case c.noneMatch == "" && single(c.match) && !strings.HasPrefix(c.match, "W/"):
		return storage.Conditions{IfMatch: c.match}, true
	}
	return storage.Conditions{}, false
}

// single tells whether a list has one tag, and no *.
func single(list string) bool {
	tag := strings.TrimPrefix(list, "W/")
	return len(tag) >= 2 && tag[0] == '"' && strings.IndexByte(tag[1:], '"') == len(tag)-2
}

// holds tells whether a list of entity tags has this one (RFC 9110, 8.8.3.2).
func holds(list, tag string, weak bool) bool {
	if strings.TrimSpace(list) == "*" {
		return true
	}
	if weak {
		tag = strings.TrimPrefix(tag, "W/")
	}
	for list != "" {
		list = strings.TrimLeft(list, " \t,")
		one, rest, ok := cutTag(list)
		if !ok {
			return false
		}
		if weak {
			one = strings.TrimPrefix(one, "W/")
		}
		if one == tag && !strings.HasPrefix(one, "W/") {
			return true
		}
		list = rest
	}
	return false
}

// cutTag takes the first tag from a list; a comma may stand inside its quotes. A bare word, which some clients
// send, is no tag.
func cutTag(list string) (tag, rest string, ok bool) {
	open := 0
	if strings.HasPrefix(list, "W/") {
		open = 2
	}
	if len(list) <= open || list[open] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(list[open+1:], '"')
	if end < 0 {
		return "", "", false
	}
	end += open + 2
	return list[:end], list[end:], true
}
