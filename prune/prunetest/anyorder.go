package prunetest

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// anyOrder: facts that come in another order, or twice, are the same facts.
func (c *checker) anyOrder() error {
	v := &violations{invariant: AnyOrder}
	want, err := c.rebuilt.withKept()
	if err != nil {
		return err
	}
	for seed := range uint64(3) {
		order := rand.New(rand.NewPCG(seed, 0))
		inv, err := c.facts.shuffled(order).buildIn(order)
		if err != nil {
			return err
		}
		plan, err := c.make(inv, c.policy, c.now)
		if err != nil {
			return err
		}
		if inv.Fingerprint() != c.inv.Fingerprint() || plan.fingerprint != c.rebuilt.fingerprint {
			v.add("inventory", "another order of facts gives another fingerprint")
		}
		got, err := plan.withKept()
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			v.add("plan", "another order of facts gives another plan: %s", firstDifference(got, want))
		}
	}
	return v.err()
}

// shuffled returns the facts with the lists inside of them in any order, so far
// as order has no meaning there. Some are there twice.
func (f *facts) shuffled(r *rand.Rand) *facts {
	c := f.clone()
	for i := range c.streams {
		c.streams[i].Tags = shuffle(r, c.streams[i].Tags)
	}
	for i, w := range c.workloads {
		fields := map[string]bool{}
		for _, ref := range w.References {
			fields[ref.Field] = true
		}
		if len(fields) == len(w.References) { // else the order is all that tells them apart
			c.workloads[i].References = shuffle(r, w.References)
		}
	}
	c.manifests = again(r, c.manifests)
	c.streams = again(r, c.streams)
	c.workloads = again(r, c.workloads)
	c.limits = again(r, c.limits)
	c.links = again(r, c.links)
	return c
}

func shuffle[T any](r *rand.Rand, list []T) []T {
	list = slices.Clone(list)
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// again repeats one element.
func again[T inventory.Manifest | inventory.Stream | inventory.Workload | inventory.Limit | inventory.Link](r *rand.Rand, list []T) []T {
	if len(list) == 0 {
		return list
	}
	return append(list, list[r.IntN(len(list))])
}
