package mem

import (
	"context"
	"slices"

	"github.com/h5serve/h5serve/storage"
)

// List tells which objects there are.
func (s *Store) List(ctx context.Context, q storage.Query) (*storage.Page, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.fail("list", "", storage.ErrUnavailable, err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return q.Fill(func(from string) (storage.Info, bool, error) {
		at, _ := slices.BinarySearch(s.keys, from)
		if at == len(s.keys) {
			return storage.Info{}, false, nil
		}
		return s.objects[s.keys[at]].info, true, nil
	})
}
