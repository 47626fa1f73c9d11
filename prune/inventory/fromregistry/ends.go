package fromregistry

import (
	"context"
	"errors"
	"maps"
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

	// Probe is a repository, which need not be there, in which it is tried with an image
	// of its own what the deletion of a tag does, before the first one; see
	// registryclient.Client.ProbeTagDeletion. Where a manifest goes along, no tag is
	// deleted. Empty: it is not tried, and the first tag that is deleted shows it.
	Probe string

	mu sync.Mutex
	// tried are the tags that were to be deleted, by repository: a catalog need not
	// name those that have none left.
	tried map[string]map[string]bool

	probing  sync.Mutex
	probed   bool
	probeErr error
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
	also := slices.Sorted(maps.Keys(e.tried))
	e.mu.Unlock()
	if err := read(ctx, e.Client, e.Registry, &b, e.Options, also); err != nil {
		return nil, err
	}
	return b.Build(), nil
}

// DeleteManifestLink deletes a manifest from a repository, and with it whatever tag
// points to it there. A 404 without a registry's error code is apply.ErrUnsupported: what is
// in front of the registry may have said it, and what an index owns would go from under it.
func (e *Ends) DeleteManifestLink(ctx context.Context, repository, digest string) error {
	d, err := digestIn(e.Registry, repository, digest)
	if err != nil {
		return err
	}
	return ownAnswer(e.Client.DeleteManifest(ctx, d))
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
	case registryclient.Conflict:
		told.class = apply.ErrConflict
	case registryclient.RateLimited, registryclient.Unavailable, registryclient.Timeout, registryclient.Refused, registryclient.DNS:
		told.class = apply.ErrUnavailable
	default:
		return err
	}
	return told
}
