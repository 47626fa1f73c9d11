package lease_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/memory"
)

// A push and a sweep meet over a blob that nothing names any more.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	store := storage.New(&memory.Driver{}, storage.Options{})
	book := lease.New(store, lease.Options{
		TTL: time.Hour, MaxSkew: time.Minute, SweepTime: time.Minute,
		Now: func() time.Time { return now },
	})
	layer := digest.FromString("a layer")

	// The push finds the blob and counts on it.
	until, err := book.Renew(ctx, layer)
	fmt.Println("leased until", until.Format(time.TimeOnly), err)

	// The sweep must leave it.
	_, err = book.Condemn(ctx, layer, time.Time{})
	fmt.Println("held:", errors.Is(err, lease.ErrHeld))

	// An hour later, nobody has come back for it.
	now = now.Add(time.Hour + 2*time.Minute)
	condemned, err := book.Condemn(ctx, layer, time.Time{})
	fmt.Println("condemned:", err == nil)

	// Now a push is told that it is not there.
	_, err = book.Renew(ctx, layer)
	fmt.Println("being deleted:", errors.Is(err, lease.ErrCondemned))

	// The sweep looks for links once more, deletes the blob, and is done.
	fmt.Println(condemned.Done(ctx))
	_, err = book.Renew(ctx, layer)
	fmt.Println(err)
	// Output:
	// leased until 13:00:00 <nil>
	// held: true
	// condemned: true
	// being deleted: true
	// <nil>
	// <nil>
}
