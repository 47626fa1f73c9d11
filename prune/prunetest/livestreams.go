package prunetest

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
)

// ReadStream returns a copy of a stream.
func (l *Live) ReadStream(ctx context.Context, namespace, name string) (stream *imagestream.ImageStream, err error) {
	repository := inventory.RepositoryName(namespace, name)
	err = l.call(ctx, "ReadStream", repository, func() error {
		s := l.streams[repository]
		if s == nil {
			return apply.ErrNotFound
		}
		stream = s.Clone()
		return nil
	})
	return stream, err
}

// UpdateStreamStatus puts a stream's status in the place of the old one.
func (l *Live) UpdateStreamStatus(ctx context.Context, stream *imagestream.ImageStream) error {
	repository := inventory.RepositoryName(stream.Namespace, stream.Name)
	return l.call(ctx, "UpdateStreamStatus", repository, func() error {
		s := l.streams[repository]
		switch {
		case s == nil:
			return apply.ErrNotFound
		case s.UID != stream.UID || s.ResourceVersion != stream.ResourceVersion:
			return fmt.Errorf("%w: resourceVersion is %s", apply.ErrConflict, s.ResourceVersion)
		}
		s.Status = stream.Clone().Status
		l.touch(s)
		return nil
	})
}

// DeleteTag deletes a tag whose newest item is the image, with its history.
func (l *Live) DeleteTag(ctx context.Context, repository, tag, digest string) error {
	return l.call(ctx, "DeleteTag", repository+":"+tag, func() error {
		s := l.streams[repository]
		if s == nil || s.StatusTag(tag) == nil {
			return apply.ErrNotFound
		}
		if items := s.StatusTag(tag).Items; len(items) == 0 || items[0].Image != digest {
			return fmt.Errorf("%w: %s:%s is another by now", apply.ErrConflict, repository, tag)
		}
		s.Status.Tags = slices.DeleteFunc(s.Status.Tags, func(t imagestream.NamedTagEventList) bool { return t.Tag == tag })
		l.touch(s)
		return nil
	})
}

func (l *Live) touch(s *imagestream.ImageStream) {
	l.versions++
	s.ResourceVersion = "live-" + strconv.Itoa(l.versions)
}
