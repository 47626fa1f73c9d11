package apply_test

import (
	"context"
	"crypto/sha256"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/internal/debianregistry"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// An e2eWorld is Debian's docker-registry with a password, a user who has logged in, and
// the volume, seen from behind.
type e2eWorld struct {
	*debianregistry.Registry
	t        *testing.T
	home     string // of the user: docker's config.json
	options  registryclient.Options
	client   *registryclient.Client
	registry name.Registry
	store    *storage.Store
	layout   *registrylayout.Layout
	base     v1.Layer // that all images have
}

// newE2EWorld starts one. The tests run where the programs are installed; where
// REGISTRYKIT_E2E is set, as in .ci/run, one that is missing is a failure.
func newE2EWorld(t *testing.T) *e2eWorld {
	t.Helper()
	debianregistry.Need(t, "crane", "skopeo")
	const user, password = "builder", `p:w "ä/+=`
	w := &e2eWorld{Registry: debianregistry.New(t, map[string]string{user: password}), t: t, home: t.TempDir()}
	w.Start()
	w.program("crane", "auth", "login", w.Host, "-u", user, "-p", password)
	w.options = registryclient.Options{
		Keychain: auth.NewResolver(auth.Options{}, auth.File(w.authFile(), auth.DocumentOptions{})),
		Retry:    registryclient.RetryOptions{Attempts: 1}, // what fails when the registry stops, fails at once
	}
	w.client = registryclient.New(w.options)
	t.Cleanup(w.client.Close)
	var err error
	w.registry, err = name.NewRegistry(w.Host)
	require.NoError(t, err)
	driver, err := filesystem.Open(w.Dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	w.store = storage.New(driver, storage.Options{})
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	w.layout = registrylayout.New(w.store, registrylayout.Options{})
	w.base, err = random.Layer(4096, types.DockerLayer)
	require.NoError(t, err)
	return w
}

func (w *e2eWorld) authFile() string { return filepath.Join(w.home, "config.json") }

// program runs crane or skopeo as the user.
func (w *e2eWorld) program(program string, args ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+w.home, "REGISTRY_AUTH_FILE="+w.authFile())
	out, err := cmd.CombinedOutput()
	require.NoError(w.t, err, "%s %v: %s", program, args, out)
}

// A pushable is an image or an index.
type pushable interface {
	partial.Describable
	RawManifest() ([]byte, error)
}

func (w *e2eWorld) digest(p partial.Describable) string {
	w.t.Helper()
	h, err := p.Digest()
	require.NoError(w.t, err)
	return h.String()
}

// image makes an image of the base and a layer of its own.
func (w *e2eWorld) image() v1.Image {
	w.t.Helper()
	own, err := random.Layer(1024, types.DockerLayer)
	require.NoError(w.t, err)
	image, err := mutate.AppendLayers(empty.Image, w.base, own)
	require.NoError(w.t, err)
	return image
}

// blobsOf returns the digests of an image and of all that it is made of.
func (w *e2eWorld) blobsOf(image v1.Image) []string {
	w.t.Helper()
	manifest, err := image.Manifest()
	require.NoError(w.t, err)
	digests := []string{w.digest(image), manifest.Config.Digest.String()}
	for _, l := range manifest.Layers {
		digests = append(digests, l.Digest.String())
	}
	return digests
}

// index makes an index of images.
func (w *e2eWorld) index(children ...v1.Image) v1.ImageIndex {
	var index v1.ImageIndex = empty.Index
	for _, child := range children {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: described{child}})
	}
	return index
}

// described is an image without an artifactType in the index that owns it: skopeo 1.9
// does not copy an index with a field that it does not know.
type described struct{ v1.Image }

func (d described) Descriptor() (*v1.Descriptor, error) {
	digest, err := d.Digest()
	if err != nil {
		return nil, err
	}
	size, err := d.Size()
	if err != nil {
		return nil, err
	}
	mediaType, err := d.MediaType()
	return &v1.Descriptor{MediaType: mediaType, Size: size, Digest: digest}, err
}

// signature makes an image whose subject is another.
func (w *e2eWorld) signature(subject partial.Describable) v1.Image {
	w.t.Helper()
	described, err := partial.Descriptor(subject)
	require.NoError(w.t, err)
	layer, err := random.Layer(100, types.OCILayer)
	require.NoError(w.t, err)
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), layer)
	require.NoError(w.t, err)
	return mutate.Subject(image, *described).(v1.Image)
}

// push has crane push to a place, as in shop/web:v1, or by its digest: shop/web@. It
// returns the place in full.
func (w *e2eWorld) push(place string, what pushable) string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	require.NoError(w.t, err)
	if index, ok := what.(v1.ImageIndex); ok {
		require.NoError(w.t, path.AppendIndex(index))
	} else {
		require.NoError(w.t, path.AppendImage(what.(v1.Image)))
	}
	if strings.HasSuffix(place, "@") {
		place += w.digest(what)
	}
	w.program("crane", "push", "--insecure", dir, w.Host+"/"+place)
	return place
}

// copy has skopeo copy from one place to others.
func (w *e2eWorld) copy(from string, to ...string) {
	w.t.Helper()
	for _, to := range to {
		w.program("skopeo", "copy", "--insecure-policy", "--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false",
			"docker://"+w.Host+"/"+from, "docker://"+w.Host+"/"+to)
	}
}

// requirePulled has skopeo pull what is at a place, all of an index, and crane read every
// byte of that again. Both verify digests.
func (w *e2eWorld) requirePulled(place, digest string) {
	w.t.Helper()
	there, err := w.head(place)
	require.NoError(w.t, err, place)
	require.Equal(w.t, digest, there, place)
	w.program("skopeo", "copy", "--insecure-policy", "--all", "--preserve-digests", "--src-tls-verify=false",
		"docker://"+w.Host+"/"+place, "dir:"+filepath.Join(w.t.TempDir(), "pulled"))
	w.program("crane", "validate", "--insecure", "--remote", w.Host+"/"+place)
}

// head returns the digest of what is at a place.
func (w *e2eWorld) head(place string) (string, error) {
	w.t.Helper()
	reference, err := name.ParseReference(w.Host + "/" + place)
	require.NoError(w.t, err)
	manifest, err := w.client.HeadManifest(w.t.Context(), reference)
	return string(manifest.Digest), err
}

// requireGone asks for a manifest by its tag or digest.
func (w *e2eWorld) requireGone(place string) {
	w.t.Helper()
	_, err := w.head(place)
	var answer *registryclient.Error
	require.ErrorAs(w.t, err, &answer, place)
	require.Equal(w.t, registryclient.NotFound, answer.Class, place)
}

// snapshot returns every file of the volume, by its hash.
func (w *e2eWorld) snapshot() map[string][sha256.Size]byte {
	w.t.Helper()
	files := map[string][sha256.Size]byte{}
	require.NoError(w.t, filepath.WalkDir(w.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = sha256.Sum256(content)
		return err
	}))
	return files
}

// blobs returns the blobs on the volume, with their bytes.
func (w *e2eWorld) blobs() map[string]int64 {
	w.t.Helper()
	sizes := map[string]int64{}
	for blob, err := range w.layout.Blobs(w.t.Context()) {
		require.NoError(w.t, err)
		sizes[string(blob.Digest)] = blob.Size
	}
	return sizes
}

func total(sizes map[string]int64) (bytes int64) {
	for _, size := range sizes {
		bytes += size
	}
	return bytes
}

// check reads the whole volume: nothing may be missing or broken. It returns how many
// blobs nothing needs.
func (w *e2eWorld) check() (orphans int) {
	w.t.Helper()
	summary, err := w.layout.Check(w.t.Context(), registrylayout.CheckOptions{Verify: true}, func(registrylayout.Finding) {})
	require.NoError(w.t, err)
	require.Zero(w.t, summary.Dangling+summary.BrokenLinks+summary.Mismatches+summary.Unreadable, "%+v", summary)
	return summary.Orphans
}

// volume returns the ends of the volume, of which somebody says that nobody pushes.
func (w *e2eWorld) volume() *fromlayout.Ends {
	w.t.Helper()
	ends, err := fromlayout.NewEnds(w.store, w.layout, fromlayout.EndsOptions{Alone: true})
	require.NoError(w.t, err)
	return ends
}
