package apply

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"maps"
	"slices"
	"sort"
)

// A digestKey is a digest in few bytes: those of a canonical sha256, or any other
// text as it is.
type digestKey struct {
	sum   [sha256.Size]byte
	other string
	isSum bool
}

const sha256Prefix = "sha256:"

// keyOf takes for a sha256 only what is written back as the same text.
func keyOf(digest string) digestKey {
	k := digestKey{other: digest}
	if len(digest) != len(sha256Prefix)+hex.EncodedLen(sha256.Size) || digest[:len(sha256Prefix)] != sha256Prefix {
		return k
	}
	for i, c := range []byte(digest[len(sha256Prefix):]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			return digestKey{other: digest}
		}
		k.sum[i/2] = k.sum[i/2]<<4 | c
	}
	k.other, k.isSum = "", true
	return k
}

func (k *digestKey) appendTo(b []byte) []byte {
	if !k.isSum {
		return append(b, k.other...)
	}
	return hex.AppendEncode(append(b, sha256Prefix...), k.sum[:])
}

func (k digestKey) String() string {
	if !k.isSum {
		return k.other
	}
	var text [len(sha256Prefix) + 2*sha256.Size]byte
	return string(k.appendTo(text[:0]))
}

// A byDigest is a map by digest for a million of them. What has a sha256 lies
// sorted in blocks and takes hardly more than its own bytes; other digests are few,
// and take what strings in a map do. The zero value is empty.
type byDigest[V any] struct {
	blocks [][]summed[V] // sorted, none is empty
	inAll  int           // in all blocks
	others map[string]*V
}

type summed[V any] struct {
	sum   [sha256.Size]byte
	value V
}

const (
	mostInBlock = 512
	blockGrowth = 64 // of one that was split
)

func (m *byDigest[V]) len() int { return m.inAll + len(m.others) }

// find returns where a sum is, or belongs.
func (m *byDigest[V]) find(sum *[sha256.Size]byte) (block, i int, found bool) {
	block = sort.Search(len(m.blocks), func(b int) bool { return bytes.Compare(m.blocks[b][0].sum[:], sum[:]) > 0 }) - 1
	if block < 0 {
		return 0, 0, false
	}
	entries := m.blocks[block]
	i = sort.Search(len(entries), func(i int) bool { return bytes.Compare(entries[i].sum[:], sum[:]) >= 0 })
	return block, i, i < len(entries) && entries[i].sum == *sum
}

// get returns the value of a digest, nil where there is none. It is good until
// the map changes.
func (m *byDigest[V]) get(k *digestKey) *V {
	if !k.isSum {
		return m.others[k.other]
	}
	if block, i, found := m.find(&k.sum); found {
		return &m.blocks[block][i].value
	}
	return nil
}

// put returns the value of a digest, which is new, and zero, where there was none.
func (m *byDigest[V]) put(k *digestKey) (value *V, isNew bool) {
	if v := m.get(k); v != nil {
		return v, false
	}
	if !k.isSum {
		if m.others == nil {
			m.others = map[string]*V{}
		}
		m.others[k.other] = new(V)
		return m.others[k.other], true
	}
	block, i := m.room(&k.sum)
	m.blocks[block] = slices.Insert(m.blocks[block], i, summed[V]{sum: k.sum})
	m.inAll++
	return &m.blocks[block][i].value, true
}

// room makes room for a sum and returns where it belongs.
func (m *byDigest[V]) room(sum *[sha256.Size]byte) (block, i int) {
	if len(m.blocks) == 0 {
		m.blocks = append(m.blocks, make([]summed[V], 0, blockGrowth))
		return 0, 0
	}
	block, i, _ = m.find(sum)
	entries := m.blocks[block]
	switch n := len(entries); {
	case n < cap(entries):
	case n < mostInBlock:
		m.blocks[block] = grown(entries, n+blockGrowth)
	case i == n && block == len(m.blocks)-1: // as each is that comes in order
		m.blocks = append(m.blocks, make([]summed[V], 0, mostInBlock))
		return block + 1, 0
	default:
		half := n / 2
		m.blocks = slices.Insert(m.blocks, block+1, grown(entries[half:], n-half+blockGrowth))
		m.blocks[block] = grown(entries[:half], half+blockGrowth)
		if i > half {
			return block + 1, i - half
		}
	}
	return block, i
}

func grown[E any](s []E, size int) []E { return append(make([]E, 0, size), s...) }

func (m *byDigest[V]) remove(k *digestKey) {
	if !k.isSum {
		delete(m.others, k.other)
		return
	}
	block, i, found := m.find(&k.sum)
	if !found {
		return
	}
	m.inAll--
	if m.blocks[block] = slices.Delete(m.blocks[block], i, i+1); len(m.blocks[block]) == 0 {
		m.blocks = slices.Delete(m.blocks, block, block+1)
	}
}

// filter keeps what keep says, and may change.
func (m *byDigest[V]) filter(keep func(k *digestKey, value *V) bool) {
	m.inAll = 0
	blocks := m.blocks[:0]
	for _, entries := range m.blocks {
		kept := entries[:0]
		for i := range entries {
			if e := &entries[i]; keep(&digestKey{sum: e.sum, isSum: true}, &e.value) {
				kept = append(kept, *e)
			}
		}
		if len(kept) > 0 {
			blocks = append(blocks, kept)
		}
		m.inAll += len(kept)
	}
	clear(m.blocks[len(blocks):])
	m.blocks = blocks
	maps.DeleteFunc(m.others, func(other string, value *V) bool { return !keep(&digestKey{other: other}, value) })
}

// all yields the entries in the order of their digests' texts. Values may be
// changed meanwhile, the map not.
func (m *byDigest[V]) all() iter.Seq2[*digestKey, *V] {
	return func(yield func(*digestKey, *V) bool) {
		others := slices.Sorted(maps.Keys(m.others))
		var text []byte
		for _, entries := range m.blocks {
			for i := range entries {
				k := digestKey{sum: entries[i].sum, isSum: true}
				for len(others) > 0 {
					if text = k.appendTo(text[:0]); others[0] > string(text) {
						break
					}
					if !yield(&digestKey{other: others[0]}, m.others[others[0]]) {
						return
					}
					others = others[1:]
				}
				if !yield(&k, &entries[i].value) {
					return
				}
			}
		}
		for _, other := range others {
			if !yield(&digestKey{other: other}, m.others[other]) {
				return
			}
		}
	}
}
