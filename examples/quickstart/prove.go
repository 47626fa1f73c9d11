package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// stored is what a volume holds.
type stored struct {
	blobs int
	bytes int64
}

func measure(ctx context.Context, layout *registrylayout.Layout) (s stored, err error) {
	for blob, err := range layout.Blobs(ctx) {
		if err != nil {
			return s, err
		}
		s.blobs++
		s.bytes += blob.Size
	}
	return s, nil
}

// proveHistory pulls all that is left in the streams, as a client does.
func (s *show) proveHistory(ctx context.Context) (string, error) {
	tags, items := 0, 0
	for _, key := range slices.Sorted(maps.Keys(s.cluster.streams)) {
		for _, tag := range s.cluster.streams[key].Status.Tags {
			tags++
			items += len(tag.Items)
			if err := s.proveTag(ctx, tag); err != nil {
				return "", fmt.Errorf("%s:%s: %w", key, tag.Tag, err)
			}
		}
	}
	return fmt.Sprintf("%d tags with %d items in their histories were pulled, and every byte verified", tags, items), nil
}

// proveTag pulls the items of a tag's history by their digests, and the newest by the
// tag as well.
func (s *show) proveTag(ctx context.Context, tag imagestream.NamedTagEventList) error {
	if len(tag.Items) == 0 {
		return errors.New("no item is left")
	}
	for n, item := range tag.Items {
		image, err := name.NewDigest(item.DockerImageReference)
		if err != nil {
			return err
		}
		err = s.provePull(ctx, image, item.Image)
		if err == nil && n == 0 {
			err = s.provePull(ctx, image.Context().Tag(tag.Tag), item.Image)
		}
		if err != nil {
			return fmt.Errorf("item %d: %w", n, err)
		}
	}
	return nil
}

// provePull pulls an image with all that it is made of, into a place where nothing is
// yet. The pull verifies what it gets.
func (s *show) provePull(ctx context.Context, ref name.Reference, want string) error {
	to, err := os.MkdirTemp(s.dir, "pull-")
	if err != nil {
		return err
	}
	pulled, err := s.client.PullLayout(ctx, ref, filepath.Join(to, "layout"), registryclient.PullOptions{})
	if err == nil && string(pulled.Digest) != want {
		err = fmt.Errorf("the registry has %s, the stream %s", pulled.Digest, want)
	}
	return errors.Join(err, os.RemoveAll(to))
}

// proveSignature reads the signature of the release from the registry.
func (s *show) proveSignature(ctx context.Context) (string, error) {
	tag, err := name.NewTag(s.registry.host + "/shop/api:v1")
	if err != nil {
		return "", err
	}
	image, err := s.client.HeadManifest(ctx, tag)
	if err != nil {
		return "", err
	}
	signatures, err := registryclient.Collect(s.client.Referrers(ctx, tag.Context().Digest(string(image.Digest)), signatureType))
	if err != nil {
		return "", err
	}
	if len(signatures) != 1 {
		return "", fmt.Errorf("shop/api:v1 has %d signatures", len(signatures))
	}
	signature, err := s.onlyLayer(ctx, tag.Context().Digest(string(signatures[0].Digest)))
	if err == nil && !ed25519.Verify(signingKey.Public().(ed25519.PublicKey), []byte(image.Digest), signature) {
		err = errors.New("the signature of shop/api:v1 does not verify")
	}
	return "the signature of shop/api:v1 is there and verifies", err
}

// onlyLayer reads the layer of a small image that has one.
func (s *show) onlyLayer(ctx context.Context, image name.Digest) ([]byte, error) {
	m, err := s.client.GetManifest(ctx, image)
	if err != nil {
		return nil, err
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(m.Raw))
	if err != nil {
		return nil, err
	}
	if len(manifest.Layers) != 1 {
		return nil, fmt.Errorf("%s has %d layers", image.DigestStr(), len(manifest.Layers))
	}
	return s.client.GetBlob(ctx, image.Context().Digest(manifest.Layers[0].Digest.String()), 1<<10)
}

// proveGone asks the registry for the manifests that went.
func (s *show) proveGone(ctx context.Context) (string, error) {
	gone := 0
	for a := range s.pruning.Actions() {
		if a.Kind != prune.DeleteManifestLink {
			continue
		}
		ref, err := name.NewDigest(s.registry.host + "/" + a.Repository + "@" + a.Digest)
		if err != nil {
			return "", err
		}
		if _, err := s.client.HeadManifest(ctx, ref); !errors.Is(err, registryclient.NotFound) {
			return "", fmt.Errorf("%s@%s was deleted, and the registry answers: %w", a.Repository, a.Digest, err)
		}
		gone++
	}
	return fmt.Sprintf("%d manifests that went are not found any more", gone), nil
}

// proveSound reads the whole volume.
func (s *show) proveSound(ctx context.Context) (string, error) {
	var findings []error
	summary, err := s.layout.Check(ctx, registrylayout.CheckOptions{Verify: true}, func(f registrylayout.Finding) {
		findings = append(findings, fmt.Errorf("%+v", f))
	})
	if err == nil && !summary.Sound() {
		err = errors.Join(findings...)
	}
	return "on the volume nothing is missing, nothing is left over, and every blob is whole", err
}

// proveBytes compares what went from the volume with what the plans promised.
func (s *show) proveBytes(ctx context.Context) (string, error) {
	after, err := measure(ctx, s.layout)
	if err != nil {
		return "", err
	}
	pruned, garbage := s.pruning.Summary, s.garbage.Summary
	promised := stored{pruned.Blobs + garbage.Blobs, pruned.FreedBytes + garbage.FreedBytes}
	shrunk := stored{s.before.blobs - after.blobs, s.before.bytes - after.bytes}
	if shrunk != promised {
		return "", fmt.Errorf("the volume shrank by %d blobs of %d bytes, the plans promised %d of %d",
			shrunk.blobs, shrunk.bytes, promised.blobs, promised.bytes)
	}
	return fmt.Sprintf("the volume shrank by %d blobs, %d bytes: exactly what the two plans promised", shrunk.blobs, shrunk.bytes), nil
}
