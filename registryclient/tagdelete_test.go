package registryclient_test

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// TestTagDeletionThatTakesTheManifest is told of, and not repeated.
func TestTagDeletionThatTakesTheManifest(t *testing.T) {
	for _, fault := range []registrytest.Fault{registrytest.TagTakesManifest(), registrytest.LastTagTakesManifest()} {
		t.Run(fault.Name, func(t *testing.T) {
			server := serve(t, registrytest.Options{})
			image := randomImage(t)
			require.NoError(t, server.Push("team/app:v1", image))
			require.NoError(t, server.Push("team/app:other", randomImage(t)))
			server.Inject(fault)
			c, repo := client(t, server, registryclient.Options{}), repository(t, server, "team/app")

			d, err := c.DeleteTag(deadline(t), repo.Tag("v1"))
			require.Equal(t, digestOf(t, image), d)
			require.ErrorIs(t, err, registryclient.ErrManifestGone)
			require.ErrorIs(t, err, registryclient.Unsupported)
			require.ErrorContains(t, err, d.String())
			require.ErrorContains(t, err, "Push the image again")

			// Clients that share the host know it too.
			_, err = c.WithKeychain(alice).DeleteTag(deadline(t), repo.Tag("other"))
			require.ErrorIs(t, err, registryclient.Unsupported)
			require.NotErrorIs(t, err, registryclient.ErrManifestGone, "nothing was deleted by this")
			require.Equal(t, 1, server.Count(http.MethodDelete, ""))
		})
	}
}

// TestTagDeletionLeavesWhatIsShared where only the last tag takes the manifest along.
func TestTagDeletionLeavesWhatIsShared(t *testing.T) {
	server := serve(t, registrytest.Options{})
	image := randomImage(t)
	for _, tag := range []string{"v1", "v2"} {
		require.NoError(t, server.Push("team/app:"+tag, image))
	}
	server.Inject(registrytest.LastTagTakesManifest())
	c, repo := client(t, server, registryclient.Options{}), repository(t, server, "team/app")
	require.NoError(t, c.DeleteTagIf(deadline(t), repo.Tag("v1"), digestOf(t, image)))
	require.ErrorIs(t, c.DeleteTagIf(deadline(t), repo.Tag("v2"), digestOf(t, image)), registryclient.ErrManifestGone)
}

// TestTagDeletionWithoutALook: that the manifest is there cannot be seen.
func TestTagDeletionWithoutALook(t *testing.T) {
	server := serve(t, registrytest.Options{})
	require.NoError(t, server.Push("team/app:v1", randomImage(t)))
	server.Inject(registrytest.ErrorCode(http.StatusForbidden, "DENIED", "no").For(http.MethodHead, "/manifests/sha256:"))
	c, repo := client(t, server, registryclient.Options{}), repository(t, server, "team/app")
	_, err := c.DeleteTag(deadline(t), repo.Tag("v1"))
	require.ErrorIs(t, err, registryclient.ErrManifestUnseen)
	require.ErrorIs(t, err, registryclient.Denied)
}

// TestFirstTagDeletionsGoOneByOne, so that a registry that takes manifests along takes
// one. Afterwards they go together.
func TestFirstTagDeletionsGoOneByOne(t *testing.T) {
	server := serve(t, registrytest.Options{})
	tags := []string{"a", "b", "c", "d"}
	for _, tag := range tags {
		require.NoError(t, server.Push("team/app:"+tag, randomImage(t)))
	}
	server.Inject(registrytest.TagTakesManifest())
	c, repo := client(t, server, registryclient.Options{}), repository(t, server, "team/app")
	var wait sync.WaitGroup
	var lost atomic.Int32
	for _, tag := range tags {
		wait.Go(func() {
			if _, err := c.DeleteTag(t.Context(), repo.Tag(tag)); err == nil {
				t.Error("no error")
			} else if errors.Is(err, registryclient.ErrManifestGone) {
				lost.Add(1)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 1, lost.Load())
	require.Equal(t, 1, server.Count(http.MethodDelete, ""))

	honest := serve(t, registrytest.Options{})
	for _, tag := range append(tags, "first") {
		require.NoError(t, honest.Push("team/app:"+tag, randomImage(t)))
	}
	c, repo = client(t, honest, registryclient.Options{}), repository(t, honest, "team/app")
	_, err := c.DeleteTag(deadline(t), repo.Tag("first"))
	require.NoError(t, err)
	var arrived sync.WaitGroup
	arrived.Add(len(tags))
	honest.Inject(registrytest.Fault{Name: "wait for the others", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		arrived.Done()
		arrived.Wait()
		next.ServeHTTP(w, r)
	}}.For(http.MethodDelete, ""))
	for _, tag := range tags {
		wait.Go(func() {
			if _, err := c.DeleteTag(t.Context(), repo.Tag(tag)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

// TestDeleteTagIf deletes nothing that is not what the caller says, and asks four times.
func TestDeleteTagIf(t *testing.T) {
	server := serve(t, registrytest.Options{})
	image := randomImage(t)
	require.NoError(t, server.Push("team/app:v1", image))
	c, repo := client(t, server, registryclient.Options{}), repository(t, server, "team/app")
	err := c.DeleteTagIf(deadline(t), repo.Tag("v1"), digest.FromString("another"))
	require.ErrorIs(t, err, registryclient.Conflict)
	require.ErrorContains(t, err, digestOf(t, image).String())
	require.Zero(t, server.Count(http.MethodDelete, ""))

	server.Forget()
	require.NoError(t, c.DeleteTagIf(deadline(t), repo.Tag("v1"), digestOf(t, image)))
	var methods []string
	for _, r := range server.Requests() {
		methods = append(methods, r.Method)
	}
	require.Equal(t, []string{"HEAD", "DELETE", "HEAD", "HEAD"}, methods)
	require.ErrorIs(t, c.DeleteTagIf(deadline(t), repo.Tag("v1"), digestOf(t, image)), registryclient.NotFound)
}
