package registryoracle

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/stretchr/testify/require"
)

// A push is under way while garbage is collected: its blobs are there, its manifest is
// still to come. The peer takes the blobs and, unless a manifest was in the repository
// before, leaves the links, for good. Ours keeps what writers lease.
func TestCollectBetweenBlobsAndManifest(t *testing.T) {
	theirs, ours := newVolume(t), newVolume(t)
	pushed := imageOf("new")

	server := theirs.serve(t)
	theirs.push(t, "shop/web", "old", "v1")
	pushed.pushBlobs(t, server.URL, "shop/new")
	require.NoError(t, peer{}.collect(t, theirs))
	status, answer := pushed.pushManifest(t, server.URL, "shop/new", "v1")
	require.NotEqual(t, http.StatusCreated, status)
	require.Contains(t, answer, "MANIFEST_BLOB_UNKNOWN")
	require.Len(t, theirs.dangling(t), 2)
	require.NoError(t, peer{untagged: true}.collect(t, theirs))
	require.Len(t, theirs.dangling(t), 2, "it never comes to a repository without manifests")

	book := lease.New(ours.store, lease.Options{})
	server = ours.serveLeased(t, book)
	ours.push(t, "shop/web", "old", "v1")
	pushed.pushBlobs(t, server.URL, "shop/new")
	report, err := collection{leases: book}.collect(t, ours)
	require.NoError(t, err)
	require.Equal(t, 2, report.Count(prune.DeleteBlob, apply.Held)+report.Count(prune.DeleteBlob, apply.Stale), "%v", report)
	require.Zero(t, report.FreedBytes)
	status, answer = pushed.pushManifest(t, server.URL, "shop/new", "v1")
	require.Equal(t, http.StatusCreated, status, answer)
	ours.requireServed(t, []string{"shop/web:v1", "shop/new:v1"})
}

// A push is begun and ends between a collector's look and its deletions, of blobs that
// were not there, and of one that was garbage until then. The peer's registry says 201,
// and the image cannot be pulled.
func TestCollectDuringPush(t *testing.T) {
	theirs := newVolume(t)
	pushed := imageOf("new", "garbage")
	prepare := func(v *volume) {
		v.push(t, "shop/web", "old", "v1")
		for _, text := range []string{"garbage", "more garbage"} {
			_, err := v.PutBlob(t.Context(), "shop/web", digest.FromString(text), strings.NewReader(text))
			require.NoError(t, err)
		}
	}

	prepare(theirs)
	server := theirs.serve(t)
	pushes := 0
	require.NoError(t, peer{before: beforeSweep(func() {
		pushed.push(t, server.URL, "shop/web", "v2")
		pushes++
	})}.collect(t, theirs))
	require.Equal(t, 1, pushes)
	got := from(t, server.URL, "shop/web")
	require.Error(t, got.pull("v2"))
	require.True(t, got.missing(true, pushed.digest()))
	for _, blob := range pushed.blobs {
		require.True(t, got.missing(false, digest.FromString(blob)), blob)
	}
	require.NotEmpty(t, theirs.dangling(t))

	// Ahead of each deletion of ours: of two layers' links, and of two blobs.
	for _, mount := range []bool{false, true} {
		for before := range 4 {
			ours := memoryVolume()
			prepare(ours)
			book := lease.New(ours.store, lease.Options{})
			server := ours.serveLeased(t, book)
			repository := map[bool]string{false: "shop/web", true: "shop/new"}[mount]
			deletions := 0
			_, err := collection{leases: book, deletes: func() {
				if deletions == before {
					if mount {
						_, _ = send(t, http.MethodPost, server.URL+"/v2/"+repository+"/blobs/uploads/?from=shop/web&mount="+string(digest.FromString("garbage")), nil)
					}
					pushed.push(t, server.URL, repository, "v2")
				}
				deletions++
			}}.collect(t, ours)
			require.NoError(t, err)
			require.Less(t, before, deletions)
			require.Contains(t, ours.texts(t), "garbage")
			require.NotContains(t, ours.texts(t), "more garbage")
			require.Empty(t, ours.dangling(t))
			got := from(t, server.URL, repository)
			require.NoError(t, got.pull("v2"), "before %d, by mount %v", before, mount)
			require.NoError(t, ours.read(t, repository).pull("v2"))
			require.NoError(t, ours.read(t, "shop/web").pull("v1"))
		}
	}
}

// The registry was stopped in the midst of a push, garbage is collected, and the registry
// starts again: what the push has sent is gone with the peer, which knows no age. Ours
// takes the link, so that the client has to send the blob once more, and waits with the
// blob, which somebody may have found there.
func TestCollectKnowsNoAge(t *testing.T) {
	theirs := newVolume(t)
	theirs.push(t, "shop/web", "old", "v1")
	now := time.Now()
	for _, text := range []string{"new layer", "abandoned"} {
		_, err := theirs.PutBlob(t.Context(), "shop/web", digest.FromString(text), strings.NewReader(text))
		require.NoError(t, err)
	}
	ours := theirs.copy(t)

	require.NoError(t, peer{}.collect(t, theirs))
	require.NotContains(t, theirs.texts(t), "new layer")

	report, err := collection{grace: time.Hour, now: now}.collect(t, ours)
	require.NoError(t, err)
	require.Equal(t, 2, report.Count(prune.DeleteBlob, apply.Condemned))
	require.Contains(t, ours.texts(t), "new layer")
	imageOf("new", "new layer").push(t, ours.serve(t).URL, "shop/web", "v2")
	report, err = collection{grace: time.Hour, now: now.Add(2 * time.Hour)}.collect(t, ours)
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(prune.DeleteBlob, apply.Done))
	require.Contains(t, ours.texts(t), "new layer")
	require.NotContains(t, ours.texts(t), "abandoned")
	ours.requireServed(t, []string{"shop/web:v1", "shop/web:v2"})
}
