package fromregistry_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// proxys404 is what a proxy answers that has no registry behind it just now.
func proxys404() registrytest.Fault {
	return registrytest.Status("no backend", http.StatusNotFound, "text/plain", "default backend - 404\n", nil)
}

// TestAProxySaysNotFound: that there are no tags, or no such manifest, is for the registry to
// say. What a proxy does not find is not known, and keeps.
func TestAProxySaysNotFound(t *testing.T) {
	for path, kind := range map[string]inventory.Kind{"/v2/org/app/tags/list": inventory.KindImageStream, "/manifests/sha256:": inventory.KindImage} {
		w := newWorld(t, registrytest.Options{})
		index, err := random.Index(40, 1, 1)
		require.NoError(t, err)
		d := w.push("org/app:v1", index)
		w.push("org/other:v1", w.image(now))
		fault := proxys404().For(http.MethodGet, path)
		match := fault.Match
		fault.Match = func(r *http.Request) bool { return match(r) && !strings.Contains(r.URL.Path, d) } // an index owns it
		w.server.Inject(fault)
		inv := w.read(fromregistry.Options{UntaggedIsNothing: true, Times: allOld})
		require.False(t, inv.Complete(kind), path)
		require.NotEmpty(t, w.warnings)
		require.Zero(t, kinds(w.plan(inv, old()))[prune.DeleteManifestLink], path)
	}
}

// TestAProxySaysThatAnIndexIsGone: then what the index owns must not go.
func TestAProxySaysThatAnIndexIsGone(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	index, err := random.Index(40, 1, 2)
	require.NoError(t, err)
	d := w.push("org/app:v1", index)
	o := fromregistry.Options{UntaggedIsNothing: true, Times: allOld}
	plan := w.plan(w.read(o), old())
	require.Equal(t, 3, kinds(plan)[prune.DeleteManifestLink])
	w.server.Inject(proxys404().For(http.MethodDelete, "/manifests/"+d))
	ends := fromregistry.Ends{Client: w.client, Registry: w.registry, Options: o}
	report, err := apply.Run(t.Context(), plan, ends.Apply(), oneByOne(now, nil))
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(prune.DeleteManifestLink, apply.Unsupported), report)
	require.Equal(t, 2, report.Count(prune.DeleteManifestLink, apply.Held), report)
	require.True(t, answers(t, http.DefaultClient, http.MethodGet, w.server.URL()+"/v2/org/app/manifests/"+d))
}

func allOld(string, string, string) time.Time { return now.AddDate(-1, 0, 0) }
