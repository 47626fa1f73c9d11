package registryclient_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/stretchr/testify/require"
)

// craneOf runs the command crane as alice at a host.
func craneOf(t *testing.T, host string) func(args ...string) string {
	t.Helper()
	home := t.TempDir()
	file, err := json.Marshal(map[string]any{"auths": map[string]any{
		host: map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte("alice:" + secret))},
	}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(home, "config.json"), file, 0o600))
	return func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, "crane", append(args, "--insecure")...)
		cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+home)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "crane %v: %s", args, out)
		return string(out)
	}
}

// craneLayout writes an index or an image as the only one of an OCI layout.
func craneLayout(t *testing.T, pushed any) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	require.NoError(t, err)
	switch pushed := pushed.(type) {
	case v1.Image:
		require.NoError(t, path.AppendImage(pushed))
	case v1.ImageIndex:
		require.NoError(t, path.AppendIndex(pushed))
	}
	return dir
}

// TestEndToEndCrane: the command crane and this client read what the other pushed, and
// find the referrers that the other noted.
func TestEndToEndCrane(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	host := startDistribution(t)
	crane := craneOf(t, host)
	c := registryclient.New(registryclient.Options{Keychain: alice, Retry: hasty})
	defer c.Close()
	repo, err := name.NewRepository(host + "/team/deep/app")
	require.NoError(t, err)

	index := twoPlatforms(t)
	sent, err := index.RawManifest()
	require.NoError(t, err)
	crane("push", craneLayout(t, index), repo.Tag("v1").Name())
	m, err := c.GetManifest(ctx, repo.Tag("v1"))
	require.NoError(t, err)
	require.Equal(t, string(sent), string(m.Raw))
	dir := filepath.Join(t.TempDir(), "layout")
	_, err = c.PullLayout(ctx, repo.Tag("v1"), dir, registryclient.PullOptions{})
	require.NoError(t, err)

	// A referrer of crane's, which notes it by the tag that stands in for the API, and
	// one of this client's beside it.
	subject, err := partial.Descriptor(index)
	require.NoError(t, err)
	referrer := func(annotation string) v1.Image {
		image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
		image = mutate.Annotations(image, map[string]string{"by": annotation}).(v1.Image)
		return mutate.Subject(image, *subject).(v1.Image)
	}
	byCrane, byUs := referrer("crane"), referrer("this client")
	crane("push", craneLayout(t, byCrane), repo.Digest(digestOf(t, byCrane).String()).Name())
	require.NoError(t, c.Push(ctx, repo.Digest(digestOf(t, byUs).String()), byUs, registryclient.PushOptions{}))
	referrers, err := registryclient.Collect(c.Referrers(ctx, repo.Digest(m.Digest.String()), ""))
	require.NoError(t, err)
	var found []string
	for _, r := range referrers {
		found = append(found, r.Digest.String())
	}
	require.ElementsMatch(t, []string{digestOf(t, byCrane).String(), digestOf(t, byUs).String()}, found)

	// What this client pushes crane finds sound, and copies unchanged.
	again, err := name.NewRepository(host + "/again/app")
	require.NoError(t, err)
	require.NoError(t, c.Push(ctx, again.Tag("v2"), index, registryclient.PushOptions{}))
	require.Equal(t, string(sent), crane("manifest", again.Tag("v2").Name()))
	crane("validate", "--remote", again.Tag("v2").Name())
	crane("copy", again.Tag("v2").Name(), again.Tag("v3").Name())
	copied, err := c.HeadManifest(ctx, again.Tag("v3"))
	require.NoError(t, err)
	require.Equal(t, m.Digest, copied.Digest)
}
