package registrylayout

import (
	"hash/maphash"
	"sync"

	"github.com/opencontainers/go-digest"
)

// stripes are locks by digest: some digests share one. The zero value is ready.
type stripes struct {
	once  sync.Once
	seed  maphash.Seed
	locks [64]sync.Mutex
}

// lock returns the function that unlocks.
func (s *stripes) lock(d digest.Digest) func() {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	l := &s.locks[maphash.String(s.seed, string(d))%uint64(len(s.locks))]
	l.Lock()
	return l.Unlock
}
