package prunetest

import (
	"cmp"
	"slices"

	"github.com/registrykit/registrykit/prune"
)

// order: in phases; within them by namespace, name, tag and index, or by
// repository and digest, and an index before what it owns and a subject before what
// refers to it.
func (c *checker) order() error {
	v := &violations{invariant: ActionOrder}
	depth := c.depths()
	for i := 1; i < len(c.plan.actions); i++ {
		a, b := &c.plan.actions[i-1], &c.plan.actions[i]
		if compareActions(a, b, depth) > 0 {
			v.add(objectOf(b).name, "%s comes after %s of %s", b.Kind, a.Kind, objectOf(a).name)
		}
	}
	return v.err()
}

var phases = []prune.ActionKind{
	prune.DeleteTagItem, prune.DeleteManifestLink, prune.DeleteLayerLink, prune.DeleteImage, prune.DeleteBlob,
}

func compareActions(a, b *prune.Action, depth map[string]int) int {
	if a.Kind != b.Kind {
		return cmp.Compare(slices.Index(phases, a.Kind), slices.Index(phases, b.Kind))
	}
	// Where manifests are above each other in a circle, none is first.
	owners := func(a, b string) int {
		if depth == nil {
			return 0
		}
		return cmp.Or(cmp.Compare(depth[a], depth[b]), cmp.Compare(a, b))
	}
	switch a.Kind {
	case prune.DeleteTagItem:
		namespace, name := repositoryOf(a.Stream)
		namespaceB, nameB := repositoryOf(b.Stream)
		return cmp.Or(cmp.Compare(namespace, namespaceB), cmp.Compare(name, nameB),
			cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Index, b.Index))
	case prune.DeleteManifestLink:
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), owners(a.Digest, b.Digest))
	case prune.DeleteLayerLink:
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Digest, b.Digest))
	case prune.DeleteImage:
		return owners(a.Image, b.Image)
	}
	return cmp.Compare(a.Digest, b.Digest)
}

// depths returns how many owners and subjects are above each image at most. It is
// nil where images are above each other in a circle.
func (c *checker) depths() map[string]int {
	depth := map[string]int{}
	below := map[string][]string{}
	for digest, m := range c.images {
		depth[digest] = 0
		for _, child := range m.Children {
			below[digest] = append(below[digest], child.Digest)
		}
		if m.Subject != "" && !c.policy.PeerReferencesOnly {
			below[m.Subject] = append(below[m.Subject], digest)
		}
	}
	for range len(c.images) + 1 {
		changed := false
		for digest := range c.images {
			for _, b := range below[digest] {
				if d, known := depth[b]; known && d <= depth[digest] && b != digest {
					depth[b] = depth[digest] + 1
					changed = true
				}
			}
		}
		if !changed {
			return depth
		}
	}
	return nil
}
