package registryoracle

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

func send(t *testing.T, method, url string, body []byte, header ...string) (*http.Response, []byte) {
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, text
}

// upload pushes a blob in one piece.
func upload(t *testing.T, registry, repository string, content []byte, d digest.Digest) {
	started, _ := send(t, http.MethodPost, registry+"/v2/"+repository+"/blobs/uploads/", nil)
	require.Equal(t, http.StatusAccepted, started.StatusCode)
	location := started.Header.Get("Location")
	separator := "?"
	if strings.Contains(location, "?") {
		separator = "&"
	}
	put, text := send(t, http.MethodPut, location+separator+"digest="+string(d), content, "Content-Type", "application/octet-stream")
	require.Equal(t, http.StatusCreated, put.StatusCode, string(text))
}

// TestServes: what the layout writes, distribution 3 serves, each byte of it.
func TestServes(t *testing.T) {
	v := newVolume(t)
	d := v.push(t, "shop/web", "one", "v1")
	registry := v.serve(t).URL
	for _, by := range []string{"v1", string(d)} {
		got, text := send(t, http.MethodGet, registry+"/v2/shop/web/manifests/"+by, nil, "Accept", "application/vnd.oci.image.manifest.v1+json")
		require.Equal(t, http.StatusOK, got.StatusCode, string(text))
		require.Equal(t, d, digest.FromBytes(text))
		require.Equal(t, string(d), got.Header.Get("Docker-Content-Digest"))
	}
	layer := digest.FromString("layer one")
	got, text := send(t, http.MethodGet, registry+"/v2/shop/web/blobs/"+string(layer), nil)
	require.Equal(t, http.StatusOK, got.StatusCode)
	require.Equal(t, "layer one", string(text))
	got, _ = send(t, http.MethodGet, registry+"/v2/elsewhere/blobs/"+string(layer), nil)
	require.Equal(t, http.StatusNotFound, got.StatusCode, "it has no link there")
}

// TestReads: what distribution 3 writes is read, and is sound.
func TestReads(t *testing.T) {
	v := newVolume(t)
	registry := v.serve(t).URL
	config, layer := []byte("{}"), []byte("a layer")
	upload(t, registry, "shop/web", config, digest.FromBytes(config))
	upload(t, registry, "shop/web", layer, digest.FromBytes(layer))
	raw := []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"` + digest.FromBytes(config).String() + `"},` +
		`"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","size":7,"digest":"` + digest.FromBytes(layer).String() + `"}]}`)
	put, text := send(t, http.MethodPut, registry+"/v2/shop/web/manifests/v1", raw, "Content-Type", "application/vnd.oci.image.manifest.v1+json")
	require.Equal(t, http.StatusCreated, put.StatusCode, string(text))

	d, err := v.ResolveTag(t.Context(), "shop/web", "v1")
	require.NoError(t, err)
	require.Equal(t, digest.FromBytes(raw), d)
	read, err := v.ReadManifest(t.Context(), "shop/web", d)
	require.NoError(t, err)
	require.Equal(t, string(raw), string(read))
	findings, summary := v.check(t)
	require.Empty(t, findings)
	require.Equal(t, 3, summary.Blobs)
}

// TestLinkToAnotherAlgorithm: a blob that is pushed by its sha512.
func TestLinkToAnotherAlgorithm(t *testing.T) {
	v := newVolume(t)
	registry := v.serve(t).URL
	long := digest.SHA512.FromString("a layer")
	upload(t, registry, "shop/web", []byte("a layer"), long)
	require.NoError(t, v.HasLayer(t.Context(), "shop/web", long))
	findings, summary := v.check(t)
	require.Equal(t, 1, summary.Blobs)
	require.Zero(t, summary.BrokenLinks+summary.Dangling, "%v", findings)
	for b, err := range v.Blobs(t.Context()) {
		require.NoError(t, err)
		key, err := registrylayout.LayerLinkKey("shop/web", long)
		require.NoError(t, err)
		target, err := v.ReadLink(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, b.Digest, target)
		require.Equal(t, digest.SHA256, target.Algorithm())
	}
}
