package storage

import "strings"

// MaxPage is the most that a page tells.
const MaxPage = 1000

// Fill answers a query from keys that are in order: seek gives the first object
// whose key is from or more, or false where there is none. It is asked with
// ever greater keys.
func (q Query) Fill(seek func(from string) (Info, bool, error)) (*Page, error) {
	page := &Page{}
	from := max(q.Prefix, q.start())
	for told, last := 0, ""; ; told++ {
		o, ok, err := seek(from)
		if err != nil || !ok || !strings.HasPrefix(o.Key, q.Prefix) {
			return page, err
		}
		if told == q.PageLimit() {
			page.Next = last
			return page, nil
		}
		if p, rolled := q.Common(o.Key); rolled {
			page.Prefixes = append(page.Prefixes, p)
			last, from = p, successor(p)
			if from == "" {
				return page, nil
			}
			continue
		}
		page.Objects = append(page.Objects, o)
		last, from = o.Key, o.Key+"\x00"
	}
}

// PageLimit is the number of objects and prefixes that a page may tell.
func (q Query) PageLimit() int {
	if q.Limit <= 0 {
		return MaxPage
	}
	return min(q.Limit, MaxPage)
}

// Common is the common prefix that a key is told as, or false.
func (q Query) Common(key string) (string, bool) {
	if q.Delimiter == "" || !strings.HasPrefix(key, q.Prefix) {
		return "", false
	}
	at := strings.Index(key[len(q.Prefix):], q.Delimiter)
	if at < 0 {
		return "", false
	}
	return key[:len(q.Prefix)+at+len(q.Delimiter)], true
}

// start is the least key that After does not leave out.
func (q Query) start() string {
	if q.After == "" {
		return ""
	}
	if p, rolled := q.Common(q.After); rolled {
		return successor(p)
	}
	return q.After + "\x00"
}

// successor is the least string above all that begin with prefix, "" where there is none.
func successor(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1])
		}
	}
	return ""
}
