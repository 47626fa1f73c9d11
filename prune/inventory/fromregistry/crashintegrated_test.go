package fromregistry_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/prune/prunetest"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// A place is one thing in a repository, or, in none, in the storage.
type place struct {
	repository, digest string
	manifest           bool
}

// integrated is a random cluster with its integrated registry, over HTTP.
type integrated struct {
	t       *testing.T
	cluster *prunetest.Cluster
	live    *prunetest.Live
	server  *registrytest.Server
	http    *http.Client
	pushed  map[place]bool // what the registry had at first
}

// newIntegrated starts a registry that has what the cluster needs of it.
func newIntegrated(t *testing.T, cluster *prunetest.Cluster) *integrated {
	server, err := registrytest.Start(registrytest.Options{OpenShift: &registrytest.OpenShift{}})
	require.NoError(t, err)
	w := &integrated{t: t, cluster: cluster, live: cluster.Live(), server: server, pushed: map[place]bool{}}
	w.http = &http.Client{Transport: &http.Transport{}}
	for _, n := range w.live.Needs() {
		w.pushed[place{n.Repository, n.Digest, n.Manifest}] = true
	}
	for p := range w.pushed {
		if p.repository != "" && !p.manifest {
			require.NoError(t, server.Link(p.repository, p.digest, []byte(p.digest)))
		}
	}
	for digest, raw := range cluster.Manifests() {
		var m struct{ MediaType string }
		require.NoError(t, json.Unmarshal(raw, &m))
		for p := range w.pushed {
			if p.manifest && p.digest == digest {
				require.NoError(t, server.Put(p.repository, digest, m.MediaType, raw))
			}
		}
	}
	return w
}

func (w *integrated) close() {
	w.http.CloseIdleConnections()
	w.server.Close()
}

// ends are new ones each time, as those of a program that was started again.
func (w *integrated) ends(client *registryclient.Client) apply.Ends {
	registry, err := name.NewRegistry(w.server.Host())
	require.NoError(w.t, err)
	ends := fromregistry.IntegratedEnds{Client: client, Registry: registry}
	return ends.In(w.live.Ends())
}

// missing is what remaining items and workloads need and do not find, over HTTP: a GET of
// each manifest, a HEAD of each blob. What no repository must link must be stored.
func (w *integrated) missing() []string {
	there := map[place]bool{}
	list := w.live.Missing() // Images
	for _, n := range w.live.Needs() {
		p := place{n.Repository, n.Digest, n.Manifest}
		found, asked := there[p]
		if !asked {
			found = w.finds(p)
			there[p] = found
		}
		if !found {
			list = append(list, n.By+": "+n.Repository+" "+n.Digest)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (w *integrated) finds(p place) bool {
	switch {
	case p.repository == "":
		return w.server.Stored(p.digest)
	case p.manifest:
		return answers(w.t, w.http, http.MethodGet, w.server.URL()+"/v2/"+p.repository+"/manifests/"+p.digest)
	}
	return answers(w.t, w.http, http.MethodHead, w.server.URL()+"/v2/"+p.repository+"/blobs/"+p.digest)
}

// dangling is what manifests that repositories still have name, and had there at first, and
// what is no longer there: links that somebody may pull by digest, to nothing.
func (w *integrated) dangling() (list []string) {
	for p := range w.pushed {
		if !p.manifest {
			continue
		}
		raw, there := fetch(w.t, w.http, http.MethodGet, w.server.URL()+"/v2/"+p.repository+"/manifests/"+p.digest)
		if !there {
			continue
		}
		for _, part := range partsOf(w.t, raw) {
			part.repository = p.repository
			if w.pushed[part] && !w.finds(part) {
				list = append(list, p.repository+" "+p.digest+": "+part.digest)
			}
		}
	}
	return list
}

// integratedState is all that is left.
type integratedState struct {
	Items, Images []string
	Registry      map[place]bool // what is still linked or stored
}

func (w *integrated) state() integratedState {
	s := integratedState{w.live.Items(), w.live.Images(), map[place]bool{}}
	for p := range w.pushed {
		if p.repository == "" && w.server.Stored(p.digest) || p.repository != "" && w.server.Linked(p.repository, p.digest) {
			s.Registry[p] = true
		}
	}
	return s
}

// run carries the plan out with a client of the run's own.
func (w *integrated) run(ctx context.Context, plan *prune.Plan, journal apply.Journal, again bool) (*apply.Report, error) {
	return apply.Run(ctx, plan, w.ends(clientOf(w.t, again)), oneByOne(w.cluster.Now(), journal))
}

// TestIntegratedRunThatEndsAnywhere stops and fails runs at their actions, in the cluster's
// API and in its registry over HTTP. What is left resolves to all that it resolved to
// before; the journal finishes the run as if nothing had happened; where it is lost, a new
// plan does the rest, and leaves nothing that a third one would delete.
func TestIntegratedRunThatEndsAnywhere(t *testing.T) {
	policy, runs, clusters := oneRevision(t), 0, 0
	one := 1 // each action
	if raced || testing.Short() {
		one = 12
	}
	for seed := range uint64(12) {
		cluster := prunetest.Random(seed)
		policy.AcceptUnknownImages = seed%3 == 0
		plan, err := prune.New(cluster.Inventory(), policy, cluster.Now())
		require.NoError(t, err)
		if n := plan.Summary.Actions(); n == 0 || n > 45 {
			continue
		}
		want, before, calls := undisturbed(t, cluster, plan)
		clusters++
		for b, blow := range blows {
			for k := range calls {
				if fewer(b, k, one) {
					continue
				}
				lost := (b+k/one)%4 == 0 // the journal
				strikeIntegrated(t, cluster, plan, &striker{blow: blow, k: int64(k)}, want, before, lost)
				runs++
			}
		}
	}
	t.Logf("%d runs on %d clusters", runs, clusters)
	require.Greater(t, runs, 20)
}

// undisturbed carries the plan out, and returns what is left, what was missing before, and
// how many actions the run took.
func undisturbed(t *testing.T, cluster *prunetest.Cluster, plan *prune.Plan) (integratedState, []string, int) {
	w := newIntegrated(t, cluster)
	defer w.close()
	before := w.missing()
	require.Empty(t, w.dangling())
	never := &striker{k: -1}
	never.strike(w.live)
	w.server.Inject(never.fault())
	report, err := w.run(t.Context(), plan, nil, false)
	require.NoError(t, err)
	allDone(t, report, prune.DeleteTagItem, prune.DeleteManifestLink, prune.DeleteLayerLink, prune.DeleteImage, prune.DeleteBlob)
	require.Equal(t, plan.Summary.FreedBytes, report.FreedBytes)
	calls := int(never.n.Load())
	w.live.Before = nil
	require.Subset(t, before, w.missing())
	return w.state(), before, calls
}

func strikeIntegrated(t *testing.T, cluster *prunetest.Cluster, plan *prune.Plan, s *striker, want integratedState, before []string, lost bool) {
	w := newIntegrated(t, cluster)
	defer w.close()
	name := named(s, plan)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.cancel = cancel
	s.strike(w.live)
	remove := w.server.Inject(s.fault())
	journal := &memoryJournal{}
	_, err := w.run(ctx, plan, journal, s.again)
	remove()
	w.live.Before, w.live.After = nil, nil
	require.Subset(t, before, w.missing(), name)
	require.Empty(t, w.dangling(), name)
	if err != nil && lost {
		w.planAnew(plan.Policy, want, name)
		require.Subset(t, before, w.missing(), name)
		return
	}
	if err != nil {
		_, err = w.run(t.Context(), plan, journal, false)
		require.NoError(t, err, name)
		require.Subset(t, before, w.missing(), name)
	}
	require.Equal(t, want, w.state(), name)
}

// planAnew finishes a run whose journal is lost. What the first run put out of a plan's
// reach is left, and nobody needs it.
func (w *integrated) planAnew(policy prune.Policy, want integratedState, name string) {
	for round := range 2 {
		inv, err := w.live.List(w.t.Context())
		require.NoError(w.t, err, name)
		plan, err := prune.New(inv, policy, w.cluster.Now())
		require.NoError(w.t, err, name)
		if round == 1 {
			require.Zero(w.t, plan.Summary.Actions(), "%s: %+v", name, plan.Summary)
		}
		_, err = w.run(w.t.Context(), plan, nil, false)
		require.NoError(w.t, err, name)
	}
	got := w.state()
	require.Equal(w.t, want.Items, got.Items, name)
	require.Equal(w.t, want.Images, got.Images, name)
	for p := range want.Registry {
		require.True(w.t, got.Registry[p], "%s: %v", name, p)
	}
	for _, n := range w.live.Needs() {
		p := place{n.Repository, n.Digest, n.Manifest}
		require.Equal(w.t, want.Registry[p], got.Registry[p], "%s: %v", name, p)
	}
}
