package prunetest

import (
	"iter"
	"slices"
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
