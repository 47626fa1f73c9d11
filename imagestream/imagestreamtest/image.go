package imagestreamtest

import (
	"slices"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/madeup"
	"github.com/registrykit/registrykit/internal/manifest"
)

// An Image is an image or an index of a fixture. The digest is that of its
// manifest, and the config's that of its config; layers have made-up digests and
// sizes, since nobody could want their bytes.
type Image struct {
	// Missing says that there is no Image object, whoever names it.
	Missing bool

	fixture          *Fixture
	digest           string
	manifest, config []byte
	mediaType        string
	configDigest     string
	arch             string
	layers           []madeup.Descriptor
	children         []*Image
	uid              imagestream.UID
	pushed           bool
	created          time.Time
	reference        string
}

// Digest returns the digest of the manifest, the name of the Image.
func (i *Image) Digest() string { return i.digest }

// Manifest returns the raw manifest, which has that digest.
func (i *Image) Manifest() []byte { return slices.Clone(i.manifest) }

// MediaType returns the media type of the manifest.
func (i *Image) MediaType() string { return i.mediaType }

// Config returns the raw config, nil for an index.
func (i *Image) Config() []byte { return slices.Clone(i.config) }

// ConfigDigest returns the digest of the config, "" for an index.
func (i *Image) ConfigDigest() string { return i.configDigest }

// Layers returns the digests of the layers, the base first; none for an index.
func (i *Image) Layers() []string {
	var digests []string
	for _, l := range i.layers {
		digests = append(digests, l.Digest)
	}
	return digests
}

// Children returns what an index owns.
func (i *Image) Children() []*Image { return slices.Clone(i.children) }

// Image adds an image for linux/amd64 with a base of its own.
func (f *Fixture) Image() *Image { return f.ImageFor("amd64") }

// ImageFor adds an image for linux and an architecture.
func (f *Fixture) ImageFor(architecture string) *Image {
	return f.newImage(architecture, madeup.Layers(f.random, 2+f.random.IntN(3), 50_000_000))
}

// ImageOn adds an image that is built on another: it has all its layers and one
// or two more.
func (f *Fixture) ImageOn(base *Image) *Image {
	return f.newImage(base.arch, append(slices.Clone(base.layers), madeup.Layers(f.random, 1+f.random.IntN(2), 5_000_000)...))
}

// Index adds an index of images or indexes; of a new image each for amd64 and
// arm64 where none is given.
func (f *Fixture) Index(children ...*Image) *Image {
	if len(children) == 0 {
		children = []*Image{f.Image(), f.ImageFor("arm64")}
	}
	i := &Image{mediaType: manifest.MediaTypeOCIIndex, children: slices.Clone(children)}
	m := madeup.Manifest{
		SchemaVersion: 2, MediaType: i.mediaType,
		Annotations: madeup.Revision(f.random), // what tells apart two indexes of the same images
	}
	for _, child := range children {
		d := madeup.Descriptor{MediaType: child.mediaType, Digest: child.digest, Size: int64(len(child.manifest))}
		if child.arch != "" {
			d.Platform = &madeup.Platform{Architecture: child.arch, OS: "linux"}
		}
		m.Manifests = append(m.Manifests, d)
	}
	i.manifest = madeup.JSON(m)
	return f.add(i)
}

func (f *Fixture) newImage(arch string, layers []madeup.Descriptor) *Image {
	i := &Image{mediaType: manifest.MediaTypeOCIImage, arch: arch, layers: layers}
	var diffs []string
	for range layers {
		diffs = append(diffs, madeup.Digest(f.random))
	}
	i.config = madeup.JSON(map[string]any{
		"architecture": arch, "os": "linux", "config": map[string]any{"Cmd": []string{"/bin/app"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
	})
	i.configDigest = madeup.DigestOf(i.config)
	i.manifest = madeup.JSON(madeup.Manifest{
		SchemaVersion: 2, MediaType: i.mediaType, Layers: layers,
		Config: &madeup.Descriptor{MediaType: madeup.OCIConfig, Digest: i.configDigest, Size: int64(len(i.config))},
	})
	return f.add(i)
}

func (f *Fixture) add(i *Image) *Image {
	i.fixture, i.digest, i.uid = f, madeup.DigestOf(i.manifest), imagestream.UID(madeup.UID(f.random))
	f.images = append(f.images, i)
	return i
}

// Object returns the Image as the API server has it: without its raw manifest and
// config, and annotated as managed where a stream got it by a push. Where no
// stream has it, it is 30 days old and comes from nowhere.
func (i *Image) Object() *imagestream.Image {
	created := i.created
	if created.IsZero() {
		created = i.fixture.ago(30 * 24 * time.Hour)
	}
	o := &imagestream.Image{
		TypeMeta: imagestream.TypeMeta{Kind: "Image", APIVersion: imagestream.APIVersion},
		ObjectMeta: imagestream.ObjectMeta{
			Name: i.digest, UID: i.uid, ResourceVersion: "1", CreationTimestamp: imagestream.NewTime(created),
			Annotations: map[string]string{imagestream.DockerImageLayersOrderAnnotation: imagestream.DockerImageLayersOrderAscending},
		},
		DockerImageReference:         i.reference,
		DockerImageManifestMediaType: i.mediaType,
	}
	if i.pushed {
		o.Annotations[imagestream.ManagedByOpenShiftAnnotation] = "true"
	}
	metadata := &imagestream.DockerImage{ID: i.digest, Created: imagestream.NewTime(created)}
	if i.config != nil {
		metadata.ID, metadata.Architecture, metadata.Size = i.configDigest, i.arch, madeup.ImageSize(int64(len(i.config)), i.layers)
		metadata.Config = &imagestream.DockerConfig{Cmd: []string{"/bin/app"}}
	}
	if err := o.SetMetadata(metadata); err != nil {
		panic(err) // only for an instant that JSON cannot hold
	}
	for _, l := range i.layers {
		o.DockerImageLayers = append(o.DockerImageLayers, imagestream.ImageLayer{Name: l.Digest, LayerSize: l.Size, MediaType: l.MediaType})
	}
	for _, child := range i.children {
		o.DockerImageManifests = append(o.DockerImageManifests, imagestream.ImageManifest{
			Digest: child.digest, MediaType: child.mediaType, ManifestSize: int64(len(child.manifest)), Architecture: child.arch, OS: "linux",
		})
	}
	return o
}

// got notes that a stream got the image, and with it what it owns. The first time
// counts.
func (i *Image) got(at time.Time, reference string, pushed bool) {
	if i.created.IsZero() || at.Before(i.created) {
		i.created, i.reference, i.pushed = at, reference, pushed
		for _, child := range i.children {
			child.got(at, reference[:len(reference)-len(i.digest)]+child.digest, pushed)
		}
	}
}
