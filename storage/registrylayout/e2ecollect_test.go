package registrylayout_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// garbage collects, as examples/collectgarbage --delete-untagged --grace 0s does. The
// registry must be stopped for it.
func (h *e2eHost) garbage() *apply.Report {
	h.t.Helper()
	ends, err := fromlayout.NewEnds(h.store, h.Layout, fromlayout.EndsOptions{Alone: true})
	require.NoError(h.t, err)
	inv, volume, err := ends.Read(h.t.Context())
	require.NoError(h.t, err)
	require.Empty(h.t, volume.Unread)
	plan, err := prune.New(inv, prune.Garbage(prune.GarbageOptions{Untagged: true}), time.Now())
	require.NoError(h.t, err)
	report, err := apply.Run(h.t.Context(), plan, ends.Ends(), apply.Options{Grace: -1})
	require.NoError(h.t, err)
	return report
}

// TestEndToEndCollects: on the same volume the collector of Debian's registry, told to
// take untagged manifests, takes the images of a tagged index, its signature, and
// stumbles over a registry that is empty; the collection here takes what nobody needs,
// and every tag is served, each digest right.
func TestEndToEndCollects(t *testing.T) {
	theirs, ours := newE2EHost(t), newE2EHost(t)
	theirs.Start()
	_, _, index, signature := theirs.pushAll()
	untagged, err := random.Image(700, 2)
	require.NoError(t, err)
	theirs.cranePush(untagged, theirs.reference("shop/web", string(theirs.digestOf(untagged))))
	theirs.Stop()
	require.NoError(t, os.CopyFS(ours.Dir, os.DirFS(theirs.Dir)))
	children, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, children.Manifests, 2)
	ctx := remote.WithContext(t.Context())

	theirs.collect("--delete-untagged")
	theirs.Start()
	for _, child := range children.Manifests {
		_, err := remote.Get(theirs.reference("shop/deep/er", child.Digest.String()), ctx)
		require.ErrorContains(t, err, "MANIFEST_UNKNOWN")
	}
	_, err = remote.Get(theirs.reference("shop/web", string(theirs.digestOf(signature))), ctx)
	require.ErrorContains(t, err, "MANIFEST_UNKNOWN")

	report := ours.garbage()
	require.Equal(t, 4, report.Count(prune.DeleteBlob, apply.Done), "%v", report)
	findings, _ := ours.check(registrylayout.CheckOptions{Verify: true})
	require.Empty(t, findings)
	ours.Start()
	for _, name := range []string{"shop/web:v1", "shop/web:oci", "shop/deep/er:multi", "shop/web@" + string(ours.digestOf(signature))} {
		ours.skopeo("docker://"+ours.Host+"/"+name, "dir:"+filepath.Join(t.TempDir(), "copy"))
	}
	for _, child := range children.Manifests {
		require.NoError(t, ours.HasManifest(t.Context(), "shop/deep/er", digest.Digest(child.Digest.String())))
	}
	_, err = remote.Get(ours.reference("shop/web", string(ours.digestOf(untagged))), ctx)
	require.ErrorContains(t, err, "MANIFEST_UNKNOWN")

	empty := newE2EHost(t)
	empty.Start()
	empty.Stop()
	out, err := exec.CommandContext(t.Context(), "docker-registry", "garbage-collect", empty.Config).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "failed to mark")
	require.Zero(t, empty.garbage().FreedBytes)
}
