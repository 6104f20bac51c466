package e2e

import (
	"net/http"
	"testing"
)

func TestServerStartsAndStops(t *testing.T) {
	s := serve(t)
	resp, err := http.Get(s.URL + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/livez: %s", resp.Status)
	}
}
