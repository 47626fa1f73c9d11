package importer

import (
	"context"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/manifest"
)

// tag imports one tag. Between the HEAD and the fetch it may move, and what it pointed
// to go: then it is looked at once more.
func (r *run) tag(ctx context.Context, t *TagResult) {
	var digest string
	for {
		var head Descriptor
		err := r.ask(ctx, "head manifest", t.target, &r.result.Requests.Heads, func(registry Registry) (err error) {
			head, err = registry.HeadManifest(ctx, t.target)
			return err
		})
		if err == nil {
			err = checkHead(t.target, head)
		}
		if err != nil {
			r.fail(t, err)
			return
		}
		t.Endpoint = head.Endpoint
		if r.unchanged(t, head) {
			return
		}
		if r.request.DryRun {
			t.Status, t.Image, t.MediaType = Changed, head.Digest, head.MediaType
			return
		}
		got, err := r.fetchOnce(ctx, t.target.by(head.Digest), t.spec)
		if err != nil && err.Class == NotFound && err.Image == t.target.by(head.Digest).String() && t.target.ID == "" && head.Digest != digest {
			digest = head.Digest
			continue
		}
		t.Platforms = r.dated(got.platforms)
		if err != nil {
			r.fail(t, err)
			return
		}
		t.Status = Imported
		t.image, t.manifests = got.image, got.manifests
		t.Image, t.MediaType = got.image.Name, got.image.DockerImageManifestMediaType
		t.Head = Head{Digest: head.Digest, Image: t.Image, Platform: got.platform}
		return
	}
}

// checkHead refuses an answer that cannot be true.
func checkHead(t Target, head Descriptor) *Error {
	if !imagestream.ValidDigest(head.Digest) {
		return broken("head manifest", t, Integrity, "the registry says that the digest is %.100q", head.Digest)
	}
	if t.ID != "" && head.Digest != t.ID {
		return broken("head manifest", t, Integrity, "the registry has %s instead", head.Digest)
	}
	return nil
}

// unchanged says whether a tag points to what it pointed to, and fills in the result if
// so.
func (r *run) unchanged(t *TagResult, head Descriptor) bool {
	event := r.stream.LatestEvent(t.Tag)
	if t.Tag == "" || event == nil || event.Image == "" {
		return false
	}
	known := Head{Digest: head.Digest, Image: event.Image}
	if r.i.mode(t.spec) != imagestream.ImportModePreserveOriginal && !manifest.IsImage(head.MediaType) {
		// It is a list, or may be one: what was taken of it is only known from before.
		known.Platform = r.i.wanted(t.spec).String()
		before := r.request.Heads[t.Tag]
		if before != known {
			return false
		}
	} else if head.Digest != event.Image {
		return false
	}
	image, ok := r.has(event.Image, 0)
	if !ok || image == nil && (r.needImages || r.keeps(t.spec)) || r.keeps(t.spec) && image.DockerImageManifest == "" {
		return false
	}
	t.Status, t.Image, t.Head, t.image = Unchanged, event.Image, known, image
	if r.needImages {
		t.manifests = r.manifestsOf(image, 0)
	}
	if t.MediaType = head.MediaType; known.Platform != "" {
		t.MediaType = ""
	}
	if image != nil {
		t.MediaType = image.DockerImageManifestMediaType
	}
	return true
}

// has says whether there is an Image of that name already, with all of its own. The
// Image is nil where nobody can tell, which counts as there.
func (r *run) has(name string, depth int) (*imagestream.Image, bool) {
	if r.i.Images == nil {
		return nil, true
	}
	image, err := r.i.Images(name)
	if err != nil || image == nil || depth > MaxDepth {
		return nil, false
	}
	for _, m := range image.DockerImageManifests {
		if _, ok := r.has(m.Digest, depth+1); !ok {
			return nil, false
		}
	}
	return image, true
}

// manifestsOf returns the Images of a list that is there, at every depth.
func (r *run) manifestsOf(list *imagestream.Image, depth int) (images []imagestream.Image) {
	for _, m := range list.DockerImageManifests {
		if image, ok := r.has(m.Digest, depth+1); ok {
			images = append(append(images, r.manifestsOf(image, depth+1)...), *image)
		}
	}
	return images
}
