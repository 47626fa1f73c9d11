package prunetest

import (
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune"
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
	if err := c.moreTags(v); err != nil {
		return err
	}
	return v.err()
}

// moreTags: nor does one more tag, or one more manifest that a repository holds,
// where the policy lets no such thing go.
func (c *checker) moreTags(v *violations) error {
	deletes := func(r prune.Rule) bool { return r.Outcome == prune.Delete }
	for i, s := range sample(c.facts.streams) {
		digests := []string{unknownDigest}
		for _, m := range sample(c.facts.manifests) {
			digests = append(digests, m.Digest)
		}
		for _, digest := range digests {
			name := inventory.RepositoryName(s.Namespace, s.Name)
			if !slices.ContainsFunc(c.policy.TagItems, deletes) {
				f := c.facts.clone()
				f.streams[i].Tags = append(slices.Clone(s.Tags), inventory.Tag{Name: "prunetest-one-more", Items: []inventory.TagItem{{Image: digest}}})
				if err := c.compare(v, f, c.policy, "a tag in "+name+" of "+digest); err != nil {
					return err
				}
			}
			if c.policy.Orphans && !c.policy.Untagged {
				f := c.facts.clone()
				f.links = append(f.links, inventory.Link{Namespace: s.Namespace, Name: s.Name, Digest: digest, Manifest: true})
				if err := c.compare(v, f, c.policy, "a manifest link in "+name+" of "+digest); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

var unknownDigest = "sha256:" + strings.Repeat("0", 64)
