package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/lease"
)

// leasesFrom opens a volume on which leases were taken so long ago, one for each age.
func leasesFrom(t *testing.T, ages map[string]time.Duration) (*volume, *filesystem.Driver, *lease.Book) {
	v := newVolume(t)
	v.image("shop/web", "config", "layer", "v1")
	driver, err := filesystem.Open(v.dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = driver.Close() })
	store := storage.New(driver, storage.Options{})
	for text, age := range ages {
		then := time.Now().Add(-age)
		_, err := lease.New(store, lease.Options{Now: func() time.Time { return then }}).Renew(t.Context(), digest.FromString(text))
		require.NoError(t, err)
	}
	return v, driver, lease.New(store, lease.Options{})
}

func leased(t *testing.T, book *lease.Book) (all []string) {
	for e, err := range book.All(t.Context()) {
		require.NoError(t, err)
		all = append(all, string(e.Digest))
	}
	return all
}

// Records go once no sweep can go by them any more, and not before: one that began a
// week ago may still run.
func TestLeasesThatRanOut(t *testing.T) {
	const day = 24 * time.Hour
	v, _, book := leasesFrom(t, map[string]time.Duration{"old": 8 * day, "older": 30 * day, "of this week": 6 * day, "runs": 0})
	_, text, _ := runAt(t, time.Now(), "--root", v.dir, "--online", "--dry-run")
	require.NotContains(t, text, "leases")
	_, text, _ = runAt(t, time.Now(), "--root", v.dir)
	require.NotContains(t, text, "leases")
	require.Len(t, leased(t, book), 4)

	status, text, stderr := runAt(t, time.Now(), "--root", v.dir, "--online")
	require.Zero(t, status, stderr)
	require.Contains(t, text, "deleted 2 records of leases")
	require.ElementsMatch(t, []string{sha("of this week"), sha("runs")}, leased(t, book))
}

// plainDelete is a driver that deletes whatever the condition.
type plainDelete struct{ storage.Driver }

func (d plainDelete) Delete(ctx context.Context, key string, _ storage.DeleteOptions) error {
	return d.Driver.Delete(ctx, key, storage.DeleteOptions{})
}

// Where a lease could be lost by it, records stay, and the run has not failed.
func TestLeasesStayWhereTheyCannotBeDeletedSafely(t *testing.T) {
	_, driver, book := leasesFrom(t, map[string]time.Duration{"old": 1000 * time.Hour})
	o, err := parseFlags([]string{"--root", "x", "--online"})
	require.NoError(t, err)
	c, err := newCollection(storage.New(plainDelete{driver}, storage.Options{}), o)
	require.NoError(t, err)
	require.NoError(t, c.run(t.Context()))
	require.NoError(t, c.cleanLeases(t.Context(), time.Now()))
	require.Len(t, leased(t, book), 1)
	var out bytes.Buffer
	require.NoError(t, c.report.print(&out, "text"))
	require.Contains(t, out.String(), "records of leases stay")
}
