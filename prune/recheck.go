package prune

import (
	"slices"
	"sync"

	"github.com/registrykit/registrykit/prune/inventory"
)

// A Recheck is a plan held against what is known later: it tells which of the
// plan's deletions hold no more. It plans nothing anew, so what came to be of
// no use in the meantime stays.
//
// A Recheck does not change and may be used by several goroutines at once.
type Recheck struct {
	p       *planner
	stale   map[int]Reason // by number of the action
	owners  func() blobOwners
	configs func() map[inventory.Digest]bool  // of any image
	named   map[inventory.Digest]need         // images of the plan's that are needed
	linked  func() map[inventory.Digest]int32 // what links are there that the plan lets be, by stream
	walks   sync.Pool                         // of *closure: one has a stamp for each digest there is
	blind   *Reason                           // why nothing of the plan holds, nil where some may
}

// Recheck looks at the plan again with what is known now: streams, images and
// workloads listed after the plan's tag items were dropped. It judges by the
// plan's policy and instant.
//
// Every tag item that inv knows stays and protects what it needs, whether the
// plan drops it or not, unless assume reports that it is to be taken for
// dropped: for a dry run, which drops none. A nil assume assumes nothing. As in
// planning, what inv does not know completely keeps whatever it might need. Where
// it knows less of what uses images than the plan did, or holds references that
// would have failed the plan, nothing of the plan holds.
func (p *Plan) Recheck(inv *inventory.Inventory, assume func(a *Action) bool) *Recheck {
	again := newPlanner(inv, &p.Policy, inventory.InstantOf(p.Now))
	again.depths()
	again.findListedLinks()
	again.findEarlier(p)
	again.readUses()
	again.keepItems(p, assume)
	again.findUnknown()
	again.elsewhere() // while nobody else uses it
	again.decideImages()
	if p.Policy.PruneRegistry {
		again.decideBlobs()
	}
	r := &Recheck{
		p: again, stale: map[int]Reason{}, owners: sync.OnceValue(again.blobOwners),
		configs: sync.OnceValue(again.configs), linked: sync.OnceValue(again.linkedAnew),
		named: again.neededAgain(), blind: again.blind(p),
	}
	r.judge(p)
	return r
}

// blind says why it is not known what may use anything: references that do not
// parse, which would have failed the plan, or a kind of which less was listed
// than for the plan. Nil: it is known as well as then.
func (p *planner) blind(plan *Plan) *Reason {
	if p.failed() {
		bad := p.invalid[0]
		return &Reason{Rule: RuleInvalidReferences, Unknown: "what " + bad.Object + " uses: " + bad.Field + " does not parse"}
	}
	if !p.policy.asksForUse() {
		return nil
	}
	for _, e := range plan.Evidence {
		if e.Kind != inventory.KindLimitRange && e.Listed && e.Complete && !p.inv.Complete(e.Kind) {
			return &Reason{Rule: RuleUsersNotListed, Unknown: string(e.Kind) + " not listed completely, and may use it"}
		}
	}
	return nil
}

// judge looks at every action but those on tag items, which are committed one
// by one against the stream that is there.
func (r *Recheck) judge(plan *Plan) {
	links := linkCheck{planner: r.p, repository: -1, configs: r.configs}
	i := -1
	for a := range plan.Actions() {
		i++
		var why Reason
		var stale bool
		switch {
		case a.Kind == DeleteTagItem:
		case r.blind != nil:
			why, stale = *r.blind, true
		case a.Kind == DeleteImage:
			why, stale = r.p.imageStale(&a)
		case a.Kind == DeleteBlob:
			why, stale = r.needsBlob(a.Digest)
		default:
			why, stale = links.stale(&a)
		}
		if stale {
			r.stale[i] = why
		}
	}
}

// Stale reports whether an action holds no more, and why: the action with that
// number, from 0, of [Plan.Actions]. It is false for those on tag items.
func (r *Recheck) Stale(action int) (why Reason, stale bool) {
	why, stale = r.stale[action]
	return why, stale
}

// NeedsBlob reports whether a blob must stay, and why: an image that stays may
// have it, or what is known is not enough to say so. It is for blobs that an
// earlier plan condemned.
func (r *Recheck) NeedsBlob(digest string) (why Reason, needed bool) {
	if r.blind != nil {
		return *r.blind, true
	}
	if why, needed = r.needsBlob(digest); !needed && r.p.mayNeedMore() {
		return Reason{Rule: RuleUsersNotListed, Unknown: r.p.missingKinds() + " not listed completely, and may use it"}, true
	}
	return why, needed
}

func (r *Recheck) needsBlob(digest string) (why Reason, needed bool) {
	p := r.p
	switch {
	case !p.inv.Complete(inventory.KindImageStream):
		return Reason{Rule: RuleStreamsNotListed}, true
	case !p.inv.Complete(inventory.KindImage):
		return Reason{Rule: RuleImagesNotListed}, true
	case p.unlisted != nil:
		return p.unnamedReason(), true
	case p.holdsBack():
		return p.unknownReason(), true
	}
	d := p.inv.Digest(digest)
	if stream, linked := r.linked()[d]; linked {
		return Reason{Rule: RuleInUse, Path: []string{p.needName(linkNeed(int(stream))), digest}}, true
	}
	if d == inventory.NoDigest || p.blobs == nil || p.blobs[d] != blobKept {
		return Reason{}, false
	}
	if owners := r.owners(); owners.isBlob(d) {
		return owners.verdict(d).Reason, true
	}
	return Reason{Rule: RuleConfigUncertain}, true
}

// HasImage reports whether an image is there.
func (r *Recheck) HasImage(image string) bool { return r.p.inv.ImageOf(r.p.inv.Digest(image)) >= 0 }

// HidesConfig reports whether an image that stays does not say what its config
// is. Then no blob may go that may be one, and which are can only be told while
// the images are known that have them; see [Recheck.NoConfig].
func (r *Recheck) HidesConfig() bool { return r.p.configHidden >= 0 }

// NoConfig reports whether an image that is known has a blob, and none as its
// config.
func (r *Recheck) NoConfig(digest string) bool {
	d := r.p.inv.Digest(digest)
	return d != inventory.NoDigest && r.p.blobs != nil && r.p.blobs[d] != blobUnnamed && !r.configs()[d]
}

// NamedBy reports whether a tag item that is there, or a workload, needs an image
// that the plan deletes, itself or through an index, and which, also where the
// image is not known any more: it may have been deleted since the plan was made.
func (r *Recheck) NamedBy(image string) (who string, named bool) {
	n, named := r.named[r.p.inv.Digest(image)]
	if !named {
		return "", false
	}
	return r.p.needName(n), true
}

// neededAgain returns, of the images that the plan deletes, those that items and
// uses need.
func (p *planner) neededAgain() map[inventory.Digest]need {
	needed := map[inventory.Digest]need{}
	note := func(d inventory.Digest, _ int, n need) bool {
		if _, noted := needed[d]; !noted && p.earlier.images[d] {
			needed[d] = n
		}
		return true
	}
	if !slices.Contains(p.earlier.images, true) {
		return needed
	}
	for s := range p.inv.Streams() {
		p.walk.start()
		p.visitNeeds(s, note)
	}
	p.walk.start()
	for _, d := range p.usedDigests() {
		p.visitWithReferrers(d, useNeed(p.digestUse[d]), note)
	}
	return needed
}

// Depth returns how many indexes that own the image, subjects that it refers to, and
// what is above these, are above it at most.
func (r *Recheck) Depth(image string) int {
	i := r.p.inv.ImageOf(r.p.inv.Digest(image))
	if i < 0 {
		return 0
	}
	return r.p.depths().of(i)
}

// Closure calls f for the image with a digest and all that must stay with it: what it
// owns at every depth, what refers to any of these, unless only the peer's references
// count, and the layers and configs of them all, with all of their own where one of these
// is an image. It reports whether that is all, and not so where one of them is not known, or
// only in part.
func (r *Recheck) Closure(image string, f func(digest string)) (complete bool) {
	inv := r.p.inv
	f(image)
	root := inv.Digest(image)
	if root == inventory.NoDigest {
		return image == ""
	}
	complete = true
	walk, again := r.walks.Get().(*closure)
	if !again {
		walk = new(newClosure(inv))
	}
	defer r.walks.Put(walk)
	walk.start()
	roots := []inventory.Digest{root}
	visit := func(d inventory.Digest, i int) bool {
		f(inv.DigestText(d))
		if i < 0 {
			complete = false
			return true
		}
		view := inv.Image(i)
		complete = complete && !view.Partial && !r.p.hidesConfig(&view)
		mayHave(&view, func(d inventory.Digest) {
			f(inv.DigestText(d))
			if inv.ImageOf(d) >= 0 { // an image that another has for a layer needs its own, too
				roots = append(roots, d)
			}
		})
		return true
	}
	for ; len(roots) > 0; roots = roots[1:] {
		walk.visitWithReferrers(roots[0], r.p.elsewhere().refs, visit)
	}
	return complete
}

// imageStale tells whether an image that was to go stays. One that is not
// known any more is gone.
func (p *planner) imageStale(a *Action) (Reason, bool) {
	i := p.inv.ImageOf(p.inv.Digest(a.Image))
	if i < 0 {
		if !p.inv.Complete(inventory.KindImage) {
			return Reason{Rule: RuleImagesNotListed}, true
		}
		return Reason{}, false
	}
	if !p.deleted(i) {
		return p.imageReason(i), true
	}
	if uid, _ := p.inv.ImageIdentity(i); a.UID != "" && uid != "" && uid != a.UID {
		return Reason{Rule: RuleReplaced}, true
	}
	return Reason{}, false
}

// unknownReason names the first image that is needed and not known.
func (p *planner) unknownReason() Reason {
	u := p.unknown.list[0]
	return Reason{Rule: RuleUnknownImage, Unknown: p.inv.DigestText(u.digest) + ", needed by " + p.needName(u.need)}
}

// configs returns what images claim as their configs.
func (p *planner) configs() map[inventory.Digest]bool {
	configs := map[inventory.Digest]bool{}
	for _, view := range p.inv.ImagesUnordered() {
		configs[view.Config] = true
	}
	return configs
}
