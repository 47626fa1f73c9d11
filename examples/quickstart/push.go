package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"math/rand"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/registrykit/registrykit/registryclient"
)

// The sizes of layers, in bytes.
const (
	baseLayer = 1 << 20
	appLayer  = 200 << 10
)

// signatureType is the artifact type of what signs an image here: the ed25519 signature
// of its digest, in the only layer.
const signatureType = "application/vnd.example.quickstart.signature"

// signingKey is no secret: the same signature comes out in every run.
var signingKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// A builder builds images and pushes them, the same ones in every run.
type builder struct {
	client *registryclient.Client
	host   string
	source rand.Source
	base   []v1.Layer // of every image
	pushes int
}

func newBuilder(client *registryclient.Client, host string) (*builder, error) {
	b := &builder{client: client, host: host, source: rand.NewSource(1)}
	for range 2 {
		layer, err := b.layer(baseLayer)
		if err != nil {
			return nil, err
		}
		b.base = append(b.base, layer)
	}
	return b, nil
}

// layer makes a layer of a random file. It is not compressed, so that its digest does
// not hang on a compressor.
func (b *builder) layer(size int64) (v1.Layer, error) {
	layer, err := random.Layer(size, types.OCIUncompressedLayer, random.WithSource(b.source))
	if err != nil {
		return nil, err
	}
	reader, err := layer.Uncompressed()
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(reader)
	return static.NewLayer(raw, types.OCIUncompressedLayer), err
}

// image builds an image of one layer on the base.
func (b *builder) image(architecture string, at time.Time) (v1.Image, error) {
	layer, err := b.layer(appLayer)
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{OS: "linux", Architecture: architecture, Created: v1.Time{Time: at}})
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(image, append(b.base[:len(b.base):len(b.base)], layer)...)
}

// index builds an image for two architectures.
func (b *builder) index(at time.Time) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := b.image(architecture, at)
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	return index, nil
}

// push sends an image or index to repository:tag.
func (b *builder) push(ctx context.Context, tag string, what remote.Taggable) error {
	b.pushes++
	ref, err := name.NewTag(b.host + "/" + tag)
	if err != nil {
		return err
	}
	return b.client.Push(ctx, ref, what, registryclient.PushOptions{})
}

// sign pushes a signature whose subject is the image.
func (b *builder) sign(ctx context.Context, repository string, image v1.Image) error {
	subject, err := partial.Descriptor(image)
	if err != nil {
		return err
	}
	signature := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), signatureType)
	signature, err = mutate.AppendLayers(signature, static.NewLayer(ed25519.Sign(signingKey, []byte(subject.Digest.String())), signatureType))
	if err != nil {
		return err
	}
	signature = mutate.Subject(signature, *subject).(v1.Image)
	digest, err := signature.Digest()
	if err != nil {
		return err
	}
	ref, err := name.NewDigest(fmt.Sprintf("%s/%s@%s", b.host, repository, digest))
	if err != nil {
		return err
	}
	return b.client.Push(ctx, ref, signature, registryclient.PushOptions{})
}

// pushAndRegret pushes an image and deletes it again. The registry takes away the
// manifest alone: what it was made of stays on the volume.
func (b *builder) pushAndRegret(ctx context.Context, tag string, at time.Time) error {
	image, err := b.image("amd64", at)
	if err != nil {
		return err
	}
	if err := b.push(ctx, tag, image); err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	ref, err := name.NewTag(b.host + "/" + tag)
	if err != nil {
		return err
	}
	return b.client.DeleteManifest(ctx, ref.Context().Digest(digest.String()))
}

// breakOff sends a layer and nothing after it.
func (b *builder) breakOff(ctx context.Context, repository string) error {
	b.pushes++
	layer, err := b.layer(appLayer)
	if err != nil {
		return err
	}
	repo, err := name.NewRepository(b.host + "/" + repository)
	if err != nil {
		return err
	}
	options, err := b.client.RemoteOptions(ctx, repo, "push,pull")
	if err != nil {
		return err
	}
	return remote.WriteLayer(repo, layer, options...)
}
