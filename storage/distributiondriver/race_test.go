package distributiondriver_test

import (
	"errors"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/interleave"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// TestLookAndSweep lets a registry look for a layer, as it does for a HEAD and for each
// layer of a manifest, while a sweep takes the link and the blob away, in every order of
// their calls: what the registry has seen is there afterwards.
func TestLookAndSweep(t *testing.T) {
	const layer = "layer"
	d := digest.FromString(layer)
	link, err := registrylayout.LayerLinkKey("app", d)
	require.NoError(t, err)
	blob, err := registrylayout.BlobKey(d)
	require.NoError(t, err)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

	seen, swept := 0, 0
	n := interleave.Each(func(order []int) ([]int, bool) {
		var kept memory.Driver
		plain := storage.New(&kept, storage.Options{Trust: true})
		for key, text := range map[string]string{link: string(d), blob: layer} {
			_, err := plain.WriteFile(t.Context(), key, []byte(text), storage.CreateOptions{})
			require.NoError(t, err)
		}
		// Each call but the reading and writing of bytes ends in a step.
		open := func(step *func()) (*storage.Store, *lease.Book) {
			s := storage.New(middleware.Observe(&kept, func(e middleware.Event) {
				if e.Op != "read" && e.Op != "write" && e.Op != "create" {
					(*step)()
				}
			}, middleware.ObserveOptions{}), storage.Options{Trust: true})
			*step = func() {}
			_, err := s.Capabilities(t.Context())
			require.NoError(t, err)
			return s, lease.New(s, lease.Options{Now: func() time.Time { return now }})
		}
		var registryStep, sweepStep func()
		store, book := open(&registryStep)
		registry := distributiondriver.New(store, distributiondriver.Options{Leases: book, Patience: -1}) // it would try again and again
		store, book = open(&sweepStep)
		sweep, err := registrylayout.New(store, registrylayout.Options{Leases: book}).Sweep(registrylayout.SweepOptions{Since: now})
		require.NoError(t, err)

		var looked, took error
		choices := interleave.Run(order,
			func(step func()) {
				registryStep = step
				if _, looked = registry.GetContent(t.Context(), "/"+link); looked == nil {
					_, looked = registry.Stat(t.Context(), "/"+blob)
				}
			},
			func(step func()) {
				sweepStep = step
				took = sweep.DeleteLayerLink(t.Context(), "app", string(d))
			},
		)
		if looked == nil {
			seen++
			_, err := plain.Stat(t.Context(), link)
			require.NoError(t, err, "order %v", order)
			require.ErrorIs(t, took, registrylayout.ErrInUse, "order %v", order)
		} else if !errors.Is(looked, lease.ErrCondemned) {
			requireMissing(t, looked, "/"+link)
		}
		if took == nil {
			swept++
		}
		return choices, true
	})
	t.Logf("%d orders: seen in %d, swept in %d", n, seen, swept)
	require.Greater(t, n, 100)
	require.Positive(t, seen)
	require.Positive(t, swept)
}
