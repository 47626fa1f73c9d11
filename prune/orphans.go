package prune

import (
	"cmp"
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// Orphans are what was listed in a registry's storage and nothing names:
// manifests that no tag needs, links that no manifest of their repository needs,
// blobs that no manifest has. A policy must ask for them; see [Policy].Orphans.

// listedLinks are the links of all repositories that were listed, by stream,
// manifests first, each in the order of their digests.
type listedLinks struct {
	links []listedLink
	first []int32 // by stream, and one behind the last
	lost  closure // a walk of its own, since one is on the way when links are asked for
}

// A listedLink is the compact form of an [inventory.ListedLink].
type listedLink struct {
	stream   int32
	digest   inventory.Digest
	manifest bool
}

// findListedLinks sorts the links, once, for a policy that asks for orphans.
func (p *planner) findListedLinks() {
	if !p.policy.Orphans {
		return
	}
	n := 0
	for range p.inv.ListedLinks() {
		n++
	}
	l := &listedLinks{lost: newClosure(p.inv), links: make([]listedLink, 0, n), first: make([]int32, p.inv.Streams()+1)}
	for link := range p.inv.ListedLinks() {
		l.links = append(l.links, listedLink{int32(link.Stream), link.Digest, link.Manifest})
	}
	slices.SortFunc(l.links, func(a, b listedLink) int { return cmp.Or(cmp.Compare(a.stream, b.stream), p.compareLinks(a, b)) })
	for i := range l.links {
		l.first[l.links[i].stream+1] = int32(i + 1)
	}
	for s := 1; s < len(l.first); s++ {
		l.first[s] = max(l.first[s], l.first[s-1])
	}
	p.listed = l
	p.findUnlisted()
}

// compareLinks orders the links of one stream.
func (p *planner) compareLinks(a, b listedLink) int {
	switch {
	case a.manifest == b.manifest:
		return p.inv.Rank(a.digest) - p.inv.Rank(b.digest)
	case a.manifest:
		return -1
	}
	return 1
}

// numberOfLink returns the number of a stream's link among all that were listed, or
// -1.
func (p *planner) numberOfLink(s int, d inventory.Digest, manifest bool) int {
	if s < 0 || d == inventory.NoDigest {
		return -1
	}
	n, found := slices.BinarySearchFunc(p.linksOf(s), listedLink{int32(s), d, manifest}, p.compareLinks)
	if !found {
		return -1
	}
	return int(p.listed.first[s]) + n
}

// findUnlisted finds the repositories whose links were not listed.
func (p *planner) findUnlisted() {
	for s := range p.inv.Streams() {
		if p.inv.LinksListed(s) {
			continue
		}
		if p.unlisted == nil {
			p.unlisted = make([]bool, p.inv.Streams())
		}
		p.unlisted[s] = true
	}
}

// mayHold reports whether a stream's repository may hold any manifest for its own
// sake, since it is not known which it has.
func (p *planner) mayHold(s int) bool { return p.unlisted != nil && p.unlisted[s] }

// linksOf returns the links of a stream's repository, none where they were not
// listed or the policy does not ask for orphans.
func (p *planner) linksOf(s int) []listedLink {
	if p.listed == nil {
		return nil
	}
	return p.listed.links[p.listed.first[s]:p.listed.first[s+1]]
}

// visitLinked calls f for each manifest that a repository needs for its own
// sake: it is there without a tag, and the policy does not let such go. What a
// dropped item lists, itself or through an index, was there for that. In a recheck
// it is also what the plan did not know of.
func (p *planner) visitLinked(s int, f func(d inventory.Digest) bool) bool {
	links := p.linksOf(s)
	if len(links) == 0 || p.policy.Untagged && p.earlier == nil {
		return true
	}
	lost := p.lostBy(s)
	for i, l := range links {
		if !l.manifest {
			break
		}
		if lost[l.digest] || p.policy.Untagged && p.earlier.links[int(p.listed.first[s])+i] {
			continue
		}
		if !f(l.digest) {
			return false
		}
	}
	return true
}

// linkedAnew returns, in a recheck, what has a link that the plan does not let go:
// a push may have put it there since, and its manifest is still to come.
func (p *planner) linkedAnew() map[inventory.Digest]int32 {
	linked := map[inventory.Digest]int32{}
	if p.listed == nil {
		return linked
	}
	for i, l := range p.listed.links {
		if p.blobs[l.digest] != blobKept && !p.earlier.links[i] {
			first(linked, l.digest, l.stream)
		}
	}
	return linked
}

// lostBy returns what the dropped items of a stream list, with all that it owns.
func (p *planner) lostBy(s int) map[inventory.Digest]bool {
	var lost map[inventory.Digest]bool
	walk := &p.listed.lost
	walk.start()
	lose := func(root inventory.Digest) {
		walk.visit(root, func(d inventory.Digest, _ int) bool {
			if lost == nil {
				lost = map[inventory.Digest]bool{}
			}
			lost[d] = true
			return true
		})
	}
	stream := p.inv.Stream(s)
	for t := stream.FirstTag; t < stream.EndTag; t++ {
		tag := p.inv.Tag(t)
		for i := tag.FirstItem; i < tag.EndItem; i++ {
			if p.dropped(i) {
				lose(p.inv.Item(i).Image)
			}
		}
	}
	if p.earlier != nil {
		for _, item := range p.earlier.dropped {
			if item.repository == stream.Repository() {
				lose(p.inv.Digest(item.image))
			}
		}
	}
	return lost
}

// keepLinked keeps the images that repositories hold for their own sake, or may.
func (p *planner) keepLinked() {
	if p.listed == nil {
		return
	}
	for s := range p.inv.Streams() {
		p.visitLinked(s, func(d inventory.Digest) bool {
			p.keepNeeded(d, verdict{linkedManifest, int32(s)})
			return true
		})
	}
	if s := slices.Index(p.unlisted, true); s >= 0 {
		for i := range p.images {
			p.keepImage(i, verdict{linksUnlisted, int32(s)})
		}
	}
}

// nowhere reports whether a manifest that is not known is not there either: all
// blobs were listed, and it is none of them. Nobody can need anything of it.
func (p *planner) nowhere(d inventory.Digest, image int) bool {
	return p.policy.Orphans && image < 0 && p.inv.BlobsListed() && !p.inv.Stored(d)
}

// orphans plans away the links of the repository that nothing there needs. Where
// something may have any config, no layer's link goes: it may be that.
func (l *linkPlanner) orphans(manifests []linkVerdict) {
	planned := map[inventory.Digest]bool{}
	for i := range manifests {
		planned[manifests[i].digest] = true
	}
	for _, link := range l.linksOf(l.stream) {
		if link.manifest && planned[link.digest] || !link.manifest && l.configHidden {
			continue
		}
		l.drop(linkVerdict{stream: int32(l.stream), item: -1, image: int32(l.inv.ImageOf(link.digest))}, link.digest, link.manifest)
	}
}

// decideOrphans plans away the stored blobs that no manifest has, where all
// manifests are known and none that stays may have more than it says.
func (p *planner) decideOrphans() {
	if !p.policy.Orphans || p.policy.Namespace != "" || p.mayNeedMore() || p.unlisted != nil || p.holdsBack() || p.unknown.part > 0 || p.configHidden >= 0 {
		return
	}
	for d := range p.blobs {
		if p.blobs[d] == blobUnnamed && p.inv.Stored(inventory.Digest(d)) {
			p.blobs[d] = blobOrphan
		}
	}
}

// keepStillLinked keeps the blobs of links that are there and stay, or may: such a link may
// be what something needs, and then so is its blob. A recheck has no links of its
// own; see linkedAnew.
func (p *planner) keepStillLinked() {
	if p.listed == nil || p.unlisted != nil || p.earlier != nil { // all images stay where any may be linked
		return
	}
	left := make([]int32, p.inv.Digests()) // how many links of a digest stay
	for _, l := range p.listed.links {
		left[l.digest]++
	}
	for i := range p.links {
		if l := &p.links[i]; len(p.linksOf(int(l.stream))) > 0 {
			left[l.digest]--
		}
	}
	kept := map[inventory.Digest]bool{}
	for d, n := range left {
		if n > 0 && p.blobs[d].goes() {
			p.blobs[d] = blobKept
			kept[inventory.Digest(d)] = true
		}
	}
	p.stillLinked = p.streamsOfLinks(kept)
}

// streamsOfLinks returns, for each of some digests, the first stream that keeps a
// link of it.
func (p *planner) streamsOfLinks(digests map[inventory.Digest]bool) map[inventory.Digest]int32 {
	streams := map[inventory.Digest]int32{}
	if len(digests) == 0 {
		return streams
	}
	goes := map[listedLink]bool{}
	for i := range p.links {
		if l := &p.links[i]; digests[l.digest] {
			goes[listedLink{l.stream, l.digest, l.manifest}] = true
		}
	}
	for _, l := range p.listed.links {
		if digests[l.digest] && !goes[l] {
			first(streams, l.digest, l.stream)
		}
	}
	return streams
}
