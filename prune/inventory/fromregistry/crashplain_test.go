package fromregistry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand"
	"net/http"
	"os"
	"slices"
	"strings"
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
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// A taggable is an image or an index.
type taggable interface {
	pushed
	Size() (int64, error)
}

// madeUp is what a random plain registry holds: images on common bases, in several
// repositories and under several tags, indexes, and what refers to either.
type madeUp struct {
	t       testing.TB
	random  *rand.Rand
	source  rand.Source
	pool    []taggable
	content map[string]taggable // by reference: repository:tag or repository@digest
	subject map[place]string    // of referrers, by where they are
}

var repositories = []string{"org/app", "org/team/web", "base"}

func makeUp(t testing.TB, seed int64) *madeUp {
	m := &madeUp{t: t, random: rand.New(rand.NewSource(seed)), source: rand.NewSource(seed + 1000), content: map[string]taggable{}, subject: map[place]string{}}
	for range 5 + m.random.Intn(4) {
		m.addToPool()
	}
	for range 7 + m.random.Intn(4) {
		repository := repositories[m.random.Intn(len(repositories))]
		tag := fmt.Sprintf("%s-%d", []string{"keep", "old", "old", "old"}[m.random.Intn(4)], m.random.Intn(9))
		what := m.pool[m.random.Intn(len(m.pool))]
		m.content[repository+":"+tag] = what
		if m.random.Intn(3) == 0 {
			m.refer(repository, what)
		}
	}
	return m
}

func (m *madeUp) addToPool() {
	image, err := random.Image(40, 1, random.WithSource(m.source))
	require.NoError(m.t, err)
	if n := len(m.pool); n > 0 {
		base, isImage := m.pool[m.random.Intn(n)].(v1.Image)
		switch m.random.Intn(3) {
		case 0:
			index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image})
			if isImage {
				index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: base})
			}
			m.pool = append(m.pool, index)
			return
		case 1:
			if isImage {
				layer, err := random.Layer(40, types.DockerLayer, random.WithSource(m.source))
				require.NoError(m.t, err)
				image, err = mutate.AppendLayers(base, layer)
				require.NoError(m.t, err)
			}
		}
	}
	m.pool = append(m.pool, image)
}

// refer adds a referrer, which has no tag.
func (m *madeUp) refer(repository string, to taggable) {
	h, err := to.Digest()
	require.NoError(m.t, err)
	size, err := to.Size()
	require.NoError(m.t, err)
	mediaType, err := to.MediaType()
	require.NoError(m.t, err)
	layer, err := random.Layer(20, types.OCILayer, random.WithSource(m.source))
	require.NoError(m.t, err)
	image, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), layer)
	require.NoError(m.t, err)
	referrer := mutate.Subject(image, v1.Descriptor{MediaType: mediaType, Digest: h, Size: size}).(v1.Image)
	d := digestOf(m.t, referrer)
	m.content[repository+"@"+d] = referrer
	m.subject[place{repository: repository, digest: d}] = h.String()
}

// plain is a plain registry, over HTTP.
type plain struct {
	*madeUp
	t       *testing.T
	server  *registrytest.Server
	http    *http.Client
	options fromregistry.Options
}

func newPlain(t *testing.T, m *madeUp) *plain {
	server, err := registrytest.Start(registrytest.Options{})
	require.NoError(t, err)
	w := &plain{madeUp: m, t: t, server: server, http: &http.Client{Transport: &http.Transport{}}}
	w.options = fromregistry.Options{UntaggedIsNothing: true, Workers: 1, Times: func(_, tag, _ string) time.Time {
		if strings.HasPrefix(tag, "keep") {
			return now
		}
		return now.AddDate(-1, 0, 0)
	}}
	for _, reference := range slices.Sorted(maps.Keys(m.content)) {
		require.NoError(t, server.Push(reference, m.content[reference]))
	}
	return w
}

func (w *plain) close() {
	w.http.CloseIdleConnections()
	w.server.Close()
}

func (w *plain) registry() name.Registry {
	registry, err := name.NewRegistry(w.server.Host())
	require.NoError(w.t, err)
	return registry
}

func (w *plain) plan() *prune.Plan {
	var b inventory.Builder
	require.NoError(w.t, fromregistry.Read(w.t.Context(), clientOf(w.t, false), w.registry(), &b, w.options))
	plan, err := prune.New(b.Build(), old(), now)
	require.NoError(w.t, err)
	return plan
}

// run carries a plan out with ends and a client of its own, as a program does that was
// started again.
func (w *plain) run(ctx context.Context, plan *prune.Plan, journal apply.Journal, again bool) (*apply.Report, error) {
	ends := fromregistry.Ends{Client: clientOf(w.t, again), Registry: w.registry(), Options: w.options}
	return apply.Run(ctx, plan, ends.Apply(), oneByOne(now, journal))
}

// state is every tag, with its digest, and every manifest that can be pulled.
func (w *plain) state() map[string]string {
	state := map[string]string{}
	for _, repository := range repositories {
		body, there := fetch(w.t, w.http, http.MethodGet, w.server.URL()+"/v2/"+repository+"/tags/list")
		if !there {
			continue
		}
		var list struct{ Tags []string }
		require.NoError(w.t, json.Unmarshal(body, &list))
		for _, tag := range list.Tags {
			state[repository+":"+tag] = digestOf(w.t, w.content[repository+":"+tag])
		}
	}
	for p := range w.everyManifest() {
		if answers(w.t, w.http, http.MethodGet, w.server.URL()+"/v2/"+p.repository+"/manifests/"+p.digest) {
			state[p.repository+"@"+p.digest] = p.digest
		}
	}
	return state
}

// everyManifest is where manifests are at first, those that indexes own too.
func (w *plain) everyManifest() map[place]bool {
	all := map[place]bool{}
	for reference, what := range w.content {
		repository := reference[:strings.IndexAny(reference, ":@")]
		all[place{repository: repository, digest: digestOf(w.t, what)}] = true
		if index, ok := what.(v1.ImageIndex); ok {
			m, err := index.IndexManifest()
			require.NoError(w.t, err)
			for _, child := range m.Manifests {
				all[place{repository: repository, digest: child.Digest.String()}] = true
			}
		}
	}
	return all
}

// requireResolves: each tag that is there resolves to what it was pushed as: manifest,
// children, config and layers, and what refers to them.
func (w *plain) requireResolves(name string) {
	w.t.Helper()
	for reference, digest := range w.state() {
		if repository, _, tagged := strings.Cut(reference, ":"); tagged && !strings.Contains(reference, "@") {
			w.requireManifest(repository, digest, true, name+" "+reference)
		}
	}
}

// requireNothingDangling: manifests that no tag leads to have all that they own, too.
func (w *plain) requireNothingDangling(name string) {
	w.t.Helper()
	for reference, digest := range w.state() {
		if repository, _, untagged := strings.Cut(reference, "@"); untagged {
			w.requireManifest(repository, digest, false, name+" "+reference)
		}
	}
}

func (w *plain) requireManifest(repository, digest string, referrers bool, name string) {
	root := w.server.URL() + "/v2/" + repository
	raw, there := fetch(w.t, w.http, http.MethodGet, root+"/manifests/"+digest)
	require.True(w.t, there, "%s: manifest %s", name, digest)
	for _, part := range partsOf(w.t, raw) {
		if part.manifest {
			w.requireManifest(repository, part.digest, referrers, name)
			continue
		}
		require.True(w.t, answers(w.t, w.http, http.MethodHead, root+"/blobs/"+part.digest), "%s: blob %s", name, part.digest)
	}
	for referrer, subject := range w.subject {
		if referrers && referrer.repository == repository && subject == digest {
			w.requireManifest(repository, referrer.digest, true, name)
		}
	}
}

// TestPlainRunThatEndsAnywhere stops and fails runs on a plain registry at their actions.
// Each tag that is left resolves; the journal finishes the run as if nothing had
// happened; where it is lost, a new plan drops the tags that are left to drop, and what
// the first run untagged is left to the registry.
func TestPlainRunThatEndsAnywhere(t *testing.T) {
	runs, one := 0, 5
	switch {
	case raced || testing.Short():
		one = 12
	case os.Getenv("REGISTRYKIT_SEEDS") != "": // each action takes a minute
		one = 1
	}
	for seed := range int64(6) {
		m := makeUp(t, seed)
		w := newPlain(t, m)
		plan := w.plan()
		w.requireResolves("before")
		w.requireNothingDangling("before")
		never := &striker{k: -1}
		w.server.Inject(never.fault())
		report, err := w.run(t.Context(), plan, nil, false)
		require.NoError(t, err)
		allDone(t, report, prune.DeleteTagItem, prune.DeleteManifestLink)
		w.requireResolves("undisturbed")
		want := w.state()
		w.close()
		for b, blow := range blows {
			for k := range int(never.n.Load()) {
				if fewer(b, k, one) {
					continue
				}
				strikePlain(t, m, &striker{blow: blow, k: int64(k)}, want, (b+k/one)%4 == 0)
				runs++
			}
		}
	}
	t.Logf("%d runs", runs)
	require.Greater(t, runs, 10)
}

func strikePlain(t *testing.T, m *madeUp, s *striker, want map[string]string, lost bool) {
	w := newPlain(t, m)
	defer w.close()
	plan := w.plan()
	name := named(s, plan)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.cancel = cancel
	remove := w.server.Inject(s.fault())
	journal := &memoryJournal{}
	_, err := w.run(ctx, plan, journal, s.again)
	remove()
	w.requireResolves(name)
	w.requireNothingDangling(name)
	switch {
	case err != nil && lost:
		w.planAnew(want, name)
		w.requireResolves(name)
		return
	case err != nil:
		_, err = w.run(t.Context(), plan, journal, false)
		require.NoError(t, err, name)
		w.requireResolves(name)
	}
	require.Equal(t, want, w.state(), name)
}

// planAnew finishes a run whose journal is lost. All that a registry tells of is tags, so
// manifests may be left that have none, and nothing that stays lists.
func (w *plain) planAnew(want map[string]string, name string) {
	_, err := w.run(w.t.Context(), w.plan(), nil, false)
	require.NoError(w.t, err, name)
	require.Zero(w.t, w.plan().Summary.Actions(), name)
	got := w.state()
	for reference, digest := range want {
		require.Equal(w.t, digest, got[reference], "%s: %s", name, reference)
	}
	for reference := range got {
		if !strings.Contains(reference, "@") {
			require.Contains(w.t, want, reference, name)
		}
	}
}

// TestAnIndexThatStaysKeepsWhatItOwns: its tag is gone, so that the registry does not tell of
// it any more, and its own deletion fails. Nothing goes from under it.
func TestAnIndexThatStaysKeepsWhatItOwns(t *testing.T) {
	w := newWorld(t, registrytest.Options{})
	index, err := random.Index(40, 1, 2)
	require.NoError(t, err)
	d := w.push("org/app:old", index)
	w.push("org/app:keep", w.image(now))
	o := fromregistry.Options{UntaggedIsNothing: true, Times: func(_, tag, _ string) time.Time {
		if tag == "keep" {
			return now
		}
		return now.AddDate(-1, 0, 0)
	}}
	plan := w.plan(w.read(o), old())
	require.Equal(t, 3, kinds(plan)[prune.DeleteManifestLink])
	remove := w.server.Inject(registrytest.ErrorCode(http.StatusInternalServerError, "UNKNOWN", "no").For(http.MethodDelete, "/manifests/"+d))

	ends := fromregistry.Ends{Client: w.client, Registry: w.registry, Options: o}
	journal := &memoryJournal{}
	report, err := apply.Run(t.Context(), plan, ends.Apply(), oneByOne(now, journal))
	require.ErrorIs(t, err, apply.ErrIncomplete)
	require.Equal(t, 1, report.Count(prune.DeleteManifestLink, apply.Failed), report)
	require.Equal(t, 2, report.Count(prune.DeleteManifestLink, apply.Held), report)
	m, err := index.IndexManifest()
	require.NoError(t, err)
	for _, child := range m.Manifests {
		require.True(t, answers(t, http.DefaultClient, http.MethodGet, w.server.URL()+"/v2/org/app/manifests/"+child.Digest.String()))
	}

	remove()
	report, err = apply.Run(t.Context(), plan, ends.Apply(), oneByOne(now, journal))
	require.NoError(t, err)
	require.Equal(t, 3, report.Count(prune.DeleteManifestLink, apply.Done), report)
}
