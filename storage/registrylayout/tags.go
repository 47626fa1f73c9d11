package registrylayout

import (
	"context"
	"iter"

	"github.com/opencontainers/go-digest"
)

// ResolveTag says which manifest a tag is. Whether the repository has the manifest
// is not looked at. storage.ErrNotExist, [ErrBrokenLink], [ErrName].
func (l *Layout) ResolveTag(ctx context.Context, repository, tag string) (digest.Digest, error) {
	key, err := TagKey(repository, tag)
	if err != nil {
		return "", err
	}
	d, _, err := l.readLink(ctx, key, "")
	return d, err
}

// TagIndex gives the manifests that a tag is and was, in the order of the digests;
// when it was, their links' ModTime tells. The links are not read. [ErrName].
func (l *Layout) TagIndex(ctx context.Context, repository, tag string) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		dir, err := tagDir(repository, tag)
		if err != nil {
			yield(Link{}, err)
			return
		}
		l.links(ctx, dir+"index/", TagIndex, yield)
	}
}

// SetTag makes a tag be a manifest that the repository has, and writes its index,
// as a registry does after it has taken the manifest. [ErrDangling] where the
// repository does not have it, [ErrName], lease.ErrCondemned, [ErrLapsed].
func (l *Layout) SetTag(ctx context.Context, repository, tag string, d digest.Digest) error {
	if err := CheckRepository(repository); err != nil {
		return err
	}
	key, err := TagKey(repository, tag)
	if err != nil {
		return err
	}
	index, err := TagIndexKey(repository, tag, d)
	if err != nil {
		return err
	}
	h := l.hold()
	if err := h.take(ctx, d); err != nil {
		return err
	}
	missing, err := l.missing(ctx, h, repository, d, ManifestReference)
	if err == nil && missing != nil {
		err = at(key, missing)
	}
	if err == nil {
		err = h.check(index)
	}
	if err != nil {
		return err
	}
	if err := l.writeLink(ctx, index, d); err != nil {
		return err
	}
	if err := h.check(key); err != nil {
		return err
	}
	return l.writeLink(ctx, key, d)
}
