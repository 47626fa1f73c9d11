// Package manifest reads image manifests and indexes: the one place that knows
// which of their fields hold digests.
package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
)

// MaxBytes is the most that a manifest may have. Registries refuse larger ones;
// distribution's limit is 4 MiB.
const MaxBytes = 4 << 20

// The media types of manifests.
const (
	MediaTypeOCIIndex   = "application/vnd.oci.image.index.v1+json"
	MediaTypeOCIImage   = "application/vnd.oci.image.manifest.v1+json"
	MediaTypeDockerList = "application/vnd.docker.distribution.manifest.list.v2+json"
	MediaTypeDocker2    = "application/vnd.docker.distribution.manifest.v2+json"

	MediaTypeOCIArtifact   = "application/vnd.oci.artifact.manifest.v1+json"
	MediaTypeDocker1       = "application/vnd.docker.distribution.manifest.v1+json"
	MediaTypeDocker1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws"
)

// IsIndex reports whether manifests of that media type own other manifests.
func IsIndex(mediaType string) bool {
	return mediaType == MediaTypeOCIIndex || mediaType == MediaTypeDockerList
}

// IsImage reports whether manifests of that media type certainly have a config.
func IsImage(mediaType string) bool {
	return mediaType == MediaTypeOCIImage || mediaType == MediaTypeDocker2
}

// A Descriptor points to a blob or a manifest.
type Descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

// A Manifest is what a manifest or index points to.
type Manifest struct {
	MediaType string
	Config    Descriptor // zero: none
	Layers    []Descriptor
	Manifests []Descriptor // of an index
	Subject   Descriptor   // zero: none
}

// ErrTooLarge is the error for a manifest above [MaxBytes].
var ErrTooLarge = errors.New("manifest is too large")

// Parse reads a manifest of the OCI image specification or of Docker's schema 1
// or 2. Fields that it does not know are passed over; the digests are not
// checked. [ErrTooLarge], and a [*TooManyError].
func Parse(raw []byte) (Manifest, error) {
	if len(raw) > MaxBytes {
		return Manifest{}, ErrTooLarge
	}
	return parse(raw, MaxDescriptors)
}

// parse reads a manifest with at most left descriptors in its lists.
func parse(raw []byte, left int) (Manifest, error) {
	if err := checkCount(raw, left); err != nil {
		return Manifest{}, fmt.Errorf("manifest: %w", err)
	}
	var m struct {
		MediaType string       `json:"mediaType"`
		Config    *Descriptor  `json:"config"`
		Layers    []Descriptor `json:"layers"`
		Blobs     []Descriptor `json:"blobs"` // of an OCI artifact manifest
		Manifests []Descriptor `json:"manifests"`
		Subject   *Descriptor  `json:"subject"`
		FSLayers  []struct {
			BlobSum string `json:"blobSum"`
		} `json:"fsLayers"` // of schema 1
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return Manifest{}, fmt.Errorf("manifest: %w", err)
	}
	parsed := Manifest{MediaType: m.MediaType, Layers: append(m.Layers, m.Blobs...), Manifests: m.Manifests}
	if m.Config != nil {
		parsed.Config = *m.Config
	}
	if m.Subject != nil {
		parsed.Subject = *m.Subject
	}
	for _, l := range m.FSLayers {
		parsed.Layers = append(parsed.Layers, Descriptor{Digest: l.BlobSum})
	}
	return parsed, nil
}
