package fromlayout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// EndsOptions are the options of [NewEnds].
type EndsOptions struct {
	// Alone says that nobody writes to the tree until the run has ended: the
	// registry is stopped or read-only. Otherwise the layout must have leases,
	// and every writer take them.
	Alone bool
	// Condemned is the key of the object in which condemned blobs wait. Empty:
	// DefaultCondemned.
	Condemned string
	// AtOnce is as in Options, for each reading. With 1, and one worker, there is
	// never more than one call to the store.
	AtOnce int
	// Now gives the time; nil is time.Now.
	Now func() time.Time
	// Progress is told of each reading; nil never.
	Progress func(Progress)
}

// Ends carries plans out on a volume, without a registry in front of it: the
// deleters that package apply asks for. Each look at what is there reads the
// volume anew, and what was leased since the last one stays. Only where nobody
// else writes, and no tag was deleted since, is it known already. It may be used
// by several goroutines at once.
type Ends struct {
	layout    *registrylayout.Layout
	options   EndsOptions
	condemned *Condemned

	mu    sync.Mutex
	sweep *registrylayout.Sweep
	known *inventory.Inventory // nil: to be read anew
}

// NewEnds returns the ends of a volume. storage.ErrUnsupported where neither the
// layout has leases nor o.Alone is set.
func NewEnds(s *storage.Store, l *registrylayout.Layout, o EndsOptions) (*Ends, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	e := &Ends{layout: l, options: o, condemned: NewCondemned(s, o.Condemned)}
	return e, e.looked(o.Now())
}

// Ends returns what apply.Run takes. Caches of running registries are not told.
func (e *Ends) Ends() apply.Ends {
	return apply.Ends{
		Tags: e, Manifests: e, Layers: e, Images: apply.NoImages{}, Blobs: e, Inventory: e, Condemned: e.condemned,
	}
}

// looked begins to delete by a look that began at an instant.
func (e *Ends) looked(began time.Time) error {
	sweep, err := e.layout.Sweep(registrylayout.SweepOptions{Since: began, Alone: e.options.Alone})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep = sweep
	return nil
}

func (e *Ends) by() *registrylayout.Sweep {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sweep
}

// List reads the volume.
func (e *Ends) List(ctx context.Context) (*inventory.Inventory, error) {
	if inv := e.lastRead(); inv != nil && e.options.Alone {
		return inv, nil
	}
	inv, _, err := e.Read(ctx)
	return inv, answer(err)
}

// Read reads the volume, to plan on, and says what else is there.
func (e *Ends) Read(ctx context.Context) (*inventory.Inventory, *Volume, error) {
	var b inventory.Builder
	volume, err := Read(ctx, e.layout, &b, Options{AtOnce: e.options.AtOnce, Now: e.options.Now, Progress: e.options.Progress})
	if err != nil {
		return nil, volume, err
	}
	inv := b.Build()
	if err := e.looked(volume.Began); err != nil {
		return nil, volume, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known = inv
	return inv, volume, nil
}

func (e *Ends) lastRead() *inventory.Inventory {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.known
}

// DeleteTag deletes a tag that points to a manifest.
func (e *Ends) DeleteTag(ctx context.Context, repository, tag, manifest string) error {
	e.mu.Lock()
	e.known = nil
	e.mu.Unlock()
	return answer(e.by().DeleteTag(ctx, repository, tag, manifest))
}

// ForgetFormer deletes records of what tags were: those of manifests that went. It
// goes on after an error and returns all of them.
func (e *Ends) ForgetFormer(ctx context.Context, former []FormerTag) (gone []FormerTag, err error) {
	var errs []error
	for _, f := range former {
		err := answer(e.by().DeleteTagIndex(ctx, f.Repository, f.Tag, string(f.Digest)))
		switch {
		case err == nil:
			gone = append(gone, f)
		case !errors.Is(err, apply.ErrNotFound) && !errors.Is(err, apply.ErrConflict) && !errors.Is(err, apply.ErrInUse):
			errs = append(errs, err)
		}
	}
	return gone, errors.Join(errs...)
}

// DeleteManifestLink takes a manifest out of a repository.
func (e *Ends) DeleteManifestLink(ctx context.Context, repository, manifest string) error {
	return answer(e.by().DeleteManifestLink(ctx, repository, manifest))
}

// DeleteLayerLink takes a layer or config out of a repository.
func (e *Ends) DeleteLayerLink(ctx context.Context, repository, layer string) error {
	return answer(e.by().DeleteLayerLink(ctx, repository, layer))
}

// DeleteBlob deletes a blob's bytes.
func (e *Ends) DeleteBlob(ctx context.Context, blob string) error {
	return answer(e.by().DeleteBlob(ctx, blob))
}

// answer says in package apply's words what a volume answered.
func answer(err error) error {
	for _, c := range []struct{ is, means error }{
		{nil, nil},
		{storage.ErrNotExist, apply.ErrNotFound},
		{storage.ErrPrecondition, apply.ErrConflict},
		{registrylayout.ErrBrokenLink, apply.ErrConflict},
		{registrylayout.ErrInUse, apply.ErrInUse},
		{lease.ErrContended, apply.ErrUnavailable},
		{storage.ErrUnavailable, apply.ErrUnavailable},
		{storage.ErrUnsupported, apply.ErrUnsupported},
		{storage.ErrReadOnly, apply.ErrForbidden},
	} {
		switch {
		case c.is == nil && err == nil:
			return nil
		case c.is != nil && errors.Is(err, c.is):
			return fmt.Errorf("%w: %w", c.means, err)
		}
	}
	return err
}
