package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Build returns what is known now. The Builder may go on: the Inventory does
// not see it. Build takes time in proportion to all that is known, but copies
// little of it.
func (b *Builder) Build() *Inventory {
	b.init()
	b.built = true
	live := b.live + len(b.streams) + len(b.workloads) + len(b.limits) + len(b.links)
	if b.dead > 1000 && b.dead > live {
		b.facts = b.compacted()
	}
	v := &Inventory{
		sums:   b.digests.sums.snapshot(),
		others: maps.Clone(b.digests.others),
		sizes:  b.digests.shareSizes(),
		texts:  b.texts.list.snapshot(),

		imageRecords:       b.images.snapshot(),
		edges:              b.edges.snapshot(),
		idents:             b.idents.snapshot(),
		rare:               b.rare.snapshot(),
		listings:           maps.Clone(b.listings),
		otherKinds:         maps.Clone(b.others),
		links:              b.links,
		linked:             maps.Clone(b.linked),
		stored:             b.stored.clone(),
		allStored:          b.allStored,
		everywhere:         b.everywhere,
		imagesAfterStreams: b.ordered,
		labelled:           maps.Clone(b.labelled),
	}
	b.linksShared = true
	for key := range b.unread {
		l := v.listings[key.kind]
		l.incomplete = true
		v.listings[key.kind] = l
	}
	var half sync.WaitGroup
	half.Go(func() {
		v.sortStreams(b.facts)
		v.sortWorkloads(b.facts)
		v.sortLimits(b.facts)
	})
	v.sortDigests(b.digests)
	v.sortImages(b.facts)
	half.Wait()
	return v
}

func (v *Inventory) sortDigests(d *digests) {
	v.order = d.sorted()
	v.rank = make([]uint32, len(v.order))
	for i, id := range v.order {
		v.rank[id] = uint32(i)
	}
}

func (v *Inventory) sortImages(f *facts) {
	v.imageOf = make([]int32, f.digests.len())
	v.images = make([]int32, 0, f.live)
	for i := range v.imageOf {
		v.imageOf[i] = -1
	}
	for _, id := range v.order {
		if int(id) >= f.imageAt.len() {
			continue
		}
		if at := *f.imageAt.at(int(id)); at >= 0 {
			v.imageOf[id] = int32(len(v.images))
			v.images = append(v.images, at)
		}
	}
}

func (v *Inventory) sortStreams(f *facts) {
	v.streams = slices.SortedFunc(maps.Values(f.streams), func(a, c *streamRecord) int {
		return cmp.Or(
			strings.Compare(f.texts.at(a.namespace), f.texts.at(c.namespace)),
			strings.Compare(f.texts.at(a.name), f.texts.at(c.name)))
	})
	v.streamOf = make([]int32, f.texts.list.len())
	for i := range v.streamOf {
		v.streamOf[i] = -1
	}
	v.firstTag = make([]int32, 0, len(v.streams)+1)
	for s, stream := range v.streams {
		v.streamOf[stream.key] = int32(s)
		v.firstTag = append(v.firstTag, int32(len(v.tags)))
		for t := range stream.tags {
			tag := &stream.tags[t]
			v.tags = append(v.tags, tagPlace{record: tag, stream: int32(s), firstItem: int32(len(v.itemTag))})
			for range tag.items {
				v.itemTag = append(v.itemTag, int32(len(v.tags)-1))
			}
		}
	}
	v.firstTag = append(v.firstTag, int32(len(v.tags)))
}

func (v *Inventory) sortWorkloads(f *facts) {
	t := f.texts
	v.workloads = slices.SortedFunc(maps.Values(f.workloads), func(a, c *workloadRecord) int {
		return cmp.Or(
			strings.Compare(t.at(a.kind), t.at(c.kind)),
			strings.Compare(t.at(a.namespace), t.at(c.namespace)),
			strings.Compare(t.at(a.name), t.at(c.name)),
			strings.Compare(t.at(a.group), t.at(c.group)))
	})
	for w, rec := range v.workloads {
		for r := range rec.references {
			v.references = append(v.references, referencePlace{&rec.references[r], int32(w)})
		}
	}
}

func (v *Inventory) sortLimits(f *facts) {
	v.limits = slices.SortedFunc(maps.Values(f.limits), func(a, c *limitRecord) int {
		return cmp.Or(
			strings.Compare(f.texts.at(a.namespace), f.texts.at(c.namespace)),
			strings.Compare(f.texts.at(a.name), f.texts.at(c.name)))
	})
	v.smallest = map[string]*limitRecord{}
	for _, l := range v.limits {
		namespace := f.texts.at(l.namespace)
		if old := v.smallest[namespace]; l.max >= 0 && (old == nil || l.max < old.max) {
			v.smallest[namespace] = l
		}
	}
}
