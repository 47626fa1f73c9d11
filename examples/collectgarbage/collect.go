package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// collect reads the volume, plans, and carries the plan out. The report is nil where
// nothing was looked at.
func collect(ctx context.Context, o options) (*report, error) {
	switch found, err := look(o.root); {
	case err != nil:
		return nil, err
	case found == empty:
		return newReport(o, true), nil
	}
	driver, err := filesystem.Open(o.root, filesystem.Options{})
	if err != nil {
		return nil, err
	}
	store := storage.New(driver, storage.Options{})
	defer store.Close()
	return collectOn(ctx, driver, store, o)
}

// collectOn does it through a store on the driver.
func collectOn(ctx context.Context, driver *filesystem.Driver, store *storage.Store, o options) (*report, error) {
	c, err := newCollection(store, o)
	if err != nil {
		return nil, err
	}
	if err := c.canLease(ctx, store); err != nil {
		return nil, err
	}
	start := o.now()
	err = c.run(ctx)
	if err == nil {
		err = c.cleanLeases(ctx, start)
	}
	if c.carriedOut && o.uploads > 0 {
		err = errors.Join(err, c.cleanUp(ctx, driver, store))
	}
	return c.report, err
}

// A collection is one run on a volume.
type collection struct {
	options
	layout *registrylayout.Layout
	leases *lease.Book // nil: the registry does not run
	ends   *fromlayout.Ends
	report *report
	unread atomic.Bool // the volume could not be read again, in the middle of the run
	// carriedOut: the plan was, as far as that went.
	carriedOut bool
}

func newCollection(store *storage.Store, o options) (*collection, error) {
	c := &collection{options: o, report: newReport(o, false)}
	var layout registrylayout.Options
	if o.online {
		c.leases = lease.New(store, lease.Options{})
		layout.Leases = c.leases
	}
	c.layout = registrylayout.New(store, layout)
	var err error
	c.ends, err = fromlayout.NewEnds(store, c.layout, fromlayout.EndsOptions{Alone: !o.online, Now: o.now})
	return c, err
}

func (c *collection) run(ctx context.Context) error {
	if _, err := c.layout.Check(ctx, registrylayout.CheckOptions{}, c.report.finding); err != nil {
		return err
	}
	inv, volume, err := c.ends.Read(ctx)
	if err != nil {
		return err
	}
	c.report.Blobs.Kept = volume.Blobs
	if len(volume.Unread) > 0 {
		return fmt.Errorf("nothing is deleted while something cannot be read that may need it:\n%w", errors.Join(volume.Unread...))
	}
	plan, err := prune.New(inv, prune.Garbage(prune.GarbageOptions{Untagged: c.untagged}), c.now())
	if err != nil {
		return err
	}
	grace := c.grace
	if grace == 0 {
		grace = -1
	}
	ends := c.ends.Ends()
	ends.Inventory = watched{c.ends, &c.unread}
	done, err := apply.Run(ctx, plan, ends, apply.Options{Now: c.now, DryRun: c.dryRun, Grace: grace})
	c.report.results(done)
	c.carriedOut = !c.dryRun && !c.unread.Load() && ctx.Err() == nil && (err == nil || errors.Is(err, apply.ErrIncomplete))
	if err == nil {
		err = impossible(done)
	}
	if err != nil {
		return err
	}
	return errors.Join(c.forget(ctx, volume.Former), c.abandoned(ctx, volume.Uploads))
}

// forget deletes the records of what tags were, of manifests that are in their
// repository no more.
func (c *collection) forget(ctx context.Context, former []fromlayout.FormerTag) error {
	var gone []fromlayout.FormerTag
	for _, f := range former {
		if !f.Linked || c.report.gone[link{f.Repository, "manifest", string(f.Digest)}] {
			gone = append(gone, f)
		}
	}
	var err error
	if !c.dryRun {
		gone, err = c.ends.ForgetFormer(ctx, gone)
	}
	for _, f := range gone {
		c.report.deleted(link{f.Repository, "tag", string(f.Digest)})
	}
	return err
}

// abandoned deletes uploads that nobody will end.
func (c *collection) abandoned(ctx context.Context, uploads []registrylayout.UploadInfo) error {
	var errs []error
	for _, u := range uploads {
		if c.uploads == 0 || u.Age(c.now()) < c.uploads {
			continue
		}
		if !c.dryRun {
			err := c.layout.DeleteUpload(ctx, u.Repository, u.ID)
			if errors.Is(err, storage.ErrNotExist) {
				continue
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
		}
		c.report.Uploads = append(c.report.Uploads, upload{u.Repository, u.ID})
	}
	return errors.Join(errs...)
}

// watched notes whether what is there could not be listed, the last time.
type watched struct {
	apply.Lister
	unread *atomic.Bool
}

// List implements apply.Lister.
func (w watched) List(ctx context.Context) (*inventory.Inventory, error) {
	inv, err := w.Lister.List(ctx)
	w.unread.Store(err != nil) // after one that is unavailable comes another
	return inv, err
}

// cleanUp takes away what the driver itself keeps of uploads, what probes of the volume have
// left that were killed, and directories that have become empty, also where something could
// not be deleted: it needs no plan. Where something could not be read, or the run was
// stopped, nothing is deleted, this neither.
func (c *collection) cleanUp(ctx context.Context, driver *filesystem.Driver, store *storage.Store) error {
	before := c.now().Add(-c.uploads)
	probes, err := store.CleanProbes(ctx, before)
	var cleaned error
	c.report.remains, c.report.dirs, cleaned = driver.CleanUp(ctx, before)
	c.report.remains += probes
	return errors.Join(err, cleaned)
}
