package registryoracle

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// leftover links a layer in a repository where no manifest needs it, as a manifest
// leaves it that was deleted.
func (v *volume) leftover(t *testing.T, repository, text string) {
	_, err := v.PutBlob(t.Context(), repository, digest.FromString(text), strings.NewReader(text))
	require.NoError(t, err)
}

// A repository links a layer that only another one needs. The peer lets that link go or
// stay by the names of the two: it knows what it has marked so far. With ours it goes.
func TestCollectLinksInAnyOrder(t *testing.T) {
	layer := digest.FromString("shared")
	for _, c := range []struct {
		user, other string
		stays       bool // with the peer
	}{
		{"a/user", "b/other", true},
		{"b/user", "a/other", false},
	} {
		theirs := newVolume(t)
		theirs.put(t, c.user, imageOf("app", "shared"), "v1")
		theirs.push(t, c.other, "other", "v1")
		theirs.leftover(t, c.other, "shared")
		ours := theirs.copy(t)
		for range 2 {
			require.NoError(t, peer{}.collect(t, theirs))
			require.Equal(t, c.stays, !theirs.read(t, c.other).missing(false, layer), c.user)
			_, err := collection{}.collect(t, ours)
			require.NoError(t, err)
			require.True(t, ours.read(t, c.other).missing(false, layer), c.user)
			ours.requireServed(t, []string{c.user + ":v1", c.other + ":v1"})
		}
	}
}

// The links of a repository without manifests, as a push leaves them that was broken off
// before its first manifest: the peer never comes there.
func TestCollectLinksWithoutManifests(t *testing.T) {
	theirs := newVolume(t)
	theirs.push(t, "shop/web", "kept", "v1")
	theirs.leftover(t, "shop/new", "left")
	ours := theirs.copy(t)
	for _, untagged := range []bool{false, true} {
		require.NoError(t, peer{untagged: untagged}.collect(t, theirs))
		require.Len(t, theirs.dangling(t), 1)
	}
	require.NotContains(t, theirs.texts(t), "left")

	_, err := collection{}.collect(t, ours)
	require.NoError(t, err)
	require.NotContains(t, ours.texts(t), "left")
	ours.requireServed(t, []string{"shop/web:v1"})
}

// One blob cannot be deleted. The peer ends there: the others stay, and so do the links
// to those that have gone. Ours goes on with the others, says which one it was, and
// keeps no link to what is not there.
func TestCollectGoesOnBehindAnError(t *testing.T) {
	theirs := newVolume(t)
	theirs.push(t, "shop/web", "kept", "v1")
	garbage := []string{"one", "three", "two"}
	for _, text := range garbage {
		theirs.leftover(t, "shop/web", text)
	}
	dir := theirs.copy(t).dir

	refused, deletions := errors.New("refused"), 0
	require.ErrorContains(t, peer{before: func(call, path string) error {
		if call == "Delete" {
			if deletions++; deletions == 2 {
				return refused
			}
		}
		return nil
	}}.collect(t, theirs), "refused")
	require.Equal(t, 2, deletions, "it has ended")
	require.Len(t, theirs.texts(t), 3+2)
	require.Len(t, theirs.dangling(t), 1)

	ours := volumeAt(t, dir)
	driver, err := filesystem.Open(dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, driver.Close()) })
	faulty := middleware.Faults(driver, middleware.Fault{Ops: []string{"delete"}, Prefix: "docker/registry/v2/blobs/", Nth: 2, Times: 1, Err: refused})
	broken := &volume{dir: dir, store: storage.New(faulty, storage.Options{Trust: true}), calls: ours.calls}
	broken.Layout = registrylayout.New(broken.store, registrylayout.Options{})
	report, err := collection{}.collect(t, broken)
	require.ErrorIs(t, err, apply.ErrIncomplete)
	require.ErrorIs(t, err, refused)
	require.Equal(t, 1, faulty.Injected())
	require.Equal(t, 2, report.Count(prune.DeleteBlob, apply.Done))
	require.Len(t, ours.texts(t), 3+1)
	require.Empty(t, ours.dangling(t))

	_, err = collection{}.collect(t, ours)
	require.NoError(t, err)
	require.Len(t, ours.texts(t), 3)
	ours.requireServed(t, []string{"shop/web:v1"})
}

// All manifests of a repository were deleted. Behind the peer's collection its name is
// still in the catalogue, for good; behind ours it has gone with the last of its links.
func TestCollectLeavesNoName(t *testing.T) {
	theirs := newVolume(t)
	server := theirs.serve(t)
	for _, repository := range []string{"shop/gone", "shop/web"} {
		imageOf(repository).push(t, server.URL, repository, "v1")
	}
	remove(t, server.URL, "shop/gone", imageOf("shop/gone").digest())
	ours := theirs.copy(t)
	for _, untagged := range []bool{false, true} {
		require.NoError(t, peer{untagged: untagged}.collect(t, theirs))
	}
	require.Equal(t, []string{"shop/gone", "shop/web"}, catalog(t, theirs))

	_, err := collection{}.collect(t, ours)
	require.NoError(t, err)
	driver, err := filesystem.Open(ours.dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, driver.Close()) })
	_, _, err = driver.CleanUp(t.Context(), time.Now()) // empty directories, as the example does
	require.NoError(t, err)
	require.Equal(t, []string{"shop/web"}, catalog(t, ours))
	require.Equal(t, theirs.texts(t), ours.texts(t))
	ours.requireServed(t, []string{"shop/web:v1"})
}

// catalog is what distribution 3 lists on the volume.
func catalog(t *testing.T, v *volume) []string {
	_, text := send(t, http.MethodGet, v.serve(t).URL+"/v2/_catalog", nil)
	var c struct{ Repositories []string }
	require.NoError(t, json.Unmarshal(text, &c))
	return c.Repositories
}

// A registry that nobody has pushed to.
func TestCollectNothing(t *testing.T) {
	v := newVolume(t)
	require.ErrorContains(t, peer{}.collect(t, v), "failed to mark: filesystem: Path not found")
	report, err := collection{untagged: true}.collect(t, v)
	require.NoError(t, err)
	require.Zero(t, report.FreedBytes)
	entries, err := os.ReadDir(v.dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}
