package fromregistry_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/registrykit/registrykit/internal/manifest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/prune/prunetest"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// absent is the digest of nothing that is there.
const absent = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// put puts an image, and what it owns, into a repository.
func (w *world) put(repository string, image *prunetest.Image) {
	w.t.Helper()
	mediaType := manifest.MediaTypeOCIImage
	for _, child := range image.Children() {
		w.put(repository, child)
		mediaType = manifest.MediaTypeOCIIndex
	}
	for _, blob := range blobsOf(image) {
		require.NoError(w.t, w.server.Link(repository, blob, []byte(blob)))
	}
	require.NoError(w.t, w.server.Put(repository, image.Digest(), mediaType, image.Manifest()))
}

// blobsOf are the layers and the config.
func blobsOf(image *prunetest.Image) []string {
	if image.Config() == "" {
		return nil
	}
	return append(image.Layers(), image.Config())
}

// aged is a cluster in which an index and an image are old, and one on the same base is
// not, with its registry.
type aged struct {
	*world
	cluster           *prunetest.Cluster
	old, index, fresh *prunetest.Image
	plan              *prune.Plan
	live              *prunetest.Live
	ends              fromregistry.IntegratedEnds
	inUse             string // again, since the plan
}

func newAged(t *testing.T, o registrytest.OpenShift) *aged {
	a := &aged{cluster: prunetest.NewCluster(prunetest.Options{})}
	o.Referenced = func(repository, digest string) bool {
		return repository == "dev/app" && (digest == a.fresh.Digest() || digest == a.inUse)
	}
	a.world = newWorld(t, registrytest.Options{OpenShift: &o})
	app := a.cluster.Stream("dev/app")
	day := 24 * time.Hour
	a.old = app.Push("latest", a.cluster.Image(), 90*day)
	a.index = app.Push("latest", a.cluster.Index(), 80*day)
	a.fresh = app.Push("latest", a.cluster.ImageOn(a.old), 70*day)
	for _, image := range []*prunetest.Image{a.old, a.index, a.fresh} {
		a.put("dev/app", image)
	}
	// Another repository shares the old image's blobs, but no image stream has it.
	a.put("dev/copy", a.old)

	one := 1
	options := prune.DefaultOpenShiftOptions()
	options.KeepTagRevisions = &one
	policy, err := prune.OpenShift(options)
	require.NoError(t, err)
	a.plan, err = prune.New(a.cluster.Inventory(), policy, a.cluster.Now())
	require.NoError(t, err)
	a.live = a.cluster.Live()
	a.ends = fromregistry.IntegratedEnds{Client: a.client, Registry: a.registry}
	return a
}

func (a *aged) run() *apply.Report {
	a.t.Helper()
	report, err := apply.Run(a.t.Context(), a.plan, a.ends.In(a.live.Ends()), apply.Options{Now: a.cluster.Now, Grace: -1, Retry: apply.Retry{Attempts: 1}})
	require.NoError(a.t, err)
	return report
}

// TestIntegratedEnds carries a plan for a cluster out on its registry: what goes is gone
// there, and what stays has its links and its bytes.
func TestIntegratedEnds(t *testing.T) {
	a := newAged(t, registrytest.OpenShift{})
	report := a.run()
	for kind, planned := range kinds(a.plan) {
		require.NotZero(t, planned)
		require.Equal(t, planned, report.Count(kind, apply.Done), "%s\n%s", kind, report)
	}
	require.Equal(t, a.plan.Summary.FreedBytes, report.FreedBytes)
	stays := map[string]bool{a.fresh.Digest(): true}
	for _, blob := range blobsOf(a.fresh) {
		stays[blob] = true
	}
	for digest := range stays {
		require.True(t, a.server.Linked("dev/app", digest), digest)
		require.True(t, a.server.Stored(digest), digest)
	}
	for _, image := range append(a.index.Children(), a.old, a.index) {
		for _, digest := range append(blobsOf(image), image.Digest()) {
			require.Equal(t, stays[digest], a.server.Linked("dev/app", digest), digest)
			require.Equal(t, stays[digest], a.server.Stored(digest), digest)
		}
	}
	require.True(t, a.server.Linked("dev/copy", a.old.Layers()[0]), "a link goes from one repository")
	require.Empty(t, a.live.Missing())

	// Once more: there is nothing left to delete.
	policy := a.plan.Policy
	inv, err := a.live.List(t.Context())
	require.NoError(t, err)
	again, err := prune.New(inv, policy, a.cluster.Now())
	require.NoError(t, err)
	require.Empty(t, kinds(again))
}

// TestIntegratedEndsOfWhatIsGone: a deletion finds nothing, which is as good.
func TestIntegratedEndsOfWhatIsGone(t *testing.T) {
	a := newAged(t, registrytest.OpenShift{})
	link := a.old.Config()
	require.NoError(t, a.ends.DeleteLayerLink(t.Context(), "dev/app", link))
	require.ErrorIs(t, a.ends.DeleteLayerLink(t.Context(), "dev/app", link), apply.ErrNotFound)
	require.NoError(t, a.ends.DeleteManifestLink(t.Context(), "dev/app", a.old.Digest()))
	require.ErrorIs(t, a.ends.DeleteManifestLink(t.Context(), "dev/app", a.old.Digest()), apply.ErrNotFound)
	require.NoError(t, a.ends.DeleteBlob(t.Context(), absent))
	require.Error(t, a.ends.DeleteBlob(t.Context(), "x"))
	require.Error(t, a.ends.DeleteLayerLink(t.Context(), "dev/app", "x"))
	require.Error(t, a.ends.DeleteManifestLink(t.Context(), "dev/APP", absent))

	report := a.run()
	require.Equal(t, 1, report.Count(prune.DeleteManifestLink, apply.Gone), report)
	require.Equal(t, 1, report.Count(prune.DeleteLayerLink, apply.Gone), report)
	require.Equal(t, kinds(a.plan)[prune.DeleteBlob], report.Count(prune.DeleteBlob, apply.Done), report)
}

// TestIntegratedEndsInUse: an image stream refers to an image again. The registry says so,
// and everything that the image needs stays.
func TestIntegratedEndsInUse(t *testing.T) {
	a := newAged(t, registrytest.OpenShift{})
	a.inUse = a.old.Digest()
	require.ErrorIs(t, a.ends.DeleteManifestLink(t.Context(), "dev/app", a.old.Digest()), apply.ErrInUse)
	report := a.run()
	require.Equal(t, 1, report.Count(prune.DeleteManifestLink, apply.Stale), report)
	for _, digest := range append(blobsOf(a.old), a.old.Digest()) {
		require.True(t, a.server.Stored(digest), digest)
		require.True(t, a.server.Linked("dev/app", digest), digest)
	}
}

// TestIntegratedEndsUnsupported: a registry that deletes nothing, and one that is not
// OpenShift's. Nothing goes, and nothing is said to be freed.
func TestIntegratedEndsUnsupported(t *testing.T) {
	a := newAged(t, registrytest.OpenShift{NoDelete: true})
	require.ErrorIs(t, a.ends.DeleteManifestLink(t.Context(), "dev/app", a.old.Digest()), apply.ErrUnsupported)
	require.ErrorIs(t, a.ends.DeleteLayerLink(t.Context(), "dev/app", a.old.Config()), apply.ErrUnsupported)
	report := a.run()
	require.Equal(t, 2, report.Count(prune.DeleteManifestLink, apply.Unsupported), report)
	require.Equal(t, 2, report.Count(prune.DeleteManifestLink, apply.Held), report, "the children of the index")
	require.Zero(t, report.FreedBytes)
	require.True(t, a.server.Stored(a.old.Digest()))

	a = newAged(t, registrytest.OpenShift{})
	a.server.Inject(registrytest.Status("no such page", http.StatusNotFound, "text/plain", "404 page not found\n", nil).For(http.MethodDelete, "/admin/"))
	require.ErrorIs(t, a.ends.DeleteBlob(t.Context(), absent), apply.ErrUnsupported)
	report = a.run()
	require.Equal(t, kinds(a.plan)[prune.DeleteBlob], report.Count(prune.DeleteBlob, apply.Unsupported), report)
	require.Zero(t, report.FreedBytes)
}

// TestIntegratedEndsBelieve: a registry that answers 202 and does nothing is believed. It is
// asked for deletions alone, since the pruner's role may not pull, and once for each.
func TestIntegratedEndsBelieve(t *testing.T) {
	a := newAged(t, registrytest.OpenShift{})
	a.server.Inject(registrytest.Status("says so", http.StatusAccepted, "", "", nil).For(http.MethodDelete, ""))
	a.server.Forget()
	report := a.run()
	asked := 0
	for kind, planned := range kinds(a.plan) {
		require.Equal(t, planned, report.Count(kind, apply.Done), "%s\n%s", kind, report)
		if kind == prune.DeleteManifestLink || kind == prune.DeleteLayerLink || kind == prune.DeleteBlob {
			asked += planned
		}
	}
	require.Equal(t, asked, a.server.Count(http.MethodDelete, "/v2/")+a.server.Count(http.MethodDelete, "/admin/"))
	for _, r := range a.server.Requests() {
		require.True(t, r.Method == http.MethodDelete || r.Path == "/v2/", "%s %s", r.Method, r.Path)
	}
	for _, image := range []*prunetest.Image{a.old, a.fresh} {
		for _, digest := range append(blobsOf(image), image.Digest()) {
			require.True(t, a.server.Stored(digest), digest)
			require.True(t, a.server.Linked("dev/app", digest), digest)
		}
	}
	require.Empty(t, a.live.Missing(), "nothing in use goes")
}

// TestIntegratedAnswers: what else a registry, or what is before it, says of deletions.
func TestIntegratedAnswers(t *testing.T) {
	for _, c := range []struct {
		fault registrytest.Fault
		want  error
	}{
		{registrytest.ErrorCode(http.StatusForbidden, "DENIED", "no"), apply.ErrForbidden},
		{registrytest.ErrorCode(http.StatusUnauthorized, "UNAUTHORIZED", "no"), apply.ErrForbidden},
		{registrytest.ErrorCode(http.StatusNotFound, "NAME_UNKNOWN", "no"), apply.ErrNotFound},
		{registrytest.Status("a router", http.StatusServiceUnavailable, "text/html", "<html>Application is not available</html>", nil), apply.ErrUnavailable},
		{registrytest.WebPage(), nil},
	} {
		a := newAged(t, registrytest.OpenShift{})
		a.server.Inject(c.fault.For(http.MethodDelete, ""))
		for object, err := range map[string]error{
			"manifest": a.ends.DeleteManifestLink(t.Context(), "dev/app", a.old.Digest()),
			"layer":    a.ends.DeleteLayerLink(t.Context(), "dev/app", a.old.Config()),
			"blob":     a.ends.DeleteBlob(t.Context(), a.old.Config()),
		} {
			require.Error(t, err, "%s: %s", c.fault.Name, object)
			if c.want != nil {
				require.ErrorIs(t, err, c.want, object)
				continue
			}
			for _, class := range []error{apply.ErrNotFound, apply.ErrInUse, apply.ErrUnsupported} {
				require.NotErrorIs(t, err, class, "a page for people is no answer")
			}
			require.True(t, strings.Contains(err.Error(), "page for people"), err)
		}
	}
}
