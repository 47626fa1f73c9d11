package registryclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/debianregistry"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/stretchr/testify/require"
)

// startDistribution starts Debian's docker-registry with the user alice, for skopeo and
// crane.
func startDistribution(t *testing.T) (host string) {
	t.Helper()
	debianregistry.Need(t, "crane", "skopeo")
	r := debianregistry.New(t, map[string]string{"alice": secret})
	r.Start()
	return r.Host
}

func skopeo(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "skopeo", args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "skopeo %v: %s", args, stderr.String())
	return string(out)
}

func TestEndToEndDistribution(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	host := startDistribution(t)
	c := registryclient.New(registryclient.Options{Keychain: alice, Retry: hasty, PageSize: 2})
	defer c.Close()
	repo, err := name.NewRepository(host + "/team/deep/app")
	require.NoError(t, err)
	credentials := "alice:" + secret

	// What skopeo pushes is listed and read back equal. It writes the index in an order
	// of fields of its own, so that the digest is not that of the layout.
	index := twoPlatforms(t)
	from := filepath.Join(t.TempDir(), "from")
	path, err := layout.Write(from, index)
	require.NoError(t, err)
	require.NoError(t, path.RemoveDescriptors(func(v1.Descriptor) bool { return true }))
	require.NoError(t, path.AppendIndex(index, layout.WithAnnotations(map[string]string{registryclient.RefNameAnnotation: "v1"})))
	tags := []string{"v1", "v2", "v3", "v4", "v5"}
	for _, tag := range tags {
		skopeo(t, "copy", "--all", "--dest-tls-verify=false", "--dest-creds", credentials, "oci:"+from+":v1", "docker://"+repo.Tag(tag).Name())
	}
	listed, err := registryclient.Collect(c.Tags(ctx, repo, registryclient.ListOptions{}))
	require.NoError(t, err)
	require.ElementsMatch(t, tags, listed)
	repositories, err := registryclient.Collect(c.Catalog(ctx, repo.Registry, registryclient.ListOptions{}))
	require.NoError(t, err)
	require.Equal(t, []string{"team/deep/app"}, repositories)
	m, err := c.GetManifest(ctx, repo.Tag("v3"))
	require.NoError(t, err)
	raw := skopeo(t, "inspect", "--raw", "--tls-verify=false", "--creds", credentials, "docker://"+repo.Tag("v3").Name())
	require.Equal(t, strings.TrimSuffix(raw, "\n"), string(m.Raw))

	// What is pulled here skopeo reads, and pushes unchanged.
	dir := t.TempDir()
	pulled, err := c.PullLayout(ctx, repo.Tag("v1"), filepath.Join(dir, "layout"), registryclient.PullOptions{})
	require.NoError(t, err)
	require.Equal(t, 6, pulled.Blobs)
	again, err := name.NewRepository(host + "/again/app")
	require.NoError(t, err)
	skopeo(t, "copy", "--all", "--preserve-digests", "--dest-tls-verify=false", "--dest-creds", credentials, "oci:"+filepath.Join(dir, "layout")+":v1", "docker://"+again.Tag("v1").Name())
	back, err := c.HeadManifest(ctx, again.Tag("v1"))
	require.NoError(t, err)
	require.Equal(t, m.Descriptor, back.Descriptor)
	amd64 := registryclient.PullOptions{Platform: &registryclient.Platform{OS: "linux", Architecture: "amd64"}}
	_, err = c.PullArchive(ctx, repo.Tag("v1"), filepath.Join(dir, "docker.tar"), registryclient.ArchiveOptions{PullOptions: amd64})
	require.NoError(t, err)
	require.Contains(t, skopeo(t, "inspect", "docker-archive:"+filepath.Join(dir, "docker.tar")), `"Architecture": "amd64"`)
	_, err = c.PullArchive(ctx, repo.Tag("v1"), filepath.Join(dir, "oci.tar"), registryclient.ArchiveOptions{Format: registryclient.OCIArchive})
	require.NoError(t, err)
	require.Equal(t, string(m.Raw), strings.TrimSuffix(skopeo(t, "inspect", "--raw", "oci-archive:"+filepath.Join(dir, "oci.tar")), "\n"))

	// What is pushed here skopeo reads.
	require.NoError(t, c.PushLayout(ctx, filepath.Join(dir, "layout"), "v1", again.Tag("v2"), registryclient.PushOptions{}))
	require.Equal(t, string(m.Raw), strings.TrimSuffix(skopeo(t, "inspect", "--raw", "--tls-verify=false", "--creds", credentials, "docker://"+again.Tag("v2").Name()), "\n"))

	// This version has no referrers API: the tag stands in for it.
	referrer := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x.sbom","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":%q,"size":2},"layers":[],"subject":{"mediaType":%q,"digest":%q,"size":%d}}`,
		digest.FromString("{}"), m.MediaType, m.Digest, m.Size)
	pushBlob(t, c, again, []byte("{}"))
	require.NoError(t, c.Push(ctx, again.Digest(digest.FromBytes(referrer).String()), taggable{referrer}, registryclient.PushOptions{}))
	referrers, err := registryclient.Collect(c.Referrers(ctx, again.Digest(m.Digest.String()), ""))
	require.NoError(t, err)
	require.Len(t, referrers, 1)
	require.Equal(t, digest.FromBytes(referrer), referrers[0].Digest)

	// A range of a blob, and deletions.
	layers, err := mustImage(t, index).Layers()
	require.NoError(t, err)
	layer := repo.Digest(digestOf(t, layers[0]).String())
	whole := read(t, c, layer, registryclient.BlobOptions{})
	require.Equal(t, whole[7:20], read(t, c, layer, registryclient.BlobOptions{Offset: 7, Length: 13}))
	require.Equal(t, whole[7:], read(t, c, layer, registryclient.BlobOptions{Offset: 7}))
	_, err = c.DeleteTag(ctx, repo.Tag("v5"))
	if err == nil {
		_, err = c.HeadManifest(ctx, repo.Tag("v5"))
		require.ErrorIs(t, err, registryclient.NotFound)
	} else {
		require.ErrorIs(t, err, registryclient.Unsupported)
	}
	_, err = c.HeadManifest(ctx, repo.Tag("v4"))
	require.NoError(t, err)
	require.NoError(t, c.DeleteManifest(ctx, repo.Digest(m.Digest.String())))
	_, err = c.HeadManifest(ctx, repo.Tag("v4"))
	require.ErrorIs(t, err, registryclient.NotFound)
	require.NoError(t, c.DeleteBlob(ctx, layer))
	_, err = c.StatBlob(ctx, layer)
	require.ErrorIs(t, err, registryclient.NotFound)

	_, err = c.WithKeychain(registryclient.Fixed(&authn.Basic{Username: "alice", Password: "wrong"})).HeadManifest(ctx, again.Tag("v1"))
	require.ErrorIs(t, err, registryclient.Unauthorized)
	var e *registryclient.Error
	require.True(t, errors.As(err, &e))
	require.Equal(t, 401, e.StatusCode)
}

// mustImage returns the first image of an index.
func mustImage(t *testing.T, index v1.ImageIndex) v1.Image {
	t.Helper()
	listed, err := index.IndexManifest()
	require.NoError(t, err)
	image, err := index.Image(listed.Manifests[0].Digest)
	require.NoError(t, err)
	return image
}

func pushBlob(t *testing.T, c *registryclient.Client, repo name.Repository, content []byte) {
	t.Helper()
	options, err := c.RemoteOptions(t.Context(), repo, "push,pull")
	require.NoError(t, err)
	require.NoError(t, remote.WriteLayer(repo, static.NewLayer(content, "application/vnd.oci.empty.v1+json"), options...))
}
