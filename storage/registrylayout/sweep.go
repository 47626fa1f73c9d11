package registrylayout

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
)

// Sweep deletes from a tree what a plan says, one thing at a time: OpenShift calls
// that the hard prune. It decides nothing. Digests are strings, as plans have
// them. It may be used from many goroutines.
//
// What each method deletes it deletes whole or, after a crash, when it is called
// again: a tag before its index, a manifest's link before what is beside it. What is
// not there is storage.ErrNotExist. Where a writer has leased the digest since the
// plan was made, it is [ErrInUse] and nothing is deleted; with SweepOptions.Alone that is
// not looked for, and never the answer.
//
// A registry that is running keeps in its memory which blobs it has, and does not
// hear of deletions here. Restart it before the next push, or the push will skip
// what is gone.
type Sweep struct {
	layout *Layout
	since  time.Time
	alone  bool
	locks  stripes
}

// SweepOptions are the options of [Layout.Sweep].
type SweepOptions struct {
	// Since is when the plan's look at the tree began, by this host's clock.
	// It is required, unless Alone is set.
	Since time.Time
	// Alone says that nobody writes to the tree until the sweep has ended: the
	// registry is stopped or read-only. Leases are not asked then, so that a tag that was
	// made the same manifest anew since the plan goes, and so does what a writer has
	// leased.
	Alone bool
}

// Sweep returns the means to delete from the tree. storage.ErrUnsupported where
// neither the Layout has leases and o says since when, nor o.Alone is set.
func (l *Layout) Sweep(o SweepOptions) (*Sweep, error) {
	if !o.Alone && (l.leases == nil || o.Since.IsZero()) {
		return nil, &Error{Err: fmt.Errorf("sweep without leases beside writers: %w", storage.ErrUnsupported)}
	}
	return &Sweep{layout: l, since: o.Since, alone: o.Alone}, nil
}

// DeleteTag deletes a tag that is the given manifest, and its index.
// storage.ErrPrecondition where it is another manifest by now, and nothing is
// deleted; [ErrInUse] also where it was made the same one anew; [ErrBrokenLink] where
// it is none; [ErrName].
func (s *Sweep) DeleteTag(ctx context.Context, repository, tag, manifest string) error {
	key, err := TagKey(repository, tag)
	if err = errors.Join(err, checkDigest(digest.Digest(manifest))); err != nil {
		return err
	}
	return s.asked(ctx, key, digest.Digest(manifest), func(ctx context.Context) error {
		return s.layout.deleteTag(ctx, key, manifest)
	})
}

// deleteTag deletes the tag at a key, and its index as it was before: a writer that makes
// the tag another manifest meanwhile puts that into the index first.
func (l *Layout) deleteTag(ctx context.Context, key, manifest string) error {
	index, err := l.keysBelow(ctx, path.Dir(path.Dir(key))+"/index/")
	if err != nil {
		return err
	}
	held, info, err := l.readLink(ctx, key, "")
	switch {
	case errors.Is(err, storage.ErrNotExist) && len(index) > 0:
		return l.deleteKeys(ctx, index) // left by a crash
	case err != nil:
		return err
	case string(held) != manifest:
		return at(key, fmt.Errorf("%w: the tag is %s by now, not %s", storage.ErrPrecondition, held, manifest))
	}
	if err := l.deleteAsRead(ctx, info); err != nil {
		return err
	}
	// The index of a tag that is there again belongs to it.
	if _, err := l.store.Stat(ctx, key); !errors.Is(err, storage.ErrNotExist) {
		return err
	}
	return l.deleteKeys(ctx, index)
}

// keysBelow lists what is below a directory, which ends in a slash.
func (l *Layout) keysBelow(ctx context.Context, dir string) (keys []string, err error) {
	for o, err := range l.Walk(ctx, dir[len(Root)+1:]) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, o.Key)
	}
	return keys, nil
}

func (l *Layout) deleteKeys(ctx context.Context, keys []string) error {
	for _, key := range keys {
		if err := l.delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// DeleteTagIndex deletes the record that a tag was a manifest once. It is
// storage.ErrPrecondition where the tag is that manifest now, and nothing is
// deleted; [ErrName].
func (s *Sweep) DeleteTagIndex(ctx context.Context, repository, tag, manifest string) error {
	current, err := TagKey(repository, tag)
	if err != nil {
		return err
	}
	key, err := TagIndexKey(repository, tag, digest.Digest(manifest))
	if err != nil {
		return err
	}
	return s.asked(ctx, key, digest.Digest(manifest), func(ctx context.Context) error {
		held, _, err := s.layout.readLink(ctx, current, "")
		switch {
		case err == nil && string(held) == manifest:
			return at(key, fmt.Errorf("%w: the tag is that now", storage.ErrPrecondition))
		case err != nil && !errors.Is(err, storage.ErrNotExist):
			return err
		}
		return s.layout.store.Delete(ctx, key, storage.DeleteOptions{})
	})
}

// deleteAsRead deletes an object if it is still the one that was read. Where the
// store cannot be held to that, a replacement that comes in between is lost.
func (l *Layout) deleteAsRead(ctx context.Context, info storage.Info) error {
	if info.Version != "" {
		c, err := l.store.Capabilities(ctx)
		if err != nil {
			return err
		}
		if c.DeleteIfVersion {
			return l.store.Delete(ctx, info.Key, storage.DeleteOptions{IfVersion: info.Version})
		}
	}
	return l.store.Delete(ctx, info.Key, storage.DeleteOptions{})
}

// DeleteManifestLink takes a manifest out of a repository: its link, and the
// signatures that an old registry put beside it. Tags that are this manifest are
// not looked for: the tree does not say which they are. [ErrName].
func (s *Sweep) DeleteManifestLink(ctx context.Context, repository, manifest string) error {
	key, err := ManifestLinkKey(repository, digest.Digest(manifest))
	if err != nil {
		return err
	}
	return s.asked(ctx, key, digest.Digest(manifest), func(ctx context.Context) error {
		err := s.layout.store.Delete(ctx, key, storage.DeleteOptions{})
		if err != nil && !errors.Is(err, storage.ErrNotExist) {
			return err
		}
		rest := s.layout.deleteAll(ctx, path.Dir(key)+"/", "")
		if errors.Is(rest, storage.ErrNotExist) {
			return err
		}
		return rest
	})
}

// DeleteLayerLink takes a layer or config out of a repository. [ErrName].
func (s *Sweep) DeleteLayerLink(ctx context.Context, repository, layer string) error {
	key, err := LayerLinkKey(repository, digest.Digest(layer))
	if err != nil {
		return err
	}
	return s.asked(ctx, key, digest.Digest(layer), func(ctx context.Context) error {
		return s.layout.store.Delete(ctx, key, storage.DeleteOptions{})
	})
}

// DeleteBlob deletes a blob's bytes, for every repository. That no link points to
// it the plan must know. [ErrName].
func (s *Sweep) DeleteBlob(ctx context.Context, blob string) error {
	key, err := BlobKey(digest.Digest(blob))
	if err != nil {
		return err
	}
	return s.asked(ctx, key, digest.Digest(blob), func(ctx context.Context) error {
		info, err := s.layout.store.Stat(ctx, key)
		if err != nil {
			return err
		}
		return s.layout.deleteAsRead(ctx, info)
	})
}

// asked deletes under the digest's mark. Two workers of one sweep wait for each
// other, so that none takes the other's mark for a writer's lease.
func (s *Sweep) asked(ctx context.Context, key string, d digest.Digest, do func(context.Context) error) error {
	if s.alone {
		return do(ctx)
	}
	defer s.locks.lock(d)()
	return s.layout.condemn(ctx, key, d, s.since, do)
}
