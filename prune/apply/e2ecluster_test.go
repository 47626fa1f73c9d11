package apply_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	importing "github.com/registrykit/registrykit/imagestream/importer/fromregistry"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/prune/workload"
	"github.com/stretchr/testify/require"
)

// An e2eCluster is what an API server would hold of the images that are in Debian's
// registry: streams and Images, which the importer made of them, and a Pod.
type e2eCluster struct {
	*e2eWorld
	from    *importing.Registry
	now     time.Time
	dropped v1.Image // of dev/app

	mu       sync.Mutex
	streams  map[string]*imagestream.ImageStream // by namespace/name
	images   map[string]*imagestream.Image       // by digest
	pod      map[string]any
	versions int
}

// newE2ECluster pushes to dev/app:latest four times and to dev/multi:latest twice, of
// which a Pod runs the oldest dev/app.
func newE2ECluster(t *testing.T) *e2eCluster {
	t.Helper()
	c := &e2eCluster{
		e2eWorld: newE2EWorld(t), now: time.Now().UTC().Truncate(time.Second),
		streams: map[string]*imagestream.ImageStream{}, images: map[string]*imagestream.Image{},
	}
	c.from = importing.New(c.options)
	t.Cleanup(c.from.Close)
	running := c.image()
	c.dropped = c.image()
	for days, what := range []pushable{running, c.dropped, c.image(), c.image()} {
		c.pushDaysAgo("dev/app", what, 20-days)
	}
	shared := c.image()
	c.pushDaysAgo("dev/multi", c.index(shared, c.image()), 9)
	c.pushDaysAgo("dev/multi", c.index(shared, c.image()), 8)
	c.pod = map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"namespace": "dev", "name": "app", "creationTimestamp": c.now.Format(time.RFC3339)},
		"spec":     map[string]any{"containers": []any{map[string]any{"name": "app", "image": c.Host + "/dev/app@" + c.digest(running)}}},
		"status":   map[string]any{"phase": "Running"},
	}
	return c
}

// pushDaysAgo pushes now, and imports as of then.
func (c *e2eCluster) pushDaysAgo(repository string, what pushable, days int) {
	c.t.Helper()
	c.push(repository+":latest", what)
	s := c.streams[repository]
	if s == nil {
		namespace, name := fromregistry.Split(repository)
		s = imagestream.New(namespace, name)
		s.UID = imagestream.UID(repository)
		s.CreationTimestamp = imagestream.NewTime(c.now.AddDate(0, 0, -30))
		s.Spec.Tags = []imagestream.TagReference{{
			Name:         "latest",
			From:         &imagestream.ObjectReference{Kind: "DockerImage", Name: c.Host + "/" + repository + ":latest"},
			ImportPolicy: imagestream.TagImportPolicy{ImportMode: imagestream.ImportModePreserveOriginal},
		}}
	}
	result, err := importer.Importer{Registry: c.from}.Import(c.t.Context(), s, importer.Request{All: true, IncludeManifest: true}, c.now.AddDate(0, 0, -days))
	require.NoError(c.t, err)
	require.Empty(c.t, result.Failed())
	for _, image := range result.Images {
		if c.images[image.Name] == nil {
			c.images[image.Name] = &image
		}
	}
	c.store(result.Stream)
}

func (c *e2eCluster) store(s *imagestream.ImageStream) {
	c.versions++
	s.ResourceVersion = strconv.Itoa(c.versions)
	c.streams[inventory.RepositoryName(s.Namespace, s.Name)] = s
}

// ReadStream is an end of package apply, as the methods below.
func (c *e2eCluster) ReadStream(_ context.Context, namespace, name string) (*imagestream.ImageStream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.streams[inventory.RepositoryName(namespace, name)]; s != nil {
		return s.Clone(), nil
	}
	return nil, apply.ErrNotFound
}

func (c *e2eCluster) UpdateStreamStatus(_ context.Context, s *imagestream.ImageStream) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if there := c.streams[inventory.RepositoryName(s.Namespace, s.Name)]; there.UID != s.UID || there.ResourceVersion != s.ResourceVersion {
		return apply.ErrConflict
	}
	c.store(s.Clone())
	return nil
}

func (c *e2eCluster) DeleteImage(_ context.Context, name string, _ apply.Preconditions) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.images[name] == nil {
		return apply.ErrNotFound
	}
	delete(c.images, name)
	return nil
}

func (c *e2eCluster) List(context.Context) (*inventory.Inventory, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b inventory.Builder
	uses, err := workload.FromMap(c.pod, nil)
	errs := []error{err, b.AddWorkload(inventory.WorkloadOf(uses, nil))}
	for _, s := range c.streams {
		errs = append(errs, b.AddImageStream(s))
	}
	for _, image := range c.images {
		errs = append(errs, b.AddImage(image))
	}
	b.Listed(inventory.Kinds()...) // of other kinds this cluster has no object
	b.ImagesAfterStreams(true)
	return b.Build(), errors.Join(errs...)
}

// plan plans as `oc adm prune images` does, with one revision.
func (c *e2eCluster) plan() *prune.Plan {
	c.t.Helper()
	inv, err := c.List(c.t.Context())
	require.NoError(c.t, err)
	plan, err := prune.New(inv, oneRevision(c.t), c.now)
	require.NoError(c.t, err)
	require.Equal(c.t, []string{"dev/app:latest", "dev/app:latest", "dev/multi:latest"}, drops(plan))
	require.Equal(c.t, 4, plan.Summary.Images, "two images, and an index with one of its two")
	require.Zero(c.t, plan.Summary.UnknownBlobs)
	return plan
}

// ends are the API server's, and those of OpenShift's registry, asked of Debian's.
func (c *e2eCluster) ends() apply.Ends {
	registry := &fromregistry.IntegratedEnds{Client: c.client, Registry: c.registry}
	return registry.In(apply.Ends{Streams: c, Images: c, Inventory: c})
}

// requireItemsPulled pulls every item of every history by its digest, and the newest by
// its tag.
func (c *e2eCluster) requireItemsPulled(items int) {
	c.t.Helper()
	for repository, s := range c.streams {
		for _, tag := range s.Status.Tags {
			for n, item := range tag.Items {
				c.requirePulled(repository+"@"+item.Image, item.Image)
				if n == 0 {
					c.requirePulled(repository+":"+tag.Tag, item.Image)
				}
				items--
			}
		}
	}
	require.Zero(c.t, items)
}

// requireLinksGone asks for every manifest that the plan deleted.
func (c *e2eCluster) requireLinksGone(plan *prune.Plan) {
	c.t.Helper()
	for a := range plan.Actions() {
		if a.Kind == prune.DeleteManifestLink {
			c.requireGone(a.Repository + "@" + a.Digest)
		}
	}
}

// TestEndToEndCluster: a plan for a cluster, its links deleted by the registry as it
// runs, its blobs on the volume while nobody pushes.
func TestEndToEndCluster(t *testing.T) {
	c := newE2ECluster(t)
	plan, files, blobs := c.plan(), c.snapshot(), c.blobs()
	ends := c.ends()
	ends.Blobs = c.volume()
	report := c.carryOut(plan, ends, apply.Options{DryRun: true})
	c.requireAllDone(plan, report)
	require.Equal(t, files, c.snapshot(), "a dry run changes nothing")

	report = c.carryOut(plan, ends, apply.Options{})
	c.requireAllDone(plan, report)
	require.Equal(t, plan.Summary.FreedBytes, total(blobs)-total(c.blobs()))
	require.Equal(t, plan.Summary.Blobs, len(blobs)-len(c.blobs()))
	require.Zero(t, c.check())
	c.requireItemsPulled(3)
	c.requireLinksGone(plan)

	again, err := c.List(t.Context())
	require.NoError(t, err)
	next, err := prune.New(again, oneRevision(t), c.now)
	require.NoError(t, err)
	require.Zero(t, next.Summary.Actions(), "there is nothing left to do")
}

// TestEndToEndRegistryStops: it gets SIGTERM behind a deletion of each kind. What it did
// not do any more holds what depends on it, nothing that stays is lost, and the journal
// finishes the run when it is back.
func TestEndToEndRegistryStops(t *testing.T) {
	for kind, calls := range map[prune.ActionKind]int{prune.DeleteManifestLink: 1, prune.DeleteLayerLink: 2} {
		t.Run(string(kind), func(t *testing.T) {
			c := newE2ECluster(t)
			plan, blobs := c.plan(), c.blobs()
			name := filepath.Join(t.TempDir(), "journal")
			run := func(ends apply.Ends) (*apply.Report, error) {
				journal, err := apply.OpenJournal(name)
				require.NoError(t, err)
				report, err := apply.Run(t.Context(), plan, ends, apply.Options{Now: at(c.now), Grace: -1, Journal: journal, Workers: 1, Retry: apply.Retry{Attempts: 1}})
				require.NoError(t, journal.Close())
				return report, err
			}
			ends := c.ends()
			stopper := &stopsBehind{Ends: ends, kind: kind, calls: calls, stop: c.Stop}
			ends.Manifests, ends.Layers = stopper, stopper
			report, err := run(ends)
			require.ErrorIs(t, err, apply.ErrIncomplete)
			require.ErrorIs(t, err, apply.ErrUnavailable)
			require.Equal(t, calls, report.Count(kind, apply.Done), report)
			require.Positive(t, report.Count(kind, apply.Failed), report)
			require.Positive(t, report.Count(prune.DeleteBlob, apply.Held), report)
			require.Zero(t, report.FreedBytes)
			require.Equal(t, blobs, c.blobs())

			c.Start()
			report, err = run(c.ends())
			require.NoError(t, err, report)
			require.Positive(t, report.Resumed)
			for result := range report.Results() {
				if result.Action.Kind == prune.DeleteBlob { // Debian's registry has no such endpoint
					require.Equal(t, apply.Unsupported, result.Status, result)
					continue
				}
				require.Contains(t, []apply.Status{apply.Done, apply.Gone}, result.Status, result)
			}
			require.Equal(t, blobs, c.blobs())
			c.requireItemsPulled(3)
			c.requireLinksGone(plan)
			report, err = run(c.ends())
			require.NoError(t, err)
			require.Equal(t, plan.Summary.Actions(), report.Resumed, "the journal says that it has ended")
		})
	}
}

// stopsBehind stops the registry behind so many deletions of a kind of links.
type stopsBehind struct {
	apply.Ends
	kind prune.ActionKind
	stop func()

	mu    sync.Mutex
	calls int
}

func (s *stopsBehind) DeleteManifestLink(ctx context.Context, repository, digest string) error {
	err := s.Manifests.DeleteManifestLink(ctx, repository, digest)
	s.count(prune.DeleteManifestLink)
	return err
}

func (s *stopsBehind) DeleteLayerLink(ctx context.Context, repository, digest string) error {
	err := s.Layers.DeleteLayerLink(ctx, repository, digest)
	s.count(prune.DeleteLayerLink)
	return err
}

func (s *stopsBehind) count(kind prune.ActionKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind != s.kind {
		return
	}
	if s.calls--; s.calls == 0 {
		s.stop()
	}
}
