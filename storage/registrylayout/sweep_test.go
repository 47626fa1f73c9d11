package registrylayout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// ends are the methods that a plan is carried out by.
type ends interface {
	DeleteTag(ctx context.Context, repository, tag, digest string) error
	DeleteManifestLink(ctx context.Context, repository, digest string) error
	DeleteLayerLink(ctx context.Context, repository, digest string) error
	DeleteBlob(ctx context.Context, digest string) error
}

var _ ends = (*registrylayout.Sweep)(nil)

// leasedTree is a tree with leases and a clock that a test sets.
func leasedTree(t *testing.T) (*tree, *time.Time) {
	d := &memory.Driver{}
	store := storage.New(d, storage.Options{})
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	book := lease.New(store, lease.Options{TTL: time.Hour, MaxSkew: time.Minute, Now: clock})
	return newTreeOn(t, d, store, registrylayout.Options{Leases: book, Now: clock}), &now
}

// hardPrune deletes the image of a tag, as a plan would.
func hardPrune(ctx context.Context, s ends, d digest.Digest, contents ...string) error {
	err := s.DeleteTag(ctx, "a", "v1", string(d))
	err = errors.Join(err, s.DeleteManifestLink(ctx, "a", string(d)))
	for _, c := range contents {
		err = errors.Join(err, s.DeleteLayerLink(ctx, "a", string(digest.FromString(c))))
	}
	for _, c := range contents {
		err = errors.Join(err, s.DeleteBlob(ctx, string(digest.FromString(c))))
	}
	return errors.Join(err, s.DeleteBlob(ctx, string(d)))
}

func TestHardPrune(t *testing.T) {
	tree, now := leasedTree(t)
	gone := tree.image("a", "{}", []string{"layer"}, "v1")
	tree.image("b", "config of b", []string{"layer of b"}, "v1")
	leases := len(tree.keys())
	*now = now.Add(2 * time.Hour)
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Since: *now})
	require.NoError(t, err)
	require.NoError(t, hardPrune(t.Context(), sweep, gone, "{}", "layer"))

	findings, summary := tree.check(registrylayout.CheckOptions{Verify: true})
	require.Empty(t, findings)
	require.Equal(t, 1, summary.Repositories, "nothing is left of the other")
	require.Equal(t, 3, summary.Blobs)
	require.Less(t, len(tree.keys()), leases)

	// All of it again: it is not there.
	for _, err := range []error{
		sweep.DeleteTag(t.Context(), "a", "v1", string(gone)), sweep.DeleteManifestLink(t.Context(), "a", string(gone)),
		sweep.DeleteLayerLink(t.Context(), "a", string(digest.FromString("layer"))), sweep.DeleteBlob(t.Context(), string(gone)),
	} {
		require.ErrorIs(t, err, storage.ErrNotExist)
	}
	// And may be pushed again.
	tree.image("a", "{}", []string{"layer"}, "v1")
	findings, _ = tree.check(registrylayout.CheckOptions{Verify: true})
	require.Empty(t, findings)
}

func TestSweepAsksBeforeItDeletes(t *testing.T) {
	tree, now := leasedTree(t)
	d := tree.image("a", "{}", []string{"layer"}, "v1")
	*now = now.Add(2 * time.Hour)
	planned := *now
	// A push finds the layer there, writes its link, and is long gone when the
	// plan is carried out.
	tree.blob("b", "layer")
	*now = now.Add(24 * time.Hour)
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Since: planned})
	require.NoError(t, err)
	require.ErrorIs(t, sweep.DeleteBlob(t.Context(), string(digest.FromString("layer"))), registrylayout.ErrInUse)
	require.ErrorIs(t, sweep.DeleteLayerLink(t.Context(), "a", string(digest.FromString("layer"))), registrylayout.ErrInUse)
	require.NoError(t, sweep.DeleteBlob(t.Context(), string(digest.FromString("{}"))))
	require.NoError(t, tree.HasManifest(t.Context(), "a", d))
}

// The blob behind a link of another algorithm's digest is leased with it.
func TestABlobUnderAnotherAlgorithmIsLeased(t *testing.T) {
	tree, now := leasedTree(t)
	tree.image("a", "{}", []string{"layer"}, "v1")
	layer, alias := digest.FromString("layer"), digest.SHA512.FromString("layer")
	tree.write(key(registrylayout.LayerLinkKey("a", alias)), string(layer))
	*now = now.Add(2 * time.Hour)
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Since: *now})
	require.NoError(t, err)
	_, err = tree.PutManifest(t.Context(), "a", fmt.Appendf(nil, `{"schemaVersion":2,"layers":[{"digest":%q,"size":5}]}`, alias), registrylayout.PutManifestOptions{})
	require.NoError(t, err)
	require.ErrorIs(t, sweep.DeleteBlob(t.Context(), string(layer)), registrylayout.ErrInUse)
	require.NoError(t, tree.VerifyBlob(t.Context(), layer))
}

func TestSweepWithoutLeases(t *testing.T) {
	tree := newTree(t)
	for _, o := range []registrylayout.SweepOptions{{}, {Since: time.Now()}} {
		_, err := tree.Sweep(o)
		require.ErrorIs(t, err, storage.ErrUnsupported)
	}
	leased, _ := leasedTree(t)
	_, err := leased.Sweep(registrylayout.SweepOptions{})
	require.ErrorIs(t, err, storage.ErrUnsupported, "since when?")

	d := tree.image("a", "{}", []string{"layer"}, "v1")
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	require.NoError(t, hardPrune(t.Context(), sweep, d, "{}", "layer"))
	require.Empty(t, tree.keys())
}

func TestATagThatHasMoved(t *testing.T) {
	tree := newTree(t)
	old := tree.image("a", "old", nil, "v1")
	fresh := tree.image("a", "new", nil, "v1")
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	require.ErrorIs(t, sweep.DeleteTag(t.Context(), "a", "v1", string(old)), storage.ErrPrecondition)
	d, err := tree.ResolveTag(t.Context(), "a", "v1")
	require.NoError(t, err)
	require.Equal(t, fresh, d)

	// It moves between the look and the deletion.
	driver := middleware.Observe(tree.driver, func(e middleware.Event) {
		if e.Op == "read" && e.Key == key(registrylayout.TagKey("a", "v1")) {
			require.NoError(t, tree.SetTag(t.Context(), "a", "v1", old))
		}
	}, middleware.ObserveOptions{})
	sweep, err = registrylayout.New(storage.New(driver, storage.Options{}), registrylayout.Options{}).Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	require.ErrorIs(t, sweep.DeleteTag(t.Context(), "a", "v1", string(fresh)), storage.ErrPrecondition)
	d, err = tree.ResolveTag(t.Context(), "a", "v1")
	require.NoError(t, err)
	require.Equal(t, old, d)
	require.Len(t, collect(t, tree.TagIndex(t.Context(), "a", "v1")), 2)
}

// A tag that was pushed again since the plan's look is not the one that was to go,
// though it is the same manifest.
func TestATagThatWasPushedAgain(t *testing.T) {
	tree, now := leasedTree(t)
	d := tree.image("a", "{}", []string{"layer"}, "v1", "v2")
	*now = now.Add(2 * time.Hour)
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Since: *now})
	require.NoError(t, err)
	require.NoError(t, sweep.DeleteTag(t.Context(), "a", "v2", string(d)))
	require.NoError(t, tree.SetTag(t.Context(), "a", "v1", d))
	*now = now.Add(24 * time.Hour) // the push is long over
	require.ErrorIs(t, sweep.DeleteTag(t.Context(), "a", "v1", string(d)), registrylayout.ErrInUse)
	is, err := tree.ResolveTag(t.Context(), "a", "v1")
	require.NoError(t, err)
	require.Equal(t, d, is)
	require.Len(t, collect(t, tree.TagIndex(t.Context(), "a", "v1")), 1)

	sweep, err = tree.Sweep(registrylayout.SweepOptions{Since: *now})
	require.NoError(t, err)
	require.NoError(t, sweep.DeleteTag(t.Context(), "a", "v1", string(d)))
}

// TestASweepThatFailsAnywhere: the order of a plan never leaves a reference to
// nothing, and the same plan again comes to its end.
func TestASweepThatFailsAnywhere(t *testing.T) {
	for _, lost := range []bool{false, true} {
		failed := 0
		for nth := 1; ; nth++ {
			tree := newTree(t)
			d := tree.image("a", "{}", []string{"layer"}, "v1")
			tree.image("b", "{}", nil, "v1")
			faulty := middleware.Faults(tree.driver, middleware.Fault{Nth: nth, LoseAnswer: lost})
			broken, err := registrylayout.New(storage.New(faulty, storage.Options{Trust: true}), registrylayout.Options{}).Sweep(registrylayout.SweepOptions{Alone: true})
			require.NoError(t, err)
			plan := func(s ends) error {
				for _, step := range []func() error{
					func() error { return s.DeleteTag(t.Context(), "a", "v1", string(d)) },
					func() error { return s.DeleteManifestLink(t.Context(), "a", string(d)) },
					func() error { return s.DeleteLayerLink(t.Context(), "a", string(digest.FromString("{}"))) },
					func() error { return s.DeleteLayerLink(t.Context(), "a", string(digest.FromString("layer"))) },
					func() error { return s.DeleteBlob(t.Context(), string(digest.FromString("layer"))) },
					func() error { return s.DeleteBlob(t.Context(), string(d)) },
				} {
					if err := step(); err != nil && !errors.Is(err, storage.ErrNotExist) {
						return err
					}
				}
				return nil
			}
			err = plan(broken)
			if faulty.Injected() == 0 {
				require.NoError(t, err)
				break
			}
			failed++
			_, summary := tree.check(registrylayout.CheckOptions{})
			require.Zero(t, summary.Dangling+summary.BrokenLinks, "call %d", nth)
			whole, err := tree.Sweep(registrylayout.SweepOptions{Alone: true})
			require.NoError(t, err)
			require.NoError(t, plan(whole))
			findings, summary := tree.check(registrylayout.CheckOptions{Verify: true})
			require.Empty(t, findings, "call %d", nth)
			require.Equal(t, 2, summary.Blobs)
		}
		require.Greater(t, failed, 8)
	}
}

func TestSignaturesGoWithTheirManifest(t *testing.T) {
	tree := newTree(t)
	d := tree.image("a", "{}", nil, "v1")
	s := digest.FromString("signature")
	tree.write(registrylayout.Root+"/repositories/a/_manifests/revisions/sha256/"+d.Encoded()+"/signatures/sha256/"+s.Encoded()+"/link", string(s))
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	require.NoError(t, sweep.DeleteManifestLink(t.Context(), "a", string(d)))
	for _, k := range tree.keys() {
		require.NotContains(t, k, "revisions")
	}
}

func TestSweepRefusesHostileNames(t *testing.T) {
	tree := newTree(t)
	tree.image("a", "{}", nil, "v1")
	before := tree.keys()
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	d := string(digest.FromString("{}"))
	for _, bad := range hostile {
		for _, err := range []error{
			sweep.DeleteTag(t.Context(), bad, "v1", d), sweep.DeleteTag(t.Context(), "a", "v1", bad), sweep.DeleteTag(t.Context(), "a", "x/"+bad, d),
			sweep.DeleteManifestLink(t.Context(), bad, d), sweep.DeleteManifestLink(t.Context(), "a", bad),
			sweep.DeleteLayerLink(t.Context(), bad, d), sweep.DeleteLayerLink(t.Context(), "a", bad), sweep.DeleteBlob(t.Context(), bad),
		} {
			require.ErrorIs(t, err, registrylayout.ErrName, "%.40q", bad)
		}
	}
	require.Equal(t, before, tree.keys())
}

// TestPushesAndSweepsAtOnce: pushes of the same image run beside a sweep that has
// planned to delete it. Each push that succeeds leaves an image that is whole.
func TestPushesAndSweepsAtOnce(t *testing.T) {
	for range 30 {
		d := &memory.Driver{}
		store := storage.New(d, storage.Options{Trust: true})
		clock := time.Now()
		book := lease.New(store, lease.Options{Now: func() time.Time { return clock }})
		tree := newTreeOn(t, d, store, registrylayout.Options{Leases: book, Now: func() time.Time { return clock }})
		plain := registrylayout.New(store, registrylayout.Options{})
		require.NoError(t, push(t.Context(), plain)) // long ago
		image := digest.FromBytes(imageText("config of amd64", "base", "layer of amd64"))
		sweep, err := tree.Sweep(registrylayout.SweepOptions{Since: clock})
		require.NoError(t, err)

		var all sync.WaitGroup
		pushed := make([]error, 3)
		for i := range pushed {
			all.Go(func() { pushed[i] = push(t.Context(), tree.Layout) })
		}
		for _, content := range []string{"base", "layer of amd64", "config of amd64"} {
			all.Go(func() {
				for _, err := range []error{
					sweep.DeleteLayerLink(t.Context(), "shop/web", string(digest.FromString(content))),
					sweep.DeleteBlob(t.Context(), string(digest.FromString(content))),
				} {
					if err != nil && !errors.Is(err, registrylayout.ErrInUse) && !errors.Is(err, storage.ErrNotExist) {
						t.Error(err)
					}
				}
			})
		}
		all.Go(func() { _ = sweep.DeleteManifestLink(t.Context(), "shop/web", string(image)) })
		all.Wait()
		whole := false
		for _, err := range pushed {
			whole = whole || err == nil
			if err != nil && !errors.Is(err, lease.ErrCondemned) && !errors.Is(err, registrylayout.ErrDangling) {
				t.Error(err)
			}
		}
		if !whole {
			require.NoError(t, push(t.Context(), tree.Layout), "the next try")
		}
		findings, _ := tree.check(registrylayout.CheckOptions{Verify: true})
		require.Empty(t, findings)
	}
}

// hungDelete is a store that answers no deletion once it hangs.
type hungDelete struct {
	storage.Driver
	hangs atomic.Bool
}

func (d *hungDelete) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	if d.hangs.Load() {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return d.Driver.Delete(ctx, key, o)
}

// TestAStoreThatHangsEndsASweep: also where it is the mark that cannot be taken away.
func TestAStoreThatHangsEndsASweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &hungDelete{Driver: &memory.Driver{}}
		store := storage.New(d, storage.Options{})
		book := lease.New(store, lease.Options{TTL: time.Hour, MaxSkew: time.Minute})
		before := registrylayout.New(store, registrylayout.Options{}) // without a lease, so that the mark is deleted
		blob := digest.FromString("left")
		_, err := before.PutBlob(t.Context(), "a", blob, strings.NewReader("left"))
		require.NoError(t, err)
		sweep, err := registrylayout.New(store, registrylayout.Options{Leases: book}).Sweep(registrylayout.SweepOptions{Since: time.Now()})
		require.NoError(t, err)
		require.NoError(t, sweep.DeleteLayerLink(t.Context(), "a", string(blob)))
		d.hangs.Store(true)
		began := time.Now()
		require.ErrorIs(t, sweep.DeleteBlob(t.Context(), string(blob)), context.DeadlineExceeded)
		require.Less(t, time.Since(began), 10*time.Minute)
	})
}
