package fromregistry_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/registrykit/registrykit/internal/debianregistry"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/stretchr/testify/require"
)

// newE2EWorld starts Debian's docker-registry, which has no referrers API and does not
// delete tags alone.
func newE2EWorld(t *testing.T, programs ...string) *world {
	t.Helper()
	debianregistry.Need(t, programs...)
	server := debianregistry.New(t, nil)
	server.Start()
	w := &world{t: t, client: registryclient.New(registryclient.Options{})}
	t.Cleanup(w.client.Close)
	var err error
	w.registry, err = name.NewRegistry(server.Host)
	require.NoError(t, err)
	return w
}

// TestEndToEnd: what a plan drops there stays whole.
func TestEndToEnd(t *testing.T) {
	w := newE2EWorld(t)
	old1, fresh := w.image(now.AddDate(-1, 0, 0)), w.image(now)
	for repository, image := range map[string]v1.Image{"top": old1, "org/team/app": old1, "org/app": fresh} {
		require.NoError(t, w.client.Push(t.Context(), w.registry.Repo(repository).Tag("v1"), image, registryclient.PushOptions{}))
	}
	o := fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true}
	inv := w.read(o)
	require.Empty(t, w.warnings)
	require.Equal(t, 3, inv.Streams())
	plan := w.plan(inv, old())
	require.Equal(t, 2, kinds(plan)[prune.DeleteTagItem])
	require.Equal(t, 2, kinds(plan)[prune.DeleteManifestLink])
	ends := fromregistry.Ends{Client: w.client, Registry: w.registry, Options: o}
	report, err := apply.Run(t.Context(), plan, ends.Apply(), apply.Options{Now: func() time.Time { return now }})
	require.NoError(t, err, report)
	require.Equal(t, 2, report.Count(prune.DeleteTagItem, apply.Unsupported), report)
	require.Zero(t, report.Count(prune.DeleteManifestLink, apply.Done))
	require.Equal(t, inv.Fingerprint(), w.read(o).Fingerprint(), "nothing went")
}

// TestEndToEndCrane: what the command crane pushed and copied is read as it is, and what
// refers to an image that stays, stays, be it tagged or not.
func TestEndToEndCrane(t *testing.T) {
	w := newE2EWorld(t, "crane", "skopeo")
	repo, copied := w.registry.Repo("org/app"), w.registry.Repo("org/copy")
	image, dropped := w.image(now), w.image(now.AddDate(-1, 0, 0))
	index, err := random.Index(50, 1, 2)
	require.NoError(t, err)
	w.crane("push", w.layout(image), repo.Tag("v1").Name())
	w.crane("push", w.layout(dropped), repo.Tag("v0").Name())
	w.crane("push", w.layout(index), repo.Tag("multi").Name())
	w.crane("copy", repo.Tag("multi").Name(), copied.Tag("multi").Name())

	// Both were built long ago: a plan by age alone would drop them.
	untagged, tagged := w.referrerOf(image), w.referrerOf(image)
	w.crane("push", w.layout(untagged), repo.Digest(digestOf(t, untagged)).Name())
	w.program("skopeo", "copy", "--insecure-policy", "--preserve-digests", "--dest-tls-verify=false", "oci:"+w.layout(tagged)+":only", "docker://"+repo.Tag("sbom").Name())

	inv := w.read(fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true})
	require.Empty(t, w.warnings)
	require.Equal(t, 2, inv.Streams())
	for _, p := range []pushed{image, index, untagged, tagged} {
		raw, err := p.RawManifest()
		require.NoError(t, err)
		require.EqualValues(t, len(raw), inv.Size(inv.Digest(digestOf(t, p))))
	}
	require.Len(t, inv.Children(inv.ImageOf(inv.Digest(digestOf(t, index)))), 2)
	for _, p := range []pushed{untagged, tagged} {
		referrer := inv.ImageOf(inv.Digest(digestOf(t, p)))
		require.GreaterOrEqual(t, referrer, 0)
		require.Equal(t, digestOf(t, image), inv.DigestText(inv.Image(referrer).Subject))
	}
	var actions []string
	for a := range w.plan(inv, old()).Actions() {
		actions = append(actions, fmt.Sprintf("%+v", a))
	}
	text := strings.Join(actions, "\n")
	require.Contains(t, text, digestOf(t, dropped))
	for _, p := range []pushed{image, index, untagged, tagged} {
		require.NotContains(t, text, digestOf(t, p))
	}
}

// referrerOf makes an image that refers to another, and was built a year before it.
func (w *world) referrerOf(subject partial.Describable) v1.Image {
	w.t.Helper()
	described, err := partial.Descriptor(subject)
	require.NoError(w.t, err)
	layer, err := random.Layer(100, types.OCILayer)
	require.NoError(w.t, err)
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), layer)
	require.NoError(w.t, err)
	image, err = mutate.CreatedAt(image, v1.Time{Time: now.AddDate(-1, 0, 0)})
	require.NoError(w.t, err)
	return mutate.Subject(image, *described).(v1.Image)
}

// layout writes an image or an index as the only one of an OCI layout, named "only".
func (w *world) layout(pushed any) (dir string) {
	w.t.Helper()
	dir = filepath.Join(w.t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	require.NoError(w.t, err)
	named := layout.WithAnnotations(map[string]string{registryclient.RefNameAnnotation: "only"})
	switch pushed := pushed.(type) {
	case v1.Image:
		require.NoError(w.t, path.AppendImage(pushed, named))
	case v1.ImageIndex:
		require.NoError(w.t, path.AppendIndex(pushed, named))
	}
	return dir
}

func (w *world) crane(args ...string) {
	w.t.Helper()
	w.program("crane", append(args, "--insecure")...)
}

func (w *world) program(program string, args ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	require.NoError(w.t, err, "%s %v: %s", program, args, out)
}
