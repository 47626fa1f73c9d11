package inventory

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strings"
)

// Fingerprint returns the sha256 digest of everything that the inventory says.
// Two inventories of the same facts have the same, whatever the order in which
// the facts came. It is computed once.
func (v *Inventory) Fingerprint() string {
	v.fingerprint.Do(func() {
		w := newFactWriter(v)
		w.places = v.places()
		digests := make(chan []byte)
		go func() {
			d := newFactWriter(v)
			d.places = w.places
			d.digests()
			digests <- d.sum()
		}()
		w.images()
		w.streams()
		w.workloads()
		w.limits()
		w.links()
		w.evidence()
		w.stored()
		w.string(string(<-digests))
		v.fingerprintText = "sha256:" + hex.EncodeToString(w.sum())
	})
	return v.fingerprintText
}

// A factWriter writes facts so that no two different inventories give the same
// bytes: numbers in a fixed width, texts and lists behind their length. All
// digests that some fact has are written, sorted, those that images are made of
// with their sizes; the facts say their places.
type factWriter struct {
	v      *Inventory
	hash   hash.Hash
	buf    []byte
	places []uint32
}

func newFactWriter(v *Inventory) *factWriter {
	return &factWriter{v: v, hash: sha256.New(), buf: make([]byte, 0, 2*hashAt)}
}

const hashAt = 1 << 15

// sum ends the writing.
func (w *factWriter) sum() []byte {
	w.hash.Write(w.buf) // never fails
	return w.hash.Sum(nil)
}

func (w *factWriter) number(n int64) {
	w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(n))
	if len(w.buf) > hashAt {
		w.hash.Write(w.buf)
		w.buf = w.buf[:0]
	}
}

func (w *factWriter) string(s string) {
	w.number(int64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *factWriter) bool(b bool) {
	if b {
		w.number(1)
	} else {
		w.number(0)
	}
}

func (w *factWriter) text(t text) { w.string(w.v.text(t)) }

func (w *factWriter) digest(d Digest) {
	place := uint32(0)
	if d != NoDigest {
		place = w.places[d]
	}
	w.buf = binary.LittleEndian.AppendUint32(w.buf, place)
}

// places returns, by digest, its place among those that some fact has, sorted,
// from 1, with sized where images are made of it. Others are left over from
// facts that were forgotten, as are the sizes of what no image holds.
func (v *Inventory) places() []uint32 {
	places := make([]uint32, len(v.order))
	note := func(flag uint32) func(Digest) {
		return func(d Digest) {
			if d != NoDigest {
				places[d] |= flag
			}
		}
	}
	v.visitDigests(note(sized), note(1))
	next := uint32(1)
	for _, d := range v.order {
		if places[d] != 0 {
			places[d] = places[d]&sized | next
			next++
		}
	}
	return places
}

const sized = 1 << 31

func (w *factWriter) digests() {
	v := w.v
	for _, d := range v.order {
		if w.places[d] == 0 {
			continue
		}
		if text, other := v.others[d]; other {
			w.number(2)
			w.string(text)
		} else {
			w.number(1)
			w.buf = append(w.buf, v.sums.at(int(d))[:]...)
		}
		if w.places[d]&sized != 0 {
			w.number(v.Size(d))
		} else {
			w.number(-1)
		}
	}
}

// visitDigests calls part for what images are made of, and mention for every
// other digest of every fact, often more than once.
func (v *Inventory) visitDigests(part, mention func(Digest)) {
	for _, view := range v.ImagesUnordered() {
		part(view.Digest)
		part(view.Config)
		for _, d := range view.Layers {
			part(d)
		}
		for _, d := range view.Children {
			part(d)
		}
		mention(view.Subject)
	}
	for _, s := range v.streams {
		for _, tag := range s.tags {
			for i := range tag.items {
				mention(tag.items[i].image)
			}
		}
	}
	for _, p := range v.references {
		mention(p.record.digest)
	}
	for l := range v.links {
		mention(l.digest)
	}
	for _, d := range v.order {
		if v.stored.has(d) {
			part(d)
		}
	}
}

// stored writes nothing where no blob was listed, as of a cluster.
func (w *factWriter) stored() {
	first := true
	for _, d := range w.v.order {
		if !w.v.stored.has(d) {
			continue
		}
		if first {
			w.string("stored blobs")
			first = false
		}
		w.digest(d)
	}
	if w.v.allStored {
		w.string("and no other")
	}
	if w.v.everywhere {
		w.string("and no other repository")
	}
}

func (w *factWriter) images() {
	w.number(int64(w.v.Images()))
	for i := range w.v.Images() {
		r := w.v.imageRecord(i)
		w.digest(r.digest)
		w.digest(r.config)
		w.digest(r.subject)
		w.number(int64(r.layers)<<32 | int64(r.edges.n))
		for _, d := range w.v.edges.at(r.edges) {
			w.digest(d)
		}
		w.number(int64(r.created))
		rare := r.rareIn(&w.v.rare)
		w.number(int64(rare.pulled))
		w.number(r.size)
		w.number(int64(r.class)<<2 | int64(flag(r.managed)<<1|flag(r.partial)))
		w.number(int64(r.ident.n)<<32 | int64(r.uid))
		w.buf = append(w.buf, w.v.idents.at(r.ident)...)
		w.labels(rare.labels)
	}
}

// labels tells an image without labels from one whose labels are not known.
func (w *factWriter) labels(labels map[string]string) {
	if labels == nil {
		w.number(-1)
		return
	}
	w.number(int64(len(labels)))
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		w.string(name)
		w.string(labels[name])
	}
}

func (w *factWriter) streams() {
	w.number(int64(len(w.v.streams)))
	for _, s := range w.v.streams {
		w.text(s.namespace)
		w.text(s.name)
		w.string(s.ident.both)
		w.number(int64(s.ident.uid))
		w.number(int64(s.created))
		w.number(int64(len(s.tags)))
		for _, tag := range s.tags {
			w.text(tag.name)
			w.number(int64(len(tag.items)))
			for i := range tag.items {
				item := &tag.items[i]
				w.number(int64(item.created))
				w.digest(item.image)
				w.text(item.reference)
				w.bool(item.atImage)
			}
		}
	}
}

func (w *factWriter) workloads() {
	w.number(int64(len(w.v.workloads)))
	for _, o := range w.v.workloads {
		w.text(o.group)
		w.text(o.kind)
		w.text(o.namespace)
		w.text(o.name)
		w.number(int64(o.created))
		w.bool(o.finished)
		w.number(int64(len(o.references)))
		for _, r := range o.references {
			w.text(r.field)
			w.text(r.source)
			w.text(r.value)
			w.text(r.err)
			w.text(r.stream)
			w.text(r.tag)
			w.digest(r.digest)
		}
	}
}

func (w *factWriter) limits() {
	w.number(int64(len(w.v.limits)))
	for _, l := range w.v.limits {
		w.text(l.namespace)
		w.text(l.name)
		w.number(l.max)
	}
}

func (w *factWriter) links() {
	v := w.v
	repositories := slices.SortedFunc(maps.Keys(v.linked), func(a, c text) int {
		return strings.Compare(v.text(a), v.text(c))
	})
	w.number(int64(len(repositories)))
	for _, r := range repositories {
		w.text(r)
	}
	links := slices.AppendSeq(make([]linkKey, 0, len(v.links)), maps.Keys(v.links)) // at once: there may be a million
	slices.SortFunc(links, func(a, c linkKey) int {
		return cmp.Or(
			strings.Compare(v.text(a.repository), v.text(c.repository)),
			cmp.Compare(v.rank[a.digest], v.rank[c.digest]),
			cmp.Compare(flag(a.manifest), flag(c.manifest)))
	})
	w.number(int64(len(links)))
	for _, l := range links {
		w.text(l.repository)
		w.digest(l.digest)
		w.bool(l.manifest)
	}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (w *factWriter) evidence() {
	for _, e := range w.v.Evidence() {
		w.string(string(e.Kind))
		w.number(int64(e.Count))
		w.bool(e.Listed)
		w.bool(e.Complete)
	}
	w.bool(w.v.imagesAfterStreams)
	if w.v.labelled != nil {
		w.number(int64(len(w.v.labelled)))
		for _, name := range slices.Sorted(maps.Keys(w.v.labelled)) {
			w.string(name)
		}
	}
}
