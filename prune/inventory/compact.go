package inventory

// compacted returns what is still known in new memory, without the digests and
// texts of what was forgotten.
func (b *Builder) compacted() *facts {
	c := &compaction{old: b.facts, new: newFacts()}
	for i := range c.old.imageAt.len() {
		if at := *c.old.imageAt.at(i); at >= 0 {
			c.image(c.old.images.at(int(at)))
		}
	}
	for _, s := range c.old.streams {
		c.stream(s)
	}
	for _, w := range c.old.workloads {
		c.workload(w)
	}
	for _, l := range c.old.limits {
		rec := *l
		rec.namespace, rec.name = c.text(l.namespace), c.text(l.name)
		c.new.limits[[2]text{rec.namespace, rec.name}] = &rec
	}
	for l := range c.old.links {
		c.new.links[linkKey{c.text(l.repository), c.digest(l.digest), l.manifest}] = struct{}{}
	}
	for r := range c.old.linked {
		c.new.linked[c.text(r)] = struct{}{}
	}
	for id := range c.old.digests.len() {
		if d := Digest(id); c.old.stored.has(d) {
			c.new.stored.set(c.digest(d))
		}
	}
	c.new.allStored, c.new.everywhere = c.old.allStored, c.old.everywhere
	c.new.unread, c.new.labelled, c.new.built = c.old.unread, c.old.labelled, c.old.built
	c.new.others, c.new.listings, c.new.ordered = c.old.others, c.old.listings, c.old.ordered
	return c.new
}

type compaction struct {
	old, new *facts
	buf      []byte
}

func (c *compaction) text(t text) text { return c.new.texts.intern(c.old.texts.at(t)) }

func (c *compaction) digest(d Digest) Digest {
	if d == NoDigest {
		return d
	}
	c.buf = c.old.digests.appendText(c.buf[:0], d)
	id := c.new.digests.intern(string(c.buf))
	c.new.digests.setSize(id, *c.old.digests.sizes.at(int(d)))
	return id
}

func (c *compaction) image(old *imageRecord) {
	rec := *old
	rec.digest, rec.config, rec.subject = c.digest(old.digest), c.digest(old.config), c.digest(old.subject)
	rec.edges = c.new.edges.take(int(old.edges.n))
	edges := c.new.edges.at(rec.edges)
	for i, d := range c.old.edges.at(old.edges) {
		edges[i] = c.digest(d)
	}
	rec.ident = c.new.idents.take(int(old.ident.n))
	copy(c.new.idents.at(rec.ident), c.old.idents.at(old.ident))
	if old.rare != 0 {
		c.new.rare.append(*old.rareIn(&c.old.rare))
		rec.rare = int32(c.new.rare.len())
	}
	*c.new.imageSlot(rec.digest) = int32(c.new.images.len())
	c.new.images.append(rec)
	c.new.live++
}

func (c *compaction) stream(old *streamRecord) {
	rec := *old
	rec.namespace, rec.name, rec.key = c.text(old.namespace), c.text(old.name), c.text(old.key)
	rec.tags = make([]tagRecord, len(old.tags))
	for i, tag := range old.tags {
		rec.tags[i] = tagRecord{name: c.text(tag.name), items: make([]itemRecord, len(tag.items))}
		for j, item := range tag.items {
			item.image, item.digest = c.digest(item.image), c.digest(item.digest)
			item.reference, item.stream = c.text(item.reference), c.text(item.stream)
			rec.tags[i].items[j] = item
		}
	}
	c.new.streams[rec.key] = &rec
}

func (c *compaction) workload(old *workloadRecord) {
	rec := *old
	rec.group, rec.kind = c.text(old.group), c.text(old.kind)
	rec.namespace, rec.name = c.text(old.namespace), c.text(old.name)
	rec.references = make([]referenceRecord, len(old.references))
	for i, r := range old.references {
		rec.references[i] = referenceRecord{
			field: c.text(r.field), source: c.text(r.source), value: c.text(r.value), err: c.text(r.err),
			stream: c.text(r.stream), tag: c.text(r.tag), digest: c.digest(r.digest),
		}
	}
	c.new.workloads[workloadKey{rec.group, rec.kind, rec.namespace, rec.name}] = &rec
}
