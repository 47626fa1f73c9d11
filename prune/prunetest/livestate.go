package prunetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
)

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
