package fromregistry

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/registryclient"
)

// DeleteTag deletes a tag, and leaves its manifest. It looks what the tag points to
// before, and whether it is gone, and the manifest is not, after. A registry that has no
// deletion of tags, or says so and does not do it, is apply.ErrUnsupported; so is one
// that deleted a manifest along with a tag before, and nothing is deleted then. Where this
// deletion took the manifest, or that cannot be seen, the error is
// registryclient.ErrManifestGone or ErrManifestUnseen and none of apply's: the action has
// failed, and what the tag held stays as far as it is there.
func (e *Ends) DeleteTag(ctx context.Context, repository, tag, want string) error {
	repo, err := repositoryIn(e.Registry, repository)
	if err != nil {
		return err
	}
	d, err := digest.Parse(want)
	if err != nil {
		return fmt.Errorf("delete tag %s:%s: %w", repository, tag, err)
	}
	client := itself(e.Client)
	if err := e.probe(ctx, client); err != nil {
		return answer(err)
	}
	again := e.beginTag(repository, tag)
	err = client.DeleteTagIf(ctx, repo.Tag(tag), d)
	switch {
	case errors.Is(err, registryclient.ErrManifestGone), errors.Is(err, registryclient.ErrManifestUnseen):
		return err
	case again && errors.Is(err, registryclient.NotFound):
		// The tag went with a call that did not come to its end.
		return e.stillThere(ctx, client, repo.Digest(want), err)
	}
	return answer(err)
}

// stillThere returns that the tag is gone, if its manifest is not.
func (e *Ends) stillThere(ctx context.Context, client *registryclient.Client, d name.Digest, gone error) error {
	_, err := client.HeadManifest(ctx, d)
	switch {
	case err == nil:
		return answer(gone)
	case errors.Is(err, registryclient.NotFound):
		return fmt.Errorf("%s: %w", d, registryclient.ErrManifestGone)
	}
	return fmt.Errorf("%w: %w", registryclient.ErrManifestUnseen, err)
}

// beginTag notes that a tag is deleted, and reports whether it was tried before.
func (e *Ends) beginTag(repository, tag string) (again bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tried == nil {
		e.tried = map[string]map[string]bool{}
	}
	if e.tried[repository] == nil {
		e.tried[repository] = map[string]bool{}
	}
	again = e.tried[repository][tag]
	e.tried[repository][tag] = true
	return again
}

// probe finds out what the deletion of a tag does, before the first one.
func (e *Ends) probe(ctx context.Context, client *registryclient.Client) error {
	if e.Probe == "" {
		return nil
	}
	e.probing.Lock()
	defer e.probing.Unlock()
	if e.probed {
		return e.probeErr
	}
	repo, err := repositoryIn(e.Registry, e.Probe)
	if err == nil {
		err = client.ProbeTagDeletion(ctx, repo)
	}
	if errors.Is(err, registryclient.ErrManifestGone) {
		err = &endError{class: apply.ErrUnsupported, err: err}
	}
	// What may work later is tried again with the next tag.
	if later := answer(err); ctx.Err() == nil && !errors.Is(later, apply.ErrUnavailable) {
		e.probed, e.probeErr = true, err
	}
	return err
}
