package registriesconf_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registriesconf"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func load(t *testing.T, conf string) *registriesconf.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "registries.conf")
	require.NoError(t, os.WriteFile(file, []byte(conf), 0o644))
	config, err := registriesconf.Load(registriesconf.Files{Conf: file})
	require.NoError(t, err)
	return config
}

const conf = `
[[registry]]
prefix = "quay.io/org"
location = "quay.io/org"
[[registry.mirror]]
location = "m.example/all"
[[registry.mirror]]
location = "d.example:5000/digests"
pull-from-mirror = "digest-only"
insecure = true
[[registry.mirror]]
location = "t.example/tags"
pull-from-mirror = "tag-only"

[[registry]]
prefix = "old.example"
location = "new.example/moved"
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.example/old"

[[registry]]
prefix = "never.example"
location = "never.example"
blocked = true
[[registry.mirror]]
location = "m.example/never"
pull-from-mirror = "digest-only"

[[registry]]
prefix = "*.internal.example"
insecure = true

[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "hub.example"
[[registry.mirror]]
location = "never.example/hub"
`

func TestSources(t *testing.T) {
	config := load(t, conf)
	at := "@" + digest
	for image, expected := range map[string]string{
		"quay.io/org/app:1":             "m.example/all/app:1 t.example/tags/app:1 quay.io/org/app:1",
		"quay.io/org/app" + at:          "m.example/all/app" + at + " d.example:5000/digests/app" + at + "! quay.io/org/app" + at,
		"quay.io/other/app:1":           "quay.io/other/app:1",
		"old.example/x/y:1":             "new.example/moved/x/y:1",
		"old.example/x/y" + at:          "m.example/old/x/y" + at + " new.example/moved/x/y" + at,
		"never.example/x/y" + at:        "m.example/never/x/y" + at,
		"a.internal.example/x/y:1":      "a.internal.example/x/y:1!",
		"busybox:1":                     "hub.example/library/busybox:1 index.docker.io/library/busybox:1",
		"unknown.example/x/y:1":         "unknown.example/x/y:1",
		"quay.io/org/app:1" + at:        "m.example/all/app" + at + " d.example:5000/digests/app" + at + "! quay.io/org/app" + at,
		"index.docker.io/a/b/c:1":       "hub.example/a/b/c:1 index.docker.io/a/b/c:1",
		"quay.io/organization/app:1":    "quay.io/organization/app:1",
		"b.a.internal.example/x/y" + at: "b.a.internal.example/x/y" + at + "!",
	} {
		ref, err := name.ParseReference(image)
		require.NoError(t, err)
		sources, err := config.Sources(ref)
		require.NoError(t, err, image)
		var got []string
		for _, s := range sources {
			text := s.Ref.Name()
			if s.Insecure {
				text += "!"
			}
			require.Equal(t, s.Mirror, s.Rule != "", image)
			require.Equal(t, s.Mirror, s.Ref.Name() != ref.Name(), image)
			got = append(got, text)
		}
		require.Equal(t, expected, strings.Join(got, " "), image)
	}
	ref, err := name.ParseReference("never.example/x/y:1")
	require.NoError(t, err)
	_, err = config.Sources(ref)
	require.ErrorIs(t, err, registryclient.Blocked)
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	ref, err := name.ParseReference("quay.io/org/app:1")
	require.NoError(t, err)
	file := filepath.Join(dir, "registries.conf")
	files := registriesconf.Files{Conf: file, Dir: filepath.Join(dir, "registries.conf.d")}
	write := func(path, mirror string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, "[[registry]]\nlocation = \"quay.io\"\n[[registry.mirror]]\nlocation = %q\n", mirror), 0o644))
	}
	first := func() string {
		config, err := registriesconf.Load(files)
		require.NoError(t, err)
		sources, err := config.Sources(ref)
		require.NoError(t, err)
		return sources[0].Endpoint()
	}
	write(file, "one.example")
	require.Equal(t, "one.example", first())
	write(filepath.Join(files.Dir, "10-more.conf"), "two.example")
	require.Equal(t, "two.example", first(), "the directory goes over the file, and Load reads anew")

	require.NoError(t, os.WriteFile(file, []byte("registry = 5"), 0o644))
	_, err = registriesconf.Load(files)
	require.ErrorIs(t, err, registryclient.Invalid)
	require.ErrorContains(t, err, file)
}

// TestWithAClient: NeverContactSource as it is written to a node.
func TestWithAClient(t *testing.T) {
	mirror, err := registrytest.Start(registrytest.Options{})
	require.NoError(t, err)
	defer mirror.Close()
	source, err := registrytest.Start(registrytest.Options{})
	require.NoError(t, err)
	defer source.Close()
	require.NoError(t, mirror.Push("copies/app:v1", empty.Image))
	config := load(t, fmt.Sprintf(`
[[registry]]
location = "%s/team"
blocked = true
[[registry.mirror]]
location = "%s/copies"
`, source.Host(), mirror.Host()))
	client := registryclient.New(registryclient.Options{Mirrors: config, Retry: registryclient.RetryOptions{Attempts: 1}})
	defer client.Close()
	repo, err := name.NewRepository(source.Host() + "/team/app")
	require.NoError(t, err)

	m, err := client.GetManifest(t.Context(), repo.Tag("v1"))
	require.NoError(t, err)
	require.Equal(t, mirror.Host(), m.Source.Endpoint())
	_, err = client.GetManifest(t.Context(), repo.Tag("v2"))
	require.ErrorIs(t, err, registryclient.NotFound)
	require.Empty(t, source.Requests())
}

// TestListings: tags are listed at the mirrors of what is blocked, and where an entry says
// insecure they are as manifests are.
func TestListings(t *testing.T) {
	mirror, insecure := serve(t, registrytest.Options{}), serve(t, registrytest.Options{TLS: true})
	require.NoError(t, mirror.Push("mirrored/app:v1", empty.Image))
	require.NoError(t, insecure.Push("org/app:v2", empty.Image))
	client := registryclient.New(registryclient.Options{Mirrors: load(t, fmt.Sprintf(`
[[registry]]
location = "never.invalid/org"
blocked = true
[[registry.mirror]]
location = "%s/mirrored"

[[registry]]
location = "%s"
insecure = true

[[registry]]
location = "blocked.invalid"
blocked = true
`, mirror.Host(), insecure.Host()))})
	defer client.Close()
	for repository, want := range map[string]string{"never.invalid/org/app": "v1", insecure.Host() + "/org/app": "v2"} {
		repo, err := name.NewRepository(repository)
		require.NoError(t, err)
		tags, err := registryclient.Collect(client.Tags(t.Context(), repo, registryclient.ListOptions{AtMirrors: true}))
		require.NoError(t, err)
		require.Equal(t, []string{want}, tags)
		// That all are listed is said of what may be contacted itself.
		_, err = registryclient.Collect(client.Tags(t.Context(), repo, registryclient.ListOptions{}))
		require.Equal(t, repository == "never.invalid/org/app", errors.Is(err, registryclient.Blocked), err)
	}
	registry, err := name.NewRegistry(insecure.Host())
	require.NoError(t, err)
	_, err = client.Ping(t.Context(), registry)
	require.NoError(t, err)
	_, err = registryclient.Collect(client.Catalog(t.Context(), registry, registryclient.ListOptions{}))
	require.NoError(t, err)
	registry, err = name.NewRegistry("blocked.invalid")
	require.NoError(t, err)
	_, err = client.Ping(t.Context(), registry)
	require.ErrorIs(t, err, registryclient.Blocked)
	_, err = registryclient.Collect(client.Catalog(t.Context(), registry, registryclient.ListOptions{}))
	require.ErrorIs(t, err, registryclient.Blocked)
}

func serve(t *testing.T, o registrytest.Options) *registrytest.Server {
	t.Helper()
	server, err := registrytest.Start(o)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return server
}
