package registrylayout

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
)

// Sizes are the sizes of all blobs, some 40 bytes for each. The zero value knows
// none. They may be read by several goroutines at once.
type Sizes struct {
	all   digests
	sizes list[int64] // as all
}

// Sizes lists all blobs.
func (l *Layout) Sizes(ctx context.Context) (*Sizes, error) {
	s := &Sizes{}
	for o, err := range l.Walk(ctx, "blobs/") {
		if err != nil {
			return nil, err
		}
		if o.Kind != Blob {
			continue
		}
		if err := s.add(o); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Sizes) add(o Object) error {
	if !s.all.append(o.Digest) {
		return at(o.Key, errors.New("listed out of order"))
	}
	s.sizes.append(o.Size)
	return nil
}

// Of returns the size of a blob; false where there is none.
func (s *Sizes) Of(d digest.Digest) (int64, bool) {
	i := s.all.find(d)
	if i < 0 {
		return 0, false
	}
	return *s.sizes.at(i), true
}

// Len is how many blobs there are.
func (s *Sizes) Len() int { return s.all.len() }
