package registrylayout

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/manifest"
)

// ReferenceKind is what a reference takes its object for.
type ReferenceKind string

// The kinds of references.
const (
	// ManifestReference is a manifest link's to its blob.
	ManifestReference ReferenceKind = "manifest"
	// LayerReference is a manifest's to a layer, or a layer link's to its blob.
	LayerReference ReferenceKind = "layer"
	// TagReference is a tag's to its manifest.
	TagReference ReferenceKind = "tag"
	// ChildReference is an index's to what it owns.
	ChildReference ReferenceKind = "child"
	// ConfigReference is a manifest's to its config.
	ConfigReference ReferenceKind = "config"
)

// MissingError is one reference to what is not there. It is an [ErrDangling].
type MissingError struct {
	Repository string
	Kind       ReferenceKind
	// Digest is what refers: the manifest, or where a tag or link does, the
	// digest that it holds.
	Digest digest.Digest
	// Missing is what it refers to.
	Missing digest.Digest
	// Unlinked says that the bytes are there, but that the repository has no
	// link to them, so that a registry does not serve them.
	Unlinked bool
}

func (e *MissingError) Error() string {
	what := "is not there"
	if e.Unlinked {
		what = "is not linked there"
	}
	return fmt.Sprintf("%v: %s %s of %s %s in %s", ErrDangling, e.Kind, e.Missing, e.Digest, what, e.Repository)
}

// Is says that it is an [ErrDangling].
func (e *MissingError) Is(target error) bool { return target == ErrDangling }

// need is something that a manifest names.
type need struct {
	kind   ReferenceKind
	digest digest.Digest
	// optional: it need not be in a registry.
	optional bool
}

// maxProblems is of how many fields of a manifest it is told that they are wrong. A
// hostile one may have a million.
const maxProblems = 10

// readNeeds reads what a manifest names. [ErrManifest], about the first fields that are
// wrong.
func readNeeds(raw []byte) ([]need, error) {
	m, err := manifest.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	var needs []need
	var problems []error
	add := func(field string, kind ReferenceKind, d manifest.Descriptor) {
		n := need{kind: kind, digest: digest.Digest(d.Digest), optional: Undistributed(d.MediaType)}
		if !validDigest(n.digest) && len(problems) < maxProblems {
			problems = append(problems, fmt.Errorf("%w: %s has the digest %.80q", ErrManifest, field, d.Digest))
		}
		needs = append(needs, n)
	}
	if m.Config != (manifest.Descriptor{}) {
		add("config", ConfigReference, m.Config)
	}
	for i, d := range m.Layers {
		add(fmt.Sprintf("layers[%d]", i), LayerReference, d)
	}
	for i, d := range m.Manifests {
		add(fmt.Sprintf("manifests[%d]", i), ChildReference, d)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return needs, nil
}

// Undistributed reports whether layers of that media type come from elsewhere, so
// that a registry need not have them: Docker's foreign layers and OCI's
// non-distributable ones.
func Undistributed(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.docker.image.rootfs.foreign.") ||
		strings.HasPrefix(mediaType, "application/vnd.oci.image.layer.nondistributable.")
}

// missing looks for what a repository must have: a link and a blob. An index may
// own what is no manifest, as caches of builds do, so that a layer link will do
// for a child. A broken link is none. Nil: it is there. Where h is not nil, d is leased
// by it; a blob that is kept by another algorithm is then leased too, before it is
// looked for.
func (l *Layout) missing(ctx context.Context, h *hold, repository string, d digest.Digest, kind ReferenceKind) (*MissingError, error) {
	keys := []func(string, digest.Digest) (string, error){LayerLinkKey}
	switch kind {
	case ManifestReference:
		keys[0] = ManifestLinkKey
	case ChildReference:
		keys = append(keys, ManifestLinkKey)
	}
	linked, target := false, d
	for _, keyOf := range keys {
		key, err := keyOf(repository, d)
		if err != nil {
			return nil, err
		}
		held, _, err := l.readLink(ctx, key, d)
		if err == nil {
			linked, target = true, held
		} else if !isNotExist(err) && !errors.Is(err, ErrBrokenLink) {
			return nil, err
		}
	}
	if h != nil && target != d {
		if err := h.take(ctx, target); err != nil {
			return nil, err
		}
	}
	m := &MissingError{Repository: repository, Kind: kind, Digest: d, Missing: d, Unlinked: true}
	_, err := l.StatBlob(ctx, target)
	switch {
	case isNotExist(err):
		m.Unlinked = false
		return m, nil
	case err != nil:
		return nil, err
	case !linked:
		return m, nil
	}
	return nil, nil
}
