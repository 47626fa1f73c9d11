package prune

import (
	"cmp"
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// decideImages gives every image its verdict: rule 3 of the preset. First what
// stays is found, with all that it owns and all that refers to it; what is left
// goes, unless an image that is not known may own it.
func (p *planner) decideImages() {
	if p.policy.Namespace != "" {
		for i := range p.images {
			p.images[i].rule = outOfScope
		}
		return
	}
	p.keepNeededByItems()
	p.keepLinked()
	p.keepUnplanned()
	f := imageFacts{planner: p}
	if p.policy.asks(func(c *Condition) bool { return c.Dropped != nil }) {
		f.findDropped()
	}
	judged := make([]verdict, len(p.images))
	for i, view := range p.inv.ImagesUnordered() {
		if p.images[i].rule == undecided {
			f.number, f.image = i, view
			judged[i] = f.decide()
		}
	}
	for i, v := range judged {
		if p.images[i].rule == undecided && !p.deletes(p.policy.Images, v) {
			p.keepImage(i, v)
		}
	}
	for i, v := range judged {
		if p.images[i].rule != undecided {
			continue
		}
		p.images[i] = v
		switch {
		case !p.inv.Complete(inventory.KindImage):
			p.images[i] = verdict{imagesUnlisted, -1}
		case p.holdsBack():
			p.images[i] = verdict{heldByUnknown, 0}
		}
	}
}

// keepNeededByItems keeps what remaining items list or name. Where streams may
// be missing, so may be items, and every image stays.
func (p *planner) keepNeededByItems() {
	for i := range p.inv.Items() {
		if p.dropped(i) {
			continue
		}
		item := p.inv.Item(i)
		p.keepNeeded(item.Image, verdict{neededByItem, int32(i)})
		p.keepNeeded(item.Named, verdict{namedByItem, int32(i)})
	}
	for _, d := range p.usedDigests() {
		if p.inv.ImageOf(d) < 0 { // a rule decides on those that are known
			p.keepReferrers(d)
		}
	}
	if !p.inv.Complete(inventory.KindImageStream) {
		for i := range p.images {
			p.keepImage(i, verdict{streamsUnlisted, -1})
		}
	}
}

// keepUnplanned keeps, in a recheck, the images that the earlier plan keeps.
func (p *planner) keepUnplanned() {
	if p.earlier == nil {
		return
	}
	for i := range p.images {
		if !p.earlier.images[p.inv.Image(i).Digest] {
			p.keepImage(i, verdict{noRule, -1})
		}
	}
}

// keepNeeded keeps the image with a digest or, where that is not known, what
// refers to it all the same.
func (p *planner) keepNeeded(d inventory.Digest, why verdict) {
	if image := p.inv.ImageOf(d); image >= 0 {
		p.keepImage(image, why)
	} else if d != inventory.NoDigest {
		p.keepReferrers(d)
	}
}

func (p *planner) keepReferrers(d inventory.Digest) {
	for _, referrer := range p.elsewhere().refs[d] {
		p.keepImage(int(referrer), verdict{neededBySubject, -1})
	}
}

// keepImage keeps an image, what it owns and what refers to it, each unless it
// is kept already.
func (p *planner) keepImage(image int, why verdict) {
	if p.images[image].rule != undecided {
		return
	}
	p.images[image] = why
	refs := p.elsewhere().refs
	stack := []int32{int32(image)}
	for len(stack) > 0 {
		parent := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		keep := func(i int32, why verdict) {
			if p.images[i].rule == undecided {
				p.images[i] = why
				stack = append(stack, i)
			}
		}
		for _, child := range p.inv.Children(int(parent)) {
			if image := p.inv.ImageOf(child); image >= 0 {
				keep(int32(image), verdict{neededByParent, parent})
				continue
			}
			for _, referrer := range refs[child] { // the child may be there all the same
				keep(referrer, verdict{neededBySubject, -1})
			}
		}
		if len(refs) == 0 {
			continue
		}
		for _, referrer := range refs[p.inv.Image(int(parent)).Digest] {
			keep(referrer, verdict{neededBySubject, parent})
		}
	}
}

// imageFacts answers what conditions ask of one image.
type imageFacts struct {
	*planner
	number       int
	image        inventory.Image
	dropped      []bool // by image; nil where no condition asks
	repositories []repositoryOf
}

func (f *imageFacts) decide() verdict {
	for i := range f.policy.Images {
		rule := &f.policy.Images[i]
		if ok, cause := f.met(&rule.When, rule.Outcome); ok {
			return verdict{ruleIndex(i), cause}
		}
	}
	return verdict{rule: noRule}
}

func (f *imageFacts) met(c *Condition, o Outcome) (bool, int32) {
	cause := int32(-1)
	holds := func(t truth) bool { return t.met(o) }
	if c.YoungerThan != nil && !holds(f.youngerThan(f.image.Created, *c.YoungerThan)) ||
		c.OlderThan != nil && !holds(f.olderThan(f.image.Created, *c.OlderThan, true)) {
		return false, cause
	}
	if c.DigestInUse != nil {
		t := f.ifUsesKnown()
		if use, ok := f.digestUse[f.image.Digest]; ok {
			t, cause = yes, use
		}
		if !holds(t.is(*c.DigestInUse)) {
			return false, -1
		}
	}
	return (c.Dropped == nil || holds(truthOf(f.dropped[f.number]).is(*c.Dropped))) &&
		(len(c.Repositories) == 0 || holds(f.inRepositories(c.Repositories))) &&
		f.imageMeets(c, f.number, holds), cause
}

// findDropped marks what items that go have listed, themselves or through an
// index.
func (f *imageFacts) findDropped() {
	f.dropped = make([]bool, f.inv.Images())
	f.walk.start()
	mark := func(root inventory.Digest) {
		f.walk.visit(root, func(_ inventory.Digest, image int) bool {
			if image >= 0 {
				f.dropped[image] = true
			}
			return true
		})
	}
	for i := range f.inv.Items() {
		if f.planner.dropped(i) {
			mark(f.inv.Item(i).Image)
		}
	}
	if f.earlier != nil {
		for _, item := range f.earlier.dropped {
			mark(f.inv.Digest(item.image))
		}
	}
}

// repositoryOf says that a stream lists an image.
type repositoryOf struct {
	image, stream int32
}

// streamsOf returns the streams that list an image.
func (f *imageFacts) streamsOf(image int) []repositoryOf {
	if f.repositories == nil {
		f.repositories = []repositoryOf{}
		for i := range f.inv.Items() {
			item := f.inv.Item(i)
			if image := f.inv.ImageOf(item.Image); image >= 0 {
				f.repositories = append(f.repositories, repositoryOf{int32(image), int32(f.inv.Tag(item.Tag).Stream)})
			}
		}
		f.addEarlier()
		slices.SortFunc(f.repositories, func(a, b repositoryOf) int {
			return cmp.Or(cmp.Compare(a.image, b.image), cmp.Compare(a.stream, b.stream))
		})
	}
	byImage := func(r repositoryOf, image int32) int { return cmp.Compare(r.image, image) }
	from, _ := slices.BinarySearchFunc(f.repositories, int32(image), byImage)
	to, _ := slices.BinarySearchFunc(f.repositories, int32(image)+1, byImage)
	return f.repositories[from:to]
}

// addEarlier adds the streams that listed an image until the plan which is
// looked at again dropped their items. One that is gone says nothing.
func (f *imageFacts) addEarlier() {
	if f.earlier == nil {
		return
	}
	for _, item := range f.earlier.dropped {
		namespace, name := splitRepository(item.repository)
		image, stream := f.inv.ImageOf(f.inv.Digest(item.image)), f.inv.FindStream(namespace, name)
		if image >= 0 && stream >= 0 {
			f.repositories = append(f.repositories, repositoryOf{int32(image), int32(stream)})
		}
	}
}

// inRepositories tells whether the repositories that list the image match.
func (f *imageFacts) inRepositories(patterns []string) truth {
	matching, others := f.splitRepositories(patterns)
	switch {
	case !f.inv.Complete(inventory.KindImageStream):
		return unknown
	case len(matching) > 0 && len(others) == 0:
		return yes
	case len(others) > 0 && len(matching) == 0:
		return no
	}
	return unknown
}

// splitRepositories returns the repositories that list the image, those that
// match and the rest, each once.
func (f *imageFacts) splitRepositories(patterns []string) (matching, others []string) {
	last := int32(-1)
	for _, s := range f.streamsOf(f.number) {
		if s.stream == last {
			continue
		}
		last = s.stream
		if name := f.inv.Stream(int(s.stream)).Repository(); matchesAny(patterns, name) {
			matching = append(matching, name)
		} else {
			others = append(others, name)
		}
	}
	return matching, others
}
