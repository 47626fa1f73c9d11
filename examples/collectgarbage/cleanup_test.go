package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/middleware"
)

// littered is a volume with garbage, and with what a writer and a probe have left that were
// killed: both seem a month old to a run that is told so.
func littered(t *testing.T) (v *volume, driver *filesystem.Driver, probe string) {
	v = newVolume(t)
	v.image("shop/web", "config", "layer", "v1")
	v.blob("shop/web", "in no manifest")
	driver, err := filesystem.Open(v.dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = driver.Close() })
	u, err := driver.Create(t.Context(), "docker/registry/v2/half", storage.CreateOptions{Resumable: true})
	require.NoError(t, err)
	_, err = u.Write([]byte("half"))
	require.NoError(t, err)
	require.NoError(t, u.Suspend(t.Context()))
	probe = storage.DefaultProbePrefix + "/" + strings.Repeat("A2", 13) + "/absent"
	v.write(probe, "x")
	return v, driver, probe
}

// litter is what is left of it.
func litter(t *testing.T, driver *filesystem.Driver, probe string) (n int) {
	store := storage.New(driver, storage.Options{Trust: true})
	for _, err := range store.Uploads(t.Context(), "") {
		require.NoError(t, err)
		n++
	}
	if _, err := store.Stat(t.Context(), probe); err == nil {
		n++
	}
	return n
}

func aMonthLater(t *testing.T, dir string, args ...string) options {
	o, err := parseFlags(append([]string{"--root", dir}, args...))
	require.NoError(t, err)
	month := time.Now().AddDate(0, 1, 0)
	o.now = func() time.Time { return month }
	return o
}

// TestCleanUp: what died is taken away by a run that comes to its end, also where it could not
// delete everything, and by no other.
func TestCleanUp(t *testing.T) {
	denied := errors.New("denied")
	for name, c := range map[string]struct {
		args  []string
		fault middleware.Fault
		fails bool
		left  int
	}{
		"all is well":            {},
		"a link stays":           {fault: middleware.Fault{Ops: []string{"delete"}, Prefix: "docker/registry/v2/repositories/", Err: denied}, fails: true},
		"a dry run":              {args: []string{"--dry-run"}, left: 2},
		"no uploads go":          {args: []string{"--uploads-older-than", "0s"}, left: 2},
		"nothing can be read":    {fault: middleware.Fault{Ops: []string{"list"}, Prefix: "docker/", Err: denied}, fails: true, left: 2},
		"too young for its time": {args: []string{"--uploads-older-than", "2400h"}, left: 2},
	} {
		t.Run(name, func(t *testing.T) {
			v, driver, probe := littered(t)
			faulty := storage.Driver(driver)
			if c.fault.Err != nil {
				faulty = middleware.Faults(driver, c.fault)
			}
			_, err := collectOn(t.Context(), driver, storage.New(faulty, storage.Options{}), aMonthLater(t, v.dir, c.args...))
			if c.fails {
				require.ErrorIs(t, err, denied)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, c.left, litter(t, driver, probe))
		})
	}
}

// TestCleanUpNeedsToRead: nothing is taken away where a listing fails, also of a later look.
func TestCleanUpNeedsToRead(t *testing.T) {
	denied := errors.New("denied")
	looks := 0
	for nth := 1; ; nth += 2 {
		v, driver, probe := littered(t)
		faulty := middleware.Faults(driver, middleware.Fault{Ops: []string{"list"}, Prefix: "docker/", Nth: nth, Err: denied})
		_, err := collectOn(t.Context(), driver, storage.New(faulty, storage.Options{}), aMonthLater(t, v.dir, "--online"))
		if err == nil {
			require.Zero(t, litter(t, driver, probe))
			break
		}
		require.ErrorIs(t, err, denied)
		require.Equal(t, 2, litter(t, driver, probe), err)
		if strings.Contains(err.Error(), "list what is there") {
			looks++
		}
	}
	require.Positive(t, looks)
}

// TestCleanUpBehindALookThatIsMadeAgain: a listing that is unavailable once is made again,
// and what died goes all the same.
func TestCleanUpBehindALookThatIsMadeAgain(t *testing.T) {
	for nth := 1; ; nth++ { // the first listings are not the run's
		v, driver, probe := littered(t)
		faulty := middleware.Faults(driver, middleware.Fault{Ops: []string{"list"}, Prefix: "docker/", Nth: nth, Times: 1, Err: storage.ErrUnavailable})
		_, err := collectOn(t.Context(), driver, storage.New(faulty, storage.Options{}), aMonthLater(t, v.dir, "--online"))
		require.EqualValues(t, 1, faulty.Injected(), "no listing was made again")
		if err == nil {
			require.Zero(t, litter(t, driver, probe), nth)
			break
		}
	}
}

// TestCleanUpIsNotForAStoppedRun: who stops a run has it end.
func TestCleanUpIsNotForAStoppedRun(t *testing.T) {
	v, driver, probe := littered(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	link := "docker/registry/v2/repositories/shop/web/_layers/sha256/" + digest.FromString("in no manifest").Encoded()
	stopping := middleware.Faults(driver, middleware.Fault{Ops: []string{"delete"}, Prefix: link, Wait: func(context.Context, string, string) error {
		cancel()
		return ctx.Err()
	}})
	_, err := collectOn(ctx, driver, storage.New(stopping, storage.Options{}), aMonthLater(t, v.dir))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, strings.Count(err.Error(), "canceled"), err)
	require.Equal(t, 2, litter(t, driver, probe))
}
