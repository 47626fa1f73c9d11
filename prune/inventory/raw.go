package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/registrykit/registrykit/internal/manifest"
)

// ReadRaw completes the manifest with what its raw text says and the fields do
// not: the subject, layers or children where there are none, and, where the
// text has the manifest's digest, the sizes of itself and its config. The text
// may be "", as the API server strips it from most Images.
//
// Layers and children without a digest are dropped, in the memory of the slices.
// Where any were, where it is not known what the manifest is made of, or where a
// text that has its digest names layers, children or a config that the fields do
// not, it becomes Partial; and where a text names more than is read (50,000 layers
// and children).
func (m *Manifest) ReadRaw(raw string) {
	if raw != "" {
		parsed, err := manifest.Parse([]byte(raw))
		var tooMany *manifest.TooManyError
		if err == nil {
			m.complete(raw, parsed)
		} else if errors.As(err, &tooMany) {
			m.Partial = true
		}
	}
	without := func(b Blob) bool { return b.Digest == "" }
	all := len(m.Layers) + len(m.Children)
	m.Layers = slices.DeleteFunc(m.Layers, without)
	m.Children = slices.DeleteFunc(m.Children, without)
	left := len(m.Layers) + len(m.Children)
	m.Partial = m.Partial || left < all || left == 0 && m.Config == "" ||
		manifest.IsIndex(m.MediaType) && len(m.Children) == 0
}

func (m *Manifest) complete(raw string, parsed manifest.Manifest) {
	if m.MediaType == "" {
		m.MediaType = parsed.MediaType
	}
	if m.Subject == "" {
		m.Subject = parsed.Subject.Digest
	}
	if len(m.Layers)+len(m.Children) == 0 {
		m.Layers = appendBlobs(m.Layers, parsed.Layers)
		m.Children = appendBlobs(m.Children, parsed.Manifests)
	}
	sum := sha256.Sum256([]byte(raw))
	if m.Digest != "sha256:"+hex.EncodeToString(sum[:]) {
		return
	}
	m.Size = int64(len(raw))
	m.Partial = m.Partial || m.lacks(parsed)
	if m.Config == "" {
		m.Config = parsed.Config.Digest
	}
	if m.Config == parsed.Config.Digest {
		m.ConfigSize = max(0, parsed.Config.Size)
	}
}

// lacks reports whether the manifest itself names anything that the fields do not.
func (m *Manifest) lacks(parsed manifest.Manifest) bool {
	if config := parsed.Config.Digest; config != "" && m.Config != "" && m.Config != config {
		return true
	}
	return lack(m.Layers, parsed.Layers) || lack(m.Children, parsed.Manifests)
}

func lack(blobs []Blob, named []manifest.Descriptor) bool {
	if len(blobs) == len(named) && slices.EqualFunc(blobs, named, func(b Blob, d manifest.Descriptor) bool { return b.Digest == d.Digest }) {
		return false // as nearly all are
	}
	known := map[string]bool{}
	for _, b := range blobs {
		known[b.Digest] = true
	}
	return slices.ContainsFunc(named, func(d manifest.Descriptor) bool { return !known[d.Digest] })
}

func appendBlobs(blobs []Blob, descriptors []manifest.Descriptor) []Blob {
	for _, d := range descriptors {
		blobs = append(blobs, Blob{Digest: d.Digest, Size: max(0, d.Size)})
	}
	return blobs
}
