package naiveplan

import "strings"

// withAll returns a digest, what it owns and what refers to any of these, at
// every depth.
func (p *planner) withAll(digest string) set {
	found := p.withChildren(digest)
	if p.peerOnly {
		return found
	}
	for grown := true; grown; {
		grown = false
		for name, image := range p.images {
			if image.subject != "" && found[image.subject] && !found[name] {
				for d := range p.withChildren(name) {
					found[d] = true
				}
				grown = true
			}
		}
	}
	return found
}

// neededIn returns all that a repository needs.
func (p *planner) neededIn(repository string) set {
	all := set{}
	for root := range p.needed[repository] {
		for d := range p.withAll(root) {
			all[d] = true
		}
	}
	return all
}

// keepReferrerItems keeps the newest item of a tag that refers to what its
// repository still needs, by the tag's name or by the image's subject. What is
// kept may need more.
func (p *planner) keepReferrerItems() {
	p.findNeeds()
	if p.peerOnly {
		return
	}
	for grown := true; grown; {
		grown = false
		for n, it := range p.dropped {
			if it.index == 0 && p.refersToNeeded(it) {
				p.dropped = append(p.dropped[:n:n], p.dropped[n+1:]...)
				p.left = append(p.left, it)
				p.whyItem[it.String()] = set{"referrer": true}
				p.findNeeds()
				grown = true
				break
			}
		}
	}
}

func (p *planner) refersToNeeded(it listedItem) bool {
	subject, refers := p.subjectOf(it)
	switch {
	case !refers.yes:
		return false
	case refers.no, p.mayNeedMore(), p.mayLink(it.stream):
		return true
	}
	needed := p.neededIn(it.stream.repository())
	for d := range needed {
		if p.unknown(d) && !p.acceptUnknown { // it may own any subject
			return true
		}
	}
	return needed[subject]
}

// subjectOf returns whether an item refers to anything, and to what: "" where
// nothing else names that. An Image that may be there may have a subject.
func (p *planner) subjectOf(it listedItem) (subject string, refers possible) {
	if text, ok := tagSubject(it.tag); ok {
		return p.theOnly(text), certainly(true)
	}
	if image := p.images[it.image]; image != nil {
		return image.subject, certainly(image.subject != "")
	}
	if it.image == "" || p.Complete["Image"] {
		return "", certainly(false)
	}
	return "", anything
}

// tagSubject reads sha256-<hex>, with .sig, .att or .sbom behind it or nothing.
func tagSubject(tag string) (digest string, ok bool) {
	for _, ending := range []string{".sig", ".att", ".sbom"} {
		if before, found := strings.CutSuffix(tag, ending); found {
			tag = before
			break
		}
	}
	algorithm, hex, _ := strings.Cut(tag, "-")
	switch {
	case algorithm == "sha256" && len(hex) == 64, algorithm == "sha384" && len(hex) == 96,
		algorithm == "sha512" && (len(hex) == 128 || len(hex) == 64): // a tag has no room for all of it
		return algorithm + ":" + hex, !strings.Contains(hex, ".")
	}
	return "", false
}

// theOnly returns the digest with a text or, of one that is cut off, the only
// one that begins so.
func (p *planner) theOnly(text string) string {
	var found []string
	for d := range p.everyDigest() {
		if d == text {
			return d
		}
		if strings.HasPrefix(d, text) {
			found = append(found, d)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return ""
}

// everyDigest returns all that anything names as a digest.
func (p *planner) everyDigest() set {
	all := set{}
	for name, image := range p.images {
		all[name] = true
		all.addAll(image.layers)
		all.addAll(image.children)
		all.addAll([]string{image.id, image.subject})
	}
	for _, s := range p.streams {
		for _, t := range s.tags {
			for _, it := range t.items {
				all.addAll([]string{it.image, it.named.digest})
			}
		}
	}
	for _, list := range []set{p.uses.written, p.uses.digests} {
		for d := range list {
			all[d] = true
		}
	}
	for d := range p.volume.stored {
		all[d] = true
	}
	for _, r := range p.volume.repositories {
		for _, list := range []set{r.manifests, r.layers} {
			for d := range list {
				all[d] = true
			}
		}
	}
	delete(all, "")
	return all
}
