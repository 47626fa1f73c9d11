package registryclient

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
)

// tagChecks is how often it is looked whether a deleted tag is gone: some
// registries take a moment.
const tagChecks = 3

// errTagStays is for the registries that answer 202 to the deletion of a tag and
// do nothing, OpenShift's among them.
var errTagStays = errors.New("the registry accepted the deletion of the tag, but the tag is still there")

// DeleteTag takes a tag away and leaves its manifest, and returns the digest that
// the tag pointed to. It looks before and after: success means that the tag is
// gone.
//
// The error is an *Error: [NotFound] where there is no such tag; [Unsupported]
// where the registry does not delete tags, or says so and does not. Then deleting
// the manifest is the only way, which takes all of its tags.
func (c *Client) DeleteTag(ctx context.Context, tag name.Tag) (digest.Digest, error) {
	traced, tr := withTrail(ctx)
	d, err := c.deleteTag(traced, tag)
	return d, failure("delete tag", tag.String(), tr, err)
}

func (c *Client) deleteTag(ctx context.Context, tag name.Tag) (digest.Digest, error) {
	source := Source{Ref: tag}
	info, err := c.headManifest(ctx, source)
	if err != nil && !errors.Is(err, errNoDigest) {
		return "", err
	}
	if err := c.deleteManifest(ctx, tag); err != nil {
		var refused *Error
		// Registries without deletion of tags take the tag for a bad digest.
		if errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest {
			refused.Class = Unsupported
		}
		return info.Digest, err
	}
	retry := c.o.Retry.withDefaults()
	for check := 1; ; check++ {
		left, err := c.headManifest(ctx, source)
		switch {
		case errors.Is(err, NotFound):
			return info.Digest, nil
		case err != nil && !errors.Is(err, errNoDigest):
			return info.Digest, err
		case left.Digest != info.Digest:
			return info.Digest, &Error{Class: Unavailable, Endpoint: hostOf(tag.Registry), Err: errors.New("the tag was pushed again meanwhile")}
		case check == tagChecks:
			return info.Digest, &Error{Class: Unsupported, Endpoint: hostOf(tag.Registry), Err: errTagStays}
		}
		if err := sleep(ctx, retry.wait(check)); err != nil {
			return info.Digest, err
		}
	}
}
