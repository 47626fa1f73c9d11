package prune

import "github.com/registrykit/registrykit/prune/inventory"

// A closure walks from a manifest to everything that it owns, at every depth,
// once per manifest, so that an index that contains itself ends.
type closure struct {
	inv   *inventory.Inventory
	stamp []uint32 // by digest: the walk that met it last
	walks uint32
	stack []inventory.Digest
}

func newClosure(inv *inventory.Inventory) closure {
	return closure{inv: inv, stamp: make([]uint32, inv.Digests())}
}

// start begins a walk that has met nothing.
func (c *closure) start() { c.walks++ }

// visit calls f for root and all that it owns, parents first, less what this
// walk has met. The image is -1 where the digest is of none. It ends early, and
// returns false, where f does.
func (c *closure) visit(root inventory.Digest, f func(d inventory.Digest, image int) bool) bool {
	if root == inventory.NoDigest || c.stamp[root] == c.walks {
		return true
	}
	c.stamp[root] = c.walks
	if image := c.inv.ImageOf(root); image < 0 || len(c.inv.Children(image)) == 0 {
		return f(root, image) // as nearly all are
	}
	c.stack = append(c.stack[:0], root)
	for len(c.stack) > 0 {
		d := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		image := c.inv.ImageOf(d)
		if !f(d, image) {
			return false
		}
		if image < 0 {
			continue
		}
		children := c.inv.Children(image)
		for i := len(children) - 1; i >= 0; i-- {
			if child := children[i]; c.stamp[child] != c.walks {
				c.stamp[child] = c.walks
				c.stack = append(c.stack, child)
			}
		}
	}
	return true
}

// visitWithReferrers visits also what refers to any of these; refs are the images that
// do, by their subject.
func (c *closure) visitWithReferrers(root inventory.Digest, refs map[inventory.Digest][]int32, f func(d inventory.Digest, image int) bool) bool {
	if len(refs) == 0 {
		return c.visit(root, f)
	}
	var more []inventory.Digest
	visit := func(d inventory.Digest, image int) bool {
		for _, r := range refs[d] {
			more = append(more, c.inv.Image(int(r)).Digest)
		}
		return f(d, image)
	}
	for {
		if !c.visit(root, visit) {
			return false
		}
		if len(more) == 0 {
			return true
		}
		root, more = more[len(more)-1], more[:len(more)-1]
	}
}
