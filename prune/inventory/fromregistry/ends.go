package fromregistry

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/registryclient"
)

// Ends carry a plan out on a plain registry; for OpenShift's own there are
// [IntegratedEnds]. Client and Registry are required. They may be used by many goroutines
// at once, and are for one plan.
type Ends struct {
	Client   *registryclient.Client
	Registry name.Registry
	// Options are those with which the inventory was read. The registry is read
	// again with them, before what a deleted tag held goes.
	Options Options
	// More adds to what is read again what the inventory had besides, such as
	// workloads: as they are now. nil: nothing.
	More func(ctx context.Context, b *inventory.Builder) error

	mu sync.Mutex
	// emptied are the repositories that tags were deleted from: a catalog need not
	// name those that have none left.
	emptied []string
}

// Apply returns the ends for apply.Run. Layer links and blobs are Unsupported: the
// registry's own garbage collection frees them.
func (e *Ends) Apply() apply.Ends {
	return apply.Ends{Tags: e, Manifests: e, Images: apply.NoImages{}, Inventory: e}
}

// List reads the registry anew.
func (e *Ends) List(ctx context.Context) (*inventory.Inventory, error) {
	var b inventory.Builder
	if e.More != nil {
		if err := e.More(ctx, &b); err != nil {
			return nil, err
		}
	}
	e.mu.Lock()
	also := slices.Clone(e.emptied)
	e.mu.Unlock()
	if err := read(ctx, e.Client, e.Registry, &b, e.Options, also); err != nil {
		return nil, err
	}
	return b.Build(), nil
}

// DeleteTag deletes a tag, and leaves its manifest. It looks what the tag points to
// before, and whether it is gone after. A registry that has no deletion of tags, or says
// so and does not do it, is Unsupported.
func (e *Ends) DeleteTag(ctx context.Context, repository, tag, want string) error {
	repo, err := repositoryIn(e.Registry, repository)
	if err != nil {
		return err
	}
	client := itself(e.Client)
	info, err := client.HeadManifest(ctx, repo.Tag(tag))
	if err != nil {
		return answer(err)
	}
	if info.Digest.String() != want {
		return &endError{class: apply.ErrConflict, err: errors.New("the tag points to " + info.Digest.String())}
	}
	if _, err := client.DeleteTag(ctx, repo.Tag(tag)); err != nil {
		return answer(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.emptied, repository) {
		e.emptied = append(e.emptied, repository)
	}
	return nil
}

// DeleteManifestLink deletes a manifest from a repository, and with it whatever tag
// points to it there.
func (e *Ends) DeleteManifestLink(ctx context.Context, repository, digest string) error {
	d, err := digestIn(e.Registry, repository, digest)
	if err != nil {
		return err
	}
	return answer(e.Client.DeleteManifest(ctx, d))
}

func repositoryIn(registry name.Registry, repository string) (name.Repository, error) {
	return name.NewRepository(registry.Name()+"/"+repository, name.StrictValidation)
}

func digestIn(registry name.Registry, repository, digest string) (name.Digest, error) {
	repo, err := repositoryIn(registry, repository)
	if err != nil {
		return name.Digest{}, err
	}
	return name.NewDigest(repo.Name() + "@" + digest)
}

// An endError is a client's error as apply reads it.
type endError struct {
	class error
	err   error
	wait  time.Duration
}

func (e *endError) Error() string { return e.err.Error() }

// Unwrap returns the class and the cause.
func (e *endError) Unwrap() []error { return []error{e.class, e.err} }

// RetryAfter is how long the registry asks to wait.
func (e *endError) RetryAfter() time.Duration { return e.wait }

// answer says what a client's error means to a deletion.
func answer(err error) error {
	var failed *registryclient.Error
	if err == nil || !errors.As(err, &failed) {
		return err
	}
	told := &endError{err: err}
	if failed.RateLimit != nil {
		told.wait = failed.RateLimit.RetryAfter
	}
	switch failed.Class {
	case registryclient.NotFound:
		told.class = apply.ErrNotFound
	case registryclient.Unauthorized, registryclient.Denied:
		told.class = apply.ErrForbidden
	case registryclient.Unsupported:
		told.class = apply.ErrUnsupported
	case registryclient.RateLimited, registryclient.Unavailable, registryclient.Timeout, registryclient.Refused, registryclient.DNS:
		told.class = apply.ErrUnavailable
	default:
		return err
	}
	return told
}
