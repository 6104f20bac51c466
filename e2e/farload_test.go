package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/h5serve/h5serve/e2e/s3server"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage/cached"
)

// together runs n clients at the same time.
func together(t testing.TB, n int, client func(ctx context.Context, i int) error) {
	t.Helper()
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if err := client(t.Context(), i); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	group.Wait()
}

// TestHundredClients lets a hundred readers of one process ask for the same
// cold file: they cost what one costs.
func TestHundredClients(t *testing.T) {
	b := farBucket(t)
	b.server.Put(b.name, "stranger.h5", strangerFile(t, 4, 12))
	read := func(d vfd.Driver) func(context.Context, int) error {
		return func(ctx context.Context, _ int) error {
			f, err := h5core.Open(ctx, b.url("stranger.h5"), "r", h5core.WithDriver(d))
			if err != nil {
				return err
			}
			defer f.Close()
			o, err := f.Get(ctx, "gt02/v11")
			if err != nil {
				return err
			}
			got, err := h5core.Read[float32](ctx, o.(*h5core.Dataset), nil)
			if err == nil && (len(got) != 20000 || got[7000] != 2011) {
				err = fmt.Errorf("%d elements, one is %v", len(got), got[7000])
			}
			return err
		}
	}
	together(t, 1, read(b.driver(t, cached.Settings{})))
	one := b.Counts()
	b.Reset()
	together(t, 100, read(b.driver(t, cached.Settings{})))
	if got := b.Counts(); got != one {
		t.Errorf("a hundred cost %+v, one %+v", got, one)
	}
	t.Logf("%+v", one)
}

// TestHundredClientsOfTheServer does the same through the program, which works
// on some at a time: those that came after the GETs were sent ask, together,
// only whether the file is still the one that was read, which brings no byte.
func TestHundredClientsOfTheServer(t *testing.T) {
	b := farBucket(t)
	t.Setenv("H5SERVE_STORE_FAR_SECRET_ID", b.server.AccessKey)
	t.Setenv("H5SERVE_STORE_FAR_SECRET_KEY", b.server.SecretKey)
	content := strangerFile(t, 2, 4)
	var costs []s3server.Counts
	for _, clients := range []int{1, 100} {
		key := fmt.Sprintf("for%d.h5", clients)
		b.server.Put(b.name, key, content)
		s := serve(t, "--store", "far=s3://"+b.name+"?path-style=true&region="+b.server.Region+"&endpoint="+b.Endpoint)
		b.Reset()
		together(t, clients, func(ctx context.Context, _ int) error {
			return fetchWhole(ctx, s.URL+"/v1/inspect?check=false&file=far/"+key)
		})
		costs = append(costs, b.Counts())
		t.Logf("%d clients: %+v", clients, costs[len(costs)-1])
	}
	if one, all := costs[0], costs[1]; all.Bytes != one.Bytes || all.Gets > one.Gets+10 || all.Heads+all.Others > 0 {
		t.Error("a hundred cost more than one")
	}
}

func fetchWhole(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return err
}
