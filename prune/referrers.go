package prune

import (
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// keepReferrerItems keeps the newest item of tags that hold signatures,
// attestations, SBOMs or other referrers of an image that its repository still
// needs. A referrer may have referrers of its own, there or in the repository
// that its item names, so it goes on until nothing is added.
func (p *planner) keepReferrerItems() {
	if p.policy.PeerReferencesOnly {
		return
	}
	r := referrerItems{
		planner: p, bySubject: map[streamDigest][]int32{}, byStream: map[int][]int32{}, doubt: p.mayNeedMore(),
	}
	var streams []int
	for s := range p.inv.Streams() {
		if r.find(s) {
			streams = append(streams, s)
		}
	}
	for len(streams) > 0 {
		r.named = nil
		for _, s := range streams {
			r.keepIn(s)
		}
		streams = r.named
	}
}

// referrerItems are dropped items whose subject may turn out to be needed in
// their repository.
type referrerItems struct {
	*planner
	bySubject map[streamDigest][]int32
	byStream  map[int][]int32
	named     []int // streams whose repositories items that were kept name
	doubt     bool  // what is not known may need any subject
}

// mayNeedMore reports whether something that was not listed could need a
// manifest: a stream, an index or a workload.
func (p *planner) mayNeedMore() bool {
	return !p.inv.Complete(inventory.KindImageStream) || !p.inv.Complete(inventory.KindImage) ||
		p.policy.asksForUse() && !p.usesKnown
}

// find finds the dropped items of a stream that are the newest of a tag for
// referrers, and reports whether there are any.
func (r *referrerItems) find(s int) bool {
	found := false
	stream := r.inv.Stream(s)
	for t := stream.FirstTag; t < stream.EndTag; t++ {
		tag := r.inv.Tag(t)
		if tag.FirstItem == tag.EndItem || !r.dropped(tag.FirstItem) {
			continue
		}
		subject, refers := r.subjectOfItem(tag)
		switch {
		case refers == no:
		case r.doubt: // as where it is unknown whether it refers to anything
			r.items[tag.FirstItem] = verdict{neededBySubject, -1}
		default:
			key := streamDigest{int32(s), subject}
			r.bySubject[key] = append(r.bySubject[key], int32(tag.FirstItem))
			r.byStream[s] = append(r.byStream[s], int32(tag.FirstItem))
			found = true
		}
	}
	return found
}

// subjectOfItem tells whether the newest item of a tag refers to anything, and
// to what: [inventory.NoDigest] where nothing else names that. It is not known of
// an Image that may be there, and have a subject.
func (r *referrerItems) subjectOfItem(tag inventory.StreamTag) (subject inventory.Digest, refers truth) {
	if text := referrerTagSubject(tag.Name); text != "" {
		return r.subjectOf(text), yes
	}
	digest := r.inv.Item(tag.FirstItem).Image
	if image := r.inv.ImageOf(digest); image >= 0 {
		subject = r.inv.Image(image).Subject
		return subject, truthOf(subject != inventory.NoDigest)
	}
	if digest == inventory.NoDigest || r.inv.Complete(inventory.KindImage) {
		return inventory.NoDigest, no
	}
	return inventory.NoDigest, unknown
}

// subjectOf returns the digest of a subject's text. One that is cut off names
// the only digest that begins so; where several do, none can be told, which no
// hash lets happen.
func (r *referrerItems) subjectOf(text string) inventory.Digest {
	if d := r.inv.Digest(text); d != inventory.NoDigest {
		return d
	}
	if found := r.inv.FindDigests(text, 2); len(found) == 1 {
		return found[0]
	}
	return inventory.NoDigest
}

// keepIn keeps those of a stream whose subjects its repository needs, and what
// that makes it need. An unknown image that it needs may own any subject.
func (r *referrerItems) keepIn(s int) {
	var kept []int32
	keep := func(items []int32, cause int) {
		for _, item := range items {
			if r.dropped(int(item)) {
				r.items[item] = verdict{neededBySubject, int32(cause)}
				kept = append(kept, item)
			}
		}
	}
	visit := func(d inventory.Digest, image int, _ need) bool {
		key := streamDigest{int32(s), d}
		keep(r.bySubject[key], image)
		delete(r.bySubject, key)
		if r.unknownPart(image) {
			keep(r.byStream[s], -1)
			delete(r.byStream, s)
		}
		return true
	}
	if r.mayHold(s) { // it may hold any subject
		keep(r.byStream[s], -1)
	}
	r.walk.start()
	r.visitNeeds(s, visit)
	for len(kept) > 0 {
		item := int(kept[len(kept)-1])
		kept = kept[:len(kept)-1]
		r.visitItem(item, visit)
		if named := r.inv.Item(item).NamedStream; named >= 0 && named != s {
			r.named = append(r.named, named)
		}
	}
}

// referrerTagSubject returns the digest that a tag refers to by its name: the
// tag schema of the OCI distribution specification, sha256-<hex>, and cosign's
// sha256-<hex>.sig, .att and .sbom; and the same for sha384 and sha512. The hex of
// a sha512 may be cut off. It is "" for other tags.
func referrerTagSubject(tag string) string {
	algorithm, rest, _ := strings.Cut(tag, "-")
	size := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
	hex, ending, _ := strings.Cut(rest, ".")
	// A tag has at most 128 characters, so that the schema cuts the hex of a
	// sha512 off at 64.
	if algorithm == "sha512" && len(hex) == 64 {
		size = 64
	}
	if size == 0 || len(hex) != size || strings.HasSuffix(rest, ".") {
		return ""
	}
	switch ending {
	case "", "sig", "att", "sbom":
		return algorithm + ":" + hex
	}
	return ""
}
