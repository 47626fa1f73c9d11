package fromlayout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/registrykit/registrykit/storage/registrylayout"
)

// pull reads all that a claim says is there, as a client does that trusts nobody.
func pull(ctx context.Context, l *registrylayout.Layout, c claim) error {
	d, err := l.ResolveTag(ctx, c.repository, c.tag)
	if err != nil {
		return err
	}
	if d != c.digest {
		return fmt.Errorf("%s:%s is %s, not %s", c.repository, c.tag, d, c.digest)
	}
	for _, d := range append([]digest.Digest{d}, c.referrers...) {
		if err := pullManifest(ctx, l, c.repository, d); err != nil {
			return fmt.Errorf("%s:%s: %w", c.repository, c.tag, err)
		}
	}
	return nil
}

func pullManifest(ctx context.Context, l *registrylayout.Layout, repository string, d digest.Digest) error {
	raw, err := l.ReadManifest(ctx, repository, d)
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	layers, children, _ := namedBy(string(raw))
	for _, layer := range layers {
		if err := errors.Join(l.HasLayer(ctx, repository, layer), l.VerifyBlob(ctx, layer)); err != nil {
			return fmt.Errorf("layer: %w", err)
		}
	}
	for _, child := range children {
		if err := pullManifest(ctx, l, repository, child); err != nil {
			return fmt.Errorf("child: %w", err)
		}
	}
	return nil
}

// garbage returns the blobs that no tag needs, neither itself nor by what refers to
// what it needs.
func garbage(ctx context.Context, l *registrylayout.Layout) ([]digest.Digest, error) {
	needed := map[digest.Digest]bool{}
	var need func(d digest.Digest) error
	need = func(d digest.Digest) error {
		raw, err := l.ReadManifestBlob(ctx, d)
		if err != nil || needed[d] {
			return err
		}
		needed[d] = true
		layers, children, _ := namedBy(string(raw))
		for _, layer := range layers {
			needed[layer] = true
		}
		for _, child := range children {
			if err := need(child); err != nil {
				return err
			}
		}
		return nil
	}
	var linked []digest.Digest
	for o, err := range l.Walk(ctx, "repositories/") {
		if err == nil && o.Kind == registrylayout.ManifestLink {
			linked = append(linked, o.Digest)
		}
		if err == nil && o.Kind == registrylayout.Tag {
			var d digest.Digest
			if d, err = l.ReadLink(ctx, o.Key); err == nil {
				err = need(d)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	for range linked { // a referrer may have referrers
		for _, d := range linked {
			raw, err := l.ReadManifestBlob(ctx, d)
			if err != nil {
				return nil, err
			}
			if _, _, subject := namedBy(string(raw)); needed[subject] {
				err = need(d)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	var left []digest.Digest
	for b, err := range l.Blobs(ctx) {
		if err != nil {
			return nil, err
		}
		if !needed[b.Digest] {
			left = append(left, b.Digest)
		}
	}
	slices.Sort(left)
	return left, nil
}
