package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/registrykit/registrykit/internal/debianregistry"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/stretchr/testify/require"
)

// TestEndToEnd imports from Debian's docker-registry with a password what skopeo and crane pushed.
func TestEndToEnd(t *testing.T) {
	debianregistry.Need(t, "skopeo", "crane")
	p := build(t)
	server := debianregistry.New(t, map[string]string{"alice": "hunter2"})
	server.Start()
	host := server.Host
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	repo, err := name.NewRepository(host + "/org/team/app")
	require.NoError(t, err)
	c := registryclient.New(registryclient.Options{
		Keychain: registryclient.Fixed(&authn.Basic{Username: "alice", Password: "hunter2"}),
	})
	defer c.Close()

	index, err := random.Index(100, 2, 3)
	require.NoError(t, err)
	from := filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(from, index)
	require.NoError(t, err)
	require.NoError(t, path.AppendIndex(index, layout.WithAnnotations(map[string]string{registryclient.RefNameAnnotation: "v1"})))
	copied := exec.CommandContext(ctx, "skopeo", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false", "--dest-creds", "alice:hunter2", "oci:"+from+":v1", "docker://"+repo.Tag("v1").Name())
	out, err := copied.CombinedOutput()
	require.NoError(t, err, string(out))

	image, err := random.Image(100, 2)
	require.NoError(t, err)
	pushWithCrane(ctx, t, repo.Tag("v2"), image)
	referrer := referrerOf(t, image)
	pushWithCrane(ctx, t, repo.Tag("about-v2"), referrer)

	file := filepath.Join(t.TempDir(), "auth.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"auths":{"`+host+`/org/team":{"username":"alice","password":"hunter2"}}}`), 0o600))
	status, stdout, stderr := p.run("", "--from", repo.Name(), "--all", "--import-mode", "PreserveOriginal", "--with-images", "--authfile", file, "dev/app")
	require.Zero(t, status, stderr)
	var list struct{ Items []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(stdout), &list))
	// The stream, the list, its three images, v2 and the referrer. The list of referrers,
	// which crane keeps under a tag since this registry has no referrers API, is no image.
	require.Equal(t, 7, len(list.Items))
	require.Contains(t, stderr, strings.Replace(hash(t, image), ":", "-", 1))
	stream := readStream(t, string(list.Items[0]))
	require.Equal(t, hash(t, index), stream.LatestEvent("v1").Image)
	require.Equal(t, hash(t, image), stream.LatestEvent("v2").Image)
	require.Equal(t, hash(t, referrer), stream.LatestEvent("about-v2").Image)
	found, err := registryclient.Collect(c.Referrers(ctx, repo.Digest(hash(t, image)), ""))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, hash(t, referrer), found[0].Digest.String())
	raw, err := referrer.RawManifest()
	require.NoError(t, err)
	about, err := c.GetManifest(ctx, repo.Digest(hash(t, referrer)))
	require.NoError(t, err)
	require.Equal(t, string(raw), string(about.Raw))
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	for _, m := range manifest.Manifests {
		require.Contains(t, stdout, m.Digest.String())
	}
	status, _, stderr = p.run("", "--from", repo.Name()+":v1", "app")
	require.Equal(t, 4, status)
	require.Contains(t, stderr, "unauthorized")
}

// referrerOf makes an image whose subject is another.
func referrerOf(t *testing.T, image v1.Image) v1.Image {
	t.Helper()
	subject, err := partial.Descriptor(image)
	require.NoError(t, err)
	about, err := random.Image(100, 1)
	require.NoError(t, err)
	return mutate.Subject(mutate.MediaType(about, types.OCIManifestSchema1), *subject).(v1.Image)
}

// pushWithCrane pushes an image as alice.
func pushWithCrane(ctx context.Context, t *testing.T, tag name.Tag, image v1.Image) {
	t.Helper()
	dir, home := t.TempDir(), t.TempDir()
	path, err := layout.Write(dir, empty.Index)
	require.NoError(t, err)
	require.NoError(t, path.AppendImage(image))
	login := `{"auths":{"` + tag.RegistryStr() + `":{"username":"alice","password":"hunter2"}}}`
	require.NoError(t, os.WriteFile(filepath.Join(home, "config.json"), []byte(login), 0o600))
	pushed := exec.CommandContext(ctx, "crane", "push", "--insecure", dir, tag.Name())
	pushed.Env = append(os.Environ(), "DOCKER_CONFIG="+home)
	out, err := pushed.CombinedOutput()
	require.NoError(t, err, string(out))
}
