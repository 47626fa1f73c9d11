package prunetest

import (
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// compare plans once more, with other facts or another policy, and reports what
// that deletes and the plan does not.
func (c *checker) compare(v *violations, f *facts, policy prune.Policy, change string) error {
	inv := c.inv
	if f != nil {
		var err error
		if inv, err = f.build(); err != nil {
			return err
		}
	}
	plan, err := c.make(inv, policy, c.now)
	if err != nil {
		return err
	}
	for i := range plan.actions {
		a := &plan.actions[i]
		if o := objectOf(a); !c.deleted[o] && c.mayBeThere(a) {
			v.add(o.name, "%s adds %s (%s)", change, a.Kind, a.Reason.Rule)
		}
	}
	return nil
}

// mayBeThere reports whether a deletion is of anything: a link may be known not to be
// there.
func (c *checker) mayBeThere(a *prune.Action) bool {
	if a.Kind != prune.DeleteLayerLink && a.Kind != prune.DeleteManifestLink {
		return true
	}
	s := c.inv.FindStream(repositoryOf(a.Repository))
	d := c.inv.Digest(a.Digest)
	return s < 0 || d == inventory.NoDigest || c.inv.HasLink(s, d, a.Kind == prune.DeleteManifestLink)
}

// mostVariants is how many objects of one sort are tried.
const mostVariants = 8

// sample returns some elements of a list, evenly spread.
func sample[T any](list []T) []T {
	if len(list) <= mostVariants {
		return list
	}
	var some []T
	for i := range mostVariants {
		some = append(some, list[i*len(list)/mostVariants])
	}
	return some
}
