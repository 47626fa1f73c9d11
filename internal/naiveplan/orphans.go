package naiveplan

import "slices"

// linkedFor returns the manifests that a repository holds for their own sake:
// those that are there, unless the policy lets go of what no tag needs, or the
// plan drops an item of this repository that lists them, itself or through an
// index: such were there for that.
func (p *planner) linkedFor(s *stream) set {
	r := p.listedIn(s.repository())
	if r == nil || !p.orphans || p.untagged {
		return nil
	}
	held := set{}
	for d := range r.manifests {
		held[d] = true
	}
	for _, it := range p.dropped {
		if it.stream == s && it.image != "" {
			for d := range p.withChildren(it.image) {
				delete(held, d)
			}
		}
	}
	return held
}

// mayLink reports whether a repository may link anything that a policy asks for,
// since not all of its links are known.
func (p *planner) mayLink(s *stream) bool { return p.orphans && p.listedIn(s.repository()) == nil }

func (p *planner) anyMayLink() bool { return slices.ContainsFunc(p.streams, p.mayLink) }

// orphanLinks returns what is linked in a stream's repository, and needed by
// nothing there. What stays may have any config, where it does not say which.
func (p *planner) orphanLinks(s *stream) (layers, manifests set) {
	r := p.listedIn(s.repository())
	if r == nil || !p.orphans || p.namespace != "" && p.namespace != s.namespace {
		return nil, nil
	}
	if p.anyMayHaveAnyConfig(p.neededIn(s.repository())) {
		return nil, r.manifests
	}
	return r.layers, r.manifests
}

// linksLeft returns what is linked somewhere, as far as a policy asks, once the links
// of a plan have gone. Why such a link stays is why its blob does.
func (p *planner) linksLeft(sets Sets) set {
	p.linked = set{}
	if !p.orphans {
		return p.linked
	}
	for _, s := range p.streams {
		r := p.listedIn(s.repository())
		if r == nil {
			continue
		}
		for d := range r.manifests {
			if !slices.Contains(sets.ManifestLinks, Link{s.repository(), d}) {
				p.linked[d] = true
			}
		}
		for d := range r.layers {
			if !slices.Contains(sets.LayerLinks, Link{s.repository(), d}) {
				p.linked[d] = true
			}
		}
	}
	return p.linked
}

// anyMayHaveAnyConfig reports whether one of these images does not say which
// config it has.
func (p *planner) anyMayHaveAnyConfig(digests set) bool {
	for d := range digests {
		if i := p.images[d]; i != nil && i.mayHaveAnyConfig() && !p.peerOnly {
			return true
		}
	}
	return false
}

// orphanBlobs returns the blobs that are there and that no image that stays has or
// claims, nor anything else that stays names. One that an image claimed which goes
// is an orphan from then on, whether or not it was that image's.
func (p *planner) orphanBlobs() (list []string) {
	if p.whyOrphansStay() != "" {
		return nil
	}
	named := p.claimed()
	for d := range p.neededUnknown() {
		named[d] = true
	}
	for d := range p.volume.stored {
		if !named[d] {
			list = append(list, d)
		}
	}
	return list
}

// whyUnclaimedStays tells why a blob stays that no image has.
func (p *planner) whyUnclaimedStays(d string) map[string]bool {
	rules := set{}
	if rule := p.whyOrphansStay(); rule != "" {
		rules[rule] = true
	}
	if p.neededUnknown()[d] || p.linked[d] {
		rules["in-use"] = true
	}
	return rules
}

// whyOrphansStay tells why no blob goes that no image has: "" where they go.
func (p *planner) whyOrphansStay() string {
	staying := set{}
	for name := range p.images {
		if !p.gone[name] {
			staying[name] = true
		}
	}
	switch {
	case p.uses.invalid > 0 && !p.ignoreInvalid:
		return "invalid-references"
	case !p.orphans:
		return "no-rule"
	case p.namespace != "":
		return "out-of-scope"
	case !p.Complete["ImageStream"]:
		return "streams-not-listed"
	case !p.Complete["Image"]:
		return "images-not-listed"
	case p.anyMayLink():
		return "links-not-listed"
	case p.imagesHeldBack(), p.anyMayNeedAnything(staying):
		return "unknown-image"
	case p.anyMayHaveAnyConfig(staying):
		return "config-uncertain"
	case p.mayNeedMore():
		return "in-use"
	}
	return ""
}

// anyMayNeedAnything reports whether one of these images, or what it owns, is not
// known in full.
func (p *planner) anyMayNeedAnything(digests set) bool {
	for d := range digests {
		for part := range p.withChildren(d) {
			if !p.acceptUnknown && p.unknown(part) && !p.nowhere(part) {
				return true
			}
		}
	}
	return false
}

// claimed returns what the images that stay are, have, or say that they have, and
// what surely goes with one that goes.
func (p *planner) claimed() set {
	all := set{}
	for name, image := range p.images {
		if p.gone[name] {
			all[name] = true
			all.addAll(image.layers)
			all.addAll(image.configIfItGoes())
			continue
		}
		for d := range image.claims() {
			all[d] = true
		}
	}
	return all
}

// neededUnknown returns what some repository needs, or a workload, or an index that
// stays, and no Image is: a manifest that nobody read is a blob that is needed all the same.
func (p *planner) neededUnknown() set {
	all := set{}
	for repository := range p.needed {
		for d := range p.neededIn(repository) {
			all[d] = true
		}
	}
	for root := range p.uses.digests {
		for d := range p.withAll(root) {
			all[d] = true
		}
	}
	for name, image := range p.images {
		if !p.gone[name] {
			all.addAll(image.children)
		}
	}
	for d := range all {
		if p.images[d] != nil {
			delete(all, d)
		}
	}
	return all
}
