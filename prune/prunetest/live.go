package prunetest

import (
	"context"
	"slices"
	"sync"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A Live is a cluster with its registry, in memory, on which plans can be carried
// out: every end of package apply, with faults as a test wants them. Make one
// with [Cluster.Live].
//
// It may be used by several goroutines at once, but for its fields, which must
// be set before.
type Live struct {
	// Before is called ahead of each call of an end. An error is what the end
	// answers, and nothing is done. It may change the cluster.
	Before func(c Call) error
	// After is called behind each call that succeeded. An error is what the end
	// answers, though it is done: an acknowledgement that got lost.
	After func(c Call) error
	// Listing adds to each list what is known besides, as of the volume of a
	// registry. Nil: nothing is.
	Listing func(ctx context.Context, b *inventory.Builder) error

	mu        sync.Mutex
	cluster   *Cluster
	streams   map[string]*imagestream.ImageStream
	images    map[string]inventory.Manifest
	known     map[string]inventory.Manifest // also of images that are gone
	raw       map[string][]byte             // manifests, also of what is no Image
	workloads []inventory.Workload
	links     map[link]bool
	blobs     map[string]int64
	told      []string
	condemned apply.MemoryCondemned
	versions  int
}

type link struct {
	repository, digest string
	manifest           bool
}

// A Call is one call of an end.
type Call struct {
	// Verb is the method's name, as in DeleteBlob.
	Verb string
	// Object is what it is about, as in "dev/app" or "dev/app sha256:…".
	Object string
}

// Live returns the cluster as it is now, alive, with every link and blob that
// its tag items and Images need. What happens to one of the two afterwards does
// not change the other.
func (c *Cluster) Live() *Live {
	l := &Live{
		cluster: c, streams: map[string]*imagestream.ImageStream{},
		images: map[string]inventory.Manifest{}, known: map[string]inventory.Manifest{}, raw: map[string][]byte{},
		links: map[link]bool{}, blobs: map[string]int64{},
	}
	for _, i := range c.images {
		l.raw[i.digest] = i.manifest
		if !i.Missing {
			l.addImage(c.manifest(i), len(i.manifest))
		}
	}
	for _, s := range c.ImageStreams() {
		l.streams[inventory.RepositoryName(s.Namespace, s.Name)] = &s
	}
	for _, w := range c.workloads {
		l.workloads = append(l.workloads, c.workloadFact(w))
	}
	for _, n := range l.needs() {
		if n.link != (link{}) {
			l.links[n.link] = true
		}
	}
	return l
}

func (l *Live) addImage(m inventory.Manifest, size int) {
	l.images[m.Digest], l.known[m.Digest] = m, m
	l.blobs[m.Digest] = int64(size)
	for _, b := range slices.Concat(m.Layers, m.Children) {
		l.blobs[b.Digest] = b.Size
	}
	if m.Config != "" && m.MediaType != ociIndex {
		l.blobs[m.Config] = m.ConfigSize
	}
}

// PlainEnds returns the ends of a registry without image streams: its tags are those of
// the cluster's streams.
func (l *Live) PlainEnds() apply.Ends {
	ends := l.Ends()
	ends.Streams, ends.Tags = nil, l
	return ends
}

// Ends returns all ends of the cluster.
func (l *Live) Ends() apply.Ends {
	return apply.Ends{
		Streams: l, Manifests: l, Layers: l, Images: l, Blobs: l, Caches: l, Inventory: l, Condemned: &l.condemned,
	}
}

// call answers a call of an end.
func (l *Live) call(ctx context.Context, verb, object string, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := Call{verb, object}
	if l.Before != nil {
		if err := l.Before(c); err != nil {
			return err
		}
	}
	l.mu.Lock()
	err := do()
	l.mu.Unlock()
	if err == nil && l.After != nil {
		err = l.After(c)
	}
	return err
}
