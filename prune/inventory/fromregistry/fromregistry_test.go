package fromregistry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/prune/prunetest"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a registry and its client.
type world struct {
	t        testing.TB
	server   *registrytest.Server
	client   *registryclient.Client
	registry name.Registry
	warnings []error
}

func newWorld(t testing.TB, o registrytest.Options) *world {
	server, err := registrytest.Start(o)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	client := registryclient.New(registryclient.Options{Retry: registryclient.RetryOptions{Attempts: 2, Backoff: time.Millisecond}})
	t.Cleanup(client.Close)
	registry, err := name.NewRegistry(server.Host())
	require.NoError(t, err)
	return &world{t: t, server: server, client: client, registry: registry}
}

// read reads the registry.
func (w *world) read(o fromregistry.Options) *inventory.Inventory {
	w.t.Helper()
	var b inventory.Builder
	o.Warn = func(err error) { w.warnings = append(w.warnings, err) }
	require.NoError(w.t, fromregistry.Read(w.t.Context(), w.client, w.registry, &b, o))
	return b.Build()
}

type pushed interface {
	Digest() (v1.Hash, error)
	RawManifest() ([]byte, error)
	MediaType() (types.MediaType, error)
}

func digestOf(t testing.TB, p pushed) string {
	h, err := p.Digest()
	require.NoError(t, err)
	return h.String()
}

func (w *world) push(reference string, p pushed) string {
	require.NoError(w.t, w.server.Push(reference, p))
	return digestOf(w.t, p)
}

// image makes an image that was built at a time.
func (w *world) image(created time.Time) v1.Image {
	image, err := random.Image(100, 2)
	require.NoError(w.t, err)
	image, err = mutate.CreatedAt(image, v1.Time{Time: created})
	require.NoError(w.t, err)
	return image
}

// old drops every tag whose image is older than a day, and what they leave.
func old() prune.Policy {
	day := prune.Duration(24 * time.Hour)
	return prune.Policy{
		TagItems:      []prune.Rule{{ID: "old", Outcome: prune.Delete, When: prune.Condition{OlderThan: &day}}},
		Images:        []prune.Rule{{ID: "old", Outcome: prune.Delete, When: prune.Condition{OlderThan: &day}}},
		PruneRegistry: true,
	}
}

func (w *world) plan(inv *inventory.Inventory, policy prune.Policy) *prune.Plan {
	w.t.Helper()
	require.NoError(w.t, prunetest.Check(inv, policy, now))
	plan, err := prune.New(inv, policy, now)
	require.NoError(w.t, err)
	return plan
}

func kinds(plan *prune.Plan) map[prune.ActionKind]int {
	counts := map[prune.ActionKind]int{}
	for a := range plan.Actions() {
		counts[a.Kind]++
	}
	return counts
}

// TestRead: repositories of any depth, an index, what refers to it, and sizes.
func TestRead(t *testing.T) {
	w := newWorld(t, registrytest.Options{PageSize: 2})
	image := w.image(now)
	deep := w.push("a/b/c/d/e", image)
	top := w.push("top:v1", image)
	require.Equal(t, deep, top)
	index, err := random.Index(50, 1, 2)
	require.NoError(t, err)
	list := w.push("org/app:v1", index)
	subject, err := index.Digest()
	require.NoError(t, err)
	signature := mutate.Subject(mutate.MediaType(empty.Image, types.OCIManifestSchema1), v1.Descriptor{
		MediaType: types.OCIImageIndex, Digest: subject, Size: 1,
	}).(v1.Image)
	signed := digestOf(t, signature)
	w.push("org/app@"+signed, signature)

	inv := w.read(fromregistry.Options{})
	require.Empty(t, w.warnings)
	require.Equal(t, 3, inv.Streams())
	for _, s := range [][2]string{{"a", "b/c/d/e"}, {"", "top"}, {"org", "app"}} {
		require.GreaterOrEqual(t, inv.FindStream(s[0], s[1]), 0, s)
	}
	require.Equal(t, 5, inv.Images(), "an image, an index of two, and a signature")
	i := inv.ImageOf(inv.Digest(list))
	require.Len(t, inv.Children(i), 2)
	require.GreaterOrEqual(t, inv.ImageOf(inv.Digest(signed)), 0)
	raw, err := image.RawManifest()
	require.NoError(t, err)
	require.EqualValues(t, len(raw), inv.Size(inv.Digest(deep)))
	layers, err := image.Layers()
	require.NoError(t, err)
	h, err := layers[0].Digest()
	require.NoError(t, err)
	size, err := layers[0].Size()
	require.NoError(t, err)
	require.Equal(t, size, inv.Size(inv.Digest(h.String())))
	require.False(t, inv.Complete(inventory.KindImage), "what has no tag cannot be listed")
	require.True(t, inv.Complete(inventory.KindImageStream))
	require.True(t, inv.ImagesAfterStreams())
	require.Equal(t, 1, w.server.Count("GET", "/v2/a/b/c/d/e/manifests/")+w.server.Count("GET", "/v2/top/manifests/"), "one fetch for both repositories")
}

// TestAges: unknown, which keeps, unless somebody knows.
func TestAges(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	ancient := w.image(now.AddDate(-1, 0, 0))
	w.push("org/app:old", ancient)
	w.push("org/app:new", w.image(now))
	w.push("org/app:reproducible", w.image(time.Unix(0, 0)))
	older, newer := w.image(now.AddDate(-1, 0, 0)), w.image(now)
	w.push("org/app:mixed", mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: older}, mutate.IndexAddendum{Add: newer}))

	require.Empty(t, kinds(w.plan(w.read(fromregistry.Options{UntaggedIsNothing: true}), old())), "nobody knows how old they are")
	plan := w.plan(w.read(fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true}), old())
	require.Equal(t, 1, kinds(plan)[prune.DeleteTagItem])
	for a := range plan.Actions() {
		if a.Kind == prune.DeleteTagItem {
			require.Equal(t, "old", a.Tag, "an index is as new as its newest image, and 1970 is a placeholder")
		}
	}
	said := fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true, Times: func(repository, tag, _ string) time.Time {
		if repository == "org/app" && tag == "old" {
			return now
		}
		return time.Time{}
	}}
	require.Zero(t, kinds(w.plan(w.read(said), old()))[prune.DeleteTagItem], "what the caller says goes first")
}

// TestAgesInSeveralRepositories: a manifest is as new as where it was pushed last, and
// unknown where one of its repositories does not tell.
func TestAgesInSeveralRepositories(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	image := w.image(now)
	digest := w.push("a/app:v1", image)
	for _, repository := range []string{"b/app", "c/app"} {
		w.push(repository+":v1", image)
	}
	newest := now.Add(-time.Hour)
	for _, c := range []struct{ last, want time.Time }{{now.AddDate(0, 0, -1), newest}, {time.Time{}, time.Time{}}} {
		times := map[string]time.Time{"a/app": now.AddDate(-1, 0, 0), "b/app": newest, "c/app": c.last}
		for range 5 { // whatever the order
			inv := w.read(fromregistry.Options{Times: func(repository, _, _ string) time.Time { return times[repository] }})
			require.Equal(t, inventory.InstantOf(c.want), inv.Image(inv.ImageOf(inv.Digest(digest))).Created)
		}
	}
}

// TestListsInLists: a list that is in another many times, again and again, is looked
// through once.
func TestListsInLists(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	list := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: w.image(now.AddDate(-1, 0, 0))})
	for range 8 {
		inner := list
		list = empty.Index
		for range 40 {
			list = mutate.AppendManifests(list, mutate.IndexAddendum{Add: inner})
		}
	}
	w.push("org/app:deep", list)
	plan := w.plan(w.read(fromregistry.Options{UseImageCreated: true}), old())
	require.Equal(t, 1, kinds(plan)[prune.DeleteTagItem])
}

// TestReferrersOfReferrers: a registry that makes up a referrer of each referrer is not
// asked for ever.
func TestReferrersOfReferrers(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	made := map[string][]byte{}
	var lock sync.Mutex
	w.server.Inject(registrytest.Fault{Do: func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		lock.Lock()
		defer lock.Unlock()
		place, digest := path.Split(r.URL.Path)
		switch {
		case made[digest] != nil && path.Base(place) == "manifests":
			rw.Header().Set("Content-Type", string(types.OCIManifestSchema1))
			rw.Write(made[digest])
		case path.Base(place) == "referrers":
			raw := fmt.Appendf(nil, `{"schemaVersion":2,"config":{"digest":%q,"size":2},"layers":[],"subject":{"digest":%q,"size":1}}`, digest, digest)
			h, _, err := v1.SHA256(bytes.NewReader(raw))
			if err != nil {
				panic(err)
			}
			made[h.String()] = raw
			rw.Header().Set("Content-Type", string(types.OCIImageIndex))
			fmt.Fprintf(rw, `{"schemaVersion":2,"manifests":[{"digest":%q}]}`, h)
		default:
			next.ServeHTTP(rw, r)
		}
	}})
	w.push("org/app:v1", w.image(now.AddDate(-1, 0, 0)))
	inv := w.read(fromregistry.Options{UntaggedIsNothing: true, Times: func(string, string, string) time.Time { return now.AddDate(-1, 0, 0) }})
	require.Len(t, w.warnings, 1)
	require.ErrorContains(t, w.warnings[0], "away from a tag")
	require.Equal(t, map[prune.ActionKind]int{prune.DeleteTagItem: 1}, kinds(w.plan(inv, old())), "not all manifests are known")
}

// TestUntagged: only tags go, unless what has no tag is of no account.
func TestUntagged(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	w.push("org/app:old", w.image(now.AddDate(-1, 0, 0)))
	o := fromregistry.Options{UseImageCreated: true}
	require.Equal(t, map[prune.ActionKind]int{prune.DeleteTagItem: 1}, kinds(w.plan(w.read(o), old())))
	o.UntaggedIsNothing = true
	counts := kinds(w.plan(w.read(o), old()))
	require.Equal(t, 1, counts[prune.DeleteTagItem])
	require.Equal(t, 1, counts[prune.DeleteManifestLink])
}

// TestCarriedOut: the tag goes, and then its manifest; a tag of the same digest in another
// repository, or in the same, keeps it.
func TestCarriedOut(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	shared, lonely := w.image(now.AddDate(-1, 0, 0)), w.image(now.AddDate(-1, 0, 0))
	w.push("org/deep/app:old", shared)
	keep := w.push("org/deep/app:keep", shared)
	gone := w.push("org/deep/app:gone", lonely)
	w.push("other:gone", lonely)
	o := fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true, Times: func(_, tag, digest string) time.Time {
		if tag == "keep" {
			return now
		}
		return time.Time{}
	}}
	plan := w.plan(w.read(o), old())
	ends := fromregistry.Ends{Client: w.client, Registry: w.registry, Options: o}
	report, err := apply.Run(t.Context(), plan, ends.Apply(), apply.Options{Now: func() time.Time { return now }, Grace: -1})
	require.NoError(t, err, report)
	require.Equal(t, 3, report.Count(prune.DeleteTagItem, apply.Done))
	require.Equal(t, 2, report.Count(prune.DeleteManifestLink, apply.Done))
	require.Zero(t, report.Count(prune.DeleteBlob, apply.Done))
	require.Equal(t, kinds(plan)[prune.DeleteBlob], report.Count(prune.DeleteBlob, apply.Unsupported)+report.Count(prune.DeleteBlob, apply.Held))

	tags, err := registryclient.Collect(w.client.Tags(t.Context(), w.registry.Repo("org/deep/app"), registryclient.ListOptions{}))
	require.NoError(t, err)
	require.Equal(t, []string{"keep"}, tags)
	_, err = w.client.HeadManifest(t.Context(), w.registry.Repo("org/deep/app").Digest(keep))
	require.NoError(t, err)
	for _, repository := range []string{"org/deep/app", "other"} {
		_, err = w.client.HeadManifest(t.Context(), w.registry.Repo(repository).Digest(gone))
		require.ErrorIs(t, err, registryclient.NotFound)
	}
	require.Empty(t, kinds(w.plan(w.read(o), old())), "planning again finds nothing")
}

// TestTagsThatAreNotDeleted: a registry that accepts the deletion of a tag and does
// nothing keeps the manifest as well.
func TestTagsThatAreNotDeleted(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	digest := w.push("org/app:old", w.image(now.AddDate(-1, 0, 0)))
	o := fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true}
	plan := w.plan(w.read(o), old())
	w.server.Inject(registrytest.IgnoredDelete())
	ends := fromregistry.Ends{Client: w.client, Registry: w.registry, Options: o}
	report, err := apply.Run(t.Context(), plan, ends.Apply(), apply.Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(prune.DeleteTagItem, apply.Unsupported))
	require.Zero(t, report.Count(prune.DeleteManifestLink, apply.Done))
	_, err = w.client.HeadManifest(t.Context(), w.registry.Repo("org/app").Digest(digest))
	require.NoError(t, err)
}

// TestTagThatMoved since the plan is left alone.
func TestTagThatMoved(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	first := w.push("org/app:v1", w.image(now))
	second := w.push("org/app:v1", w.image(now))
	ends := fromregistry.Ends{Client: w.client, Registry: w.registry}
	require.ErrorIs(t, ends.DeleteTag(t.Context(), "org/app", "v1", first), apply.ErrConflict)
	require.ErrorIs(t, ends.DeleteTag(t.Context(), "org/app", "v2", first), apply.ErrNotFound)
	require.NoError(t, ends.DeleteTag(t.Context(), "org/app", "v1", second))
}

// TestMirrorsAreNotAsked: what a mirror still has under a tag is not what goes, and tags
// that a mirror lacks are not gone, not even where the registry is not to be pulled from.
func TestMirrorsAreNotAsked(t *testing.T) {
	for _, never := range []bool{false, true} {
		t.Run(fmt.Sprintf("NeverContactSource=%t", never), func(t *testing.T) { mirrorsAreNotAsked(t, never) })
	}
}

func mirrorsAreNotAsked(t *testing.T, never bool) {
	w, mirror := newWorld(t, registrytest.Options{}), newWorld(t, registrytest.Options{})
	image := w.image(now)
	stale := mirror.push("org/app:v1", image)
	w.push("org/app:other", image)
	fresh := w.push("org/app:v1", w.image(now))
	mirrors, err := registryclient.NewMirrors([]registryclient.MirrorRule{{Source: w.server.Host(), Mirrors: []string{mirror.server.Host()}, NeverContactSource: never}})
	require.NoError(t, err)
	w.client = registryclient.New(registryclient.Options{Mirrors: mirrors, Retry: registryclient.RetryOptions{Attempts: 1}})
	t.Cleanup(w.client.Close)

	inv := w.read(fromregistry.Options{})
	require.Empty(t, w.warnings)
	require.GreaterOrEqual(t, inv.ImageOf(inv.Digest(fresh)), 0)
	ends := fromregistry.Ends{Client: w.client, Registry: w.registry}
	require.ErrorIs(t, ends.DeleteTag(t.Context(), "org/app", "v1", stale), apply.ErrConflict)
	require.Empty(t, mirror.server.Requests())
	require.NoError(t, ends.DeleteTag(t.Context(), "org/app", "v1", fresh))
}

func TestAnswersOfEnds(t *testing.T) {
	for _, c := range []struct {
		fault registrytest.Fault
		want  error
	}{
		{registrytest.ErrorCode(405, "UNSUPPORTED", "no"), apply.ErrUnsupported},
		{registrytest.ErrorCode(403, "DENIED", "no"), apply.ErrForbidden},
		{registrytest.ErrorCode(401, "UNAUTHORIZED", "no"), apply.ErrForbidden},
		{registrytest.ErrorCode(404, "MANIFEST_UNKNOWN", "no"), apply.ErrNotFound},
		{registrytest.Overloaded("", ""), apply.ErrUnavailable},
	} {
		w := newWorld(t, registrytest.Options{})
		digest := w.push("org/app:v1", w.image(now))
		w.server.Inject(c.fault)
		ends := fromregistry.Ends{Client: w.client, Registry: w.registry}
		require.ErrorIs(t, ends.DeleteManifestLink(t.Context(), "org/app", digest), c.want)
		require.Nil(t, ends.Apply().Blobs)
		require.Nil(t, ends.Apply().Layers)
	}
}

// TestRetryAfterIsTold to apply, which waits so long.
func TestRetryAfterIsTold(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	digest := w.push("org/app:v1", w.image(now))
	w.server.Inject(registrytest.TooManyRequests("", "3600"))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := (&fromregistry.Ends{Client: w.client, Registry: w.registry}).DeleteManifestLink(ctx, "org/app", digest)
	require.ErrorIs(t, err, apply.ErrUnavailable)
	var wait interface{ RetryAfter() time.Duration }
	require.True(t, errors.As(err, &wait))
	require.Equal(t, time.Hour, wait.RetryAfter())
}

// TestWhatCannotBeReadKeeps: each request that fails makes its kind incomplete, and
// deletes nothing that would not go otherwise.
func TestWhatCannotBeReadKeeps(t *testing.T) {
	no := registrytest.ErrorCode(403, "DENIED", "no")
	for _, c := range []struct {
		name  string
		fault registrytest.Fault
		kind  inventory.Kind
	}{
		{"tags", no.For(http.MethodGet, "/v2/org/b/tags/list"), inventory.KindImageStream},
		{"a tag", no.For(http.MethodHead, "/v2/org/b/manifests/v1"), inventory.KindImageStream},
		{"a manifest", no.For(http.MethodGet, "/v2/org/b/manifests/"), inventory.KindImage},
		{"referrers", no.For(http.MethodGet, "/v2/org/b/referrers/"), inventory.KindImage},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, registrytest.Options{})
			w.push("org/a:v1", w.image(now.AddDate(-1, 0, 0)))
			w.push("org/b:v1", w.image(now.AddDate(-1, 0, 0)))
			o := fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true}
			whole := kinds(w.plan(w.read(o), old()))
			require.Equal(t, 2, whole[prune.DeleteManifestLink])
			w.server.Inject(c.fault)
			inv := w.read(o)
			require.False(t, inv.Complete(c.kind))
			require.NotEmpty(t, w.warnings)
			require.Zero(t, kinds(w.plan(inv, old()))[prune.DeleteManifestLink])
			var e *fromregistry.Error
			require.True(t, errors.As(w.warnings[0], &e))
			require.Contains(t, e.Object, "org/b")
		})
	}
}

// TestManifestsThatCannotBeReadKeep: what such a manifest needs, or refers to, is not
// known.
func TestManifestsThatCannotBeReadKeep(t *testing.T) {
	for told, layers := range map[string]string{
		"layers: the manifest has more than 50000 descriptors": `[{}` + strings.Repeat(",{}", 50_000) + `]`,
		"json: ": `"none"`,
	} {
		w := newWorld(t, registrytest.Options{})
		w.push("org/a:v1", w.image(now.AddDate(-1, 0, 0)))
		w.push("org/b:v1", w.image(now.AddDate(-1, 0, 0)))
		o := fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true}
		require.Equal(t, 2, kinds(w.plan(w.read(o), old()))[prune.DeleteManifestLink])

		raw := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":` + layers + `}`
		w.server.Inject(registrytest.Status("odd", http.StatusOK, string(types.OCIManifestSchema1), raw, nil).For(http.MethodHead, "/v2/org/b/manifests/v1"))
		w.server.Inject(registrytest.Status("odd", http.StatusOK, string(types.OCIManifestSchema1), raw, nil).For(http.MethodGet, "/v2/org/b/manifests/"))
		inv := w.read(o)
		require.NotEmpty(t, w.warnings)
		require.ErrorContains(t, w.warnings[0], told)
		require.False(t, inv.Complete(inventory.KindImage))
		require.Zero(t, kinds(w.plan(inv, old()))[prune.DeleteManifestLink])
	}
}

func TestWithoutACatalog(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	w.push("org/a:v1", w.image(now.AddDate(-1, 0, 0)))
	w.server.Inject(registrytest.ErrorCode(401, "UNAUTHORIZED", "no").For(http.MethodGet, "/_catalog"))
	var b inventory.Builder
	err := fromregistry.Read(t.Context(), w.client, w.registry, &b, fromregistry.Options{})
	require.ErrorIs(t, err, registryclient.Unauthorized)
	o := fromregistry.Options{Repositories: []string{"org/a", "org/none", "org/a"}, UseImageCreated: true, UntaggedIsNothing: true}
	inv := w.read(o)
	require.Empty(t, w.warnings)
	require.Equal(t, 2, inv.Streams())
	require.False(t, inv.Complete(inventory.KindImageStream), "there may be others")
	o.AllRepositories = true
	require.True(t, w.read(o).Complete(inventory.KindImageStream))
}

func TestCanceled(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	w.push("org/a:v1", w.image(now))
	ctx, cancel := context.WithCancel(t.Context())
	w.server.Inject(registrytest.Fault{Name: "cancel", Do: func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		cancel()
		next.ServeHTTP(rw, r)
	}}.For(http.MethodHead, "/manifests/"))
	var b inventory.Builder
	require.ErrorIs(t, fromregistry.Read(ctx, w.client, w.registry, &b, fromregistry.Options{}), context.Canceled)
	require.Zero(t, b.Build().Streams())
}

// TestUses: a pod that names a repository of any depth keeps its tag.
func TestUses(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	for _, repository := range []string{"top", "org/app", "org/deep/er/app"} {
		w.push(repository+":used", w.image(now.AddDate(-1, 0, 0)))
		w.push(repository+":unused", w.image(now.AddDate(-1, 0, 0)))
	}
	yes := true
	policy := old()
	policy.TagItems = slices.Insert(policy.TagItems, 0, prune.Rule{ID: "used", Outcome: prune.Keep, When: prune.Condition{TagInUse: &yes}})
	var b inventory.Builder
	require.NoError(t, fromregistry.Read(t.Context(), w.client, w.registry, &b, fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true}))
	require.Empty(t, kinds(w.plan(b.Build(), policy)), "no workloads were listed")
	b.Listed(inventory.WorkloadKinds()...)
	for n, image := range []string{"top:used", "org/app:used", "org/deep/er/app:used"} {
		pod := inventory.Workload{Kind: inventory.KindPod, Namespace: "dev", Name: fmt.Sprint(n), Created: now,
			References: []inventory.Reference{{Field: "spec.containers[0].image", Value: w.server.Host() + "/" + image}}}
		require.NoError(t, b.AddWorkload(fromregistry.Uses(pod, "elsewhere.example", w.server.Host())))
		require.Len(t, fromregistry.Uses(pod, "elsewhere.example").References, 1)
	}
	dropped := map[string]bool{}
	for a := range w.plan(b.Build(), policy).Actions() {
		if a.Kind == prune.DeleteTagItem {
			dropped[a.Stream+":"+a.Tag] = true
		}
	}
	require.Equal(t, map[string]bool{"top:unused": true, "org/app:unused": true, "org/deep/er/app:unused": true}, dropped)
}

// TestUsesWithAPort: the port that a scheme has anyway makes no other registry.
func TestUsesWithAPort(t *testing.T) {
	for host, in := range map[string]bool{"Registry.example": true, "registry.example:443": true, "registry.example:80": true, "registry.example:5000": false, "other.example:443": false} {
		for _, pair := range [][2]string{{host, "registry.example"}, {"registry.example", host}} {
			w := inventory.Workload{References: []inventory.Reference{{Value: pair[0] + "/org/app:v1"}}}
			require.Equal(t, in, len(fromregistry.Uses(w, pair[1]).References) == 2, pair)
		}
	}
}

// TestTagsThatAreListedTwice, as by a registry whose pages overlap, are one.
func TestTagsThatAreListedTwice(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	w.push("org/a:v1", w.image(now))
	w.server.Inject(registrytest.Status("twice", http.StatusOK, "application/json", `{"name":"org/a","tags":["v1","v1"]}`, nil).For(http.MethodGet, "/tags/list"))
	inv := w.read(fromregistry.Options{})
	require.Empty(t, w.warnings)
	require.Equal(t, 1, inv.Tags())
}

func TestSplit(t *testing.T) {
	for repository, want := range map[string][2]string{"app": {"", "app"}, "a/b": {"a", "b"}, "a/b/c": {"a", "b/c"}} {
		namespace, rest := fromregistry.Split(repository)
		require.Equal(t, want, [2]string{namespace, rest})
		require.Equal(t, repository, inventory.RepositoryName(namespace, rest))
	}
}

func ExampleRead() {
	server, err := registrytest.Start(registrytest.Options{})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	if err := server.Push("org/team/app:v1", empty.Image); err != nil {
		panic(err)
	}
	registry, err := name.NewRegistry(server.Host())
	if err != nil {
		panic(err)
	}
	client := registryclient.New(registryclient.Options{})
	defer client.Close()

	var builder inventory.Builder
	if err := fromregistry.Read(context.Background(), client, registry, &builder, fromregistry.Options{}); err != nil {
		panic(err)
	}
	inv := builder.Build()
	fmt.Println(inv.Stream(0).Repository(), inv.Tag(0).Name, inv.Images())
	// Output: org/team/app v1 1
}
