package naiveplan

import "fmt"

// String names an item as listedItem does.
func (i TagItem) String() string { return fmt.Sprintf("%s:%s#%d", i.Stream, i.Tag, i.Index) }

// verdicts returns what became of every object.
func (p *planner) verdicts(sets Sets) map[string]Verdict {
	all := map[string]Verdict{}
	claimed := p.claimed()
	for _, it := range p.everyItem() {
		all["TagItem "+it.String()] = Verdict{Rules: p.whyItem[it.String()]}
	}
	for _, it := range sets.TagItems {
		all["TagItem "+it.String()] = Verdict{true, p.whyItem[it.String()]}
	}
	for name, image := range p.images {
		all["Image "+name] = Verdict{Rules: p.whyKept[name]}
		for d := range image.claims() {
			all["Blob "+d] = Verdict{Rules: p.whyBlobStays(d)}
		}
	}
	for d := range p.volume.stored {
		if _, named := all["Blob "+d]; !named {
			all["Blob "+d] = Verdict{Rules: p.whyUnclaimedStays(d)}
		}
	}
	for _, name := range sets.Images {
		all["Image "+name] = Verdict{true, set{p.whyGone[name]: true}}
	}
	for _, d := range sets.Blobs {
		rule := "orphan"
		if claimed[d] {
			rule = "image-deleted"
		}
		all["Blob "+d] = Verdict{true, set{rule: true}}
	}
	return all
}

func (p *planner) everyItem() (list []listedItem) {
	for _, s := range p.streams {
		for _, t := range s.tags {
			for i, it := range t.items {
				list = append(list, listedItem{it, s, t.name, i})
			}
		}
	}
	return list
}

// keepAll keeps everything, by one rule.
func (p *planner) keepAll(rule string) {
	for _, it := range p.everyItem() {
		p.whyItem[it.String()] = set{rule: true}
	}
	for name := range p.images {
		p.because(name, rule)
	}
}

// claims are the blobs that an image may have, or says that it has.
func (i *image) claims() set {
	all := set{i.name: true}
	all.addAll(i.layers)
	if i.id != "" {
		all[i.id] = true
	}
	return all
}

// whyBlobStays: an image that stays may have it, or none surely has it.
func (p *planner) whyBlobStays(d string) map[string]bool {
	if p.staysWithAny(d) {
		return set{"in-use": true}
	}
	rules := set{}
	if p.linked[d] || p.pruneRegistry && p.neededUnknown()[d] {
		rules["in-use"] = true
	}
	for name, image := range p.images {
		switch {
		case !image.claims()[d]:
		case !p.gone[name]: // an index, which has no config, whatever it claims
			rules["in-use"] = true
		case p.pruneRegistry:
			rules["config-uncertain"] = true
		default:
			rules["registry-kept"] = true
		}
	}
	return rules
}

// staysWithAny reports whether an image that stays may have the blob.
func (p *planner) staysWithAny(d string) bool {
	for name, image := range p.images {
		if !p.gone[name] && image.claims()[d] && (d != image.id || !image.isIndex()) {
			return true
		}
	}
	return false
}
