// Package madeup makes up what the builders of fixtures are made of: digests,
// identities, layers and manifests that fit together. What it gives depends on
// nothing but the source of random numbers that it is given.
package madeup

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// The media types of blobs.
const (
	OCIConfig = "application/vnd.oci.image.config.v1+json"
	OCILayer  = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// Digest makes up the digest of something that nobody reads.
func Digest(r *rand.Rand) string {
	var sum [32]byte
	for i := 0; i < len(sum); i += 8 {
		binary.LittleEndian.PutUint64(sum[i:], r.Uint64())
	}
	return "sha256:" + hex.EncodeToString(sum[:])
}

// DigestOf returns the digest of content.
func DigestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// UID makes up the UID of an object.
func UID(r *rand.Rand) string {
	a, b := r.Uint64(), r.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

// A Descriptor points to a blob or a manifest, within a manifest.
type Descriptor struct {
	MediaType string    `json:"mediaType"`
	Digest    string    `json:"digest"`
	Size      int64     `json:"size"`
	Platform  *Platform `json:"platform,omitempty"`
}

// Platform is what a child of an index is for.
type Platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

// Layers makes up n layers of 100 kB and up to most bytes more.
func Layers(r *rand.Rand, n int, most int64) (layers []Descriptor) {
	for range n {
		digest := Digest(r)
		layers = append(layers, Descriptor{MediaType: OCILayer, Digest: digest, Size: 100_000 + r.Int64N(most)})
	}
	return layers
}

// ImageSize returns what the API calls the size of an image: its config and each
// layer once.
func ImageSize(config int64, layers []Descriptor) int64 {
	seen := map[string]bool{}
	for _, l := range layers {
		if !seen[l.Digest] {
			config += l.Size
		}
		seen[l.Digest] = true
	}
	return config
}

// A Manifest is a manifest or an index of OCI, as it is written.
type Manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Config        *Descriptor       `json:"config,omitempty"`
	Layers        []Descriptor      `json:"layers,omitempty"`
	Manifests     []Descriptor      `json:"manifests,omitempty"`
	Subject       *Descriptor       `json:"subject,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// Revision makes up an annotation that tells apart two manifests of the same
// parts.
func Revision(r *rand.Rand) map[string]string {
	return map[string]string{"org.opencontainers.image.revision": fmt.Sprintf("%016x", r.Uint64())}
}

// JSON writes what can always be written.
func JSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // only where a type cannot be written
	}
	return text
}
