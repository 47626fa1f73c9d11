package inventory

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"strings"
)

// A Digest is a digest in one Inventory, a small integer. Digests of different
// inventories must not be compared. They are in no order; [Inventory.Rank]
// gives the order of their texts.
type Digest uint32

// NoDigest stands for no digest.
const NoDigest Digest = 1<<32 - 1

// digests interns digests. A canonical sha256 takes 32 bytes; any other text
// (sha512, tarsum, what is not a digest at all) is kept as it is.
type digests struct {
	seed   maphash.Seed
	table  []slot // open addressing over the sha256 ones
	inUse  int
	sums   list[[32]byte] // by id; zero for the others
	others map[Digest]string
	byText map[string]Digest
	sizes  list[int64] // by id: bytes, 0 unknown, -1 contradictory
	shared bool        // an Inventory reads these sizes
}

// A slot is the upper half of a hash, so that few others are ever compared, over
// the id and 1; 0 is free.
type slot uint64

func newDigests() *digests {
	return &digests{
		seed:   maphash.MakeSeed(),
		table:  make([]slot, 1<<10),
		others: map[Digest]string{},
		byText: map[string]Digest{},
	}
}

func (t *digests) len() int { return t.sums.len() }

// intern returns the id of a text, NoDigest for "".
func (t *digests) intern(text string) Digest {
	if text == "" {
		return NoDigest
	}
	var sum [32]byte
	if !parseSHA256(text, &sum) {
		id, ok := t.byText[text]
		if !ok {
			text = strings.Clone(text)
			id = t.add([32]byte{})
			t.others[id] = text
			t.byText[text] = id
		}
		return id
	}
	hash := maphash.Bytes(t.seed, sum[:])
	i := t.find(hash, &sum)
	if found := t.table[i]; found != 0 {
		return Digest(uint32(found) - 1)
	}
	id := t.add(sum)
	t.table[i] = slot(hash&^math.MaxUint32 | uint64(id+1))
	if t.inUse++; t.inUse > len(t.table)/4*3 {
		t.grow()
	}
	return id
}

// known returns the id of a text that was interned, else NoDigest.
func (t *digests) known(text string) Digest {
	var sum [32]byte
	if !parseSHA256(text, &sum) {
		if id, ok := t.byText[text]; ok {
			return id
		}
		return NoDigest
	}
	if found := t.table[t.find(maphash.Bytes(t.seed, sum[:]), &sum)]; found != 0 {
		return Digest(uint32(found) - 1)
	}
	return NoDigest
}

func (t *digests) add(sum [32]byte) Digest {
	id := Digest(t.sums.len())
	t.sums.append(sum)
	t.sizes.append(0)
	return id
}

// find returns where sum is in the table, or where it belongs.
func (t *digests) find(hash uint64, sum *[32]byte) uint64 {
	mask := uint64(len(t.table) - 1)
	i := hash >> 32 & mask
	for ; t.table[i] != 0; i = (i + 1) & mask {
		if uint64(t.table[i])>>32 == hash>>32 && *t.sums.at(int(uint32(t.table[i]) - 1)) == *sum {
			break
		}
	}
	return i
}

func (t *digests) grow() {
	old := t.table
	t.table = make([]slot, 2*len(old))
	mask := uint64(len(t.table) - 1)
	for _, s := range old {
		if s == 0 {
			continue
		}
		i := uint64(s) >> 32 & mask
		for t.table[i] != 0 {
			i = (i + 1) & mask
		}
		t.table[i] = s
	}
}

// shareSizes returns the sizes as they are now. They are copied only where one of
// them changes later.
func (t *digests) shareSizes() list[int64] {
	t.shared = true
	return t.sizes.snapshot()
}

func (t *digests) setSize(id Digest, size int64) {
	if t.shared {
		t.sizes, t.shared = t.sizes.clone(), false
	}
	*t.sizes.at(int(id)) = size
}

// learnSize records the size of a blob. A blob whose sizes contradict each
// other has none that could be promised.
func (t *digests) learnSize(id Digest, size int64) {
	if size <= 0 || id == NoDigest {
		return
	}
	switch *t.sizes.at(int(id)) {
	case 0:
		t.setSize(id, size)
	case size, -1:
	default:
		t.setSize(id, -1)
	}
}

func (t *digests) appendText(b []byte, id Digest) []byte {
	if text, ok := t.others[id]; ok {
		return append(b, text...)
	}
	return appendSHA256(b, t.sums.at(int(id)))
}

const sha256TextLen = len("sha256:") + 64

// appendSHA256 writes two hexadecimal digits at a time, which makes a difference
// where a plan has a million digests.
func appendSHA256(b []byte, sum *[32]byte) []byte {
	b = append(b, "sha256:"...)
	for _, c := range sum {
		b = append(b, hexDigits[c][0], hexDigits[c][1])
	}
	return b
}

var hexDigits = func() (pairs [256][2]byte) {
	for i := range pairs {
		const digits = "0123456789abcdef"
		pairs[i] = [2]byte{digits[i>>4], digits[i&15]}
	}
	return pairs
}()

// sorted returns all ids in the order of their texts. Digests are spread
// evenly, so a pass over their first two bytes leaves little to sort.
func (t *digests) sorted() []Digest {
	if t.len() < 1<<12 {
		return t.sortedFew()
	}
	const buckets = 1 << 16
	bucket := func(sum *[32]byte) int { return int(sum[0])<<8 | int(sum[1]) }
	var start [buckets + 1]int32
	n := t.len()
	for i := range n {
		if _, other := t.others[Digest(i)]; !other {
			start[bucket(t.sums.at(i))+1]++
		}
	}
	for i := range buckets {
		start[i+1] += start[i]
	}
	sums := make([]Digest, start[buckets], n)
	next := start
	for i := range n {
		if _, other := t.others[Digest(i)]; !other {
			b := bucket(t.sums.at(i))
			sums[next[b]] = Digest(i)
			next[b]++
		}
	}
	for i := range buckets {
		slices.SortFunc(sums[start[i]:start[i+1]], func(a, b Digest) int {
			return bytes.Compare(t.sums.at(int(a))[:], t.sums.at(int(b))[:])
		})
	}
	return t.mergeOthers(sums)
}

// sortedFew spares a small inventory the buckets, which take longer than it.
func (t *digests) sortedFew() []Digest {
	sums := make([]Digest, 0, t.len())
	for i := range t.len() {
		if _, other := t.others[Digest(i)]; !other {
			sums = append(sums, Digest(i))
		}
	}
	slices.SortFunc(sums, func(a, b Digest) int {
		return bytes.Compare(t.sums.at(int(a))[:], t.sums.at(int(b))[:])
	})
	return t.mergeOthers(sums)
}

func (t *digests) mergeOthers(sums []Digest) []Digest {
	if len(t.others) == 0 {
		return sums
	}
	others := make([]Digest, 0, len(t.others))
	for id := range t.others {
		others = append(others, id)
	}
	slices.SortFunc(others, func(a, b Digest) int { return strings.Compare(t.others[a], t.others[b]) })
	var buf []byte
	merged := make([]Digest, 0, t.len())
	for _, o := range others {
		for len(sums) > 0 {
			if buf = t.appendText(buf[:0], sums[0]); cmp.Compare(string(buf), t.others[o]) > 0 {
				break
			}
			merged = append(merged, sums[0])
			sums = sums[1:]
		}
		merged = append(merged, o)
	}
	return append(merged, sums...)
}

// parseSHA256 decodes "sha256:" and 64 lower-case hexadecimal digits, the only
// form that writes back to the same text.
func parseSHA256(text string, sum *[32]byte) bool {
	const prefix = "sha256:"
	if len(text) != len(prefix)+64 || text[:len(prefix)] != prefix {
		return false
	}
	for i := range sum {
		hi, lo := hexValue[text[len(prefix)+2*i]], hexValue[text[len(prefix)+2*i+1]]
		if hi|lo > 15 {
			return false
		}
		sum[i] = hi<<4 | lo
	}
	return true
}

var hexValue = func() (v [256]byte) {
	for i := range v {
		v[i] = 0xff
	}
	for i, c := range "0123456789abcdef" {
		v[c] = byte(i)
	}
	return v
}()
