package registrylayout_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

func (h *e2eHost) reference(repository, tagOrDigest string) name.Reference {
	separator := ":"
	if strings.Contains(tagOrDigest, ":") {
		separator = "@"
	}
	r, err := name.ParseReference(h.Host+"/"+repository+separator+tagOrDigest, name.Insecure)
	require.NoError(h.t, err)
	return r
}

// digestOf returns the digest of what go-containerregistry made.
func (h *e2eHost) digestOf(d interface{ Digest() (v1.Hash, error) }) digest.Digest {
	hash, err := d.Digest()
	require.NoError(h.t, err)
	return digest.Digest(hash.String())
}

// pushAll pushes an image of Docker's, one of OCI's, an index of two images and a
// signature of the first one, by crane.
func (h *e2eHost) pushAll() (image, oci v1.Image, index v1.ImageIndex, signature v1.Image) {
	image, err := random.Image(4096, 2)
	require.NoError(h.t, err)
	h.cranePush(image, h.reference("shop/web", "v1"))

	oci, err = random.Image(1024, 3)
	require.NoError(h.t, err)
	oci = mutate.ConfigMediaType(mutate.MediaType(oci, types.OCIManifestSchema1), types.OCIConfigJSON)
	h.cranePush(oci, h.reference("shop/web", "oci"))

	index, err = random.Index(512, 1, 2)
	require.NoError(h.t, err)
	h.cranePush(index, h.reference("shop/deep/er", "multi"))

	signature = h.referrerOf(image)
	h.cranePush(signature, h.reference("shop/web", string(h.digestOf(signature))))
	return image, oci, index, signature
}

// TestEndToEndReads: what a registry wrote, for crane and for skopeo, is read here and is
// sound.
func TestEndToEndReads(t *testing.T) {
	h := newE2EHost(t)
	h.Start()
	image, oci, index, signature := h.pushAll()
	h.skopeo("docker://"+h.Host+"/shop/web:v1", "docker://"+h.Host+"/copy/of/web:v2")
	h.skopeo("docker://"+h.Host+"/shop/deep/er:multi", "docker://"+h.Host+"/alone:multi")

	findings, summary := h.check(registrylayout.CheckOptions{Verify: true})
	require.Empty(t, findings)
	require.Equal(t, 4, summary.Repositories)
	require.Equal(t, []string{"alone", "copy/of/web", "shop/deep/er", "shop/web"}, collect(t, h.Repositories(t.Context())))
	require.ElementsMatch(t, catalog(t, h), collect(t, h.Repositories(t.Context())))

	for tag, want := range map[string]interface{ Digest() (v1.Hash, error) }{
		"shop/web:v1": image, "shop/web:oci": oci, "copy/of/web:v2": image, "shop/deep/er:multi": index, "alone:multi": index,
	} {
		repository, tag, _ := strings.Cut(tag, ":")
		d, err := h.ResolveTag(t.Context(), repository, tag)
		require.NoError(t, err)
		require.Equal(t, h.digestOf(want), d)
		raw, err := h.ReadManifest(t.Context(), repository, d)
		require.NoError(t, err)
		sent, err := want.(interface{ RawManifest() ([]byte, error) }).RawManifest()
		require.NoError(t, err)
		require.Equal(t, string(sent), string(raw))
	}
	// A registry that knows no referrers keeps them by a tag.
	require.NoError(t, h.HasManifest(t.Context(), "shop/web", h.digestOf(signature)))
	fallback := strings.Replace(string(h.digestOf(image)), ":", "-", 1)
	tags := collect(t, h.Tags(t.Context(), "shop/web"))
	require.Equal(t, []string{"oci", fallback, "v1"}, tags)

	layers, err := image.Layers()
	require.NoError(t, err)
	for _, l := range layers {
		require.NoError(t, h.HasLayer(t.Context(), "shop/web", h.digestOf(l)))
		size, err := l.Size()
		require.NoError(t, err)
		info, err := h.StatBlob(t.Context(), h.digestOf(l))
		require.NoError(t, err)
		require.Equal(t, size, info.Size)
	}
}

func catalog(t *testing.T, h *e2eHost) []string {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.Host+"/v2/_catalog", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	require.NoError(t, err)
	var c struct{ Repositories []string }
	require.NoError(t, json.Unmarshal(text, &c))
	return c.Repositories
}

// TestEndToEndUploads: an upload that a client has abandoned.
func TestEndToEndUploads(t *testing.T) {
	h := newE2EHost(t)
	h.Start()
	response, err := h.request(t.Context(), http.MethodPost, "/v2/shop/web/blobs/uploads/")
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, response.StatusCode)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, response.Header.Get("Location"), strings.NewReader("12345"))
	require.NoError(t, err)
	patched, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, patched.Body.Close())
	require.Equal(t, http.StatusAccepted, patched.StatusCode)

	all := collect(t, h.Uploads(t.Context(), "shop/web"))
	require.Len(t, all, 1)
	require.Equal(t, response.Header.Get("Docker-Upload-Uuid"), all[0].ID)
	require.GreaterOrEqual(t, all[0].Size, int64(5))
	require.NotZero(t, all[0].Started)
	require.Less(t, all[0].Age(time.Now()), time.Hour)
	require.NoError(t, h.DeleteUpload(t.Context(), "shop/web", all[0].ID))

	// What this package starts, the registry can take away and go on with.
	u, err := h.StartUpload(t.Context(), "shop/web")
	require.NoError(t, err)
	_, err = u.Write([]byte("12345"))
	require.NoError(t, err)
	d := digest.FromString("12345")
	_, err = u.Commit(t.Context(), d)
	require.NoError(t, err)
	response, err = h.request(t.Context(), http.MethodHead, "/v2/shop/web/blobs/"+string(d))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "5", response.Header.Get("Content-Length"))
}

// TestEndToEndServes: what is written here a registry serves, every digest right, to
// clients like crane and to skopeo; its collector finds nothing to take; and after
// a sweep here it serves what is left.
func TestEndToEndServes(t *testing.T) {
	h := newE2EHost(t)
	require.NoError(t, push(t.Context(), h.Layout))
	gone := h.image("shop/other", `{"other":true}`, []string{"other layer"}, "v1")
	h.tree.image("shop/other", `{"stays":true}`, []string{"base"}, "v2")
	index, err := h.ResolveTag(t.Context(), "shop/web", "v1")
	require.NoError(t, err)

	h.Start()
	ctx := remote.WithContext(t.Context())
	for _, by := range []string{"v1", "latest", string(index)} {
		served, err := remote.Index(h.reference("shop/web", by), ctx)
		require.NoError(t, err)
		require.Equal(t, index, h.digestOf(served))
		h.pull(served)
	}
	h.skopeo("docker://"+h.Host+"/shop/web:v1", "dir:"+filepath.Join(t.TempDir(), "copy"))
	h.skopeo("docker://"+h.Host+"/shop/other:v1", "dir:"+filepath.Join(t.TempDir(), "copy"))
	require.NotContains(t, h.collect("--dry-run"), "blob eligible for deletion")

	sweep, err := h.Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	require.NoError(t, sweep.DeleteTag(t.Context(), "shop/other", "v1", string(gone)))
	require.NoError(t, sweep.DeleteManifestLink(t.Context(), "shop/other", string(gone)))
	for _, content := range []string{`{"other":true}`, "other layer"} {
		require.NoError(t, sweep.DeleteLayerLink(t.Context(), "shop/other", string(digest.FromString(content))))
		require.NoError(t, sweep.DeleteBlob(t.Context(), string(digest.FromString(content))))
	}
	require.NoError(t, sweep.DeleteBlob(t.Context(), string(gone)))
	findings, _ := h.check(registrylayout.CheckOptions{Verify: true})
	require.Empty(t, findings)

	h.Start()
	_, err = remote.Head(h.reference("shop/other", "v1"), ctx)
	require.ErrorContains(t, err, "404")
	listed, err := remote.List(h.reference("shop/other", "v2").Context(), ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"v2"}, listed)
	h.skopeo("docker://"+h.Host+"/shop/other:v2", "dir:"+filepath.Join(t.TempDir(), "copy"))

	// The two write in turn, and share blobs.
	image, _, _, _ := h.pushAll()
	require.NoError(t, push(t.Context(), h.Layout))
	back, err := remote.Image(h.reference("shop/web", "oci"), ctx)
	require.NoError(t, err)
	require.NoError(t, validate.Image(back))
	require.NoError(t, h.SetTag(t.Context(), "shop/web", "moved", h.digestOf(image)))
	back, err = remote.Image(h.reference("shop/web", "moved"), ctx)
	require.NoError(t, err)
	require.NoError(t, validate.Image(back))
	findings, _ = h.check(registrylayout.CheckOptions{Verify: true})
	require.Empty(t, findings)
}

// pull reads the manifests and layers of an index, whose digests the client verifies.
func (h *e2eHost) pull(index v1.ImageIndex) {
	manifest, err := index.IndexManifest()
	require.NoError(h.t, err)
	require.Len(h.t, manifest.Manifests, 2)
	for _, child := range manifest.Manifests {
		image, err := index.Image(child.Digest)
		require.NoError(h.t, err)
		_, err = image.RawConfigFile()
		require.NoError(h.t, err)
		layers, err := image.Layers()
		require.NoError(h.t, err)
		require.Len(h.t, layers, 2)
		for _, l := range layers {
			r, err := l.Compressed()
			require.NoError(h.t, err)
			_, err = io.Copy(io.Discard, r)
			require.NoError(h.t, err)
			require.NoError(h.t, r.Close())
		}
	}
}

// TestEndToEndFindsWhatACollectorBreaks: registries' own collector leaves references to
// nothing, which a check tells of.
func TestEndToEndFindsWhatACollectorBreaks(t *testing.T) {
	h := newE2EHost(t)
	h.Start()
	_, _, index, signature := h.pushAll()
	out := h.collect("--delete-untagged")
	require.Contains(t, out, "blob eligible for deletion")
	findings, summary := h.check(registrylayout.CheckOptions{Verify: true})
	require.NotZero(t, summary.Dangling)

	// Version 2.8 takes the links and layers of the children of an index that is tagged.
	children, err := index.IndexManifest()
	require.NoError(t, err)
	for _, child := range children.Manifests {
		require.Contains(t, findings, fmt.Sprintf("dangling shop/deep/er child %s -> %s unlinked", hex8(h.digestOf(index)), hex8(digest.Digest(child.Digest.String()))))
	}
	require.ErrorIs(t, h.HasManifest(t.Context(), "shop/web", h.digestOf(signature)), storage.ErrNotExist, "and a signature")
	for _, f := range findings {
		require.False(t, strings.HasPrefix(f, "mismatch") || strings.HasPrefix(f, "broken") || strings.HasPrefix(f, "unreadable"), f)
	}
}

// TestEndToEndDeletedManifest: a registry that is told to delete a manifest leaves its
// blobs for a collector, and a check tells which.
func TestEndToEndDeletedManifest(t *testing.T) {
	h := newE2EHost(t)
	h.Start()
	image, err := random.Image(512, 2)
	require.NoError(t, err)
	h.cranePush(image, h.reference("shop/web", "v1"))
	require.NoError(t, remote.Delete(h.reference("shop/web", string(h.digestOf(image))), remote.WithContext(t.Context())))
	findings, summary := h.check(registrylayout.CheckOptions{})
	require.Equal(t, summary.Orphans, len(findings), "%v", findings)
	require.Equal(t, summary.Bytes, summary.OrphanBytes)
	require.Equal(t, 4, summary.Blobs)
	require.Equal(t, 3, len(slices.DeleteFunc(findings, func(f string) bool { return !strings.HasPrefix(f, "orphan shop/web layer ") })))
}
