package inventory

import (
	"bytes"
	"sort"
	"strings"
	"sync"
)

// An Inventory is what is known of a registry at one instant. It never
// changes and may be used by several goroutines at once.
//
// Images, streams, tags, items, workloads and references are numbered from 0,
// in this order whatever the order in which they were added: images by digest;
// streams by namespace and name, their tags by name, items as in the history;
// workloads by kind, namespace and name, references by field.
type Inventory struct {
	sums   list[[32]byte]
	others map[Digest]string
	sizes  list[int64]
	texts  list[string]
	order  []Digest // by text
	rank   []uint32 // by Digest: place in order

	imageRecords list[imageRecord]
	edges        arena[Digest]
	idents       arena[byte]
	rare         list[rareRecord]
	images       []int32 // into imageRecords, by digest
	imageOf      []int32 // by Digest: image, or -1

	streams  []*streamRecord
	streamOf []int32 // by text of namespace/name: stream, or -1
	firstTag []int32 // by stream, and one more
	tags     []tagPlace
	itemTag  []int32 // by item

	workloads  []*workloadRecord
	references []referencePlace

	limits   []*limitRecord
	smallest map[string]*limitRecord // by namespace

	links              map[linkKey]struct{}
	linked             map[text]struct{}
	stored             digestSet
	allStored          bool
	everywhere         bool
	listings           map[Kind]listing
	otherKinds         map[string]int
	imagesAfterStreams bool
	labelled           map[string]bool // nil: all

	linkedNames  sync.Once // of linked, the first time that somebody asks by name
	linkedByName map[string]struct{}

	fingerprint     sync.Once
	fingerprintText string
}

type tagPlace struct {
	record    *tagRecord
	stream    int32
	firstItem int32
}

type referencePlace struct {
	record   *referenceRecord
	workload int32
}

func (v *Inventory) text(t text) string { return *v.texts.at(int(t)) }

// Digests returns how many digests there are: every [Digest] is below.
func (v *Inventory) Digests() int { return len(v.order) }

// Rank returns the place of a digest among all, sorted by text.
func (v *Inventory) Rank(d Digest) int { return int(v.rank[d]) }

// Ranked returns the digest with that rank.
func (v *Inventory) Ranked(rank int) Digest { return v.order[rank] }

// AppendDigest appends the text of a digest.
func (v *Inventory) AppendDigest(b []byte, d Digest) []byte {
	if d == NoDigest {
		return b
	}
	if text, ok := v.others[d]; ok {
		return append(b, text...)
	}
	return appendSHA256(b, v.sums.at(int(d)))
}

// DigestText returns the text of a digest, "" for [NoDigest].
func (v *Inventory) DigestText(d Digest) string {
	return string(v.AppendDigest(make([]byte, 0, sha256TextLen), d))
}

// FindDigests returns the digests whose text starts with prefix, in order, at
// most limit of them. A prefix that names no algorithm stands for sha256.
func (v *Inventory) FindDigests(prefix string, limit int) []Digest {
	if !strings.Contains(prefix, ":") && !strings.HasPrefix("sha256:", prefix) {
		prefix = "sha256:" + prefix
	}
	var buf []byte
	var found []Digest
	for i := v.firstFrom(prefix); i < len(v.order) && len(found) < limit; i++ {
		if buf = v.AppendDigest(buf[:0], v.order[i]); !bytes.HasPrefix(buf, []byte(prefix)) {
			break
		}
		found = append(found, v.order[i])
	}
	return found
}

// Digest returns the digest with exactly that text, or [NoDigest].
func (v *Inventory) Digest(text string) Digest {
	if i := v.firstFrom(text); i < len(v.order) && v.DigestText(v.order[i]) == text {
		return v.order[i]
	}
	return NoDigest
}

// firstFrom returns the rank of the first digest that does not sort before text.
func (v *Inventory) firstFrom(text string) int {
	var buf []byte
	return sort.Search(len(v.order), func(i int) bool {
		buf = v.AppendDigest(buf[:0], v.order[i])
		return string(buf) >= text
	})
}

// Size returns the size of a blob in bytes, 0 where it is not known or where
// two facts contradict each other.
func (v *Inventory) Size(d Digest) int64 {
	if d == NoDigest {
		return 0
	}
	return max(0, *v.sizes.at(int(d)))
}

// Newest returns the newest of all times that are known: when objects and tag
// items came to be. It is unknown where there is none.
func (v *Inventory) Newest() Instant {
	newest := UnknownInstant
	for _, at := range v.images {
		newest = max(newest, v.imageRecords.at(int(at)).created)
	}
	for _, s := range v.streams {
		newest = max(newest, s.created)
		for _, tag := range s.tags {
			for i := range tag.items {
				newest = max(newest, tag.items[i].created)
			}
		}
	}
	for _, w := range v.workloads {
		newest = max(newest, w.created)
	}
	return newest
}
