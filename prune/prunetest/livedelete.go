package prunetest

import (
	"context"
	"slices"
	"strconv"

	"github.com/registrykit/registrykit/prune/apply"
)

// DeleteManifestLink takes a manifest away from a repository.
func (l *Live) DeleteManifestLink(ctx context.Context, repository, digest string) error {
	return l.call(ctx, "DeleteManifestLink", linkName(repository, digest), func() error {
		return take(l.links, link{repository, digest, true})
	})
}

// DeleteLayerLink takes a layer or config away from a repository.
func (l *Live) DeleteLayerLink(ctx context.Context, repository, digest string) error {
	return l.call(ctx, "DeleteLayerLink", linkName(repository, digest), func() error {
		return take(l.links, link{repository, digest, false})
	})
}

// DeleteImage deletes an Image object.
func (l *Live) DeleteImage(ctx context.Context, name string, p apply.Preconditions) error {
	return l.call(ctx, "DeleteImage", name, func() error {
		image, ok := l.images[name]
		if ok && (p.UID != "" && p.UID != image.UID || p.ResourceVersion != "" && p.ResourceVersion != image.ResourceVersion) {
			return apply.ErrConflict
		}
		return take(l.images, name)
	})
}

// DeleteBlob deletes a blob.
func (l *Live) DeleteBlob(ctx context.Context, digest string) error {
	return l.call(ctx, "DeleteBlob", digest, func() error { return take(l.blobs, digest) })
}

func take[K comparable, V any](m map[K]V, key K) error {
	if _, ok := m[key]; !ok {
		return apply.ErrNotFound
	}
	delete(m, key)
	return nil
}

// ForgetBlobs notes what it is told; see [Live.Told].
func (l *Live) ForgetBlobs(ctx context.Context, digests []string) error {
	return l.call(ctx, "ForgetBlobs", strconv.Itoa(len(digests)), func() error {
		l.told = append(l.told, digests...)
		return nil
	})
}

// Told returns the blobs that caches were told to forget.
func (l *Live) Told() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.told)
}
