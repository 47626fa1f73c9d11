package prune

import (
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// keepReferrerItems keeps the newest item of tags that hold signatures,
// attestations, SBOMs or other referrers of an image that its repository still
// needs. A referrer may have referrers of its own, so it goes on until nothing
// is added.
func (p *planner) keepReferrerItems() {
	if p.policy.PeerReferencesOnly {
		return
	}
	for s := range p.inv.Streams() {
		if pending := p.droppedReferrers(s); len(pending) > 0 {
			p.keepReferrersOf(s, pending)
		}
	}
}

// droppedReferrers maps each dropped item that is the newest of a referrer tag
// to its subject.
func (p *planner) droppedReferrers(s int) map[int]inventory.Digest {
	var found map[int]inventory.Digest
	stream := p.inv.Stream(s)
	for t := stream.FirstTag; t < stream.EndTag; t++ {
		tag := p.inv.Tag(t)
		if tag.FirstItem == tag.EndItem || !p.dropped(tag.FirstItem) {
			continue
		}
		subject := inventory.NoDigest
		if text := referrerTagSubject(tag.Name); text != "" {
			subject = p.inv.Digest(text)
		} else if image := p.inv.ImageOf(p.inv.Item(tag.FirstItem).Image); image >= 0 {
			subject = p.inv.Image(image).Subject
		}
		if subject == inventory.NoDigest {
			continue
		}
		if found == nil {
			found = map[int]inventory.Digest{}
		}
		found[tag.FirstItem] = subject
	}
	return found
}

func (p *planner) keepReferrersOf(s int, pending map[int]inventory.Digest) {
	for more := true; more; {
		more = false
		p.walk.start()
		p.visitNeeds(s, func(inventory.Digest, int, need) bool { return true })
		for item, subject := range pending {
			if p.walk.met(subject) {
				p.items[item] = verdict{neededBySubject, int32(p.inv.ImageOf(subject))}
				delete(pending, item)
				more = true
			}
		}
	}
}

// referrerTagSubject returns the digest that a tag refers to by its name: the
// tag schema of the OCI distribution specification, sha256-<hex>, and cosign's
// sha256-<hex>.sig, .att and .sbom. It is "" for other tags.
func referrerTagSubject(tag string) string {
	hex, ok := strings.CutPrefix(tag, "sha256-")
	if !ok || len(hex) < 64 {
		return ""
	}
	switch hex[64:] {
	case "", ".sig", ".att", ".sbom":
		return "sha256:" + hex[:64]
	}
	return ""
}
