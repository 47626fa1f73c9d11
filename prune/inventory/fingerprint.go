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
		h := sha256.New()
		w := &factWriter{v: v, hash: h}
		w.images()
		w.streams()
		w.workloads()
		w.limits()
		w.links()
		w.evidence()
		h.Write(w.buf)
		v.fingerprintText = "sha256:" + hex.EncodeToString(h.Sum(nil))
	})
	return v.fingerprintText
}

// A factWriter writes facts so that no two different inventories give the same
// bytes: numbers in a fixed width, texts and lists behind their length.
type factWriter struct {
	v    *Inventory
	hash hash.Hash
	buf  []byte
}

func (w *factWriter) number(n int64) {
	w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(n))
	if len(w.buf) > 1<<15 {
		w.hash.Write(w.buf) // never fails
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

// digest writes a sha256 as its 32 bytes, behind a length that no text has.
func (w *factWriter) digest(d Digest) {
	if d == NoDigest {
		w.number(-1)
	} else if text, other := w.v.others[d]; other {
		w.string(text)
	} else {
		w.number(-2)
		w.buf = append(w.buf, w.v.sums.at(int(d))[:]...)
	}
}

func (w *factWriter) blob(d Digest) {
	w.digest(d)
	w.number(w.v.Size(d))
}

func (w *factWriter) images() {
	w.number(int64(w.v.Images()))
	for i := range w.v.Images() {
		r := w.v.imageRecord(i)
		w.blob(r.digest)
		w.number(int64(r.class))
		w.blob(r.config)
		w.digest(r.subject)
		w.number(int64(r.layers))
		w.number(int64(len(r.edges)))
		for _, d := range r.edges {
			w.blob(d)
		}
		w.number(int64(r.created))
		w.number(int64(r.pulled))
		w.number(r.size)
		w.bool(r.managed)
		w.bool(r.partial)
		w.string(r.ident.both)
		w.number(int64(r.ident.uid))
		w.bool(r.labels != nil)
		w.number(int64(len(r.labels)))
		for _, k := range slices.Sorted(maps.Keys(r.labels)) {
			w.string(k)
			w.string(r.labels[k])
		}
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
	links := slices.SortedFunc(maps.Keys(v.links), func(a, c linkKey) int {
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
}
