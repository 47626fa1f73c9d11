package prune

import (
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// unknownImages are the images that something needs and nobody knows. Each may
// need any blob and, as an index, own any image.
type unknownImages struct {
	list    []unknownImage
	streams []bool // by stream: one of them is needed in its repository
	// accepted are those that the policy accepts, or that are not there: they
	// hold nothing back but their own bytes.
	accepted map[inventory.Digest]need
	// owned are those that an image owns which stays: the first such image. It
	// may stay for its own sake, so that nothing needs it in a repository.
	owned map[inventory.Digest]int32
	// part is the first image that stays and is not known in full, and 1, or 0.
	part int32
}

type unknownImage struct {
	digest  inventory.Digest
	need    need
	partial bool // known, but not what it is made of
}

// findUnknown lists what stays and is not known, and apart from that what the
// policy accepts. A remaining item that is not planned, in another namespace, counts as
// well: it stays.
func (p *planner) findUnknown() {
	p.unknown.streams = make([]bool, p.inv.Streams())
	p.unknown.accepted = map[inventory.Digest]need{}
	if !p.policy.deletes() {
		return
	}
	seen := map[inventory.Digest]bool{}
	note := func(d inventory.Digest, image int, n need) bool {
		if _, noted := p.unknown.accepted[d]; !noted && image < 0 && (p.policy.AcceptUnknownImages || p.nowhere(d, image)) {
			p.unknown.accepted[d] = n
		}
		if !p.unknownPart(image) || p.nowhere(d, image) {
			return false
		}
		if !seen[d] {
			seen[d] = true
			p.unknown.list = append(p.unknown.list, unknownImage{digest: d, need: n, partial: image >= 0})
		}
		return true
	}
	for s := range p.inv.Streams() {
		p.walk.start()
		p.visitNeeds(s, func(d inventory.Digest, image int, n need) bool {
			if note(d, image, n) {
				p.unknown.streams[s] = true
			}
			return true
		})
	}
	p.walk.start()
	for _, d := range p.usedDigests() {
		p.visitWithReferrers(d, useNeed(p.digestUse[d]), func(d inventory.Digest, image int, n need) bool {
			note(d, image, n)
			return true
		})
	}
	slices.SortFunc(p.unknown.list, func(a, b unknownImage) int { return p.inv.Rank(a.digest) - p.inv.Rank(b.digest) })
}

// noteOwned notes what an image that stays owns and is not known, and whether that or
// the image itself may need more than is known.
func (p *planner) noteOwned(i int, view *inventory.Image) {
	doubtful := p.unknownPart(i)
	for _, child := range view.Children {
		image := p.inv.ImageOf(child)
		if image >= 0 {
			continue
		}
		if first, noted := p.unknown.owned[child]; !noted || int32(i) < first {
			p.unknown.owned[child] = int32(i)
		}
		doubtful = doubtful || p.unknownPart(image) && !p.nowhere(child, image)
	}
	if doubtful && (p.unknown.part == 0 || int32(i) < p.unknown.part-1) {
		p.unknown.part = int32(i) + 1
	}
}

// unknownPart reports whether it is not known, or not fully, what an image that
// is needed is made of, and the policy does not accept that. It is -1 for one
// that is not in the inventory.
func (p *planner) unknownPart(image int) bool {
	return !p.policy.AcceptUnknownImages && (image < 0 || p.inv.Image(image).Partial)
}

// holdsBack reports whether an unknown image keeps all images and blobs.
func (p *planner) holdsBack() bool { return len(p.unknown.list) > 0 }
