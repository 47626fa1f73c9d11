package registryoracle

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	importing "github.com/registrykit/registrykit/imagestream/importer/fromregistry"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// program runs crane or skopeo. Where one is not installed the test is passed over, but
// for .ci/run e2e, which installs them.
func program(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil && os.Getenv("REGISTRYKIT_E2E") == "" {
		t.Skipf("%s is not installed; .ci/run e2e installs it", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
}

// pushable is an image or an index.
type pushable interface {
	partial.Describable
	RawManifest() ([]byte, error)
}

// ociLayout writes it as the only one of an OCI layout, named "only".
func ociLayout(t *testing.T, what pushable) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	require.NoError(t, err)
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "only"})
	if index, ok := what.(v1.ImageIndex); ok {
		require.NoError(t, path.AppendIndex(index, named))
	} else {
		require.NoError(t, path.AppendImage(what.(v1.Image), named))
	}
	return dir
}

func digestOf(t *testing.T, d interface{ Digest() (v1.Hash, error) }) digest.Digest {
	t.Helper()
	h, err := d.Digest()
	require.NoError(t, err)
	return digest.Digest(h.String())
}

// bytesOf is all that it is made of: manifests, configs and layers.
func bytesOf(t *testing.T, what pushable) map[digest.Digest]string {
	t.Helper()
	raw, err := what.RawManifest()
	require.NoError(t, err)
	all := map[digest.Digest]string{digestOf(t, what): string(raw)}
	if index, ok := what.(v1.ImageIndex); ok {
		for _, child := range childrenOf(t, index) {
			for d, content := range bytesOf(t, child) {
				all[d] = content
			}
		}
		return all
	}
	image := what.(v1.Image)
	layers, err := image.Layers()
	require.NoError(t, err)
	config, err := partial.ConfigLayer(image)
	require.NoError(t, err)
	for _, l := range append(slices.Clone(layers), config) {
		r, err := l.Compressed()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		all[digestOf(t, l)] = string(content)
	}
	return all
}

func childrenOf(t *testing.T, index v1.ImageIndex) (children []v1.Image) {
	t.Helper()
	listed, err := index.IndexManifest()
	require.NoError(t, err)
	for _, m := range listed.Manifests {
		child, err := index.Image(m.Digest)
		require.NoError(t, err)
		children = append(children, child)
	}
	return children
}

// referrerTo makes a manifest whose subject is another.
func referrerTo(t *testing.T, subject partial.Describable) v1.Image {
	t.Helper()
	described, err := partial.Descriptor(subject)
	require.NoError(t, err)
	image, err := random.Image(256, 1)
	require.NoError(t, err)
	image = mutate.ConfigMediaType(mutate.MediaType(image, types.OCIManifestSchema1), types.OCIConfigJSON)
	return mutate.Subject(image, *described).(v1.Image)
}

// A pushed is what a repository has, by a tag or, where that is empty, by its digest.
type pushed struct {
	repository, tag string
	what            pushable
}

func (p pushed) in(t *testing.T, host string) string {
	if p.tag == "" {
		return host + "/" + p.repository + "@" + string(digestOf(t, p.what))
	}
	return host + "/" + p.repository + ":" + p.tag
}

// pushes are an image, an index, and two referrers, one without a tag.
func pushes(t *testing.T) []pushed {
	image, err := random.Image(2048, 2)
	require.NoError(t, err)
	index, err := random.Index(512, 2, 2)
	require.NoError(t, err)
	return []pushed{
		{"shop/web", "v1", image}, {"shop/deep/er", "multi", index},
		{"shop/web", "", referrerTo(t, image)}, {"shop/deep/er", "sbom", referrerTo(t, index)},
	}
}

// pushWith has crane push those, and skopeo copy what it tagged to other repositories.
func pushWith(t *testing.T, host string, list []pushed) (all []pushed) {
	for _, p := range list {
		program(t, "crane", "push", "--insecure", ociLayout(t, p.what), p.in(t, host))
		all = append(all, p)
		if p.tag != "" {
			copied := pushed{"copy/" + p.repository, p.tag, p.what}
			program(t, "skopeo", "copy", "--all", "--preserve-digests", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false",
				"docker://"+p.in(t, host), "docker://"+copied.in(t, host))
			all = append(all, copied)
		}
	}
	return all
}

// requirePulled has crane and skopeo pull, and compares each byte.
func requirePulled(t *testing.T, host string, p pushed) {
	t.Helper()
	byCrane, bySkopeo := filepath.Join(t.TempDir(), "layout"), filepath.Join(t.TempDir(), "layout")
	program(t, "crane", "pull", "--insecure", "--format=oci", p.in(t, host), byCrane)
	program(t, "skopeo", "copy", "--all", "--preserve-digests", "--insecure-policy", "--src-tls-verify=false", "docker://"+p.in(t, host), "oci:"+bySkopeo+":only")
	for d, content := range bytesOf(t, p.what) {
		for _, dir := range []string{byCrane, bySkopeo} {
			got, err := os.ReadFile(filepath.Join(dir, "blobs", "sha256", d.Encoded()))
			require.NoError(t, err)
			require.Equal(t, content, string(got))
		}
	}
}

// requireStored compares what is on the volume.
func (v *volume) requireStored(t *testing.T, p pushed) {
	t.Helper()
	d := digestOf(t, p.what)
	require.NoError(t, v.HasManifest(t.Context(), p.repository, d))
	if p.tag != "" {
		tagged, err := v.ResolveTag(t.Context(), p.repository, p.tag)
		require.NoError(t, err)
		require.Equal(t, d, tagged)
	}
	for d, content := range bytesOf(t, p.what) {
		r, _, err := v.OpenBlob(t.Context(), d)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, content, string(got))
	}
}

// TestEndToEndReads3: what crane and skopeo push to distribution 3 is on its volume byte
// for byte, with who refers to whom.
func TestEndToEndReads3(t *testing.T) {
	v := newVolume(t)
	list := pushes(t)
	for _, p := range pushWith(t, v.serve(t).Listener.Addr().String(), list) {
		v.requireStored(t, p)
	}
	var b inventory.Builder
	read, err := fromlayout.Read(t.Context(), v.Layout, &b, fromlayout.Options{})
	require.NoError(t, err)
	require.Empty(t, read.Unread)
	inv := b.Build()
	for i, referrer := range list[2:] {
		found := inv.ImageOf(inv.Digest(string(digestOf(t, referrer.what))))
		require.GreaterOrEqual(t, found, 0)
		require.Equal(t, string(digestOf(t, list[i].what)), inv.DigestText(inv.Image(found).Subject))
	}
	findings, _ := v.check(t)
	require.Empty(t, findings)
}

// TestEndToEndServes3: what the layout writes distribution 3 serves to crane and skopeo,
// indexes and referrers too.
func TestEndToEndServes3(t *testing.T) {
	v := newVolume(t)
	list := pushes(t)
	for _, p := range list {
		v.put(t, p)
	}
	findings, _ := v.check(t)
	require.Empty(t, findings)
	host := v.serve(t).Listener.Addr().String()
	for _, p := range list {
		requirePulled(t, host, p)
	}
	// Both write in turn.
	for _, p := range pushWith(t, host, pushes(t)) {
		v.requireStored(t, p)
	}
	for _, p := range list[:2] {
		v.put(t, p)
		requirePulled(t, host, p)
	}
	findings, _ = v.check(t)
	require.Empty(t, findings)
}

// put writes through the layout, what an index owns first.
func (v *volume) put(t *testing.T, p pushed) {
	t.Helper()
	if index, ok := p.what.(v1.ImageIndex); ok {
		for _, child := range childrenOf(t, index) {
			v.put(t, pushed{repository: p.repository, what: child})
		}
	} else {
		for d, content := range bytesOf(t, p.what) {
			if d != digestOf(t, p.what) {
				_, err := v.PutBlob(t.Context(), p.repository, d, strings.NewReader(content))
				require.NoError(t, err)
			}
		}
	}
	raw, err := p.what.RawManifest()
	require.NoError(t, err)
	var o registrylayout.PutManifestOptions
	if p.tag != "" {
		o.Tags = []string{p.tag}
	}
	_, err = v.PutManifest(t.Context(), p.repository, raw, o)
	require.NoError(t, err)
}

// TestEndToEndImports3: what crane and skopeo push to distribution 3 is listed, imported,
// and read back equal.
func TestEndToEndImports3(t *testing.T) {
	v := newVolume(t)
	host := v.serve(t).Listener.Addr().String()
	list := pushWith(t, host, pushes(t))
	from := importing.New(registryclient.Options{})
	defer from.Close()
	for _, repository := range []string{"shop/web", "shop/deep/er", "copy/shop/web", "copy/shop/deep/er"} {
		stream := imagestream.New("dev", "app")
		result, err := importer.Importer{Registry: from, Anonymous: from.Anonymous()}.Import(t.Context(), stream,
			importer.Request{IncludeManifest: true, Repository: &importer.Repository{
				From:         host + "/" + repository,
				ImportPolicy: imagestream.TagImportPolicy{Insecure: true, ImportMode: imagestream.ImportModePreserveOriginal},
			}}, time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
		require.NoError(t, err)
		require.Empty(t, result.Failed())
		manifests := map[string]string{}
		for _, image := range result.Images {
			manifests[image.Name] = image.DockerImageManifest
		}
		for _, p := range list {
			if p.repository == repository && p.tag != "" {
				d := string(digestOf(t, p.what))
				require.Equal(t, d, result.Stream.StatusTag(p.tag).Items[0].Image)
				raw, err := p.what.RawManifest()
				require.NoError(t, err)
				require.Equal(t, string(raw), manifests[d])
			}
		}
	}
}
