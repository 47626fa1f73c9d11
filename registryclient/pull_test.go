package registryclient_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// twoPlatforms is an index of two OCI images that share two layers.
func twoPlatforms(t *testing.T) v1.ImageIndex {
	t.Helper()
	layer := func() v1.Layer {
		l, err := random.Layer(4096, types.OCILayer)
		require.NoError(t, err)
		return l
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	shared, err := mutate.AppendLayers(base, layer(), layer())
	require.NoError(t, err)
	index := v1.ImageIndex(empty.Index)
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := mutate.AppendLayers(shared, layer())
		require.NoError(t, err)
		config, err := image.ConfigFile()
		require.NoError(t, err)
		config.OS, config.Architecture = "linux", architecture
		image, err = mutate.ConfigFile(image, config)
		require.NoError(t, err)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}}})
	}
	return index
}

func TestPullLayout(t *testing.T) {
	ctx := deadline(t)
	server := serve(t, registrytest.Options{})
	index := twoPlatforms(t)
	require.NoError(t, server.Push("team/app:v1", index))
	c := client(t, server, registryclient.Options{})
	repo := repository(t, server, "team/app")
	dir := filepath.Join(t.TempDir(), "layout")

	var reported atomic.Int64
	pulled, err := c.PullLayout(ctx, repo.Tag("v1"), dir, registryclient.PullOptions{Progress: func(p registryclient.Progress) {
		require.LessOrEqual(t, p.Complete, p.Total)
		reported.Add(1)
	}})
	require.NoError(t, err)
	require.Equal(t, digestOf(t, index), pulled.Digest)
	require.Equal(t, 6, pulled.Blobs, "two configs, two shared layers and two of their own")
	require.Zero(t, pulled.Reused)
	require.NotZero(t, reported.Load())
	require.Equal(t, 6, server.Count("GET", "/blobs/"), "shared layers are fetched once")
	path, err := layout.FromPath(dir)
	require.NoError(t, err)
	stored, err := path.ImageIndex()
	require.NoError(t, err)
	require.NoError(t, validate.Index(stored))
	require.NoDirExists(t, filepath.Join(dir, ".partial"))

	// Again, under another tag: nothing but the manifest is asked for.
	server.Forget()
	require.NoError(t, server.Push("team/app:v2", index))
	again, err := c.PullLayout(ctx, repo.Tag("v2"), dir, registryclient.PullOptions{})
	require.NoError(t, err)
	require.Zero(t, again.Fetched)
	require.Equal(t, pulled.Fetched, again.Reused)
	require.Zero(t, server.Count("GET", "/blobs/"))
	require.Equal(t, 1, server.Count("GET", "/manifests/"))

	// A tag that moves is not there twice.
	image := randomImage(t)
	require.NoError(t, server.Push("team/app:v1", image))
	_, err = c.PullLayout(ctx, repo.Tag("v1"), dir, registryclient.PullOptions{})
	require.NoError(t, err)
	listed, err := stored.IndexManifest()
	require.NoError(t, err)
	require.Len(t, listed.Manifests, 1)
	stored, err = path.ImageIndex()
	require.NoError(t, err)
	listed, err = stored.IndexManifest()
	require.NoError(t, err)
	require.Len(t, listed.Manifests, 2)

	// And back, to another registry.
	other := serve(t, registrytest.Options{})
	there := repository(t, other, "copy/app")
	to := client(t, other, registryclient.Options{})
	var sent atomic.Int64
	require.NoError(t, to.PushLayout(ctx, dir, "v2", there.Tag("v2"), registryclient.PushOptions{Progress: func(p registryclient.Progress) { sent.Store(p.Complete) }}))
	require.NotZero(t, sent.Load())
	m, err := to.GetManifest(ctx, there.Tag("v2"))
	require.NoError(t, err)
	require.Equal(t, digestOf(t, index), m.Digest)
	require.NoError(t, to.PushLayout(ctx, dir, digestOf(t, image).String(), there.Tag("v1"), registryclient.PushOptions{}))
	require.ErrorIs(t, to.PushLayout(ctx, dir, "v7", there.Tag("v7"), registryclient.PushOptions{}), registryclient.NotFound)
	require.ErrorIs(t, to.PushLayout(ctx, dir, "", there.Tag("v7"), registryclient.PushOptions{}), registryclient.Invalid)
}

func TestPullOfOnePlatform(t *testing.T) {
	server := serve(t, registrytest.Options{})
	require.NoError(t, server.Push("team/app:v1", twoPlatforms(t)))
	c := client(t, server, registryclient.Options{})
	tag := repository(t, server, "team/app").Tag("v1")
	pulled, err := c.PullLayout(deadline(t), tag, t.TempDir(), registryclient.PullOptions{Platform: &registryclient.Platform{OS: "linux", Architecture: "arm64"}})
	require.NoError(t, err)
	require.Equal(t, 4, pulled.Blobs)
	_, err = c.PullLayout(deadline(t), tag, t.TempDir(), registryclient.PullOptions{Platform: &registryclient.Platform{OS: "linux", Architecture: "s390x"}})
	require.ErrorIs(t, err, registryclient.NotFound)
	_, err = c.PullLayout(deadline(t), tag, t.TempDir(), registryclient.PullOptions{MaxBytes: 100})
	require.ErrorIs(t, err, registryclient.Invalid)
}

// TestPullGoesOn where the last one broke off.
func TestPullGoesOn(t *testing.T) {
	server := serve(t, registrytest.Options{})
	image, err := random.Image(100_000, 1)
	require.NoError(t, err)
	require.NoError(t, server.Push("team/app:v1", image))
	layers, err := image.Layers()
	require.NoError(t, err)
	size, err := layers[0].Size()
	require.NoError(t, err)
	layer := digestOf(t, layers[0])
	tag := repository(t, server, "team/app").Tag("v1")
	dir := t.TempDir()
	part := filepath.Join(dir, ".partial", strings.ReplaceAll(layer.String(), ":", "-"))

	once := client(t, server, registryclient.Options{Retry: registryclient.RetryOptions{Attempts: 1}})
	remove := server.Inject(registrytest.Truncated(60_000).For("GET", layer.String()))
	_, err = once.PullLayout(deadline(t), tag, dir, registryclient.PullOptions{Jobs: 1})
	require.ErrorIs(t, err, registryclient.Unavailable)
	remove()
	info, err := os.Stat(part)
	require.NoError(t, err)
	require.Equal(t, int64(60_000), info.Size())

	server.Forget()
	pulled, err := once.PullLayout(deadline(t), tag, dir, registryclient.PullOptions{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, pulled.Reused, int64(60_000))
	require.Less(t, pulled.Fetched, size)
	var ranges []string
	for _, r := range server.Requests() {
		if r.Range != "" {
			ranges = append(ranges, r.Range)
		}
	}
	require.Len(t, ranges, 1)
	require.True(t, strings.HasPrefix(ranges[0], "bytes=60000-"))
	stored, err := layout.Path(dir).Image(v1.Hash{Algorithm: "sha256", Hex: pulled.Digest.Encoded()})
	require.NoError(t, err)
	require.NoError(t, validate.Image(stored))
}

// TestPullOfASpoiltPart: what is in the way does not get into the layout.
func TestPullOfASpoiltPart(t *testing.T) {
	server := serve(t, registrytest.Options{})
	image := randomImage(t)
	require.NoError(t, server.Push("team/app:v1", image))
	layers, err := image.Layers()
	require.NoError(t, err)
	layer := digestOf(t, layers[0])
	tag := repository(t, server, "team/app").Tag("v1")
	c := client(t, server, registryclient.Options{})
	size, err := layers[0].Size()
	require.NoError(t, err)
	for what, spoil := range map[string]struct {
		place  string
		length int64
	}{
		"a wrong blob":       {filepath.Join("blobs", "sha256", layer.Encoded()), size},
		"a cut blob":         {filepath.Join("blobs", "sha256", layer.Encoded()), 3},
		"a wrong part":       {filepath.Join(".partial", "sha256-"+layer.Encoded()), 10},
		"a wrong whole part": {filepath.Join(".partial", "sha256-"+layer.Encoded()), size},
		"a part too long":    {filepath.Join(".partial", "sha256-"+layer.Encoded()), size + 5},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			_, err := layout.Write(dir, empty.Index)
			require.NoError(t, err)
			file := filepath.Join(dir, spoil.place)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, make([]byte, spoil.length), 0o644))
			pulled, err := c.PullLayout(deadline(t), tag, dir, registryclient.PullOptions{})
			require.NoError(t, err)
			stored, err := layout.Path(dir).Image(v1.Hash{Algorithm: "sha256", Hex: pulled.Digest.Encoded()})
			require.NoError(t, err)
			require.NoError(t, validate.Image(stored))
		})
	}
}

func TestPullFromARegistryThatLies(t *testing.T) {
	for what, fault := range map[string]registrytest.Fault{
		"other content":  registrytest.WrongContent().For("GET", "/blobs/"),
		"an endless one": registrytest.Endless("application/octet-stream").For("GET", "/blobs/"),
		"a manifest":     registrytest.WrongContent().For("GET", "/manifests/"),
	} {
		t.Run(what, func(t *testing.T) {
			server := serve(t, registrytest.Options{})
			require.NoError(t, server.Push("team/app:v1", twoPlatforms(t)))
			server.Inject(fault)
			dir := t.TempDir()
			c := client(t, server, registryclient.Options{})
			_, err := c.PullLayout(deadline(t), repository(t, server, "team/app").Tag("v1"), dir, registryclient.PullOptions{})
			require.ErrorIs(t, err, registryclient.Integrity)
			index, err := layout.ImageIndexFromPath(dir)
			require.NoError(t, err)
			listed, err := index.IndexManifest()
			require.NoError(t, err)
			require.Empty(t, listed.Manifests)
		})
	}
}

// TestPullOfManifestsOfOtherSizes: they are in memory for as long as the pull takes.
func TestPullOfManifestsOfOtherSizes(t *testing.T) {
	for what, size := range map[string]int64{"another size": 5, "too much": 300 << 20, "less than nothing": -1} {
		t.Run(what, func(t *testing.T) {
			server := serve(t, registrytest.Options{})
			index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: randomImage(t), Descriptor: v1.Descriptor{Size: size}})
			require.NoError(t, server.Push("team/app:v1", index))
			c := client(t, server, registryclient.Options{})
			before := server.Count("GET", "/manifests/")
			_, err := c.PullLayout(deadline(t), repository(t, server, "team/app").Tag("v1"), t.TempDir(), registryclient.PullOptions{})
			require.ErrorIs(t, err, registryclient.Integrity)
			if size != 5 {
				require.Equal(t, before+1, server.Count("GET", "/manifests/"), "the index alone")
			}
		})
	}
}

func TestPullIntoWhatIsNoLayout(t *testing.T) {
	server := serve(t, registrytest.Options{})
	require.NoError(t, server.Push("team/app:v1", randomImage(t)))
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "diary.txt"), []byte("dear"), 0o600))
	c := client(t, server, registryclient.Options{})
	_, err := c.PullLayout(deadline(t), repository(t, server, "team/app").Tag("v1"), dir, registryclient.PullOptions{})
	require.ErrorIs(t, err, registryclient.Invalid)
}

func TestArchives(t *testing.T) {
	ctx := deadline(t)
	server := serve(t, registrytest.Options{})
	image, index := randomImage(t), twoPlatforms(t)
	require.NoError(t, server.Push("team/app:image", image))
	require.NoError(t, server.Push("team/app:index", index))
	c := client(t, server, registryclient.Options{})
	repo := repository(t, server, "team/app")
	dir := t.TempDir()
	file := filepath.Join(dir, "app.tar")

	_, err := c.PullArchive(ctx, repo.Tag("image"), file, registryclient.ArchiveOptions{})
	require.NoError(t, err)
	require.NoError(t, c.PushArchive(ctx, file, "", repo.Tag("docker"), registryclient.PushOptions{}))
	back, err := c.GetManifest(ctx, repo.Tag("docker"))
	require.NoError(t, err)
	require.Equal(t, digestOf(t, image), back.Digest)
	require.NoError(t, c.PushArchive(ctx, file, repo.Tag("image").Name(), repo.Tag("docker"), registryclient.PushOptions{}))
	require.ErrorIs(t, c.PushArchive(ctx, file, "quay.io/other:v1", repo.Tag("x"), registryclient.PushOptions{}), registryclient.Invalid)

	for _, tag := range []string{"image", "index"} {
		require.NoError(t, os.Remove(file))
		_, err = c.PullArchive(ctx, repo.Tag(tag), file, registryclient.ArchiveOptions{Format: registryclient.OCIArchive})
		require.NoError(t, err)
		require.NoError(t, c.PushArchive(ctx, file, tag, repo.Tag("oci-"+tag), registryclient.PushOptions{}))
		wanted, err := c.GetManifest(ctx, repo.Tag(tag))
		require.NoError(t, err)
		back, err = c.GetManifest(ctx, repo.Tag("oci-"+tag))
		require.NoError(t, err)
		require.Equal(t, wanted.Raw, back.Raw)
	}

	cache := filepath.Join(dir, "cache")
	_, err = c.PullArchive(ctx, repo.Tag("index"), filepath.Join(dir, "no.tar"), registryclient.ArchiveOptions{Layout: cache})
	require.ErrorIs(t, err, registryclient.Invalid, "a Docker archive holds one image")
	require.NoFileExists(t, filepath.Join(dir, "no.tar"))
	arm := registryclient.PullOptions{Platform: &registryclient.Platform{OS: "linux", Architecture: "arm64"}}
	server.Forget()
	_, err = c.PullArchive(ctx, repo.Tag("index"), file, registryclient.ArchiveOptions{PullOptions: arm, Layout: cache})
	require.NoError(t, err)
	require.Zero(t, server.Count("GET", "/blobs/"), "all was in the layout")

	require.NoError(t, os.WriteFile(file, []byte("not a tar"), 0o644))
	require.ErrorIs(t, c.PushArchive(ctx, file, "", repo.Tag("x"), registryclient.PushOptions{}), registryclient.Invalid)
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	require.Empty(t, left, "nothing temporary stays")
}

// TestPushOfASpoiltLayout: the tag would come to name something else.
func TestPushOfASpoiltLayout(t *testing.T) {
	server := serve(t, registrytest.Options{})
	image := randomImage(t)
	require.NoError(t, server.Push("team/app:v1", image))
	dir := t.TempDir()
	c := client(t, server, registryclient.Options{})
	repo := repository(t, server, "team/app")
	pulled, err := c.PullLayout(deadline(t), repo.Tag("v1"), dir, registryclient.PullOptions{})
	require.NoError(t, err)
	file := filepath.Join(dir, "blobs", "sha256", pulled.Digest.Encoded())
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append(raw, '\n'), 0o644))
	require.ErrorIs(t, c.PushLayout(deadline(t), dir, "v1", repo.Tag("v2"), registryclient.PushOptions{}), registryclient.Integrity)
	_, err = c.HeadManifest(deadline(t), repo.Tag("v2"))
	require.ErrorIs(t, err, registryclient.NotFound)
}
