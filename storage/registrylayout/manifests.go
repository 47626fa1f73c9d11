package registrylayout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/manifest"
	"github.com/registrykit/registrykit/storage"
)

// MaxManifest is how many bytes a manifest may have: what registries take.
const MaxManifest = manifest.MaxBytes

// Link is a link of a repository, unread: what its path says, and since when it
// is as it is.
type Link struct {
	Digest  digest.Digest
	ModTime time.Time
}

// Manifests gives the links to manifests of a repository, in the order of the
// digests. They are not read. At the first error the zero Link comes with it, and
// then nothing more. [ErrName].
func (l *Layout) Manifests(ctx context.Context, repository string) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		l.linksOf(ctx, repository, "/_manifests/revisions/", ManifestLink, yield)
	}
}

// Layers gives the links to layers and configs of a repository, as Manifests does.
func (l *Layout) Layers(ctx context.Context, repository string) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		l.linksOf(ctx, repository, "/_layers/", LayerLink, yield)
	}
}

func (l *Layout) linksOf(ctx context.Context, repository, dir string, kind Kind, yield func(Link, error) bool) {
	if err := checkDirectory(repository); err != nil {
		yield(Link{}, err)
		return
	}
	l.links(ctx, repositoriesDir+repository+dir, kind, yield)
}

func (l *Layout) links(ctx context.Context, dir string, kind Kind, yield func(Link, error) bool) {
	for o, err := range l.Walk(ctx, dir[len(Root)+1:]) {
		if err == nil && o.Kind != kind {
			continue
		}
		if !yield(Link{o.Digest, o.ModTime}, err) || err != nil {
			return
		}
	}
}

// HasManifest reads a repository's link to a manifest. storage.ErrNotExist,
// [ErrBrokenLink], [ErrName].
func (l *Layout) HasManifest(ctx context.Context, repository string, d digest.Digest) error {
	key, err := ManifestLinkKey(repository, d)
	if err != nil {
		return err
	}
	_, _, err = l.readLink(ctx, key, d)
	return err
}

// HasLayer reads a repository's link to a layer or config. storage.ErrNotExist,
// [ErrBrokenLink], [ErrName].
func (l *Layout) HasLayer(ctx context.Context, repository string, d digest.Digest) error {
	key, err := LayerLinkKey(repository, d)
	if err != nil {
		return err
	}
	_, _, err = l.readLink(ctx, key, d)
	return err
}

// ReadManifest reads a manifest that the repository has.
// storage.ErrNotExist where it has none or where the blob is gone,
// [ErrBrokenLink], [ErrDigest], storage.ErrTooLarge, [ErrName].
func (l *Layout) ReadManifest(ctx context.Context, repository string, d digest.Digest) ([]byte, error) {
	key, err := ManifestLinkKey(repository, d)
	if err != nil {
		return nil, err
	}
	target, _, err := l.readLink(ctx, key, d)
	if err != nil {
		return nil, err
	}
	return l.ReadManifestBlob(ctx, target)
}

// ReadManifestBlob reads a blob as a manifest, whoever has it.
// storage.ErrNotExist, [ErrDigest], storage.ErrTooLarge, [ErrName].
func (l *Layout) ReadManifestBlob(ctx context.Context, d digest.Digest) ([]byte, error) {
	key, err := BlobKey(d)
	if err != nil {
		return nil, err
	}
	raw, err := l.store.ReadFile(ctx, key, MaxManifest)
	if err == nil && d.Algorithm().FromBytes(raw) != d {
		err = at(key, ErrDigest)
	}
	if err != nil {
		return nil, err
	}
	return raw, nil
}

// PutManifestOptions are the options of [Layout.PutManifest]. The zero value
// writes a manifest without a tag, all of which is there.
type PutManifestOptions struct {
	// Tags are what the manifest is to be known by.
	Tags []string
	// Sparse takes an index although manifests that it owns are missing.
	Sparse bool
	// Algorithm is that of the digest; "" is sha256.
	Algorithm digest.Algorithm
}

// PutManifest writes a manifest or index, its repository's link, and its tags, in
// this order, and returns its digest. What it names must be in the repository:
// its config and layers with their links and blobs, what an index owns with its
// manifest link. Layers that are not to be distributed, and a subject, need not be
// there.
//
// [ErrManifest] (the field named), storage.ErrTooLarge; [ErrDangling], with one
// [MissingError] for each thing that is missing; [ErrName]; lease.ErrCondemned and
// [ErrLapsed], which are worth another try. After these nothing was written.
func (l *Layout) PutManifest(ctx context.Context, repository string, raw []byte, o PutManifestOptions) (digest.Digest, error) {
	if o.Algorithm == "" {
		o.Algorithm = digest.SHA256
	}
	if o.Algorithm != digest.SHA256 && o.Algorithm != digest.SHA384 && o.Algorithm != digest.SHA512 {
		return "", invalid("digest algorithm", string(o.Algorithm))
	}
	d := o.Algorithm.FromBytes(raw)
	link, err := ManifestLinkKey(repository, d)
	problems := []error{CheckRepository(repository), err}
	for _, tag := range o.Tags {
		problems = append(problems, CheckTag(tag))
	}
	if err := errors.Join(problems...); err != nil {
		return "", err
	}
	if len(raw) > MaxManifest {
		return "", at(link, fmt.Errorf("%w: %d bytes, more than %d", storage.ErrTooLarge, len(raw), MaxManifest))
	}
	needs, err := readNeeds(raw)
	if err != nil {
		return "", at(link, err)
	}
	h := l.hold()
	if err := h.take(ctx, d); err != nil {
		return "", err
	}
	if err := l.findNeeds(ctx, h, repository, d, needs, o.Sparse); err != nil {
		return "", err
	}
	if _, err := l.putBytes(ctx, d, bytes.NewReader(raw)); err != nil {
		return "", err
	}
	if err := h.check(link); err != nil {
		return "", err
	}
	if err := l.writeLink(ctx, link, d); err != nil {
		return "", err
	}
	for _, tag := range o.Tags {
		if err := l.SetTag(ctx, repository, tag, d); err != nil {
			return "", err
		}
	}
	return d, nil
}

// findNeeds leases all that a manifest names and looks for it.
func (l *Layout) findNeeds(ctx context.Context, h *hold, repository string, d digest.Digest, needs []need, sparse bool) error {
	var problems []error
	for _, n := range needs {
		if n.optional || sparse && n.kind == ChildReference {
			continue
		}
		if err := h.take(ctx, n.digest); err != nil {
			return err
		}
		missing, err := l.missing(ctx, h, repository, n.digest, n.kind)
		if err != nil {
			return err
		}
		if missing != nil {
			missing.Digest = d
			problems = append(problems, missing)
		}
	}
	return errors.Join(problems...)
}
