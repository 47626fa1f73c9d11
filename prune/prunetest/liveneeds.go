package prunetest

import (
	"iter"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A Need is something that a tag item or a running workload needs of a registry.
type Need struct {
	// By is who needs it, as in [Live.Missing].
	By string
	// Repository is where it must be linked. Empty: it must be stored, whatever
	// links it.
	Repository string
	Digest     string
	// Manifest tells a manifest from a layer or a config. It says nothing where
	// there is no repository.
	Manifest bool
}

// Needs returns what the tag items that are there and running workloads need of
// a registry, for tests in which that is not the Live's own. The order is not
// always the same.
func (l *Live) Needs() []Need {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []Need
	for _, n := range l.needs() {
		switch {
		case n.link != (link{}):
			list = append(list, Need{n.by, n.link.repository, n.link.digest, n.link.manifest})
		case n.blob != "":
			list = append(list, Need{By: n.by, Digest: n.blob})
		}
	}
	return list
}

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

// Manifests yields the manifests of the cluster's images, byte for byte, by their
// digests, what an index owns before it: also of those that are Missing, and of those
// that no stream has.
func (c *Cluster) Manifests() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, i := range c.images { // an index is added behind what it owns
			if !yield(i.digest, slices.Clone(i.manifest)) {
				return
			}
		}
	}
}
