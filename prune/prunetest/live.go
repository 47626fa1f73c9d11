package prunetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

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

// ReadStream returns a copy of a stream.
func (l *Live) ReadStream(ctx context.Context, namespace, name string) (stream *imagestream.ImageStream, err error) {
	repository := inventory.RepositoryName(namespace, name)
	err = l.call(ctx, "ReadStream", repository, func() error {
		s := l.streams[repository]
		if s == nil {
			return apply.ErrNotFound
		}
		stream = s.Clone()
		return nil
	})
	return stream, err
}

// UpdateStreamStatus puts a stream's status in the place of the old one.
func (l *Live) UpdateStreamStatus(ctx context.Context, stream *imagestream.ImageStream) error {
	repository := inventory.RepositoryName(stream.Namespace, stream.Name)
	return l.call(ctx, "UpdateStreamStatus", repository, func() error {
		s := l.streams[repository]
		switch {
		case s == nil:
			return apply.ErrNotFound
		case s.UID != stream.UID || s.ResourceVersion != stream.ResourceVersion:
			return fmt.Errorf("%w: resourceVersion is %s", apply.ErrConflict, s.ResourceVersion)
		}
		s.Status = stream.Clone().Status
		l.touch(s)
		return nil
	})
}

func (l *Live) touch(s *imagestream.ImageStream) {
	l.versions++
	s.ResourceVersion = "live-" + strconv.Itoa(l.versions)
}

// DeleteManifestLink takes a manifest away from a repository.
func (l *Live) DeleteManifestLink(ctx context.Context, repository, digest string) error {
	return l.call(ctx, "DeleteManifestLink", linkName(repository, digest), func() error {
		return take(l.links, link{repository, digest, true})
	})
}

// DeleteLayerLink takes a layer or config away from a repository.
func (l *Live) DeleteLayerLink(ctx context.Context, repository, digest string) error {
	return l.call(ctx, "DeleteLayerLink", linkName(repository, digest), func() error {
		return take(l.links, link{repository, digest, false})
	})
}

// DeleteImage deletes an Image object.
func (l *Live) DeleteImage(ctx context.Context, name string, p apply.Preconditions) error {
	return l.call(ctx, "DeleteImage", name, func() error {
		image, ok := l.images[name]
		if ok && (p.UID != "" && p.UID != image.UID || p.ResourceVersion != "" && p.ResourceVersion != image.ResourceVersion) {
			return apply.ErrConflict
		}
		return take(l.images, name)
	})
}

// DeleteBlob deletes a blob.
func (l *Live) DeleteBlob(ctx context.Context, digest string) error {
	return l.call(ctx, "DeleteBlob", digest, func() error { return take(l.blobs, digest) })
}

func take[K comparable, V any](m map[K]V, key K) error {
	if _, ok := m[key]; !ok {
		return apply.ErrNotFound
	}
	delete(m, key)
	return nil
}

// ForgetBlobs notes what it is told; see [Live.Told].
func (l *Live) ForgetBlobs(ctx context.Context, digests []string) error {
	return l.call(ctx, "ForgetBlobs", strconv.Itoa(len(digests)), func() error {
		l.told = append(l.told, digests...)
		return nil
	})
}

// Told returns the blobs that caches were told to forget.
func (l *Live) Told() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.told)
}

// List returns what is known of the cluster now. What the [Cluster] says was not
// listed, or not completely, is not.
func (l *Live) List(ctx context.Context) (inv *inventory.Inventory, err error) {
	err = l.call(ctx, "List", "", func() error {
		inv, err = l.list(ctx)
		return err
	})
	return inv, err
}

func (l *Live) list(ctx context.Context) (*inventory.Inventory, error) {
	var b inventory.Builder
	var errs []error
	for _, kind := range l.cluster.Listed() {
		switch kind {
		case inventory.KindImage:
			for _, m := range l.images {
				errs = append(errs, b.AddManifest(m))
			}
		case inventory.KindImageStream:
			for _, s := range l.streams {
				errs = append(errs, b.AddImageStream(s))
			}
		case inventory.KindLimitRange:
			for n, limit := range l.cluster.limits {
				errs = append(errs, b.AddLimit(inventory.Limit{Namespace: limit.namespace, Name: limitName(n), MaxImageSize: limit.bytes}))
			}
		default:
			for _, w := range l.workloads {
				if w.Kind == kind {
					errs = append(errs, b.AddWorkload(w))
				}
			}
		}
		b.Listed(kind)
		if l.cluster.incomplete[kind] {
			b.Incomplete(kind)
		}
	}
	b.ImagesAfterStreams(!l.cluster.tooEarly)
	if l.Listing != nil {
		errs = append(errs, l.Listing(ctx, &b))
	}
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return nil, errs[i]
	}
	return b.Build(), nil
}

// Tag makes a tag of a stream point to an image by a pull spec, now, as somebody
// does while a plan is carried out. The image may be one that is gone: then it
// is pushed again, with all its blobs and links.
func (l *Live) Tag(stream, tag, pullSpec, digest string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	namespace, name := splitName(stream)
	s := l.streams[stream]
	if s == nil {
		s = &imagestream.ImageStream{ObjectMeta: imagestream.ObjectMeta{
			Namespace: namespace, Name: name, UID: imagestream.UID("live-" + strconv.Itoa(l.versions)), CreationTimestamp: imagestream.NewTime(now),
		}}
		l.streams[stream] = s
	}
	i := slices.IndexFunc(s.Status.Tags, func(t imagestream.NamedTagEventList) bool { return t.Tag == tag })
	if i < 0 {
		s.Status.Tags = append(s.Status.Tags, imagestream.NamedTagEventList{Tag: tag})
		i = len(s.Status.Tags) - 1
	}
	event := imagestream.TagEvent{Created: imagestream.NewTime(now), DockerImageReference: pullSpec, Image: digest}
	s.Status.Tags[i].Items = append([]imagestream.TagEvent{event}, s.Status.Tags[i].Items...)
	l.touch(s)
	for _, n := range l.itemNeeds(stream, &event) {
		switch {
		case n.link != (link{}):
			l.links[n.link] = true
		case n.image != "":
			l.images[n.image] = l.known[n.image]
		case n.blob != "":
			if _, there := l.blobs[n.blob]; !there {
				l.blobs[n.blob] = 1000
			}
		}
	}
}

// Run starts a Pod with a container for each pull spec.
func (l *Live) Run(name string, pullSpecs ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	namespace, base := splitName(name)
	w := &Workload{Kind: inventory.KindPod, Images: pullSpecs, namespace: namespace, name: base}
	l.workloads = append(l.workloads, l.cluster.workloadFact(w))
}

// DeleteStream deletes a stream, as `oc delete` does: its repository keeps its
// links.
func (l *Live) DeleteStream(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.streams, name)
}

// Blobs returns the blobs that are there, with their bytes.
func (l *Live) Blobs() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.blobs)
}

// Images returns the digests of the Image objects that are there, sorted.
func (l *Live) Images() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.images))
}

// Items returns the tag items that are there, sorted, each by what identifies it:
// "dev/app:latest sha256:… 2026-11-01T00:00:00Z host/dev/app@sha256:…".
func (l *Live) Items() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	l.eachItem(func(repository, tag string, event *imagestream.TagEvent) {
		list = append(list, eventName(repository, tag, event))
	})
	slices.Sort(list)
	return list
}

func (l *Live) eachItem(f func(repository, tag string, event *imagestream.TagEvent)) {
	for repository, s := range l.streams {
		for t := range s.Status.Tags {
			for i := range s.Status.Tags[t].Items {
				f(repository, s.Status.Tags[t].Tag, &s.Status.Tags[t].Items[i])
			}
		}
	}
}

func eventName(repository, tag string, e *imagestream.TagEvent) string {
	return fmt.Sprintf("%s:%s %s %s %s", repository, tag, e.Image, e.Created.UTC().Format(time.RFC3339), e.DockerImageReference)
}

// Missing returns what tag items that are there, and running workloads, need and
// what is not there, sorted, each as "who: what". Where nothing more is missing
// than before, nothing was broken.
func (l *Live) Missing() []string {
	return l.missing(func(n link) bool { return l.links[n] }, func(blob string) bool { _, there := l.blobs[blob]; return there })
}

// MissingFrom is as Missing, where the links and blobs are those of another
// registry than the one in memory, as the two functions tell: see [Live.Links].
func (l *Live) MissingFrom(hasLink func(inventory.Link) bool, hasBlob func(digest string) bool) []string {
	return l.missing(func(n link) bool { return hasLink(n.fact()) }, hasBlob)
}

func (l *Live) missing(hasLink func(link) bool, hasBlob func(digest string) bool) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for _, n := range l.needs() {
		what, there := "", false
		switch {
		case n.link != (link{}):
			what, there = "link "+n.link.repository+" "+n.link.digest, hasLink(n.link)
		case n.image != "":
			what = "Image " + n.image
			_, there = l.images[n.image]
		default:
			what, there = "blob "+n.blob, hasBlob(n.blob)
		}
		if !there {
			list = append(list, n.by+": "+what)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Links returns the links that are there, by repository and digest, manifests
// first: with [Live.Blobs] and [Live.Manifest], what another registry must have to
// be that of the cluster.
func (l *Live) Links() []inventory.Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []inventory.Link
	for n := range l.links {
		list = append(list, n.fact())
	}
	slices.SortFunc(list, func(a, b inventory.Link) int {
		manifestsFirst := 0
		if a.Manifest != b.Manifest {
			manifestsFirst = 1
			if a.Manifest {
				manifestsFirst = -1
			}
		}
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), manifestsFirst, cmp.Compare(a.Digest, b.Digest))
	})
	return list
}

func (n link) fact() inventory.Link {
	namespace, name := splitName(n.repository)
	return inventory.Link{Namespace: namespace, Name: name, Digest: n.digest, Manifest: n.manifest}
}

// Manifest returns the manifest of an image, byte for byte, also where it is gone
// by now; nil for what never was one. Layers and configs have no bytes, only
// digests.
func (l *Live) Manifest(digest string) []byte { return slices.Clone(l.raw[digest]) }

// A liveNeed is one thing that an item or a workload needs.
type liveNeed struct {
	by          string
	link        link
	image, blob string
}

// needs returns what all items and workloads need.
func (l *Live) needs() (list []liveNeed) {
	l.eachItem(func(repository, tag string, event *imagestream.TagEvent) {
		by := eventName(repository, tag, event)
		for _, n := range l.itemNeeds(repository, event) {
			n.by = by
			list = append(list, n)
		}
	})
	for i := range l.workloads {
		w := &l.workloads[i]
		if w.Finished {
			continue
		}
		for _, r := range w.References {
			if r.Err != "" || r.Digest == "" {
				continue
			}
			var repositories []string
			if r.Stream != "" {
				repositories = append(repositories, inventory.RepositoryName(r.Namespace, r.Stream))
			}
			by := objectName(string(w.Kind), w.Namespace, w.Name) + " " + r.Field
			for _, n := range l.imageNeeds(r.Digest, repositories) {
				n.by = by
				list = append(list, n)
			}
		}
	}
	return list
}

func (l *Live) itemNeeds(repository string, event *imagestream.TagEvent) []liveNeed {
	repositories := []string{repository}
	list := []liveNeed{}
	spec, err := imagestream.ParsePullSpec(event.DockerImageReference)
	if err == nil && spec.Namespace != "" && !strings.Contains(spec.Name, "/") {
		named := inventory.RepositoryName(spec.Namespace, spec.Name)
		if l.streams[named] != nil && named != repository {
			repositories = append(repositories, named)
		}
	}
	list = append(list, l.imageNeeds(event.Image, repositories)...)
	if err == nil && spec.ID != "" && spec.ID != event.Image {
		list = append(list, l.imageNeeds(spec.ID, repositories)...)
	}
	return list
}

// imageNeeds returns the Image, blobs and links of an image and all that it
// owns, as far as it was ever known.
func (l *Live) imageNeeds(root string, repositories []string) (list []liveNeed) {
	seen := map[string]bool{root: true}
	for queue := []string{root}; len(queue) > 0; queue = queue[1:] {
		m, ok := l.known[queue[0]]
		if !ok {
			continue
		}
		blobs := []string{m.Digest}
		for _, b := range m.Layers {
			blobs = append(blobs, b.Digest)
		}
		if m.Config != "" && m.MediaType != ociIndex {
			blobs = append(blobs, m.Config)
		}
		list = append(list, liveNeed{image: m.Digest})
		for i, b := range blobs {
			list = append(list, liveNeed{blob: b})
			for _, repository := range repositories {
				list = append(list, liveNeed{link: link{repository, b, i == 0}})
			}
		}
		for _, child := range m.Children {
			if !seen[child.Digest] {
				seen[child.Digest] = true
				queue = append(queue, child.Digest)
			}
		}
	}
	return list
}
