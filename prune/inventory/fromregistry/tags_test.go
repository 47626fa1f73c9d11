package fromregistry_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// TestTagsThatAreListedAndNotThere are asked for once more, and then not known: nothing
// of what they might hold goes.
func TestTagsThatAreListedAndNotThere(t *testing.T) {
	unknown := registrytest.ErrorCode(http.StatusNotFound, "MANIFEST_UNKNOWN", "no").For(http.MethodHead, "/v2/org/b/manifests/keep")
	for _, c := range []struct {
		name     string
		times    int
		complete bool
	}{{"once", 1, true}, {"always", 0, false}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, registrytest.Options{})
			shared := w.image(now.AddDate(-1, 0, 0))
			w.push("org/b:keep", shared)
			w.push("org/b:old", shared)
			fault := unknown
			if c.times > 0 {
				fault = fault.Once(c.times)
			}
			w.server.Inject(fault)
			inv := w.read(fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true})
			require.Equal(t, 2, w.server.Count(http.MethodHead, "/v2/org/b/manifests/keep"))
			require.Equal(t, c.complete, inv.Complete(inventory.KindImageStream))
			if c.complete {
				require.Empty(t, w.warnings)
				require.Equal(t, 2, inv.Tags())
				return
			}
			require.Len(t, w.warnings, 1)
			require.ErrorIs(t, w.warnings[0], registryclient.NotFound)
			require.ErrorContains(t, w.warnings[0], "org/b:keep")
			require.Zero(t, kinds(w.plan(inv, old()))[prune.DeleteManifestLink])
		})
	}
}

// TestTagsThatGoMeanwhile are not listed the second time: they are gone.
func TestTagsThatGoMeanwhile(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	w.push("org/b:v1", w.image(now))
	list := registrytest.Status("stale", http.StatusOK, "application/json", `{"name":"org/b","tags":["gone","v1"]}`, nil)
	w.server.Inject(list.For(http.MethodGet, "/tags/list").Once(1))
	inv := w.read(fromregistry.Options{})
	require.Empty(t, w.warnings)
	require.Equal(t, 1, inv.Tags())
	require.True(t, inv.Complete(inventory.KindImageStream))
}

// TestAManifestThatATagPointsToAndIsNotThere is one that could not be read.
func TestAManifestThatATagPointsToAndIsNotThere(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	w.push("org/a:v1", w.image(now.AddDate(-1, 0, 0)))
	w.push("org/b:v1", w.image(now.AddDate(-1, 0, 0)))
	w.server.Inject(registrytest.ErrorCode(http.StatusNotFound, "MANIFEST_UNKNOWN", "no").For(http.MethodGet, "/v2/org/b/manifests/"))
	inv := w.read(fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true})
	require.Len(t, w.warnings, 1)
	require.False(t, inv.Complete(inventory.KindImage))
	require.Zero(t, kinds(w.plan(inv, old()))[prune.DeleteManifestLink])
}

// TestWhatIsTooMany is not read, told, and incomplete.
func TestWhatIsTooMany(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name, told string
		o          fromregistry.Options
		list       registrytest.Fault
		kind       inventory.Kind
	}{
		{name: "repositories", told: "MaxRepositories", o: fromregistry.Options{MaxRepositories: 1}, kind: inventory.KindImageStream},
		{name: "tags", told: "MaxTags", o: fromregistry.Options{MaxTags: 2}, kind: inventory.KindImageStream},
		{name: "manifests", told: "MaxManifests", o: fromregistry.Options{MaxManifests: 1}, kind: inventory.KindImage},
		{name: "a repository's name", told: "300 bytes", kind: inventory.KindImageStream,
			list: registrytest.Status("long", http.StatusOK, "application/json", fmt.Sprintf(`{"repositories":["org/a",%q]}`, long), nil).For(http.MethodGet, "/_catalog")},
		{name: "a tag's name", told: "300 bytes", kind: inventory.KindImageStream,
			list: registrytest.Status("long", http.StatusOK, "application/json", fmt.Sprintf(`{"tags":[%q]}`, long), nil).For(http.MethodGet, "/v2/org/a/tags/list")},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, registrytest.Options{})
			w.push("org/a:v1", mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: w.image(now.AddDate(-1, 0, 0))}))
			w.push("org/a:v2", w.image(now.AddDate(-1, 0, 0)))
			w.push("org/b:v1", w.image(now.AddDate(-1, 0, 0)))
			if c.list.Do != nil {
				w.server.Inject(c.list)
			}
			c.o.UseImageCreated, c.o.UntaggedIsNothing = true, true
			inv := w.read(c.o)
			require.Len(t, w.warnings, 1)
			require.ErrorContains(t, w.warnings[0], c.told)
			require.False(t, inv.Complete(c.kind))
			require.Zero(t, kinds(w.plan(inv, old()))[prune.DeleteBlob])
		})
	}
}

// TestConfigsThatLie: the bytes of a config are those that its digest is for, or its age
// is not known.
func TestConfigsThatLie(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	image := w.image(now)
	w.push("org/a:v1", image)
	config, err := image.ConfigName()
	require.NoError(t, err)
	w.server.Inject(registrytest.Status("older", http.StatusOK, "application/octet-stream", `{"created":"2001-01-01T00:00:00Z"}`, nil).For(http.MethodGet, "/blobs/"+config.String()))
	inv := w.read(fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true})
	require.Len(t, w.warnings, 1)
	require.ErrorIs(t, w.warnings[0], registryclient.Integrity)
	require.Empty(t, kinds(w.plan(inv, old())))
}

// TestTooManyReferrers are not read to their end.
func TestTooManyReferrers(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	w.push("org/a:v1", w.image(now))
	var list strings.Builder
	for n := range 10_001 {
		fmt.Fprintf(&list, `%s{"mediaType":%q,"digest":"sha256:%064x","size":1}`, strings.Repeat(",", min(n, 1)), types.OCIManifestSchema1, n)
	}
	w.server.Inject(registrytest.Status("many", http.StatusOK, string(types.OCIImageIndex), `{"schemaVersion":2,"manifests":[`+list.String()+`]}`, nil).For(http.MethodGet, "/referrers/"))
	inv := w.read(fromregistry.Options{UntaggedIsNothing: true, MaxManifests: 100})
	require.ErrorContains(t, w.warnings[0], "more than 10000 referrers")
	require.Len(t, w.warnings, 2, "and they are more than MaxManifests")
	require.False(t, inv.Complete(inventory.KindImage))
	require.Zero(t, w.server.Count(http.MethodGet, "/manifests/sha256:00000"))
}

// TestListingsInARing make their kind incomplete.
func TestListingsInARing(t *testing.T) {
	for _, part := range []string{"/_catalog", "/v2/org/a/tags/list"} {
		w := newWorld(t, registrytest.Options{})
		w.push("org/a:v1", w.image(now.AddDate(-1, 0, 0)))
		w.push("org/a:v2", w.image(now.AddDate(-1, 0, 0)))
		w.server.Inject(registrytest.Fault{Do: func(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
			page := map[string]string{"": "1", "1": "2", "2": "1"}[r.URL.Query().Get("last")]
			rw.Header().Set("Link", fmt.Sprintf(`<%s?last=%s>; rel="next"`, r.URL.Path, page))
			fmt.Fprintf(rw, `{"repositories":["org/a","org/%s"],"tags":["v%s"]}`, page, page)
		}}.For(http.MethodGet, part))
		inv := w.read(fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true})
		require.ErrorIs(t, w.warnings[0], registryclient.Integrity)
		require.False(t, inv.Complete(inventory.KindImageStream))
		require.Zero(t, kinds(w.plan(inv, old()))[prune.DeleteManifestLink])
	}
}
