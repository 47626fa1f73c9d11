package registryclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
)

// tagChecks is how often it is looked whether a deleted tag is gone: some
// registries take a moment.
const tagChecks = 3

// ErrManifestGone is the cause of the error of DeleteTag where the registry deleted
// the manifest along with its tag, and with it every other tag that it had. Some do so
// always, others (Amazon's ECR, Quay) with a manifest's last tag.
var ErrManifestGone = errors.New("the registry deleted the manifest along with the tag")

// ErrManifestUnseen is the cause of the error of DeleteTag where the tag is gone, and
// whether its manifest still is there could not be found out.
var ErrManifestUnseen = errors.New("the tag is gone, and it could not be seen whether its manifest is still there")

// errTagStays is for the registries that answer 202 to the deletion of a tag and
// do nothing, OpenShift's among them.
var errTagStays = errors.New("the registry accepted the deletion of the tag, but the tag is still there")

// errTakesManifests is why a tag is not deleted where an earlier one took its manifest
// along.
var errTakesManifests = errors.New("nothing was deleted: this registry deleted a manifest along with a tag before")

// DeleteTag takes a tag away and leaves its manifest, and returns the digest that
// the tag pointed to. It looks before and after: success means that the tag is
// gone, and that the manifest is not. Until one deletion on a host has shown that,
// there is one at a time; after one that took the manifest along, no client that
// shares the host's connections deletes a tag there any more.
//
// The error is an *Error: [NotFound] where there is no such tag; [Unsupported]
// where the registry does not delete tags, or says so and does not. Then deleting
// the manifest is the only way, which takes all of its tags. It is [Unsupported] too
// where it deletes manifests along with tags; with [ErrManifestGone], and the digest,
// where that was found out by this deletion. With [ErrManifestUnseen] the tag is gone. It
// is [Conflict] where the tag was pushed again while its deletion was awaited.
func (c *Client) DeleteTag(ctx context.Context, tag name.Tag) (digest.Digest, error) {
	traced, tr := withTrail(ctx)
	d, err := c.deleteTag(traced, tag, "")
	return d, failure("delete tag", tag.String(), tr, err)
}

// DeleteTagIf is DeleteTag of a tag that points to a digest. The error is [Conflict] also
// where it points to another; then nothing is deleted. A registry has no deletion with
// a precondition: a push between the look and the deletion is not seen.
func (c *Client) DeleteTagIf(ctx context.Context, tag name.Tag, d digest.Digest) error {
	traced, tr := withTrail(ctx)
	_, err := c.deleteTag(traced, tag, d)
	return failure("delete tag", tag.String(), tr, err)
}

func (c *Client) deleteTag(ctx context.Context, tag name.Tag, want digest.Digest) (digest.Digest, error) {
	leave, err := c.doorOf(tag.Registry).deletesTags(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	info, err := c.lookAt(ctx, tag)
	if err != nil {
		return "", err
	}
	if want != "" && info.Digest != want {
		return info.Digest, &Error{Class: Conflict, Endpoint: hostOf(tag.Registry), Err: fmt.Errorf("the tag points to %s", info.Digest)}
	}
	if err := c.deleteManifest(ctx, tag); err != nil {
		var refused *Error
		// Registries without deletion of tags take the tag for a bad digest.
		if errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest {
			refused.Class = Unsupported
		}
		return info.Digest, err
	}
	if err := c.awaitDeletion(ctx, tag, info.Digest); err != nil {
		return info.Digest, err
	}
	return info.Digest, c.checkManifest(ctx, tag.Digest(info.Digest.String()))
}

// lookAt asks the registry itself what a reference points to, by GET where HEAD does
// not tell.
func (c *Client) lookAt(ctx context.Context, ref name.Reference) (ManifestInfo, error) {
	info, err := c.headManifest(ctx, Source{Ref: ref})
	if !errors.Is(err, errNoDigest) && !errors.Is(err, Unsupported) {
		return info, err
	}
	m, err := c.getManifest(ctx, Source{Ref: ref})
	return m.ManifestInfo, err
}

// awaitDeletion looks until the tag is gone.
func (c *Client) awaitDeletion(ctx context.Context, tag name.Tag, was digest.Digest) error {
	retry := c.o.Retry.withDefaults()
	for check := 1; ; check++ {
		left, err := c.lookAt(ctx, tag)
		switch {
		case errors.Is(err, NotFound):
			return nil
		case err != nil:
			return err
		case left.Digest != was:
			return &Error{Class: Conflict, Endpoint: hostOf(tag.Registry), Err: errors.New("the tag was pushed again meanwhile")}
		case check == tagChecks:
			return &Error{Class: Unsupported, Endpoint: hostOf(tag.Registry), Err: errTagStays}
		}
		if err := sleep(ctx, retry.wait(check)); err != nil {
			return err
		}
	}
}

// checkManifest looks whether the manifest is there although its tag is gone.
func (c *Client) checkManifest(ctx context.Context, d name.Digest) error {
	_, err := c.lookAt(ctx, d)
	door := c.doorOf(d.Registry)
	switch {
	case err == nil:
		door.deletedTag(true)
		return nil
	case errors.Is(err, NotFound):
		door.deletedTag(false)
		return &Error{Class: Unsupported, Endpoint: hostOf(d.Registry), Err: fmt.Errorf("%w: %s", ErrManifestGone, d.DigestStr())}
	}
	return &Error{Class: classOf(err), Endpoint: hostOf(d.Registry), Err: fmt.Errorf("%w: %w", ErrManifestUnseen, err)}
}

// A tagDeletion is what the deletion of a tag does to its manifest.
type tagDeletion int

const (
	tagDeletionUnknown tagDeletion = iota
	leavesManifest
	takesManifest
)

// deletesTags waits, as long as it is not known what the deletion of a tag does, until no
// other is under way. Call what it returns after the deletion.
func (d *door) deletesTags(ctx context.Context) (leave func(), err error) {
	refusal := &Error{Class: Unsupported, Endpoint: hostOf(d.registry), Err: errTakesManifests}
	switch d.knownTagDeletion() {
	case leavesManifest:
		return func() {}, nil
	case takesManifest:
		return nil, refusal
	}
	select {
	case d.tagLock <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	leave = func() { <-d.tagLock }
	switch d.knownTagDeletion() {
	case takesManifest:
		leave()
		return nil, refusal
	case leavesManifest:
		leave()
		return func() {}, nil
	}
	return leave, nil
}

func (d *door) knownTagDeletion() tagDeletion {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tagDeletion
}

// deletedTag notes what a deletion did. That one left its manifest does not outweigh
// that another took it.
func (d *door) deletedTag(left bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !left:
		d.tagDeletion = takesManifest
	case d.tagDeletion == tagDeletionUnknown:
		d.tagDeletion = leavesManifest
	}
}
