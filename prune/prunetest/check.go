package prunetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// Check plans and checks every [Invariant] of the plan, for whatever inventory
// and policy. It plans some hundred times, on variants of the inventory and
// the policy, so it is for inventories of hundreds of images, not of a hundred
// thousand.
//
// The error joins a [*Violation] for each object that violates an invariant; it
// is the planner's own, and wraps [prune.ErrPolicy] or is [prune.ErrNoInstant],
// where there is no plan. A plan that fails because references do not parse
// deletes nothing and is checked like any other.
//
// Some policies that can be written cannot hold some of the invariants: a rule
// that deletes what is in use deletes more once more is in use. Check leaves
// out what a policy rules out: MoreRoots and LongerAges where a rule deletes
// because of use, or keeps because there is none, and Settled where a rule
// deletes the newest, or keeps the oldest revisions, or such as this very plan
// has dropped items of.
func Check(inv *inventory.Inventory, policy prune.Policy, now time.Time) error {
	return check(inv, policy, now, newPlan)
}

func check(inv *inventory.Inventory, policy prune.Policy, now time.Time, make planner) error {
	c := &checker{facts: factsOf(inv), policy: policy, now: now, make: make}
	var err error
	if c.plan, err = make(inv, policy, now); err != nil {
		return err
	}
	// Variants of the inventory are compared with one that was rebuilt just as
	// they were.
	if c.inv, err = c.facts.build(); err != nil {
		return fmt.Errorf("the facts of the inventory cannot be added again: %w", err)
	}
	if c.rebuilt, err = make(c.inv, policy, now); err != nil {
		return fmt.Errorf("planning on the facts of the inventory, added again: %w", err)
	}
	c.index()
	return errors.Join(
		c.agreement(), c.order(), c.roundTrip(), c.freedBytes(),
		c.closure(), c.everyCommit(), c.settled(), c.anyOrder(),
		c.moreRoots(), c.moreRules(), c.longerAges(), c.lessEvidence(),
	)
}

// A checker checks one plan.
type checker struct {
	facts  *facts
	inv    *inventory.Inventory // of the facts
	policy prune.Policy
	now    time.Time
	make   planner
	plan   *decisions // on the inventory as it was given
	// rebuilt is the plan on inv.
	rebuilt *decisions

	images    map[string]*inventory.Manifest
	streams   map[string]*inventory.Stream // by repository
	referrers map[string][]string          // by subject: images
	deleted   map[object]bool
}

func (c *checker) index() {
	c.images = map[string]*inventory.Manifest{}
	c.referrers = map[string][]string{}
	for i := range c.facts.manifests {
		m := &c.facts.manifests[i]
		c.images[m.Digest] = m
		if m.Subject != "" {
			c.referrers[m.Subject] = append(c.referrers[m.Subject], m.Digest)
		}
	}
	c.streams = map[string]*inventory.Stream{}
	for i := range c.facts.streams {
		s := &c.facts.streams[i]
		c.streams[inventory.RepositoryName(s.Namespace, s.Name)] = s
	}
	c.deleted = c.plan.objects()
}
