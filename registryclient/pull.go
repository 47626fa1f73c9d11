package registryclient

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/manifest"
)

// PullOptions say what to pull and how. The zero value pulls all of it.
type PullOptions struct {
	// Platform chooses one image of an index; nil takes the index with all of its
	// images. Variant and OSVersion count where they are set.
	Platform *Platform
	// MaxBytes is the most that the blobs may have together; 0 is no limit.
	MaxBytes int64
	// Jobs is how many blobs are fetched at once; 0 is 4.
	Jobs int
	// Progress is called, one call at a time, as bytes of a blob arrive.
	Progress func(Progress)
}

// Pulled is what a pull brought.
type Pulled struct {
	// Descriptor is of the image or index.
	Descriptor
	// Source is where its manifest was read.
	Source Source
	// Blobs is how many blobs, manifests apart, it has; each counts once.
	Blobs int
	// Fetched are the bytes of blobs that were read from the registry.
	Fetched int64
	// Reused are the bytes of blobs that were there before, whole or begun.
	Reused int64
}

// The limits of what one pull follows.
const (
	maxPullDepth         = 8
	maxPullManifests     = 10_000
	maxPullManifestBytes = 256 << 20 // of all manifests, which are in memory until the blobs are there
	defaultJobs          = 4
)

// RefNameAnnotation has the tag of an image in an OCI layout's index.
const RefNameAnnotation = "org.opencontainers.image.ref.name"

// PullLayout fetches an image or an index with all of its images into an OCI layout,
// which is made if it is not there. Blobs that are in the layout are verified and
// kept; what a pull that was broken off has fetched of a blob is gone on from. Only
// when all is there is it added to the layout's index, under its tag or, by digest,
// without one; what had the tag before loses it. Only one pull at a time may go into
// a layout.
//
// The error is an *Error: [Integrity] where a blob has another digest or size,
// [NotFound] where a platform is missing. The layout's other images stay as they are.
func (c *Client) PullLayout(ctx context.Context, ref name.Reference, dir string, o PullOptions) (Pulled, error) {
	traced, tr := withTrail(ctx)
	p := &pull{client: c, ref: ref, dir: dir, o: o}
	err := p.run(traced)
	return p.pulled, failure("pull", ref.String(), tr, err)
}

// A pull is one that goes on.
type pull struct {
	client *Client
	ref    name.Reference
	dir    string
	o      PullOptions
	at     *Client         // of the source
	repo   name.Repository // there
	pulled Pulled
	blobs  []Descriptor
	known  map[string]bool
	held   int64 // bytes of manifests

	mu sync.Mutex // of pulled and the progress
}

func (p *pull) run(ctx context.Context) error {
	path, err := openLayout(p.dir)
	if err != nil {
		return err
	}
	root, err := p.root(ctx)
	if err != nil {
		return err
	}
	p.pulled.Descriptor, p.pulled.Source = root.Descriptor, root.Source
	// What belongs to it is read where it was.
	p.at, p.repo = p.client.From(root.Source), root.Source.Ref.Context()
	p.known = map[string]bool{}
	manifests, err := p.walk(ctx, root, 0)
	if err != nil {
		return err
	}
	var total int64
	for _, b := range p.blobs {
		if b.Size < 0 || total+b.Size < total {
			return &Error{Class: Integrity, Err: fmt.Errorf("the manifest says that the blob %s has %d bytes", b.Digest, b.Size)}
		}
		total += b.Size
	}
	if p.o.MaxBytes > 0 && total > p.o.MaxBytes {
		return &Error{Class: Invalid, Err: fmt.Errorf("the blobs have %d bytes, of %d allowed", total, p.o.MaxBytes)}
	}
	p.pulled.Blobs = len(p.blobs)
	if err := p.fetchAll(ctx); err != nil {
		return err
	}
	for _, m := range manifests {
		if err := writeWhole(blobFile(p.dir, m.Digest), m.Raw); err != nil {
			return err
		}
	}
	return p.tag(path, root)
}

// root fetches the manifest that the reference names, or that of the platform.
func (p *pull) root(ctx context.Context) (Manifest, error) {
	root, err := p.client.GetManifest(ctx, p.ref)
	if err != nil || p.o.Platform == nil || !manifest.IsIndex(root.MediaType) {
		return root, err
	}
	children, err := indexChildren(root.Raw)
	if err != nil {
		return root, err
	}
	for _, child := range children {
		if child.Platform != nil && matches(*child.Platform, *p.o.Platform) {
			return p.client.From(root.Source).GetManifest(ctx, root.Source.Ref.Context().Digest(child.Digest.String()))
		}
	}
	return root, &Error{Class: NotFound, Err: fmt.Errorf("the index has no image for %s/%s", p.o.Platform.OS, p.o.Platform.Architecture)}
}

func matches(has, wanted Platform) bool {
	return has.OS == wanted.OS && has.Architecture == wanted.Architecture &&
		(wanted.Variant == "" || has.Variant == wanted.Variant) &&
		(wanted.OSVersion == "" || has.OSVersion == wanted.OSVersion)
}

// walk notes the blobs of a manifest and returns it with its children, these first.
func (p *pull) walk(ctx context.Context, m Manifest, depth int) ([]Manifest, error) {
	if depth > maxPullDepth || len(p.known) > maxPullManifests {
		return nil, &Error{Class: Integrity, Err: errors.New("the index is too deep or too large")}
	}
	if !manifest.IsIndex(m.MediaType) {
		return []Manifest{m}, p.noteBlobs(m)
	}
	children, err := indexChildren(m.Raw)
	if err != nil {
		return nil, err
	}
	var all []Manifest
	for _, child := range children {
		if p.known[child.Digest.String()] {
			continue
		}
		p.known[child.Digest.String()] = true
		if !isManifest(child.MediaType) {
			p.blobs = append(p.blobs, child)
			continue
		}
		if child.Size < 0 || child.Size > maxPullManifestBytes-p.held {
			return nil, &Error{Class: Integrity, Err: fmt.Errorf("the manifests of the index have more than the %d bytes allowed", maxPullManifestBytes)}
		}
		fetched, err := p.manifest(ctx, child)
		if err != nil {
			return nil, err
		}
		if fetched.Size != child.Size {
			return nil, &Error{Class: Integrity, Err: fmt.Errorf("the manifest %s has %d bytes, and %d according to its index", child.Digest, fetched.Size, child.Size)}
		}
		p.held += child.Size
		below, err := p.walk(ctx, fetched, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, below...)
	}
	return append(all, m), nil
}

// manifest returns a child, from the layout if it is there.
func (p *pull) manifest(ctx context.Context, d Descriptor) (Manifest, error) {
	raw, err := os.ReadFile(blobFile(p.dir, d.Digest))
	if err == nil && d.Digest.Algorithm().FromBytes(raw) == d.Digest {
		if mediaType, artifactType, err := typeOf(raw, d.MediaType); err == nil {
			d.MediaType, d.ArtifactType, d.Size = mediaType, artifactType, int64(len(raw))
			return Manifest{ManifestInfo{d, Source{Ref: p.ref}}, raw}, nil
		}
	}
	return p.at.GetManifest(ctx, p.repo.Digest(d.Digest.String()))
}

func isManifest(mediaType string) bool {
	t := types.MediaType(mediaType)
	return t.IsIndex() || t.IsImage()
}

// noteBlobs notes the config and the layers; those that no registry may hand on are
// left out.
func (p *pull) noteBlobs(m Manifest) error {
	parsed, err := manifest.Parse(m.Raw)
	if err != nil {
		return &Error{Class: Integrity, Err: err}
	}
	for _, b := range append([]manifest.Descriptor{parsed.Config}, parsed.Layers...) {
		if b.Digest == "" && b == parsed.Config || !types.MediaType(b.MediaType).IsDistributable() {
			continue
		}
		d := Descriptor{MediaType: b.MediaType, Digest: digest.Digest(b.Digest), Size: b.Size}
		if err := checkDigest(d.Digest); err != nil {
			return &Error{Class: Integrity, Err: fmt.Errorf("a blob of the manifest %s: %w", m.Digest, err)}
		}
		if !p.known[b.Digest] {
			p.known[b.Digest] = true
			p.blobs = append(p.blobs, d)
		}
	}
	return nil
}

// checkDigest refuses digests that are no file names or cannot be verified.
func checkDigest(d digest.Digest) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf("digest %q: %w", clean(d.String(), 150), err)
	}
	return nil
}

// indexChildren reads the manifests of an index.
func indexChildren(raw []byte) ([]Descriptor, error) {
	children, err := readReferrers(raw, nil) // the same form
	if err != nil {
		return nil, err
	}
	for i, child := range children {
		if err := checkDigest(child.Digest); err != nil {
			return nil, &Error{Class: Integrity, Err: fmt.Errorf("manifests[%d]: %w", i, err)}
		}
	}
	return children, nil
}

// openLayout opens a layout or makes one.
func openLayout(dir string) (layout.Path, error) {
	path, err := layout.FromPath(dir)
	if err == nil {
		return path, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", &Error{Class: Invalid, Err: fmt.Errorf("%s is no OCI layout: %w", dir, err)}
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return "", &Error{Class: Invalid, Err: fmt.Errorf("%s is neither empty nor an OCI layout", dir)}
	}
	return layout.Write(dir, empty.Index)
}

// tag adds the image to the layout's index.
func (p *pull) tag(path layout.Path, root Manifest) error {
	h, err := v1.NewHash(root.Digest.String())
	if err != nil {
		return err
	}
	d := v1.Descriptor{MediaType: types.MediaType(root.MediaType), Digest: h, Size: root.Size, ArtifactType: root.ArtifactType}
	matcher := match.Matcher(func(have v1.Descriptor) bool {
		return have.Digest == h && have.Annotations[RefNameAnnotation] == ""
	})
	if tag, ok := p.ref.(name.Tag); ok {
		d.Annotations = map[string]string{RefNameAnnotation: tag.TagStr()}
		matcher = match.Name(tag.TagStr())
	}
	if err := path.RemoveDescriptors(matcher); err != nil {
		return err
	}
	return path.AppendDescriptor(d)
}

// blobFile is where a layout has a blob.
func blobFile(dir string, d digest.Digest) string {
	return filepath.Join(dir, "blobs", d.Algorithm().String(), d.Encoded())
}

// partFile is where what was fetched of a blob waits: not among the blobs.
func partFile(dir string, d digest.Digest) string {
	return filepath.Join(dir, ".partial", strings.ReplaceAll(d.String(), ":", "-"))
}

// writeWhole writes a file so that it is there whole or not at all.
func writeWhole(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
