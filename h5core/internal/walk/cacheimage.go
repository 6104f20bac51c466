package walk

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// CacheImage reads the structures that the superblock extension's cache image
// holds. Whoever reads the file lays them over its bytes.
func CacheImage(ctx context.Context, src Source, m *message.CacheImage) ([]format.CachedStructure, error) {
	if m.Addr == wire.Undefined || m.Length == 0 {
		return nil, nil
	}
	p, err := fetchOne(ctx, src, vfd.Superblock, "metadata cache image block", Span{m.Addr, m.Length})
	if err != nil {
		return nil, err
	}
	var b format.CacheImage
	if _, err := wire.Decode(p, src.Geometry(), m.Addr, &b); err != nil {
		return nil, err
	}
	return b.Entries, nil
}
