package dump

import (
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// namespaces tells a dump of one namespace from one of the cluster: `oc get`
// without -A lists the pods and streams of a single namespace, but the images of
// all. Every other namespace's images would then look as if nothing used them.
type namespaces struct {
	objects string // the namespace of all objects so far; "" for none
	several bool   // there is more than one
	images  map[string]bool
}

// object notes where an object is.
func (n *namespaces) object(namespace string) {
	switch {
	case namespace == "" || n.several || namespace == n.objects:
	case n.objects == "":
		n.objects = strings.Clone(namespace)
	default:
		n.several, n.images = true, nil
	}
}

// image notes where a pushed image belongs: its pull spec is
// host/namespace/name@digest.
func (n *namespaces) image(pullSpec string) {
	if n.several {
		return
	}
	_, path, _ := strings.Cut(pullSpec, "/")
	namespace, _, found := strings.Cut(path, "/")
	if !found || n.images[namespace] || len(n.images) > 1 {
		return
	}
	if n.images == nil {
		n.images = map[string]bool{}
	}
	n.images[strings.Clone(namespace)] = true
}

// one reports whether all objects are of one namespace, while images were pushed
// to others.
func (n *namespaces) one() bool {
	if n.several || n.objects == "" {
		return false
	}
	return len(n.images) > 1 || len(n.images) == 1 && !n.images[n.objects]
}

// doubt makes the kinds that are in namespaces incomplete where the dump seems to
// hold one namespace, unless somebody says that they were listed.
func (d *Reader) doubt() {
	if !d.objects.namespaces.one() {
		return
	}
	said := map[inventory.Kind]bool{}
	for _, kind := range d.opts.Listed {
		said[kind] = true
	}
	for _, kind := range inventory.Kinds() {
		if kind != inventory.KindImage && !said[kind] && d.listings.listed[kind] {
			d.builder.Incomplete(kind)
		}
	}
}
