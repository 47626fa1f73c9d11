package benchmark

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/clustergen"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
)

// BenchmarkApply carries plans out on a server on loopback that says yes to
// everything, beside the same requests sent bare by as many goroutines. The two
// differ by what apply does on top: two looks at what is there, and the account of
// every action.
func BenchmarkApply(b *testing.B) {
	for _, n := range sizes[:2] {
		b.Run(sizeName(n), func(b *testing.B) {
			inv := inventoryOf(b, n)
			policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
			require.NoError(b, err)
			plan, err := prune.New(inv, policy, clustergen.Now())
			require.NoError(b, err)
			r := newYesServer(b, plan, inv)
			var bare, run time.Duration
			for b.Loop() {
				bare += timed(func() { r.sendAll(b) })
				r.looks.Store(0)
				run += timed(func() {
					report, err := apply.Run(b.Context(), plan, r.ends(), apply.Options{Now: clustergen.Now, Grace: -1})
					require.NoError(b, err)
					require.Equal(b, plan.Summary.FreedBytes, report.FreedBytes)
				})
			}
			b.ReportMetric(float64(run)/float64(bare), "x-bare")
			b.ReportMetric(float64(plan.Summary.Actions())*float64(b.N)/run.Seconds(), "actions/s")
		})
	}
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// yesServer is a registry and API server that does nothing, over HTTP.
type yesServer struct {
	*yesAPI
	url    string
	client *http.Client
	paths  []string
}

// yesAPI is the API server alone, in memory.
type yesAPI struct {
	streams map[string]*imagestream.ImageStream
	looks   atomic.Int32         // of the run
	dropped *inventory.Inventory // once the items are
	deleted *inventory.Inventory // once the Images are, too
}

func newYesServer(b *testing.B, plan *prune.Plan, inv *inventory.Inventory) *yesServer {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	b.Cleanup(server.Close)
	r := &yesServer{yesAPI: newYesAPI(b, plan, inv), url: server.URL}
	r.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: apply.DefaultWorkers}}
	for a := range plan.Actions() {
		if a.Kind != prune.DeleteTagItem {
			r.paths = append(r.paths, pathOf(a.Repository, a.Digest+a.Image))
		}
	}
	for name := range r.streams { // read and written
		r.paths = append(r.paths, pathOf(name, "read"), pathOf(name, "write"))
	}
	return r
}

func newYesAPI(b testing.TB, plan *prune.Plan, inv *inventory.Inventory) *yesAPI {
	r := &yesAPI{streams: map[string]*imagestream.ImageStream{}}
	r.dropped, r.deleted = without(b, inv, plan, false), without(b, inv, plan, true)
	for a := range plan.Actions() {
		if a.Kind == prune.DeleteTagItem {
			r.addItem(&a)
		}
	}
	return r
}

// ReadStream gives the stream as it was at first.
func (r *yesAPI) ReadStream(_ context.Context, namespace, name string) (*imagestream.ImageStream, error) {
	return r.streams[inventory.RepositoryName(namespace, name)], nil
}

// UpdateStreamStatus says yes.
func (r *yesAPI) UpdateStreamStatus(context.Context, *imagestream.ImageStream) error { return nil }

// DeleteImage says yes.
func (r *yesAPI) DeleteImage(context.Context, string, apply.Preconditions) error { return nil }

func pathOf(repository, digest string) string { return "/v2/" + repository + "/" + digest }

// addItem puts the item of an action where the plan found it.
func (r *yesAPI) addItem(a *prune.Action) {
	s := r.streams[a.Stream]
	if s == nil {
		namespace, name, _ := strings.Cut(a.Stream, "/")
		s = &imagestream.ImageStream{ObjectMeta: imagestream.ObjectMeta{Namespace: namespace, Name: name, UID: imagestream.UID(a.UID)}}
		r.streams[a.Stream] = s
	}
	if n := len(s.Status.Tags); n == 0 || s.Status.Tags[n-1].Tag != a.Tag {
		s.Status.Tags = append(s.Status.Tags, imagestream.NamedTagEventList{Tag: a.Tag})
	}
	history := &s.Status.Tags[len(s.Status.Tags)-1]
	for len(history.Items) < a.Index {
		history.Items = append(history.Items, imagestream.TagEvent{Image: fmt.Sprintf("newer %d", len(history.Items))})
	}
	history.Items = append(history.Items, imagestream.TagEvent{
		Image: a.Image, Created: imagestream.NewTime(a.Created), DockerImageReference: a.DockerImageReference,
	})
}

func (r *yesServer) send(ctx context.Context, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, r.url+path, nil)
	if err != nil {
		return err
	}
	response, err := r.client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return err
}

// sendAll sends all requests, by as many goroutines as apply has.
func (r *yesServer) sendAll(b *testing.B) {
	paths := make(chan string)
	var wg sync.WaitGroup
	for range apply.DefaultWorkers {
		wg.Go(func() {
			for path := range paths {
				if err := r.send(b.Context(), path); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, path := range r.paths {
		paths <- path
	}
	close(paths)
	wg.Wait()
}

func (r *yesServer) ends() apply.Ends {
	return apply.Ends{Streams: r, Manifests: r, Layers: r, Images: r, Blobs: r, Inventory: r}
}

func (r *yesServer) ReadStream(ctx context.Context, namespace, name string) (*imagestream.ImageStream, error) {
	repository := inventory.RepositoryName(namespace, name)
	return r.streams[repository], r.send(ctx, pathOf(repository, "read"))
}

func (r *yesServer) UpdateStreamStatus(ctx context.Context, s *imagestream.ImageStream) error {
	return r.send(ctx, pathOf(inventory.RepositoryName(s.Namespace, s.Name), "write"))
}

func (r *yesServer) DeleteManifestLink(ctx context.Context, repository, digest string) error {
	return r.send(ctx, pathOf(repository, digest))
}

func (r *yesServer) DeleteLayerLink(ctx context.Context, repository, digest string) error {
	return r.send(ctx, pathOf(repository, digest))
}

func (r *yesServer) DeleteImage(ctx context.Context, name string, _ apply.Preconditions) error {
	return r.send(ctx, pathOf("", name))
}

func (r *yesServer) DeleteBlob(ctx context.Context, digest string) error {
	return r.send(ctx, pathOf("", digest))
}

// List gives what there is at the first look of a run, and at the next.
func (r *yesAPI) List(context.Context) (*inventory.Inventory, error) {
	if r.looks.Add(1) == 1 {
		return r.dropped, nil
	}
	return r.deleted, nil
}

// without returns the inventory as it is once the plan's tag items are dropped and,
// if asked, its Images deleted, less its workloads, which can only keep.
func without(b testing.TB, inv *inventory.Inventory, plan *prune.Plan, images bool) *inventory.Inventory {
	dropped := map[string]bool{}
	for a := range plan.Actions() {
		switch {
		case a.Kind == prune.DeleteTagItem:
			dropped[fmt.Sprintf("%s:%s#%d", a.Stream, a.Tag, a.Index)] = true
		case a.Kind == prune.DeleteImage && images:
			dropped[a.Image] = true
		}
	}
	var builder inventory.Builder
	for i := range inv.Images() {
		if m := manifestOf(inv, i); !dropped[m.Digest] {
			require.NoError(b, builder.AddManifest(m))
		}
	}
	for s := range inv.Streams() {
		view := inv.Stream(s)
		stream := inventory.Stream{Namespace: view.Namespace, Name: view.Name, UID: view.UID, Created: view.Created.Time()}
		for t := view.FirstTag; t < view.EndTag; t++ {
			tag := inventory.Tag{Name: inv.Tag(t).Name}
			for i := inv.Tag(t).FirstItem; i < inv.Tag(t).EndItem; i++ {
				item := inv.Item(i)
				if !dropped[fmt.Sprintf("%s:%s#%d", view.Repository(), tag.Name, item.Index)] {
					tag.Items = append(tag.Items, inventory.TagItem{
						Image: inv.DigestText(item.Image), Created: item.Created.Time(), DockerImageReference: inv.ItemReference(i),
					})
				}
			}
			stream.Tags = append(stream.Tags, tag)
		}
		require.NoError(b, builder.AddStream(stream))
	}
	builder.Listed(inventory.Kinds()...)
	builder.ImagesAfterStreams(true)
	return builder.Build()
}

func manifestOf(inv *inventory.Inventory, i int) inventory.Manifest {
	view := inv.Image(i)
	m := inventory.Manifest{
		Digest: inv.DigestText(view.Digest), MediaType: "application/vnd.docker.distribution.manifest.v2+json",
		Config: inv.DigestText(view.Config), ImageSize: view.Size, Created: view.Created.Time(), Managed: view.Managed,
	}
	for _, d := range view.Layers {
		m.Layers = append(m.Layers, inventory.Blob{Digest: inv.DigestText(d), Size: inv.Size(d)})
	}
	m.UID, m.ResourceVersion = inv.ImageIdentity(i)
	return m
}
