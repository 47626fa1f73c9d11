package fromregistry_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// answers asks a registry as anybody may, past the client, and reports whether there is
// what was asked for. The bytes of a manifest must have its digest.
func answers(t testing.TB, client *http.Client, method, url string) bool {
	_, there := fetch(t, client, method, url)
	return there
}

func fetch(t testing.TB, client *http.Client, method, url string) (body []byte, there bool) {
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	if resp.StatusCode != http.StatusOK {
		require.Equal(t, http.StatusNotFound, resp.StatusCode, url)
		return nil, false
	}
	if want := path.Base(url); method == http.MethodGet && strings.HasPrefix(want, "sha256:") {
		sum := sha256.Sum256(body)
		require.Equal(t, want, "sha256:"+hex.EncodeToString(sum[:]))
	}
	return body, true
}

// partsOf returns what a manifest names: children, config and layers.
func partsOf(t testing.TB, raw []byte) (parts []place) {
	type descriptor struct{ Digest string }
	var m struct {
		Config            descriptor
		Layers, Manifests []descriptor
	}
	require.NoError(t, json.Unmarshal(raw, &m))
	for _, d := range m.Manifests {
		parts = append(parts, place{digest: d.Digest, manifest: true})
	}
	for _, d := range append(m.Layers, m.Config) {
		if d.Digest != "" {
			parts = append(parts, place{digest: d.Digest})
		}
	}
	return parts
}
