package fromlayout

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/manifest"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// read makes a fact of a manifest's text, with the sizes that the blobs have. What
// is not on the volume has none. linked reports whether a digest is a manifest's.
// registrylayout.ErrManifest.
func read(d digest.Digest, raw []byte, stored func(string) (int64, bool), linked func(digest.Digest) bool) (inventory.Manifest, error) {
	parsed, err := manifest.Parse(raw)
	if err != nil {
		return inventory.Manifest{}, &registrylayout.Error{Key: string(d), Err: fmt.Errorf("%w: %w", registrylayout.ErrManifest, err)}
	}
	f := facts{stored: stored, seen: map[string]bool{}}
	m := inventory.Manifest{
		Digest: string(d), MediaType: mediaType(parsed), Size: int64(len(raw)),
		Layers: f.blobs("layers", parsed.Layers), Children: f.blobs("manifests", parsed.Manifests),
	}
	if parsed.Config != (manifest.Descriptor{}) {
		config := f.blobs("config", []manifest.Descriptor{parsed.Config})
		if len(config) == 1 {
			m.Config, m.ConfigSize = config[0].Digest, config[0].Size
		}
	}
	if parsed.Subject != (manifest.Descriptor{}) {
		f.check("subject", 0, parsed.Subject)
		m.Subject = parsed.Subject.Digest
	}
	if f.err != nil {
		return inventory.Manifest{}, &registrylayout.Error{Key: string(d), Err: f.err}
	}
	if !f.unknown && len(m.Children) == 0 {
		m.ImageSize = f.total
	}
	if !known(parsed, m.MediaType) {
		m.Layers = append(m.Layers, named(raw, &m)...)
		m.Children = append(m.Children, manifestsAmong(&m, linked)...)
	}
	if m.Config == "" && !manifest.IsImage(m.MediaType) {
		m.Config = m.Digest // it has none: else it would be taken for one that does not say
	}
	return m, nil
}

// known reports whether this is a kind of manifest of which it is known which
// fields hold digests: those of OCI and Docker, schema 1 among them.
func known(parsed manifest.Manifest, mediaType string) bool {
	switch mediaType {
	case manifest.MediaTypeOCIArtifact, manifest.MediaTypeDocker1, manifest.MediaTypeDocker1Signed:
		return true
	case "": // before there were media types
		return len(parsed.Layers) > 0
	}
	return manifest.IsImage(mediaType) || manifest.IsIndex(mediaType)
}

// anyDigest is what may be a digest in a text of whatever form.
var anyDigest = regexp.MustCompile(`sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})`)

// named returns every digest in a manifest of an unknown kind, but for those that
// are known to be in it: all that it might need.
func named(raw []byte, m *inventory.Manifest) (blobs []inventory.Blob) {
	seen := map[string]bool{m.Digest: true, m.Config: true, m.Subject: true}
	for _, b := range slices.Concat(m.Layers, m.Children) {
		seen[b.Digest] = true
	}
	for _, d := range anyDigest.FindAll(raw, -1) {
		if text := string(d); !seen[text] {
			seen[text] = true
			blobs = append(blobs, inventory.Blob{Digest: text})
		}
	}
	return blobs
}

// manifestsAmong returns what a manifest of an unknown kind names as its config, or
// anywhere but as its children, and is a manifest: it may own that as well, with all
// that belongs to it.
func manifestsAmong(m *inventory.Manifest, linked func(digest.Digest) bool) (children []inventory.Blob) {
	for _, b := range append(slices.Clone(m.Layers), inventory.Blob{Digest: m.Config}) {
		if d := digest.Digest(b.Digest); d != "" && linked(d) {
			children = append(children, b)
		}
	}
	return children
}

// mediaType returns what the manifest says, or what it must be: an OCI manifest
// need not say.
func mediaType(m manifest.Manifest) string {
	switch {
	case m.MediaType != "":
		return m.MediaType
	case len(m.Manifests) > 0:
		return manifest.MediaTypeOCIIndex
	case m.Config != (manifest.Descriptor{}):
		return manifest.MediaTypeOCIImage
	}
	return ""
}

// facts gathers what the descriptors of one manifest say.
type facts struct {
	stored  func(digest string) (size int64, there bool)
	seen    map[string]bool
	total   int64 // of what was seen, each once
	unknown bool  // a size
	err     error // the first
}

// blobs leaves out layers that are not to be distributed and not on the volume.
func (f *facts) blobs(field string, descriptors []manifest.Descriptor) []inventory.Blob {
	var blobs []inventory.Blob
	for i, d := range descriptors {
		if !f.check(field, i, d) {
			continue
		}
		size, there := f.stored(d.Digest)
		if !there && registrylayout.Undistributed(d.MediaType) {
			continue
		}
		f.unknown = f.unknown || !there
		if !f.seen[d.Digest] {
			f.seen[d.Digest] = true
			f.total += size
		}
		blobs = append(blobs, inventory.Blob{Digest: d.Digest, Size: size})
	}
	return blobs
}

func (f *facts) check(field string, i int, d manifest.Descriptor) bool {
	if _, err := registrylayout.BlobKey(digest.Digest(d.Digest)); err != nil {
		if f.err == nil {
			f.err = fmt.Errorf("%w: %s[%d]: %w", registrylayout.ErrManifest, field, i, err)
		}
		return false
	}
	return true
}
