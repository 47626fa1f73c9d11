package registrylayout

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
)

// MaxLink is how many bytes of a link file are read. The longest that a registry
// writes, a sha512, has 135.
const MaxLink = 1024

// readLink reads the link at a key. The digest of its path is path, "" where it
// has none. It also returns what the store knows of the link.
func (l *Layout) readLink(ctx context.Context, key string, path digest.Digest) (digest.Digest, storage.Info, error) {
	object, err := l.store.Open(ctx, key, storage.Range{Length: MaxLink + 1})
	if err != nil {
		return "", storage.Info{}, err
	}
	defer object.Body.Close()
	text, err := readAtMost(object, MaxLink)
	if err != nil {
		return "", storage.Info{}, brokenOrNot(key, err)
	}
	target, err := parseTarget(text, path)
	return target, object.Info, at(key, err)
}

// parseTarget reads the text of a link. It is the digest of the path, if there is
// one; only where that is of another algorithm may they differ, since a registry
// that is given a sha512 for a blob which it keeps by its sha256 makes a link from
// the one to the other.
func parseTarget(text []byte, path digest.Digest) (digest.Digest, error) {
	target := digest.Digest(text)
	if !validDigest(target) {
		return "", fmt.Errorf("%w: it holds %.80q, which is no digest", ErrBrokenLink, text)
	}
	if path != "" && target != path && target.Algorithm() == path.Algorithm() {
		return "", fmt.Errorf("%w: it holds %s, which is another digest", ErrBrokenLink, target)
	}
	return target, nil
}

// writeLink writes the link at a key.
func (l *Layout) writeLink(ctx context.Context, key string, target digest.Digest) error {
	_, err := l.store.WriteFile(ctx, key, []byte(target), storage.CreateOptions{})
	return err
}

// ReadLink reads the link at a key, which is one of [LayerLinkKey] and its like,
// and returns the digest under which its object is kept. [ErrName] for a key that
// is no link's, storage.ErrNotExist, [ErrBrokenLink].
func (l *Layout) ReadLink(ctx context.Context, key string) (digest.Digest, error) {
	place, _ := ParseKey(key)
	if !place.IsLink() {
		return "", invalid("link", key)
	}
	target, _, err := l.readLink(ctx, key, place.Digest)
	return target, err
}
