package prunetest

import (
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// closure: everything that is reachable from what stays, stays.
func (c *checker) closure() error {
	v := &violations{invariant: Closure}
	referrers := !c.policy.PeerReferencesOnly
	missing := func(needed []object, by string) {
		for _, o := range needed {
			if c.deleted[o] {
				v.add(o.name, "%s, and %s stays and needs it", o.kind, by)
			}
		}
	}
	remaining := map[string]map[string]bool{} // manifests that remain, by repository
	items := c.items()
	for i := range items {
		it := &items[i]
		if c.deleted[object{prune.DeleteTagItem, it.name}] {
			continue
		}
		missing(c.needs(it, referrers), it.name)
		if remaining[it.stream] == nil {
			remaining[it.stream] = map[string]bool{}
		}
		for _, root := range it.roots {
			for _, digest := range c.owned(root, referrers) {
				remaining[it.stream][digest] = true
			}
		}
	}
	for digest := range c.images {
		if !c.deleted[object{prune.DeleteImage, digest}] {
			for _, d := range c.owned(digest, referrers) {
				missing(c.storedFor(d), "Image "+digest)
			}
		}
	}
	if asksForUse(&c.policy) {
		c.usedLinks(missing, referrers)
	}
	if referrers {
		c.referrerTags(v, remaining)
	}
	return v.err()
}

// usedLinks: a workload that names a digest through a stream needs its links
// there. Finished pods, which may not count, are left out.
func (c *checker) usedLinks(missing func([]object, string), referrers bool) {
	for i := range c.facts.workloads {
		w := &c.facts.workloads[i]
		for _, r := range w.References {
			ignored := r.Source != "" && (c.policy.PeerReferencesOnly || slices.Contains(c.policy.IgnoreSources, r.Source))
			if w.Finished || ignored || r.Err != "" || r.Stream == "" {
				continue
			}
			for _, digest := range c.owned(r.Digest, referrers) {
				missing(c.linksOf(inventory.RepositoryName(r.Namespace, r.Stream), digest),
					objectName(string(w.Kind), w.Namespace, w.Name)+" "+r.Field)
			}
		}
	}
}

// asksForUse reports whether a rule of the policy looks at workloads. Where none
// does, they need nothing.
func asksForUse(p *prune.Policy) bool {
	return slices.ContainsFunc(slices.Concat(p.TagItems, p.Images), func(r prune.Rule) bool {
		return r.When.TagInUse != nil || r.When.DigestInUse != nil
	})
}

func objectName(kind, namespace, name string) string {
	return kind + " " + inventory.RepositoryName(namespace, name)
}

// referrerTags: the newest item of a tag that holds a signature, an attestation
// or an SBOM stays while its subject does.
func (c *checker) referrerTags(v *violations, remaining map[string]map[string]bool) {
	for repository, s := range c.streams {
		for _, t := range s.Tags {
			hex, ok := strings.CutPrefix(t.Name, "sha256-")
			if !ok || len(hex) < 64 || len(t.Items) == 0 {
				continue
			}
			if !slices.Contains([]string{"", ".sig", ".att", ".sbom"}, hex[64:]) || !remaining[repository]["sha256:"+hex[:64]] {
				continue
			}
			name := itemName(repository, t.Name, 0)
			if c.deleted[object{prune.DeleteTagItem, name}] {
				v.add(name, "its subject stays in the repository")
			}
		}
	}
}
