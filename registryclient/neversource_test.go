package registryclient_test

import (
	"context"
	"fmt"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// forbidden makes a client for a whole source whose images are at mirrors.
func forbidden(t *testing.T, policy string, source *registrytest.Server, mirrors ...*registrytest.Server) *registryclient.Client {
	t.Helper()
	var places string
	for i, m := range mirrors {
		if i > 0 {
			places += ","
		}
		places += fmt.Sprintf("%q", m.Host()+"/mirrored")
	}
	set := fmt.Sprintf(`{"source":%q,"mirrors":[%s],"mirrorSourcePolicy":%q}`, source.Host(), places, policy)
	parsed, err := registryclient.ParseMirrors([]byte(list(idms(set), itms(set))))
	require.NoError(t, err)
	return client(t, source, registryclient.Options{Mirrors: parsed})
}

// withReferrer pushes an image as v1, and what is about it.
func withReferrer(t *testing.T, server *registrytest.Server, repo string, image v1.Image) (referrer v1.Hash) {
	t.Helper()
	require.NoError(t, server.Push(repo+":v1", image))
	subject, err := partial.Descriptor(image)
	require.NoError(t, err)
	about := mutate.Subject(randomImage(t), *subject).(v1.Image)
	require.NoError(t, server.Push(repo+":about", about))
	referrer, err = about.Digest()
	require.NoError(t, err)
	return referrer
}

// TestNeverContactSource: nothing that reads sends the source a request, not even a ping.
func TestNeverContactSource(t *testing.T) {
	source, mirror := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	image := randomImage(t)
	require.NoError(t, source.Push("org/app:v1", image))
	referrer := withReferrer(t, mirror, "mirrored/org/app", image)
	source.Forget()
	c := forbidden(t, "NeverContactSource", source, mirror)
	repo := repository(t, source, "org/app")
	at := repo.Digest(digestOf(t, image).String())
	layers, err := image.Layers()
	require.NoError(t, err)
	layer := repo.Digest(digestOf(t, layers[0]).String())

	for verb, read := range map[string]func(context.Context) error{
		"tags": func(ctx context.Context) error {
			var served []string
			tags, err := registryclient.Collect(c.Tags(ctx, repo, registryclient.ListOptions{Served: func(s registryclient.Source) { served = append(served, s.Endpoint()) }}))
			require.Equal(t, []string{mirror.Host()}, served)
			require.Equal(t, []string{"about", "v1"}, tags)
			return err
		},
		"referrers": func(ctx context.Context) error {
			found, err := registryclient.Collect(c.Referrers(ctx, at, ""))
			require.Len(t, found, 1)
			require.Equal(t, referrer.String(), found[0].Digest.String())
			return err
		},
		"head by tag":    func(ctx context.Context) error { _, err := c.HeadManifest(ctx, repo.Tag("v1")); return err },
		"head by digest": func(ctx context.Context) error { _, err := c.HeadManifest(ctx, at); return err },
		"get":            func(ctx context.Context) error { _, err := c.GetManifest(ctx, repo.Tag("v1")); return err },
		"stat blob":      func(ctx context.Context) error { _, err := c.StatBlob(ctx, layer); return err },
		"get blob":       func(ctx context.Context) error { _, err := c.GetBlob(ctx, layer, 1<<20); return err },
		"pull": func(ctx context.Context) error {
			_, err := c.PullLayout(ctx, repo.Tag("v1"), t.TempDir(), registryclient.PullOptions{})
			return err
		},
	} {
		require.NoError(t, read(deadline(t)), verb)
		require.Empty(t, source.Requests(), verb)
	}
	for verb, read := range map[string]func(context.Context) error{
		"ping": func(ctx context.Context) error { _, err := c.Ping(ctx, repo.Registry); return err },
		"catalog": func(ctx context.Context) error {
			_, err := registryclient.Collect(c.Catalog(ctx, repo.Registry, registryclient.ListOptions{}))
			return err
		},
		"signatures":     func(ctx context.Context) error { _, err := c.Signatures(ctx, at); return err },
		"remote options": func(ctx context.Context) error { _, err := c.RemoteOptions(ctx, repo, "pull"); return err },
	} {
		require.ErrorIs(t, read(deadline(t)), registryclient.Blocked, verb)
		require.Empty(t, source.Requests(), verb)
	}
}

// TestListingsAreBlocked where the policy leaves no mirror for them.
func TestListingsAreBlocked(t *testing.T) {
	source := serve(t, registrytest.Options{})
	repo := repository(t, source, "org/app")
	c := forbidden(t, "NeverContactSource", source)
	_, err := registryclient.Collect(c.Tags(deadline(t), repo, registryclient.ListOptions{}))
	require.ErrorIs(t, err, registryclient.Blocked)
	require.ErrorContains(t, err, "list tags "+repo.String())
	_, err = registryclient.Collect(c.Referrers(deadline(t), repo.Digest(someDigest), ""))
	require.ErrorIs(t, err, registryclient.Blocked)
	_, err = c.TagSources(repo)
	require.ErrorIs(t, err, registryclient.Blocked)
	require.Empty(t, source.Requests())
}

// TestListingsAreOfTheSource where it may be contacted: a mirror may have a part alone.
func TestListingsAreOfTheSource(t *testing.T) {
	source, mirror := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	image := randomImage(t)
	referrer := withReferrer(t, source, "org/app", image)
	require.NoError(t, mirror.Push("mirrored/org/app:v1", image))
	mirror.Forget()
	c := forbidden(t, "AllowContactingSource", source, mirror)
	repo := repository(t, source, "org/app")
	tags, err := registryclient.Collect(c.Tags(deadline(t), repo, registryclient.ListOptions{}))
	require.NoError(t, err)
	require.Equal(t, []string{"about", "v1"}, tags)
	found, err := registryclient.Collect(c.Referrers(deadline(t), repo.Digest(digestOf(t, image).String()), ""))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, digest.Digest(referrer.String()), found[0].Digest)
	_, err = registryclient.Collect(c.Catalog(deadline(t), repo.Registry, registryclient.ListOptions{}))
	require.NoError(t, err)
	_, err = c.Ping(deadline(t), repo.Registry)
	require.NoError(t, err)
	require.Empty(t, mirror.Requests())
}

// TestListingsOfTheNextMirror: one that lacks the repository is passed over, one that
// breaks off after its first page is not.
func TestListingsOfTheNextMirror(t *testing.T) {
	source, first, second := serve(t, registrytest.Options{}), serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	image := randomImage(t)
	withReferrer(t, second, "mirrored/org/app", image)
	c := forbidden(t, "NeverContactSource", source, first, second)
	repo := repository(t, source, "org/app")
	at := repo.Digest(digestOf(t, image).String())
	tags, err := registryclient.Collect(c.Tags(deadline(t), repo, registryclient.ListOptions{}))
	require.NoError(t, err)
	require.Equal(t, []string{"about", "v1"}, tags)
	found, err := registryclient.Collect(c.Referrers(deadline(t), at, ""))
	require.NoError(t, err)
	require.Len(t, found, 1)
	found, err = registryclient.Collect(c.Referrers(deadline(t), repo.Digest(someDigest), ""))
	require.NoError(t, err)
	require.Empty(t, found)

	// That none is known is not the answer while a mirror could not be asked.
	remove := first.Inject(registrytest.ErrorCode(403, "DENIED", "no"))
	_, err = registryclient.Collect(c.Referrers(deadline(t), repo.Digest(someDigest), ""))
	require.ErrorIs(t, err, registryclient.Denied)
	remove()

	for _, tag := range []string{"a", "b"} {
		require.NoError(t, first.Push("mirrored/org/app:"+tag, image))
	}
	second.Forget()
	var got []string
	for tag, err := range c.Tags(deadline(t), repo, registryclient.ListOptions{PageSize: 1}) {
		if len(got) == 1 {
			require.ErrorIs(t, err, registryclient.Denied)
			break
		}
		require.NoError(t, err)
		got = append(got, tag)
		first.Inject(registrytest.ErrorCode(403, "DENIED", "no").For("GET", "/tags/list"))
	}
	require.Equal(t, []string{"a"}, got)
	require.Empty(t, second.Requests())
}

// TestPushesAndDeletionsAreOfTheSource: the policy is one of reading.
func TestPushesAndDeletionsAreOfTheSource(t *testing.T) {
	source, mirror := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	c := forbidden(t, "NeverContactSource", source, mirror)
	tag := repository(t, source, "org/app").Tag("v1")
	image := randomImage(t)
	require.NoError(t, c.Push(deadline(t), tag, image, registryclient.PushOptions{}))
	d, err := c.DeleteTag(deadline(t), tag)
	require.NoError(t, err)
	require.NoError(t, c.DeleteManifest(deadline(t), tag.Context().Digest(d.String())))
	require.Empty(t, mirror.Requests())
	require.NotZero(t, source.Count("DELETE", "/manifests/"))
}
