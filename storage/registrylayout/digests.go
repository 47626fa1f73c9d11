package registrylayout

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"sort"

	"github.com/opencontainers/go-digest"
)

// digests are digests in ascending order, numbered from 0. A sha256 takes 32
// bytes; those of other algorithms come behind, as the order of their names has
// it. The zero value is empty.
type digests struct {
	sums   list[[sha256.Size]byte]
	others list[digest.Digest]
}

func (s *digests) len() int { return s.sums.n + s.others.n }

// append adds a valid digest. False, and nothing is done, where it is not greater
// than the last.
func (s *digests) append(d digest.Digest) bool {
	sum, ok := sumOf(d)
	if !ok {
		if s.others.n > 0 && d <= *s.others.at(s.others.n - 1) {
			return false
		}
		s.others.append(d)
		return true
	}
	if s.others.n > 0 || s.sums.n > 0 && bytes.Compare(sum[:], s.sums.at(s.sums.n - 1)[:]) <= 0 {
		return false
	}
	s.sums.append(sum)
	return true
}

// find returns the number of a digest, or -1.
func (s *digests) find(d digest.Digest) int {
	sum, ok := sumOf(d)
	if !ok {
		i := sort.Search(s.others.n, func(i int) bool { return *s.others.at(i) >= d })
		if i < s.others.n && *s.others.at(i) == d {
			return s.sums.n + i
		}
		return -1
	}
	i := sort.Search(s.sums.n, func(i int) bool { return bytes.Compare(s.sums.at(i)[:], sum[:]) >= 0 })
	if i < s.sums.n && *s.sums.at(i) == sum {
		return i
	}
	return -1
}

func (s *digests) at(i int) digest.Digest {
	if i >= s.sums.n {
		return *s.others.at(i - s.sums.n)
	}
	return digest.NewDigestFromBytes(digest.SHA256, s.sums.at(i)[:])
}

func (s *digests) reset() {
	s.sums.reset()
	s.others.reset()
}

// sumOf returns the bytes of a valid sha256; false for another algorithm's.
func sumOf(d digest.Digest) (sum [sha256.Size]byte, ok bool) {
	const prefix = "sha256:"
	if len(d) != len(prefix)+hex.EncodedLen(len(sum)) || d[:len(prefix)] != prefix {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(d[len(prefix):]))
	return sum, err == nil
}
