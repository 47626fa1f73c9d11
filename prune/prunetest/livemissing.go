package prunetest

import (
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

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
