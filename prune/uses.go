package prune

import (
	"maps"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// readUses finds what workloads use: rule 1 of the preset. A policy that does not
// ask for use, as one for a plain registry, has nothing to do with them. A pod that counts
// no more is not read, so what does not parse in it is no error.
func (p *planner) readUses() {
	inv := p.inv
	p.tagUse = make([]int32, inv.Tags())
	for i := range p.tagUse {
		p.tagUse[i] = -1
	}
	p.streamUse = map[streamDigest]int32{}
	p.digestUse = map[inventory.Digest]int32{}
	p.usesKnown = inv.Complete(inventory.KindImageStream)
	for _, kind := range inventory.WorkloadKinds() {
		p.usesKnown = p.usesKnown && inv.Complete(kind)
	}
	if !p.policy.asksForUse() {
		return
	}
	for i := range inv.Uses() {
		use := inv.Use(i)
		if use.Source != "" && p.passesOver(use.Source) || !p.counts(inv.Workload(use.Workload)) {
			continue
		}
		if use.Err != "" {
			p.noteBad(use)
			continue
		}
		p.readUse(i, use)
	}
	sortBad(p.invalid)
	sortBad(p.unread)
}

func (p *planner) passesOver(source string) bool {
	return p.policy.PeerReferencesOnly || slices.Contains(p.policy.IgnoreSources, source)
}

// counts reports whether an object uses what it names: not so a finished pod
// once it is older than the policy says.
func (p *planner) counts(o inventory.Object) bool {
	limit := p.policy.FinishedPodsCountFor
	if !o.Finished || limit == nil {
		return true
	}
	return p.olderThan(o.Created, *limit, false) != yes
}

func (p *planner) readUse(i int, use inventory.Use) {
	if use.Digest != inventory.NoDigest {
		for _, d := range p.meant(use.Digest) {
			p.usesDigest(i, use.Stream, d)
		}
		return
	}
	if use.Stream < 0 || use.Tag == "" {
		return
	}
	if tag := p.inv.FindTag(use.Stream, use.Tag); tag >= 0 && p.tagUse[tag] < 0 {
		p.tagUse[tag] = int32(i)
	}
	if p.earlier != nil { // the tag may have lost its first item since
		if image := p.earlier.firsts[tagOf{p.inv.Stream(use.Stream).Repository(), use.Tag}]; image != "" {
			p.usesDigest(i, use.Stream, p.inv.Digest(image))
		}
	}
}

// usesDigest notes that a use is one of a digest, through a stream or, where that
// is -1, not.
func (p *planner) usesDigest(use, stream int, d inventory.Digest) {
	if d == inventory.NoDigest {
		return
	}
	first(p.digestUse, d, int32(use))
	if stream >= 0 {
		first(p.streamUse, streamDigest{int32(stream), d}, int32(use))
	}
}

// meant returns the digest or, for a text that is less than one, every digest
// that begins with it, or whose hex does: the API server takes the name of an
// ImageStreamImage for a prefix, the peer does not.
func (p *planner) meant(d inventory.Digest) []inventory.Digest {
	const whole = len("sha256:") + 64
	text := p.inv.DigestText(d)
	if p.policy.PeerReferencesOnly || len(text) == whole && strings.HasPrefix(text, "sha256:") {
		return []inventory.Digest{d}
	}
	if found := p.longer(text); len(found) > 0 {
		return found
	}
	return []inventory.Digest{d}
}

// usedDigests returns the digests that are in use, sorted.
func (p *planner) usedDigests() []inventory.Digest {
	return slices.SortedFunc(maps.Keys(p.digestUse), func(a, b inventory.Digest) int { return p.inv.Rank(a) - p.inv.Rank(b) })
}

// longer returns the digests that begin with a text, or whose hex does, but for
// the text itself.
// The answer is kept: many workloads may ask the same.
func (p *planner) longer(text string) []inventory.Digest {
	found, ok := p.prefixes[text]
	if !ok {
		if p.prefixes == nil {
			p.prefixes = map[string][]inventory.Digest{}
		}
		prefixes := []string{text} // without an algorithm it stands for sha256
		if !strings.Contains(text, ":") {
			prefixes = append(prefixes, "sha384:"+text, "sha512:"+text)
		}
		for _, prefix := range prefixes {
			for _, d := range p.inv.FindDigests(prefix, p.inv.Digests()) {
				if p.inv.DigestText(d) != text {
					found = append(found, d)
				}
			}
		}
		p.prefixes[text] = found
	}
	return found
}

func first[K comparable](m map[K]int32, k K, v int32) {
	if _, ok := m[k]; !ok {
		m[k] = v
	}
}

// noteBad lists a reference that does not parse: what the peer reads can fail
// the plan, the rest is only told.
func (p *planner) noteBad(use inventory.Use) {
	bad := BadReference{
		Object: validUTF8(p.inv.Workload(use.Workload).String()),
		Field:  validUTF8(use.Field),
		Value:  validUTF8(use.Value),
		Error:  validUTF8(use.Err),
	}
	if use.Source == "" {
		p.invalid = append(p.invalid, bad)
	} else {
		p.unread = append(p.unread, bad)
	}
}

// validUTF8 replaces what JSON could not hold.
func validUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
