package prune

import (
	"github.com/registrykit/registrykit/prune/inventory"
)

// A planner is one run over an inventory. Its steps are in the files named for
// the parts of the preset: uses.go (references), tagitems.go, images.go,
// links.go, blobs.go. Each step reads what the steps before it decided.
type planner struct {
	inv    *inventory.Inventory
	policy *Policy
	now    inventory.Instant

	// What uses what.
	tagUse    []int32                // by tag: a use, or -1
	streamUse map[streamDigest]int32 // a use of a digest through a stream
	digestUse map[inventory.Digest]int32
	prefixes  map[string][]inventory.Digest // by text that workloads name
	// usesKnown: every kind that could use an image was listed completely.
	usesKnown bool

	items  []verdict // by item
	images []verdict // by image
	blobs  []blobState
	links  []linkVerdict // in the order of their actions

	configHidden int // the first image that stays and may have any config, or -1

	walk     closure
	crossing *repositoryNeeds // made on demand
	depth    depths           // made on demand
	unknown  unknownImages

	invalid, unread []BadReference

	unlisted    []bool                     // by stream: its repository's links were not listed, though others' were or blobs; nil: none
	stillLinked map[inventory.Digest]int32 // blobs that stay for a link that does: its stream

	listed  *listedLinks // nil: the policy does not ask for orphans
	earlier *earlierPlan // the plan that a recheck looks at again, else nil
}

// streamDigest is a digest in a stream's repository.
type streamDigest struct {
	stream int32
	digest inventory.Digest
}

// A verdict is the compact form of a [Verdict]. What cause is a number of
// depends on the rule.
type verdict struct {
	rule  ruleIndex
	cause int32
}

// A ruleIndex is the number of a rule of the policy, or one of the constants
// below: reasons that hold whatever the policy.
type ruleIndex int32

const (
	undecided         ruleIndex = -1 - iota
	outOfScope                  // not of the planned namespace
	noRule                      // no rule matches
	invalidReferences           // the plan failed
	neededByItem                // image: a remaining item lists it; cause: the item
	namedByItem                 // image: a remaining item names it; cause: the item
	neededByParent              // image: an index that stays owns it; cause: the image
	neededBySubject             // image or item: refers to what stays; cause: the digest's image, or -1
	linkedManifest              // image: a repository holds it for its own sake; cause: the stream
	streamsUnlisted             // image: a stream that was not listed may list it
	linksUnlisted               // image: a repository may hold it whose links were not listed; cause: the stream
	heldByUnknown               // image: an unknown image may own it; cause: the unknown image
	imagesUnlisted              // image: an Image that was not listed may own it or share its blobs
)

func newPlanner(inv *inventory.Inventory, policy *Policy, now inventory.Instant) *planner {
	p := &planner{inv: inv, policy: policy, now: now, configHidden: -1}
	p.walk = newClosure(inv)
	p.items = make([]verdict, inv.Items())
	p.images = make([]verdict, inv.Images())
	for i := range p.items {
		p.items[i].rule = undecided
	}
	for i := range p.images {
		p.images[i].rule = undecided
	}
	return p
}

func (p *planner) plan() {
	p.depths() // while nobody else reads the plan
	p.findListedLinks()
	p.readUses()
	if p.failed() {
		p.keepAll(invalidReferences)
		return
	}
	p.decideItems()
	p.keepReferrerItems()
	p.findUnknown()
	p.decideImages()
	if p.policy.PruneRegistry {
		p.decideLinks()
		p.decideBlobs()
	}
	p.listed = nil // nobody asks for it any more
}

// failed reports whether references that do not parse fail the plan.
func (p *planner) failed() bool { return len(p.invalid) > 0 && !p.policy.IgnoreInvalidReferences }

func (p *planner) keepAll(why ruleIndex) {
	for i := range p.items {
		p.items[i].rule = why
	}
	for i := range p.images {
		p.images[i].rule = why
	}
}

// dropped reports whether the plan drops an item.
func (p *planner) dropped(item int) bool { return p.deletes(p.policy.TagItems, p.items[item]) }

// deleted reports whether the plan deletes an image.
func (p *planner) deleted(image int) bool { return p.deletes(p.policy.Images, p.images[image]) }

func (p *planner) deletes(rules []Rule, v verdict) bool {
	return v.rule >= 0 && rules[v.rule].Outcome == Delete
}
