package registryclient

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/manifest"
)

// closure lists what an image or index of a layout needs, itself first, each once.
// Blobs that no registry may hand on are not in a layout.
func closure(dir string, root Descriptor) ([]Descriptor, error) {
	seen := map[digest.Digest]bool{}
	var all []Descriptor
	var add func(d Descriptor, depth int) error
	add = func(d Descriptor, depth int) error {
		if seen[d.Digest] {
			return nil
		}
		seen[d.Digest] = true
		if _, err := os.Stat(blobFile(dir, d.Digest)); err != nil {
			return nil
		}
		all = append(all, d)
		if !isManifest(d.MediaType) {
			return nil
		}
		if depth > maxPullDepth {
			return fmt.Errorf("%w: the index is too deep", Integrity)
		}
		raw, err := os.ReadFile(blobFile(dir, d.Digest))
		if err != nil {
			return err
		}
		parsed, err := manifest.Parse(raw)
		if err != nil {
			return err
		}
		for _, list := range [][]manifest.Descriptor{parsed.Manifests, {parsed.Config}, parsed.Layers} {
			for _, child := range list {
				c := Descriptor{MediaType: child.MediaType, Digest: digest.Digest(child.Digest), Size: child.Size}
				if child.Digest == "" {
					continue
				}
				if err := checkDigest(c.Digest); err != nil {
					return err
				}
				if err := add(c, depth+1); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return all, add(root, 0)
}

// indexOf is the index.json of a layout with one image.
func indexOf(d Descriptor, ref name.Reference) ([]byte, error) {
	if tag, ok := ref.(name.Tag); ok {
		d.Annotations = map[string]string{RefNameAnnotation: tag.TagStr()}
	}
	return json.Marshal(struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []Descriptor `json:"manifests"`
	}{2, manifest.MediaTypeOCIIndex, []Descriptor{d}})
}

// layoutFile reports whether a path is one of a layout's.
func layoutFile(path string) bool {
	if path == "oci-layout" || path == "index.json" {
		return true
	}
	algorithm, encoded, ok := strings.Cut(strings.TrimPrefix(path, "blobs/"), "/")
	return ok && strings.HasPrefix(path, "blobs/") && digest.Digest(algorithm+":"+encoded).Validate() == nil
}

func digestOfHash(h v1.Hash) digest.Digest { return digest.Digest(h.String()) }
