package inventory

import "slices"

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
// not is nowhere, whatever names it.
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
