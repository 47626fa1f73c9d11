package registryclient

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// probeCleanup is how long a probe may take to delete what it pushed, where the
// caller's context has ended.
const probeCleanup = 30 * time.Second

// ProbeTagDeletion finds out what the deletion of a tag does, on no tag of anybody: it
// pushes an image without layers to the repository, under two tags of its own that
// begin with registrykit-probe-, deletes one, then the other, and then the manifest. A
// repository that is not there may come to be. DeleteTag then knows.
//
// The error is an *Error: [Unsupported] where the registry deletes no tags, with
// [ErrManifestGone] where it deletes manifests along with them. It says so where
// something of the probe is left.
func (c *Client) ProbeTagDeletion(ctx context.Context, repo name.Repository) error {
	traced, tr := withTrail(ctx)
	return failure("probe the deletion of tags in", repo.String(), tr, c.probeTagDeletion(traced, repo))
}

func (c *Client) probeTagDeletion(ctx context.Context, repo name.Repository) error {
	id := rand.Text()
	image := mutate.Annotations(mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1),
		map[string]string{"org.opencontainers.image.title": "registrykit probe " + id}).(v1.Image)
	h, err := image.Digest()
	if err != nil {
		return err
	}
	first := repo.Tag("registrykit-probe-" + strings.ToLower(id))
	second := repo.Tag(first.TagStr() + "-2")
	err = c.push(ctx, first, image, PushOptions{})
	if err == nil {
		err = c.push(ctx, second, image, PushOptions{})
	}
	for _, tag := range []name.Tag{first, second} {
		if err == nil {
			_, err = c.deleteTag(ctx, tag, "")
		}
	}
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeCleanup)
	defer cancel()
	left := c.deleteManifest(cleanup, repo.Digest(h.String()))
	if left == nil || errors.Is(left, NotFound) {
		return err
	}
	if err == nil {
		return nil // it has no tag any more
	}
	return &Error{Class: classOf(err), Endpoint: hostOf(repo.Registry), Err: fmt.Errorf("%w; the tags %s and %[2]s-2 may be left: %w", err, first.TagStr(), left)}
}
