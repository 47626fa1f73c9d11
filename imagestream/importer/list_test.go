package importer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/internal/manifest"
	"github.com/stretchr/testify/require"
)

const (
	legacy   = imagestream.ImportModeLegacy
	preserve = imagestream.ImportModePreserveOriginal
)

// twoPlatforms tags a list of two images and an attestation, as BuildKit makes them.
func twoPlatforms(f *fake, tag string) (list, amd64, arm64, attestation string) {
	amd64, arm64 = f.image("linux", "amd64", tag), f.image("linux", "arm64", tag)
	attestation = f.image("unknown", "unknown", tag+" attestation")
	list = f.index(
		entry{digest: attestation, os: "unknown", architecture: "unknown", attestation: true},
		entry{digest: arm64, os: "linux", architecture: "arm64", variant: "v8"},
		entry{digest: amd64, os: "linux", architecture: "amd64"})
	f.tag(repo, tag, list)
	return list, amd64, arm64, attestation
}

func TestPreserveOriginal(t *testing.T) {
	f := newFake()
	list, amd64, arm64, attestation := twoPlatforms(f, "v1")
	i := importer.Importer{Registry: f}
	result := do(t, i, stream(preserve, "one="+repo+":v1"), importer.Request{})
	require.Equal(t, []string{attestation, arm64, amd64, list}, names(result.Images))
	require.Equal(t, list, result.Stream.LatestEvent("one").Image)
	object := result.Images[3]
	require.Equal(t, manifest.MediaTypeOCIIndex, object.DockerImageManifestMediaType)
	require.Empty(t, object.DockerImageLayers)
	require.Equal(t, imagestream.ImageManifest{
		Digest: arm64, MediaType: manifest.MediaTypeOCIImage, ManifestSize: f.manifests[arm64].Size,
		OS: "linux", Architecture: "arm64", Variant: "v8",
	}, object.DockerImageManifests[1])
	require.Equal(t, "unknown", object.DockerImageManifests[0].Architecture)
	metadata, err := object.Metadata()
	require.NoError(t, err)
	require.Equal(t, list, metadata.ID)
	require.True(t, metadata.Created.IsZero(), "nobody knows when a list was made")
	require.True(t, result.Tags[0].Platforms[0].Attestation)
	require.Equal(t, "linux/arm64/v8", result.Tags[0].Platforms[1].Platform)
	require.Equal(t, importer.Requests{Heads: 1, Manifests: 4, Blobs: 3}, result.Requests)

	require.Equal(t, importer.Requests{Heads: 1}, do(t, i, result.Stream, importer.Request{All: true}).Requests)
}

func names(images []imagestream.Image) (names []string) {
	for _, i := range images {
		names = append(names, i.Name)
	}
	return names
}

// TestKnownImagesOfAListAreNotFetched: of a list that changed, only what changed.
func TestKnownImagesOfAListAreNotFetched(t *testing.T) {
	f := newFake()
	_, amd64, _, attestation := twoPlatforms(f, "v1")
	first := do(t, importer.Importer{Registry: f}, stream(preserve, "one="+repo+":v1"), importer.Request{})
	var known []*imagestream.Image
	for n := range first.Images {
		known = append(known, &first.Images[n])
	}
	newer := f.image("linux", "arm64", "newer")
	list := f.index(entry{digest: attestation, os: "unknown", architecture: "unknown"}, entry{digest: newer}, entry{digest: amd64})
	f.tag(repo, "v1", list)
	second := do(t, importer.Importer{Registry: f, Images: imagestream.LookupImagesIn(known...)}, first.Stream, importer.Request{All: true})
	require.Equal(t, importer.Requests{Heads: 1, Manifests: 2, Blobs: 1}, second.Requests)
	require.Equal(t, []string{newer, list}, names(second.Images))
	require.True(t, second.Tags[0].Platforms[0].Known)
	entries := second.Images[1].DockerImageManifests
	require.Equal(t, "arm64", entries[1].Architecture, "the list does not say, the image does")
	require.Equal(t, "unknown", entries[1].OS, "the API server takes no Image without")
	require.Equal(t, "amd64", entries[2].Architecture)
}

func TestLegacyTakesOneImage(t *testing.T) {
	for _, c := range []struct {
		name        string
		platform    importer.Platform
		annotations map[string]string
		entries     []string
		want        int
	}{
		{"linux/amd64 where nothing is said", importer.Platform{}, nil, []string{"linux/arm64", "linux/amd64"}, 1},
		{"the importer's", importer.Platform{OS: "linux", Architecture: "arm64"}, nil, []string{"linux/amd64", "linux/arm64"}, 1},
		{"the importer's variant", importer.Platform{Architecture: "arm", Variant: "v6"}, nil, []string{"linux/arm/v7", "linux/arm/v6"}, 1},
		{"another variant rather than another platform", importer.Platform{Architecture: "arm", Variant: "v6"}, nil, []string{"linux/amd64", "linux/arm/v7"}, 1},
		{"the tag's goes first", importer.Platform{Architecture: "arm64"}, map[string]string{imagestream.ImporterPreferArchAnnotation: "s390x"}, []string{"linux/amd64", "linux/arm64", "linux/s390x"}, 2},
		{"the tag's system", importer.Platform{}, map[string]string{imagestream.ImporterPreferOSAnnotation: "windows"}, []string{"linux/amd64", "windows/amd64"}, 1},
		{"the importer's where the tag's is not there", importer.Platform{Architecture: "arm64"}, map[string]string{imagestream.ImporterPreferArchAnnotation: "s390x"}, []string{"linux/amd64", "linux/arm64"}, 1},
		{"linux/amd64 where neither is", importer.Platform{Architecture: "arm64"}, nil, []string{"linux/ppc64le", "linux/amd64"}, 1},
		{"the first image where none is", importer.Platform{}, nil, []string{"unknown/unknown", "linux/ppc64le", "linux/s390x"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			var entries []entry
			for n, e := range c.entries {
				p, ok := importer.ParsePlatform(e)
				require.True(t, ok)
				entries = append(entries, entry{f.image(p.OS, p.Architecture, fmt.Sprint(n)), p.OS, p.Architecture, p.Variant, p.OS == "unknown"})
			}
			list := f.index(entries...)
			f.tag(repo, "v1", list)
			// By digest as well: OpenShift passes over the annotations there.
			s := stream(legacy, "one="+repo+":v1", "pinned="+repo+"@"+list)
			for n := range s.Spec.Tags {
				s.Spec.Tags[n].Annotations = c.annotations
			}
			result := do(t, importer.Importer{Registry: f, Platform: c.platform}, s, importer.Request{})
			require.Empty(t, result.Failed())
			for _, tag := range []string{"one", "pinned"} {
				require.Equal(t, entries[c.want].digest, result.Stream.LatestEvent(tag).Image)
				require.Equal(t, repo+"@"+entries[c.want].digest, result.Stream.LatestEvent(tag).DockerImageReference)
			}
			require.Equal(t, importer.Requests{Heads: 2, Manifests: 2, Blobs: 1}, result.Requests)
			require.Len(t, result.Images, 1)
		})
	}
}

func TestLegacyRemembersTheList(t *testing.T) {
	f := newFake()
	_, amd64, arm64, _ := twoPlatforms(f, "v1")
	i := importer.Importer{Registry: f}
	first := do(t, i, stream(legacy, "one="+repo+":v1"), importer.Request{})
	require.Equal(t, amd64, first.Tags[0].Image)
	heads := first.Heads(nil)
	require.Equal(t, importer.Requests{Heads: 1, Manifests: 2, Blobs: 1}, do(t, i, first.Stream, importer.Request{All: true}).Requests, "nobody remembers")
	again := do(t, i, first.Stream, importer.Request{All: true, Heads: heads})
	require.Equal(t, importer.Requests{Heads: 1}, again.Requests)
	require.Equal(t, heads, again.Heads(nil))
	// Another platform is another image of the same list.
	i.Platform.Architecture = "arm64"
	other := do(t, i, first.Stream, importer.Request{All: true, Heads: heads})
	require.Equal(t, arm64, other.Tags[0].Image)
}

// TestModeChanges: what a tag points to is no reason to leave it where its mode asks for
// something else.
func TestModeChanges(t *testing.T) {
	f := newFake()
	list, amd64, _, _ := twoPlatforms(f, "v1")
	i := importer.Importer{Registry: f}
	s := do(t, i, stream(preserve, "one="+repo+":v1"), importer.Request{}).Stream
	s = s.Clone()
	s.Spec.Tags[0].ImportPolicy.ImportMode = legacy
	s = do(t, i, s, importer.Request{All: true}).Stream
	require.Equal(t, amd64, s.LatestEvent("one").Image)
	s = s.Clone()
	s.Spec.Tags[0].ImportPolicy.ImportMode = ""
	i.DefaultMode = preserve
	require.Equal(t, list, do(t, i, s, importer.Request{All: true}).Stream.LatestEvent("one").Image)
}

// TestListInAList: it stays what it is, under its own digest. OpenShift flattens it to
// one image, whose name is not the digest in its parent.
func TestListInAList(t *testing.T) {
	f := newFake()
	inner, amd64, arm64, attestation := twoPlatforms(f, "inner")
	s390x := f.image("linux", "s390x", "x")
	outer := f.index(entry{digest: inner}, entry{digest: s390x, os: "linux", architecture: "s390x"})
	f.tag(repo, "v1", outer)
	result := do(t, importer.Importer{Registry: f}, stream(preserve, "one="+repo+":v1"), importer.Request{})
	require.Equal(t, []string{attestation, arm64, amd64, inner, s390x, outer}, names(result.Images))
	require.Equal(t, inner, result.Images[5].DockerImageManifests[0].Digest)
	require.Equal(t, []int{1, 2, 2, 2, 1}, depths(result.Tags[0].Platforms))

	result = do(t, importer.Importer{Registry: f, Platform: importer.Platform{Architecture: "ppc64le"}}, stream(legacy, "one="+repo+":v1"), importer.Request{})
	require.Equal(t, []string{amd64}, names(result.Images))
}

func depths(platforms []importer.PlatformResult) (depths []int) {
	for _, p := range platforms {
		depths = append(depths, p.Depth)
	}
	return depths
}

// TestSparseList: the images of a list that the registry does not have are told, and the
// others imported.
func TestSparseList(t *testing.T) {
	f := newFake()
	_, amd64, arm64, _ := twoPlatforms(f, "v1")
	delete(f.manifests, arm64)
	result := do(t, importer.Importer{Registry: f}, stream(preserve, "one="+repo+":v1"), importer.Request{})
	require.Equal(t, importer.Imported, result.Tags[0].Status)
	require.Contains(t, names(result.Images), amd64)
	require.NotContains(t, names(result.Images), arm64)
	missing := result.Tags[0].Platforms[1]
	require.Equal(t, importer.NotFound, missing.Err.Class)
	require.Equal(t, "linux/arm64/v8", missing.Err.Platform)
	require.Contains(t, missing.Err.Error(), arm64)
	require.Len(t, result.Images[len(result.Images)-1].DockerImageManifests, 3, "the list is what it is")
}

// TestFailureInAList: what may pass, or is a lie, fails the tag, and says which image it
// was about, by platform and digest.
func TestFailureInAList(t *testing.T) {
	for _, class := range []importer.Class{importer.Timeout, importer.RateLimited, importer.Integrity} {
		f := newFake()
		_, _, arm64, _ := twoPlatforms(f, "v1")
		f.fail = func(op string, target importer.Target) error {
			if target.ID == arm64 {
				return &importer.Error{Class: class, Err: errors.New("no")}
			}
			return nil
		}
		result := do(t, importer.Importer{Registry: f}, stream(preserve, "one="+repo+":v1"), importer.Request{})
		require.Empty(t, result.Images)
		err := result.Tags[0].Err
		require.Equal(t, class, err.Class)
		require.Equal(t, "linux/arm64/v8", err.Platform)
		require.Contains(t, err.Error(), arm64)
		require.Len(t, result.Tags[0].Platforms, 3)
		require.NoError(t, errOf(result.Tags[0].Platforms[2]), "the other platform is known to be fine")
	}
}

func errOf(p importer.PlatformResult) error {
	if p.Err == nil {
		return nil
	}
	return p.Err
}

func TestListOfNothing(t *testing.T) {
	f := newFake()
	list, amd64, arm64, attestation := twoPlatforms(f, "v1")
	for _, d := range []string{amd64, arm64, attestation} {
		delete(f.manifests, d)
	}
	result := do(t, importer.Importer{Registry: f}, stream(preserve, "one="+repo+":v1"), importer.Request{})
	require.Equal(t, importer.NotFound, result.Tags[0].Err.Class)
	require.NotContains(t, names(result.Images), list)

	f.tag(repo, "v2", f.index())
	result = do(t, importer.Importer{Registry: f}, stream(preserve, "one="+repo+":v2"), importer.Request{})
	require.Equal(t, importer.Imported, result.Tags[0].Status, "a list without images is one")
	result = do(t, importer.Importer{Registry: f}, stream(legacy, "one="+repo+":v2"), importer.Request{})
	require.Equal(t, importer.NotFound, result.Tags[0].Err.Class)
}

func TestListsWithoutEnd(t *testing.T) {
	f := newFake()
	digest := f.image("linux", "amd64", "one")
	for range importer.MaxDepth + 1 {
		digest = f.index(entry{digest: digest, os: "linux", architecture: "amd64"})
	}
	f.tag(repo, "deep", digest)
	wide := make([]entry, importer.MaxManifests+1)
	for n := range wide {
		wide[n] = entry{digest: digestOf([]byte{byte(n), byte(n >> 8)})}
	}
	f.tag(repo, "wide", f.index(wide...))
	// Many lists of many: the bound is on all of them together.
	var many []entry
	for n := range 20 {
		var inner []entry
		for m := range 20 {
			inner = append(inner, entry{digest: digestOf([]byte{byte(n), byte(m), 1})})
		}
		many = append(many, entry{digest: f.index(inner...)})
	}
	f.tag(repo, "many", f.index(many...))
	for _, mode := range []imagestream.ImportModeType{legacy, preserve} {
		for _, tag := range []string{"deep", "wide"} {
			result := do(t, importer.Importer{Registry: f}, stream(mode, "one="+repo+":"+tag), importer.Request{})
			require.Equal(t, importer.Invalid, result.Tags[0].Err.Class, tag)
		}
	}
	result := do(t, importer.Importer{Registry: f}, stream(preserve, "one="+repo+":many"), importer.Request{})
	require.Equal(t, importer.Failed, result.Tags[0].Status)
	require.Less(t, result.Requests.Manifests, 300)
}

// TestLiesOfARegistry: nothing of what is not what it claims gets into a stream.
func TestLiesOfARegistry(t *testing.T) {
	good := newFake()
	image := good.image("linux", "amd64", "one")
	config := good.metadataID(t, image)
	swap := func(raw []byte) func(*fake) {
		return func(f *fake) {
			m := f.manifests[image]
			m.Raw = raw
			f.manifests[image] = m
		}
	}
	raw := good.manifests[image].Raw
	for _, c := range []struct {
		name  string
		lie   func(*fake)
		class importer.Class
	}{
		{"other content", swap([]byte(strings.Replace(string(raw), "100", "999", 1))), importer.Integrity},
		{"too much", swap([]byte(string(raw) + strings.Repeat(" ", manifest.MaxBytes))), importer.Integrity},
		{"other config", func(f *fake) { f.blobs[config] = []byte(`{}`) }, importer.Integrity},
		{"endless config", func(f *fake) { f.blobs[config] = make([]byte, importer.MaxConfigBytes+1) }, importer.Integrity},
		{"no digest", func(f *fake) {
			m := f.manifests[image]
			m.Digest = ""
			f.manifests[image] = m
		}, importer.Integrity},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			f.tag(repo, "v1", f.image("linux", "amd64", "one"))
			c.lie(f)
			result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+":v1"), importer.Request{})
			require.Equal(t, c.class, result.Tags[0].Err.Class, result.Tags[0].Err)
			require.Nil(t, result.Stream.LatestEvent("one"))
			require.Empty(t, result.Images)
		})
	}
	// What is asked for by digest is what comes.
	f := newFake()
	other := f.image("linux", "amd64", "other")
	f.manifests[image] = f.manifests[other]
	result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+"@"+image), importer.Request{})
	require.Equal(t, importer.Integrity, result.Tags[0].Err.Class)
}

// TestManifestsThatAreNone are of the digest that the registry says, and still nothing to
// import.
func TestManifestsThatAreNone(t *testing.T) {
	hex := strings.Repeat("a", 64)
	for _, c := range []struct {
		mediaType, raw string
		class          importer.Class
	}{
		{manifest.MediaTypeOCIImage, `[]`, importer.Invalid},
		{manifest.MediaTypeOCIImage, `{"config":{"digest":"sha256:1"}}`, importer.Invalid},
		{manifest.MediaTypeOCIImage, `{"config":{"digest":"sha256:` + hex + `","mediaType":"application/vnd.oci.image.config.v1+json","size":5000000}}`, importer.Integrity},
		{manifest.MediaTypeOCIImage, `{"config":{"digest":"sha256:` + hex + `"},"layers":[{"digest":"sha256:` + hex + `","size":-1}]}`, importer.Integrity},
		{manifest.MediaTypeOCIImage, `{"config":{"digest":"sha256:` + hex + `"},"layers":[{"digest":"x"}]}`, importer.Invalid},
		{manifest.MediaTypeOCIImage, `{"config":{"digest":"sha256:` + hex + `"},"layers":[{"digest":"sha256:` + hex + `","size":9223372036854775807},{"digest":"sha256:` + strings.Repeat("b", 64) + `","size":9223372036854775807}]}`, importer.Integrity},
		{manifest.MediaTypeOCIImage, `{"config":{"digest":"sha256:` + hex + `"},"manifests":[{"digest":"sha256:` + hex + `"}]}`, importer.Integrity},
		{manifest.MediaTypeOCIIndex, `{"manifests":[],"layers":[{"digest":"sha256:` + hex + `"}]}`, importer.Integrity},
		{manifest.MediaTypeOCIIndex, `{"manifests":[{"digest":"sha256:1"}]}`, importer.Invalid},
		{"application/vnd.docker.distribution.manifest.v1+prettyjws", `{"fsLayers":[]}`, importer.Unsupported},
		{"", `{}`, importer.Unsupported},
	} {
		f := newFake()
		f.tag(repo, "v1", f.put(c.mediaType, []byte(c.raw)))
		for _, mode := range []imagestream.ImportModeType{legacy, preserve} {
			result := do(t, importer.Importer{Registry: f}, stream(mode, "one="+repo+":v1"), importer.Request{})
			require.Equal(t, importer.Failed, result.Tags[0].Status, c.raw)
			require.Equal(t, c.class, result.Tags[0].Err.Class, c.raw)
			require.Equal(t, string(c.class.Reason()), result.Stream.StatusTag("one").Conditions[0].Reason)
		}
	}
}

// TestAManifestOfTooMuch: it is not imported, and the error says of what it has too much.
func TestAManifestOfTooMuch(t *testing.T) {
	f := newFake()
	raw := `{"layers":[{}` + strings.Repeat(",{}", manifest.MaxDescriptors) + `]}`
	f.tag(repo, "v1", f.put(manifest.MediaTypeOCIImage, []byte(raw)))
	result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+":v1"), importer.Request{})
	require.Equal(t, importer.Failed, result.Tags[0].Status)
	require.Equal(t, importer.Invalid, result.Tags[0].Err.Class)
	require.ErrorContains(t, result.Tags[0].Err, "layers: the manifest has more than 50000 descriptors")
}

func TestConfigsThatAreNone(t *testing.T) {
	for config, class := range map[string]importer.Class{
		`[]`:                            importer.Invalid,
		`{"config":{"Env":5}}`:          importer.Invalid,
		`{"created":"yesterday"}`:       "",
		`{}`:                            "",
		`{"config":null,"created":""}`:  "",
		`{"architecture":{"a":"amd6"}}`: importer.Invalid,
	} {
		f := newFake()
		f.blobs[digestOf([]byte(config))] = []byte(config)
		f.tag(repo, "v1", f.put(manifest.MediaTypeDocker2, fmt.Appendf(nil, `{"config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":%q}}`, digestOf([]byte(config)))))
		result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+":v1"), importer.Request{})
		if class == "" {
			require.Equal(t, importer.Imported, result.Tags[0].Status, config)
			continue
		}
		require.Equal(t, class, result.Tags[0].Err.Class, config)
		require.Equal(t, "read config", result.Tags[0].Err.Op)
	}
}

// TestArtifact: what is packed as an image and has another config is imported without it.
func TestArtifact(t *testing.T) {
	f := newFake()
	f.tag(repo, "v1", f.put(manifest.MediaTypeOCIImage, fmt.Appendf(nil, `{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":%q,"size":7}}`, digestOf(nil))))
	result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+":v1"), importer.Request{})
	require.Equal(t, importer.Requests{Heads: 1, Manifests: 1}, result.Requests)
	metadata, err := result.Images[0].Metadata()
	require.NoError(t, err)
	require.Equal(t, int64(7), metadata.Size)
}

func TestParsePlatform(t *testing.T) {
	for s, want := range map[string]importer.Platform{
		"linux/arm64":    {OS: "linux", Architecture: "arm64"},
		"linux/arm64/v8": {OS: "linux", Architecture: "arm64", Variant: "v8"},
	} {
		p, ok := importer.ParsePlatform(s)
		require.True(t, ok)
		require.Equal(t, want, p)
		require.Equal(t, s, p.String())
	}
	for _, s := range []string{"", "linux", "linux/", "/amd64", "linux/arm64/", "a/b/c/d"} {
		_, ok := importer.ParsePlatform(s)
		require.False(t, ok, s)
	}
	require.Equal(t, "unknown/unknown", importer.Platform{}.String())
}
