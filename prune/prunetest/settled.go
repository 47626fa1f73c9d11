package prunetest

import (
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// settled: after the plan there is nothing left to do.
func (c *checker) settled() error {
	if c.deletesUsed() {
		return nil
	}
	v := &violations{invariant: Settled}
	inv, err := c.carriedOut().build()
	if err != nil {
		return err
	}
	plan, err := c.make(inv, c.policy, c.now)
	if err != nil {
		return err
	}
	for i := range plan.actions {
		a := &plan.actions[i]
		v.add(objectOf(a).name, "the next plan has %s (%s)", a.Kind, a.Reason.Rule)
	}
	return v.err()
}

// deletesUsed reports whether the policy lets images go that a workload uses by
// digest, or by the beginning of one. Its repository goes on needing them and what they own, but what that
// is, nobody knows afterwards.
func (c *checker) deletesUsed() bool {
	used := func(image string) bool {
		_, hex, _ := strings.Cut(image, ":")
		return slices.ContainsFunc(c.facts.workloads, func(w inventory.Workload) bool {
			return slices.ContainsFunc(w.References, func(r inventory.Reference) bool {
				return r.Digest != "" && (strings.HasPrefix(image, r.Digest) || strings.HasPrefix(hex, r.Digest))
			})
		})
	}
	for o := range c.deleted {
		if o.kind == prune.DeleteImage && used(o.name) {
			return true
		}
	}
	return false
}

// carriedOut returns the facts as they are after the plan.
func (c *checker) carriedOut() *facts {
	f := c.facts.clone()
	f.manifests = slices.DeleteFunc(f.manifests, func(m inventory.Manifest) bool {
		return c.deleted[object{prune.DeleteImage, m.Digest}]
	})
	f.links = slices.DeleteFunc(f.links, func(l inventory.Link) bool {
		kind := prune.DeleteLayerLink
		if l.Manifest {
			kind = prune.DeleteManifestLink
		}
		return c.deleted[object{kind, linkName(inventory.RepositoryName(l.Namespace, l.Name), l.Digest)}]
	})
	f.stored = slices.DeleteFunc(f.stored, func(b inventory.Blob) bool {
		return c.deleted[object{prune.DeleteBlob, b.Digest}]
	})
	for i, s := range f.streams {
		var tags []inventory.Tag
		for _, t := range s.Tags {
			left := inventory.Tag{Name: t.Name}
			for k, item := range t.Items {
				name := itemName(inventory.RepositoryName(s.Namespace, s.Name), t.Name, k)
				if !c.deleted[object{prune.DeleteTagItem, name}] {
					left.Items = append(left.Items, item)
				}
			}
			tags = append(tags, left) // also without its last item: the API keeps it, with its conditions
		}
		f.streams[i].Tags = tags
	}
	return f
}
