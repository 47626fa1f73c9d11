package distributiondriver_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
)

// A sweep takes one repository's link to a blob away, and has the blob marked for that.
// Another repository's image has it meanwhile, and can be pulled and pushed.
func TestABlobIsThereWhileAnotherLinkToItGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const text = "layer"
		blob := digest.FromString(text)
		data := "/docker/registry/v2/blobs/sha256/" + blob.Encoded()[:2] + "/" + blob.Encoded() + "/data"
		link := "/docker/registry/v2/repositories/app/_layers/sha256/" + blob.Encoded() + "/link"
		s := openMemory(t)
		book := lease.New(s, lease.Options{})
		d := distributiondriver.New(s, distributiondriver.Options{Leases: book})
		calls := map[string]func(context.Context) error{
			"look":        func(ctx context.Context) error { _, err := d.Stat(ctx, data); return err },
			"read a link": func(ctx context.Context) error { _, err := d.GetContent(ctx, link); return err },
			"link":        func(ctx context.Context) error { return d.PutContent(ctx, link, []byte(blob)) },
			"write":       func(ctx context.Context) error { return d.PutContent(ctx, data, []byte(text)) },
		}
		require.NoError(t, calls["write"](t.Context()))
		require.NoError(t, calls["link"](t.Context()))
		for name, call := range calls {
			time.Sleep(24 * time.Hour) // of the test's clock: no lease runs
			condemned, err := book.Condemn(t.Context(), blob, time.Time{})
			require.NoError(t, err)
			result := make(chan error, 1)
			go func() { result <- call(t.Context()) }()
			time.Sleep(distributiondriver.DefaultPatience / 2)
			require.Empty(t, result, name)
			require.NoError(t, condemned.Done(t.Context()))
			require.NoError(t, <-result, name)
			_, held, err := book.Held(t.Context(), blob)
			require.NoError(t, err)
			require.True(t, held, name)
		}

		// It waits no longer than told, nor for a client that has gone.
		time.Sleep(24 * time.Hour)
		_, err := book.Condemn(t.Context(), blob, time.Time{})
		require.NoError(t, err)
		began := time.Now()
		require.ErrorIs(t, calls["look"](t.Context()), lease.ErrCondemned)
		require.Equal(t, distributiondriver.DefaultPatience, time.Since(began))
		require.ErrorIs(t, calls["write"](t.Context()), lease.ErrCondemned)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, calls["look"](ctx), context.DeadlineExceeded)
		began = time.Now()
		d = distributiondriver.New(s, distributiondriver.Options{Leases: book, Patience: -1})
		require.ErrorIs(t, calls["look"](t.Context()), lease.ErrCondemned)
		require.Zero(t, time.Since(began))
	})
}

// A store that is slow does not make the patience longer: what its calls take counts.
func TestPatienceCountsWhatTheStoreTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const took = 300 * time.Millisecond
		blob := digest.FromString("layer")
		var slow bool
		s := storage.New(middleware.Observe(&memory.Driver{}, func(e middleware.Event) {
			if slow && e.Op == "open" {
				time.Sleep(took) // of the test's clock
			}
		}, middleware.ObserveOptions{}), storage.Options{})
		book := lease.New(s, lease.Options{})
		_, err := book.Condemn(t.Context(), blob, time.Time{})
		require.NoError(t, err)
		d := distributiondriver.New(s, distributiondriver.Options{Leases: book})
		slow = true
		began := time.Now()
		_, err = d.Stat(t.Context(), "/docker/registry/v2/blobs/sha256/"+blob.Encoded()[:2]+"/"+blob.Encoded()+"/data")
		require.ErrorIs(t, err, lease.ErrCondemned)
		require.LessOrEqual(t, time.Since(began), distributiondriver.DefaultPatience+took)
		require.GreaterOrEqual(t, time.Since(began), distributiondriver.DefaultPatience)
	})
}
