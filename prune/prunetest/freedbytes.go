package prunetest

import (
	"math"
	"math/big"

	"github.com/registrykit/registrykit/prune"
)

// freedBytes: the summary promises just what the blobs take less.
func (c *checker) freedBytes() error {
	v := &violations{invariant: FreedBytes}
	before, unknownBefore := c.occupied(nil)
	after, unknownAfter := c.occupied(c.deleted)
	s := c.plan.summary
	freed := new(big.Int).Sub(before, after)
	if most := big.NewInt(math.MaxInt64); freed.Cmp(most) > 0 {
		freed = most
	}
	if freed.Cmp(big.NewInt(s.FreedBytes)) != 0 {
		v.add("summary", "it promises %d bytes; %d were occupied and %d still are", s.FreedBytes, before, after)
	}
	if s.UnknownBlobs != unknownBefore-unknownAfter {
		v.add("summary", "it counts %d blobs of unknown size; there were %d and still are %d",
			s.UnknownBlobs, unknownBefore, unknownAfter)
	}
	return v.err()
}

// occupied sums the sizes of the blobs that are not deleted, once each, and
// counts those that have none.
func (c *checker) occupied(deleted map[object]bool) (bytes *big.Int, unknown int) {
	bytes = new(big.Int)
	for _, o := range c.objects() {
		if o.kind != prune.DeleteBlob || deleted[o] {
			continue
		}
		if size := c.inv.Size(c.inv.Digest(o.name)); size > 0 {
			bytes.Add(bytes, big.NewInt(size))
		} else {
			unknown++
		}
	}
	return bytes, unknown
}
