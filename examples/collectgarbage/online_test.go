package main

import (
	"context"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/lease"
)

// unconditional is a driver that writes whatever the condition, as some servers of S3 do.
type unconditional struct{ storage.Driver }

func (d unconditional) Create(ctx context.Context, key string, _ storage.CreateOptions) (storage.Upload, error) {
	return d.Driver.Create(ctx, key, storage.CreateOptions{})
}

// Where leases do not count, nothing is looked at, and the program says why.
func TestOnlineNeedsCompareAndSwap(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config", "layer", "v1")
	v.blob("shop/web", "left")
	before := content(t, v.dir)
	driver, err := filesystem.Open(v.dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer driver.Close()
	for _, args := range [][]string{{"--online"}, {"--online", "--dry-run"}} {
		o, err := parseFlags(append([]string{"--root", v.dir}, args...))
		require.NoError(t, err)
		r, err := collectOn(t.Context(), driver, storage.New(unconditional{driver}, storage.Options{}), o)
		if o.dryRun { // nothing is tried out
			require.NoError(t, err)
			continue
		}
		require.Nil(t, r)
		require.ErrorIs(t, err, storage.ErrUnsupported)
		require.ErrorContains(t, err, "--online: this volume cannot compare and swap")
	}
	require.Equal(t, before, content(t, v.dir))
}

// What a writer holds by a lease stays, and the report says so.
func TestLeasedLinksStay(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config", "layer", "v1")
	left := v.blob("shop/web", "left")
	driver, err := filesystem.Open(v.dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer driver.Close()
	_, err = lease.New(storage.New(driver, storage.Options{}), lease.Options{}).Renew(t.Context(), digest.Digest(left))
	require.NoError(t, err)
	status, text, stderr := runAt(t, time.Now(), "--root", v.dir, "--online")
	require.Zero(t, status, stderr)
	require.Contains(t, text, "deleted 0 links and 0 blobs, 0 bytes; 4 blobs stay")
	require.Contains(t, text, "2 links and blobs that were to go stay; the first: DeleteLayerLink shop/web "+left+": stale (it is needed again: ")
}
