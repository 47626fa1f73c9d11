package trigger

import (
	"errors"
	"fmt"

	"github.com/registrykit/registrykit/imagestream"
)

// Streams returns a resolver that finds tags in image streams. What it gives is
// what OpenShift's controllers put into containers: the newest item of the tag's
// history, as the reference policy of its spec tag says, which may be older than
// what the spec asks for. [Resolution.Pending] is true where it is: an import is
// pending, or failed.
//
// A tag without an item is [ErrNotImported], also where it only passes on a pull
// spec that nobody has recorded yet. Where lookup fails with
// [imagestream.ErrStreamNotFound], it is [ErrStreamMissing]; its other errors are
// wrapped as they are, and [imagestream.ErrNoLookup] is that of a nil lookup.
//
// The resolver asks lookup each time, and may be used concurrently where lookup
// may.
func Streams(lookup imagestream.Lookup) Resolver {
	return ResolverFunc(func(namespace, stream, tag string) (Resolution, error) {
		s, err := findStream(lookup, namespace, stream)
		if err != nil {
			return Resolution{}, err
		}
		return resolveIn(s, Tag{Namespace: namespace, Stream: stream, Tag: tag})
	})
}

func findStream(lookup imagestream.Lookup, namespace, name string) (*imagestream.ImageStream, error) {
	if lookup == nil {
		return nil, fmt.Errorf("%s/%s: %w", namespace, name, imagestream.ErrNoLookup)
	}
	s, err := lookup(namespace, name)
	switch {
	case errors.Is(err, imagestream.ErrStreamNotFound):
		return nil, fmt.Errorf("%w: %w", ErrStreamMissing, err)
	case err != nil:
		return nil, fmt.Errorf("look up image stream %s/%s: %w", namespace, name, err)
	case s == nil:
		return nil, fmt.Errorf("%s/%s: %w", namespace, name, ErrStreamMissing)
	}
	return s, nil
}

func resolveIn(s *imagestream.ImageStream, tag Tag) (Resolution, error) {
	if s.LatestEvent(tag.Tag) == nil {
		class := ErrNotImported
		if s.SpecTag(tag.Tag) == nil && s.StatusTag(tag.Tag) == nil {
			class = ErrTagMissing
		}
		return Resolution{}, fmt.Errorf("%s: %w", tag, class)
	}
	image, newer, err := s.RecentPullSpec(tag.Tag, imagestream.ResolveOptions{})
	switch {
	case errors.Is(err, imagestream.ErrNoImage):
		return Resolution{}, fmt.Errorf("%w: %w", ErrNotImported, err)
	case err != nil:
		return Resolution{}, err
	}
	return Resolution{Image: image, Pending: newer != nil}, nil
}
