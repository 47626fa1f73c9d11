package inventory

import (
	"iter"
	"slices"
)

// AddStoredBlob says that the bytes of a blob are there, and how many: what a
// volume lists. The size is exact, and counts whatever manifests say of it. Only
// a blob that is stored can be an orphan. The error wraps [ErrInvalid] for a blob
// without a digest or with a negative size.
func (b *Builder) AddStoredBlob(blob Blob) error {
	b.init()
	if blob.Digest == "" || blob.Size < 0 {
		return invalid("Blob "+blob.Digest, "it has no digest, or a negative size")
	}
	id := b.digests.intern(blob.Digest)
	b.stored.set(id)
	b.digests.setSize(id, blob.Size)
	return nil
}

// StoredBlob returns the size of a blob that was added as stored; false where it
// was not.
func (b *Builder) StoredBlob(digest string) (size int64, stored bool) {
	b.init()
	id := b.digests.known(digest)
	if id == NoDigest || !b.stored.has(id) {
		return 0, false
	}
	return *b.digests.sizes.at(int(id)), true
}

// BlobsListed says that every blob that is stored was added: a manifest that was
// not is nowhere, whatever names it. It is for a volume that tells all there is, its
// repositories too: one whose stream was not added has no links.
func (b *Builder) BlobsListed() {
	b.init()
	b.allStored = true
}

// BlobsListed reports whether every stored blob is known.
func (v *Inventory) BlobsListed() bool { return v.allStored }

// ForgetStoredBlob says that the bytes of a blob are not there any more.
func (b *Builder) ForgetStoredBlob(digest string) {
	b.init()
	b.dead++
	b.stored.clear(b.digests.intern(digest))
}

// Stored reports whether the bytes of a blob were listed.
func (v *Inventory) Stored(d Digest) bool { return v.stored.has(d) }

// A ListedLink is a link of a stream's repository, all links of which were
// listed.
type ListedLink struct {
	Stream   int
	Digest   Digest
	Manifest bool
}

// ListedLinks yields the links of the repositories whose links were listed, in
// no order. A repository that no stream has is passed over.
func (v *Inventory) ListedLinks() iter.Seq[ListedLink] {
	return func(yield func(ListedLink) bool) {
		for l := range v.links {
			if _, listed := v.linked[l.repository]; !listed || int(l.repository) >= len(v.streamOf) {
				continue
			}
			if s := v.streamOf[l.repository]; s >= 0 && !yield(ListedLink{int(s), l.digest, l.manifest}) {
				return
			}
		}
	}
}

// LinksListed reports whether every link of a stream's repository is known.
func (v *Inventory) LinksListed(stream int) bool {
	_, listed := v.linked[v.streams[stream].key]
	return listed
}

// AnyStored reports whether the bytes of any blob were listed, or that there are
// none.
func (v *Inventory) AnyStored() bool {
	return v.allStored || slices.ContainsFunc(v.stored, func(word uint64) bool { return word != 0 })
}

// digestSet is a set of digests, a bit for each.
type digestSet []uint64

func (s *digestSet) set(d Digest) {
	if need := int(d/64) + 1; need > len(*s) {
		*s = append(*s, make([]uint64, max(need-len(*s), len(*s)/2))...)
	}
	(*s)[d/64] |= 1 << (d % 64)
}

func (s digestSet) clear(d Digest) {
	if int(d/64) < len(s) {
		s[d/64] &^= 1 << (d % 64)
	}
}

func (s digestSet) has(d Digest) bool { return int(d/64) < len(s) && s[d/64]&(1<<(d%64)) != 0 }

func (s digestSet) clone() digestSet { return slices.Clone(s) }
