package api

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/h5serve/h5serve/api/objects"
	"github.com/h5serve/h5serve/storage"
)

// Store is a store under the name that requests give it.
type Store struct {
	Name     string
	Store    storage.Store
	Writable bool // objects may be put into it; it is a storage.Writer then
}

var storeName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// ValidStoreName says what is wrong with a store's name.
func ValidStoreName(name string) error {
	if !storeName.MatchString(name) {
		return fmt.Errorf("%q is no name of a store: 3 to 63 of a-z, 0-9 and -, a letter or digit first and last", name)
	}
	return nil
}

func validStores(stores []Store) error {
	seen := map[string]bool{}
	for _, st := range stores {
		_, writer := st.Store.(storage.Writer)
		switch err := ValidStoreName(st.Name); {
		case err != nil:
			return err
		case seen[st.Name]:
			return fmt.Errorf("there are two stores named %s", st.Name)
		case st.Store == nil:
			return fmt.Errorf("the store %s is missing", st.Name)
		case st.Writable && !writer:
			return fmt.Errorf("the store %s cannot be written to", st.Name)
		}
		seen[st.Name] = true
	}
	return nil
}

// storeNamed finds a store.
func (s *Server) storeNamed(name string) (Store, error) {
	st, ok := s.stores[name]
	if !ok {
		return Store{}, refuse(http.StatusNotFound, "store_not_found", "There is no store named %q.", name)
	}
	return st, nil
}

// storeEntry is a store in a list.
type storeEntry struct {
	Name     string `json:"name"`
	Writable bool   `json:"writable"`
	Href     string `json:"href"`
}

// listStores is GET /v1/stores. Where a store lies is nobody's business outside.
func (s *Server) listStores(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	list := struct {
		Stores []storeEntry `json:"stores"`
	}{[]storeEntry{}}
	for _, st := range s.stores {
		list.Stores = append(list.Stores, storeEntry{st.Name, st.Writable, storesPath + st.Name})
	}
	slices.SortFunc(list.Stores, func(a, b storeEntry) int { return strings.Compare(a.Name, b.Name) })
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, "application/json", list)
	return nil
}

// objectEntry is an object in a list.
type objectEntry struct {
	Key      string     `json:"key"`
	Size     uint64     `json:"size"`
	ETag     string     `json:"etag,omitempty"`
	Modified *time.Time `json:"modified,omitempty"`
	Href     string     `json:"href"`
}

func entryOf(store string, info storage.Info) objectEntry {
	e := objectEntry{Key: info.Key, Size: info.Size, ETag: info.ETag, Href: storesPath + objects.Join(store, info.Key)}
	if !info.Modified.IsZero() {
		at := info.Modified.UTC()
		e.Modified = &at
	}
	return e
}

// objectList is a page of what lies in a store.
type objectList struct {
	Store     string        `json:"store"`
	Prefix    string        `json:"prefix"`
	Delimiter string        `json:"delimiter,omitempty"`
	Objects   []objectEntry `json:"objects"`
	Prefixes  []string      `json:"prefixes"`
	Cursor    string        `json:"cursor,omitempty"` // of the next page
}

// listObjects is GET /v1/stores/{store}.
func (s *Server) listObjects(w http.ResponseWriter, r *http.Request) error {
	st, err := s.storeNamed(strings.TrimPrefix(r.URL.EscapedPath(), storesPath))
	if err != nil {
		return err
	}
	query, err := parameters(r, "prefix", "delimiter", "limit", "cursor")
	if err != nil {
		return err
	}
	q := storage.Query{Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter")}
	if q.Limit, err = pageLimit(query); err != nil {
		return err
	}
	if q.After, err = readCursor(query.Get("cursor")); err != nil {
		return err
	}
	page, err := st.Store.List(r.Context(), q)
	if err != nil {
		return err
	}
	list := objectList{Store: st.Name, Prefix: q.Prefix, Delimiter: q.Delimiter, Objects: []objectEntry{}, Prefixes: append([]string{}, page.Prefixes...)}
	for _, info := range page.Objects {
		list.Objects = append(list.Objects, entryOf(st.Name, info))
	}
	if page.Next != "" {
		list.Cursor = cursor(page.Next)
		query.Set("cursor", list.Cursor)
		w.Header().Set("Link", "<"+storesPath+st.Name+"?"+query.Encode()+`>; rel="next"`)
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, "application/json", list)
	return nil
}

func pageLimit(query url.Values) (int, error) {
	if !query.Has("limit") {
		return storage.MaxPage, nil
	}
	n, err := strconv.Atoi(query.Get("limit"))
	if err != nil || n < 1 || n > storage.MaxPage {
		return 0, badParameter("limit", fmt.Sprintf("must be 1 to %d", storage.MaxPage))
	}
	return n, nil
}

// A cursor is the last key of the page before, in a form that nobody takes for one.
func cursor(after string) string { return base64.RawURLEncoding.EncodeToString([]byte(after)) }

func readCursor(text string) (string, error) {
	after, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", badParameter("cursor", "must be one that an earlier page gave")
	}
	return string(after), nil
}

func badParameter(name, detail string) *Problem {
	p := refuse(http.StatusUnprocessableEntity, "bad_parameter", "%s %s.", name, detail)
	p.Errors = []Wrong{{Parameter: name, Detail: detail}}
	return p
}

// validOrigins says which origin of a page is none.
func validOrigins(setting string, origins []string) error {
	for _, text := range origins {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != text || strings.ContainsAny(text, "*;,' ") {
			return errors.New(setting + " must be http://HOST or https://HOST, with a port where it has one, not " + strconv.Quote(text))
		}
	}
	return nil
}
