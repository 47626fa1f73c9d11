package fromregistry_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// TestTagsThatTakeTheirManifest: the first one is a failure that the report tells of, no
// other tag is deleted, and no manifest.
func TestTagsThatTakeTheirManifest(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	shared := w.image(now.AddDate(-1, 0, 0))
	for _, tag := range []string{"keep", "old-1", "old-2", "old-3"} {
		w.push("org/app:"+tag, shared)
	}
	w.push("org/other:old", w.image(now.AddDate(-1, 0, 0)))
	o := fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true, Times: func(_, tag, _ string) time.Time {
		if tag == "keep" {
			return now
		}
		return time.Time{}
	}}
	plan := w.plan(w.read(o), old())
	require.Equal(t, 4, kinds(plan)[prune.DeleteTagItem])
	w.server.Inject(registrytest.TagTakesManifest())

	ends := fromregistry.Ends{Client: w.client, Registry: w.registry, Options: o, Probe: "org/probe"}
	report, err := apply.Run(t.Context(), plan, ends.Apply(), apply.Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	require.Equal(t, 4, report.Count(prune.DeleteTagItem, apply.Unsupported), report)
	require.Contains(t, report.String(), registryclient.ErrManifestGone.Error())
	require.Zero(t, w.server.Count(http.MethodDelete, "/v2/org/app/")+w.server.Count(http.MethodDelete, "/v2/org/other/"), "the probe has shown it")

	// Without a probe, by another client, the first tag shows it.
	w.client = registryclient.New(registryclient.Options{})
	t.Cleanup(w.client.Close)
	w.server.Forget()
	ends = fromregistry.Ends{Client: w.client, Registry: w.registry, Options: o}
	report, err = apply.Run(t.Context(), plan, ends.Apply(), apply.Options{Now: func() time.Time { return now }})
	require.ErrorIs(t, err, registryclient.ErrManifestGone)
	require.Equal(t, 1, report.Count(prune.DeleteTagItem, apply.Failed), report)
	require.Equal(t, 3, report.Count(prune.DeleteTagItem, apply.Unsupported), report)
	require.Zero(t, report.Count(prune.DeleteManifestLink, apply.Done), report)
	require.Contains(t, report.String(), registryclient.ErrManifestGone.Error())
	require.Equal(t, 1, w.server.Count(http.MethodDelete, ""))
}

// TestAProbeThatShowsNothingBad is made once.
func TestAProbeThatShowsNothingBad(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	first, second := w.push("org/app:v1", w.image(now)), w.push("org/app:v2", w.image(now))
	ends := fromregistry.Ends{Client: w.client, Registry: w.registry, Probe: "org/probe"}
	require.NoError(t, ends.DeleteTag(t.Context(), "org/app", "v1", first))
	require.NoError(t, ends.DeleteTag(t.Context(), "org/app", "v2", second))
	require.Equal(t, 3, w.server.Count(http.MethodDelete, "/v2/org/probe/"))

	ends = fromregistry.Ends{Client: w.client, Registry: w.registry, Probe: "not/A/name"}
	require.Error(t, ends.DeleteTag(t.Context(), "org/app", "v1", first))
}

// TestTagDeletionsAskFourTimes: what it points to, to go, is it gone, is the manifest not.
func TestTagDeletionsAskFourTimes(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	first, second := w.push("org/app:v1", w.image(now)), w.push("org/app:v2", w.image(now))
	ends := fromregistry.Ends{Client: w.client, Registry: w.registry}
	require.NoError(t, ends.DeleteTag(t.Context(), "org/app", "v1", first))
	w.server.Forget()
	require.NoError(t, ends.DeleteTag(t.Context(), "org/app", "v2", second))
	require.Len(t, w.server.Requests(), 4)
	require.Equal(t, 1, w.server.Count(http.MethodDelete, ""))
	require.Error(t, ends.DeleteTag(t.Context(), "org/app", "v2", "no digest"))
}

// TestATagThatWentWithACallThatDidNotEnd: its manifest is looked for again before it counts
// as gone.
func TestATagThatWentWithACallThatDidNotEnd(t *testing.T) {
	for _, c := range []struct {
		then registrytest.Fault
		want error
	}{
		{registrytest.Fault{}, apply.ErrNotFound},
		{registrytest.ErrorCode(http.StatusNotFound, "MANIFEST_UNKNOWN", "no"), registryclient.ErrManifestGone},
		{registrytest.ErrorCode(http.StatusForbidden, "DENIED", "no"), registryclient.ErrManifestUnseen},
	} {
		w := newWorld(t, registrytest.Options{})
		digest := w.push("org/app:v1", w.image(now))
		ends := fromregistry.Ends{Client: w.client, Registry: w.registry}
		ctx, cancel := context.WithCancel(t.Context())
		remove := w.server.Inject(registrytest.Fault{Name: "cancel", Do: func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(rw, r)
			cancel()
		}}.For(http.MethodDelete, ""))
		require.ErrorIs(t, ends.DeleteTag(ctx, "org/app", "v1", digest), context.Canceled)
		remove()
		w.server.Inject(c.then.For(http.MethodHead, "/manifests/sha256:"))
		require.ErrorIs(t, ends.DeleteTag(t.Context(), "org/app", "v1", digest), c.want)
	}
}
