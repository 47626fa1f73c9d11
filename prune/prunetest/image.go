package prunetest

import (
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/madeup"
	"github.com/registrykit/registrykit/internal/manifest"
)

// The media types of what a cluster is made of.
const (
	ociImage     = manifest.MediaTypeOCIImage
	ociIndex     = manifest.MediaTypeOCIIndex
	ociEmpty     = "application/vnd.oci.empty.v1+json"
	cosignObject = "application/vnd.dev.cosign.simplesigning.v1+json"
)

// An Image is an image, an index or a referrer of a cluster. Its digest is that
// of its manifest, so what the manifest says does not change; the fields may be.
type Image struct {
	// Created is when the Image came to be in the cluster. Zero: when it, or an
	// index that owns it, was first pushed to a stream; where it never was, 30
	// days before now.
	Created time.Time
	// LastPulled is when it was last read. Zero: unknown. Only
	// [Cluster.Inventory] tells it: the API has no field for it.
	LastPulled time.Time
	// Imported images are not annotated as managed by the integrated registry.
	Imported bool
	// Missing says that there is no Image object, whoever names it.
	Missing bool
	// Labels of the image's config. An index has none.
	Labels map[string]string

	digest    string
	manifest  []byte
	mediaType string
	config    blob
	layers    []blob
	children  []*Image
	subject   *Image
	pushed    time.Time // first
	home      *Stream   // of the first push
	uid       imagestream.UID
	version   string
}

// A blob is a descriptor in a manifest.
type blob = madeup.Descriptor

// Digest returns the digest of the image's manifest.
func (i *Image) Digest() string { return i.digest }

// Manifest returns the image's manifest, byte for byte.
func (i *Image) Manifest() []byte { return slices.Clone(i.manifest) }

// Config returns the digest of the config blob, "" for an index.
func (i *Image) Config() string { return i.config.Digest }

// Layers returns the digests of the layers, the base first.
func (i *Image) Layers() []string {
	var digests []string
	for _, l := range i.layers {
		digests = append(digests, l.Digest)
	}
	return digests
}

// Children returns what an index owns.
func (i *Image) Children() []*Image { return slices.Clone(i.children) }

// SignatureTag returns the tag that cosign keeps the image's signature under.
func (i *Image) SignatureTag() string { return strings.Replace(i.digest, ":", "-", 1) + ".sig" }

// Image adds an image with a base of its own.
func (c *Cluster) Image() *Image {
	return c.addImage(madeup.Layers(c.random, 2+c.random.IntN(3), 50_000_000))
}

// ImageOn adds an image that is built on another: it has all its layers, and one
// or two more.
func (c *Cluster) ImageOn(base *Image) *Image {
	return c.addImage(append(slices.Clone(base.layers), madeup.Layers(c.random, 1+c.random.IntN(2), 5_000_000)...))
}

// Index adds an index of images or of indexes; of two new images on one base
// where none is given.
func (c *Cluster) Index(children ...*Image) *Image {
	if len(children) == 0 {
		first := c.Image()
		children = []*Image{first, c.ImageOn(first)}
	}
	i := &Image{mediaType: ociIndex, children: slices.Clone(children)}
	c.complete(i)
	return i
}

// Signature adds a signature of an image: a manifest with the image as its
// subject. It is in no tag yet.
func (c *Cluster) Signature(of *Image) *Image {
	i := &Image{
		mediaType: ociImage, subject: of,
		config: blob{MediaType: ociEmpty, Digest: madeup.DigestOf([]byte("{}")), Size: 2},
		layers: []blob{{MediaType: cosignObject, Digest: madeup.Digest(c.random), Size: 200 + c.random.Int64N(50)}},
	}
	c.complete(i)
	return i
}

func (c *Cluster) addImage(layers []blob) *Image {
	i := &Image{
		mediaType: ociImage, layers: layers,
		config: blob{MediaType: madeup.OCIConfig, Digest: madeup.Digest(c.random), Size: 1000 + c.random.Int64N(8000)},
	}
	c.complete(i)
	return i
}

// complete writes the image's manifest, which gives it its digest.
func (c *Cluster) complete(i *Image) {
	m := madeup.Manifest{
		SchemaVersion: 2, MediaType: i.mediaType, Layers: i.layers,
		Annotations: madeup.Revision(c.random), // what tells apart two indexes of the same images
	}
	if i.config.Digest != "" {
		m.Config = &i.config
	}
	for _, child := range i.children {
		m.Manifests = append(m.Manifests, child.descriptor())
	}
	if i.subject != nil {
		d := i.subject.descriptor()
		m.Subject = &d
	}
	i.manifest = madeup.JSON(m)
	i.digest = madeup.DigestOf(i.manifest)
	i.uid, i.version = c.identity()
	c.images = append(c.images, i)
}

func (i *Image) descriptor() blob {
	return blob{MediaType: i.mediaType, Digest: i.digest, Size: int64(len(i.manifest))}
}

// size is what a limit is compared with: the config and each layer once.
func (i *Image) size() int64 {
	if len(i.children) > 0 {
		return 0
	}
	return madeup.ImageSize(i.config.Size, i.layers)
}

// push notes that the image, and with it what it owns, was pushed.
func (i *Image) push(s *Stream, at time.Time) {
	if i.home == nil || at.Before(i.pushed) {
		i.home, i.pushed = s, at
		for _, child := range i.children {
			child.push(s, at)
		}
	}
}

func (c *Cluster) createdOf(i *Image) time.Time {
	switch {
	case !i.Created.IsZero():
		return i.Created.UTC().Truncate(time.Second)
	case i.home != nil:
		return i.pushed
	}
	return c.ago(30 * 24 * time.Hour)
}
