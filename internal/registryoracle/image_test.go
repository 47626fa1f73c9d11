package registryoracle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"
)

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
)

// image is a manifest, and the blobs that it needs besides other manifests.
type image struct {
	raw   []byte
	blobs []string
}

func (i image) digest() digest.Digest { return digest.FromBytes(i.raw) }

// imageOf is an image of a config and a layer of its own, and of further layers.
func imageOf(content string, layers ...string) image {
	return imageAbout("", content, layers...)
}

// referrerOf is an image with a subject.
func referrerOf(subject image, content string) image {
	return imageAbout(fmt.Sprintf(`,"subject":%s`, subject.descriptor(manifestType)), content)
}

func imageAbout(rest, content string, layers ...string) image {
	i := image{blobs: append([]string{`{"config":"` + content + `"}`, "layer " + content}, layers...)}
	var descriptors []string
	for _, blob := range i.blobs[1:] {
		descriptors = append(descriptors, image{raw: []byte(blob)}.descriptor("application/vnd.oci.image.layer.v1.tar"))
	}
	i.raw = fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":%s,"layers":[%s]%s}`, manifestType,
		image{raw: []byte(i.blobs[0])}.descriptor("application/vnd.oci.image.config.v1+json"), strings.Join(descriptors, ","), rest)
	return i
}

// indexOf is an index of images.
func indexOf(children ...image) image {
	var descriptors []string
	for _, child := range children {
		descriptors = append(descriptors, child.descriptor(manifestType))
	}
	return image{raw: fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, indexType, strings.Join(descriptors, ","))}
}

func (i image) descriptor(mediaType string) string {
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, i.digest(), len(i.raw))
}

// pushBlobs pushes to a registry, as clients do, those blobs that it has not.
func (i image) pushBlobs(t *testing.T, registry, repository string) {
	for _, blob := range i.blobs {
		d := digest.FromString(blob)
		if head, _ := send(t, http.MethodHead, registry+"/v2/"+repository+"/blobs/"+string(d), nil); head.StatusCode != http.StatusOK {
			upload(t, registry, repository, []byte(blob), d)
		}
	}
}

// pushManifest pushes the manifest, and says what the registry answered.
func (i image) pushManifest(t *testing.T, registry, repository, reference string) (status int, answer string) {
	put, text := send(t, http.MethodPut, registry+"/v2/"+repository+"/manifests/"+reference, i.raw, "Content-Type", manifestType)
	return put.StatusCode, string(text)
}

// push pushes all of it, which the registry must take.
func (i image) push(t *testing.T, registry, repository, reference string) {
	i.pushBlobs(t, registry, repository)
	status, answer := i.pushManifest(t, registry, repository, reference)
	require.Equal(t, http.StatusCreated, status, answer)
}

// get reads a manifest, by its tag or digest, or a blob.
type get func(manifest bool, reference string) ([]byte, error)

// from reads from a repository of a registry.
func from(t *testing.T, registry, repository string) get {
	return func(manifest bool, reference string) ([]byte, error) {
		kind := map[bool]string{true: "manifests", false: "blobs"}[manifest]
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, registry+"/v2/"+repository+"/"+kind+"/"+reference, nil)
		require.NoError(t, err)
		request.Header["Accept"] = []string{manifestType, indexType}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s %s: %s: %s", kind, reference, response.Status, text)
		}
		return text, err
	}
}

// read reads from a repository of the volume.
func (v *volume) read(t *testing.T, repository string) get {
	return func(manifest bool, reference string) ([]byte, error) {
		d := digest.Digest(reference)
		if !manifest {
			if err := v.HasLayer(t.Context(), repository, d); err != nil {
				return nil, err
			}
			body, _, err := v.OpenBlob(t.Context(), d)
			if err != nil {
				return nil, err
			}
			defer body.Close()
			return io.ReadAll(body)
		}
		if !strings.Contains(reference, ":") {
			var err error
			if d, err = v.ResolveTag(t.Context(), repository, reference); err != nil {
				return nil, err
			}
		}
		return v.ReadManifest(t.Context(), repository, d)
	}
}

// pull pulls a manifest and all that it needs, and verifies each digest and size.
func (g get) pull(reference string) error {
	raw, err := g(true, reference)
	if err != nil {
		return err
	}
	type descriptor struct {
		Digest digest.Digest
		Size   int
	}
	var m struct {
		Config            *descriptor
		Layers, Manifests []descriptor
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("%s: %w", reference, err)
	}
	if strings.Contains(reference, ":") && digest.FromBytes(raw) != digest.Digest(reference) {
		return fmt.Errorf("%s is %s", reference, digest.FromBytes(raw))
	}
	for _, child := range m.Manifests {
		err = errors.Join(err, g.pull(string(child.Digest)))
	}
	if m.Config != nil {
		m.Layers = append(m.Layers, *m.Config)
	}
	for _, blob := range m.Layers {
		text, e := g(false, string(blob.Digest))
		if e == nil && (len(text) != blob.Size || digest.FromBytes(text) != blob.Digest) {
			e = fmt.Errorf("blob %s: %d bytes of %d", blob.Digest, len(text), blob.Size)
		}
		err = errors.Join(err, e)
	}
	return err
}
