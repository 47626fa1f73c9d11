package registryclient_test

import (
	"context"
	"fmt"
	"net/http"
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
			tags, err := registryclient.Collect(c.Tags(ctx, repo, registryclient.ListOptions{AtMirrors: true, Served: func(s registryclient.Source) { served = append(served, s.Endpoint()) }}))
			require.Equal(t, []string{mirror.Host()}, served)
			require.Equal(t, []string{"about", "v1"}, tags)
			return err
		},
		"referrers": func(ctx context.Context) error {
			m, err := c.GetManifest(ctx, at)
			require.NoError(t, err)
			found, err := registryclient.Collect(c.From(m.Source).Referrers(ctx, m.Source.Ref.Context().Digest(m.Digest.String()), ""))
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
		"all tags": func(ctx context.Context) error {
			tags, err := registryclient.Collect(c.Tags(ctx, repo, registryclient.ListOptions{}))
			require.Empty(t, tags)
			return err
		},
		"all referrers": func(ctx context.Context) error {
			found, err := registryclient.Collect(c.Referrers(ctx, at, ""))
			require.Empty(t, found)
			return err
		},
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
	for _, at := range []bool{false, true} {
		_, err := registryclient.Collect(c.Tags(deadline(t), repo, registryclient.ListOptions{AtMirrors: at}))
		require.ErrorIs(t, err, registryclient.Blocked)
		require.ErrorContains(t, err, "list tags "+repo.String())
	}
	_, err := registryclient.Collect(c.Referrers(deadline(t), repo.Digest(someDigest), ""))
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

// TestListingsOfTheNextMirror: one that lacks the repository, or has it with no tag, is
// passed over, one that breaks off after its first page is not.
func TestListingsOfTheNextMirror(t *testing.T) {
	source, first, second := serve(t, registrytest.Options{}), serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	image := randomImage(t)
	withReferrer(t, second, "mirrored/org/app", image)
	c := forbidden(t, "NeverContactSource", source, first, second)
	repo := repository(t, source, "org/app")
	var served []string
	all := registryclient.ListOptions{AtMirrors: true, Served: func(s registryclient.Source) { served = append(served, s.Endpoint()) }}
	for range 2 {
		tags, err := registryclient.Collect(c.Tags(deadline(t), repo, all))
		require.NoError(t, err)
		require.Equal(t, []string{"about", "v1"}, tags)
		first.Inject(noTags()) // of one that was never filled
	}
	require.Equal(t, []string{second.Host(), second.Host()}, served)

	// What comes behind an entry is asked of one mirror alone.
	behind := all
	behind.Last = "z"
	tags, err := registryclient.Collect(c.Tags(deadline(t), repo, behind))
	require.NoError(t, err)
	require.Empty(t, tags)
	require.Equal(t, first.Host(), served[2])

	// That one begins and then says that there is no such repository is no end.
	second.Inject(registrytest.ErrorCode(404, "NAME_UNKNOWN", "no").For("GET", "/tags/list"))
	remove := second.Inject(registrytest.Status("a page", 200, "application/json", `{"tags":["a"]}`, http.Header{"Link": {`</v2/mirrored/org/app/tags/list?last=a>; rel="next"`}}).For("GET", "/tags/list").Once(1))
	tags, err = registryclient.Collect(c.Tags(deadline(t), repo, all))
	require.ErrorIs(t, err, registryclient.NotFound)
	require.Equal(t, []string{"a"}, tags)
	remove()
}

// noTags is a repository that is there and has none.
func noTags() registrytest.Fault {
	return registrytest.Status("no tags", 200, "application/json", `{"name":"mirrored/org/app","tags":null}`, nil).For("GET", "/tags/list")
}

// TestNoTagsAnywhere is the answer where each mirror says so, or lacks the repository, and
// not while one could not be asked.
func TestNoTagsAnywhere(t *testing.T) {
	source, first, second := serve(t, registrytest.Options{}), serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	c := forbidden(t, "NeverContactSource", source, first, second)
	repo := repository(t, source, "org/app")
	var served []string
	all := registryclient.ListOptions{AtMirrors: true, Served: func(s registryclient.Source) { served = append(served, s.Endpoint()) }}
	_, err := registryclient.Collect(c.Tags(deadline(t), repo, all))
	require.ErrorIs(t, err, registryclient.NotFound)
	require.Empty(t, served)

	first.Inject(noTags())
	for range 2 {
		tags, err := registryclient.Collect(c.Tags(deadline(t), repo, all))
		require.NoError(t, err)
		require.Empty(t, tags)
		second.Inject(noTags())
	}
	require.Equal(t, []string{first.Host(), first.Host()}, served)

	second.Inject(registrytest.ErrorCode(403, "DENIED", "no"))
	_, err = registryclient.Collect(c.Tags(deadline(t), repo, all))
	require.ErrorIs(t, err, registryclient.Denied)
	require.Len(t, served, 2)
}

// TestAMirrorThatBreaksOff after its first page is not followed by another.
func TestAMirrorThatBreaksOff(t *testing.T) {
	source, first, second := serve(t, registrytest.Options{}), serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	c := forbidden(t, "NeverContactSource", source, first, second)
	image := randomImage(t)
	for _, tag := range []string{"a", "b"} {
		require.NoError(t, first.Push("mirrored/org/app:"+tag, image))
	}
	second.Forget()
	var got []string
	for tag, err := range c.Tags(deadline(t), repository(t, source, "org/app"), registryclient.ListOptions{PageSize: 1, AtMirrors: true}) {
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

// TestNoListingIsEmptyThatSaysNothing: an answer of something else is not a repository, or a
// registry, with nothing in it.
func TestNoListingIsEmptyThatSaysNothing(t *testing.T) {
	for body, whole := range map[string]bool{
		`{"name":"org/app","tags":null,"repositories":null}`: true, `{"tags":[],"repositories":[]}`: true,
		`{}`: false, `null`: false, `{"errors":[]}`: false, `{"name":"org/app","repositories":null}`: true, `[]`: false, `{"status":"ok"}`: false, ``: false,
	} {
		server := serve(t, registrytest.Options{})
		c := client(t, server, registryclient.Options{})
		repo := repository(t, server, "org/app")
		for _, path := range []string{"/tags/list", "/_catalog"} {
			server.Inject(registrytest.Status("a listing", 200, "application/json", body, nil).For("GET", path))
		}
		for _, listing := range []func() ([]string, error){
			func() ([]string, error) {
				return registryclient.Collect(c.Tags(deadline(t), repo, registryclient.ListOptions{}))
			},
			func() ([]string, error) {
				return registryclient.Collect(c.Catalog(deadline(t), repo.Registry, registryclient.ListOptions{}))
			},
		} {
			entries, err := listing()
			require.Empty(t, entries)
			if whole {
				require.NoError(t, err, body)
			} else {
				require.ErrorIs(t, err, registryclient.NotRegistry, body)
			}
		}
	}
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
