package prunetest

import (
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// moreRoots: a workload that uses what the plan deletes, or anything else, never
// makes it delete more.
func (c *checker) moreRoots() error {
	v := &violations{invariant: MoreRoots}
	var roots []inventory.Reference
	for _, it := range sample(c.items()) {
		namespace, name := repositoryOf(it.stream)
		roots = append(roots, inventory.Reference{Namespace: namespace, Stream: name, Tag: it.tag})
		for _, digest := range it.roots {
			roots = append(roots, inventory.Reference{Namespace: namespace, Stream: name, Digest: digest})
		}
	}
	for _, m := range sample(c.facts.manifests) {
		roots = append(roots, inventory.Reference{Digest: m.Digest})
	}
	for i := range sample(c.facts.streams) {
		s := &c.facts.streams[i]
		roots = append(roots, inventory.Reference{Namespace: s.Namespace, Stream: s.Name, Digest: unknownDigest})
	}
	for _, root := range roots {
		root.Field = "spec.containers[0].image"
		f := c.facts.clone()
		f.workloads = append(f.workloads, inventory.Workload{
			Kind: inventory.KindPod, Namespace: "prunetest", Name: "one-more", References: []inventory.Reference{root},
		})
		used := linkName(inventory.RepositoryName(root.Namespace, root.Stream)+":"+root.Tag, root.Digest)
		if err := c.compare(v, f, c.policy, "a Pod that uses "+used); err != nil {
			return err
		}
	}
	return v.err()
}

var unknownDigest = "sha256:" + strings.Repeat("0", 64)
