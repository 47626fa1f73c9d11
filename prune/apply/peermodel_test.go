package apply_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/apply"
)

// A peerModel is a model of how `oc adm prune images` goes about its work. It is not the
// peer's code, and proves nothing about it: it was written from the facts of
// research/prune.md, sections 1.5 to 1.7 and 3.1, which name the lines of
// pkg/cli/admin/prune/imageprune/prune.go in openshift/oc at 6b8e30c5b that are named
// here. It decides by age and revision alone and leaves out references of workloads,
// indexes and limits: it is there to go wrong, in order and in what it looks at, on the
// same clusters on which apply.Run must not.
type peerModel struct {
	ends      apply.Ends
	revisions int
	threshold time.Time
	// Both are listed once, before anything else (images.go:319-425).
	streams map[string]*imagestream.ImageStream // later: as they are in memory
	images  map[string]imagestream.Image

	errs []error
}

// run goes through all streams, and then through all images.
func (m *peerModel) run(ctx context.Context) error {
	for _, repository := range slices.Sorted(maps.Keys(m.streams)) {
		m.stream(ctx, repository)
	}
	m.allImages(ctx)
	return errors.Join(m.errs...)
}

func (m *peerModel) fail(err error) {
	if err != nil && !errors.Is(err, apply.ErrNotFound) {
		m.errs = append(m.errs, err)
	}
}

// stream drops items and links of one stream (983-1073), in five attempts.
func (m *peerModel) stream(ctx context.Context, repository string) {
	var err error
	for range 5 {
		var stream *imagestream.ImageStream
		stream, err = m.ends.Streams.ReadStream(ctx, m.streams[repository].Namespace, m.streams[repository].Name)
		if errors.Is(err, apply.ErrNotFound) {
			delete(m.streams, repository)
			return
		}
		if err != nil {
			break
		}
		manifests, dropped := m.items(ctx, repository, stream)
		m.streams[repository] = stream // also where the update fails: defect A (1008, 1051-1054, 1173-1176)
		if dropped == 0 {
			return
		}
		err = m.ends.Streams.UpdateStreamStatus(ctx, stream)
		if errors.Is(err, apply.ErrConflict) {
			continue
		}
		if errors.Is(err, apply.ErrNotFound) {
			stream, err = nil, nil // and goes on with it: defect B (1036-1040, 1063)
		}
		if err != nil {
			break
		}
		for _, digest := range manifests {
			m.fail(m.ends.Manifests.DeleteManifestLink(ctx, stream.Namespace+"/"+stream.Name, digest))
		}
		return
	}
	m.fail(err)
}

// items drops those of a stream that nothing keeps (894-981), deletes at once the links
// of layers that no item is left to need, and says which manifests are none's.
func (m *peerModel) items(ctx context.Context, repository string, stream *imagestream.ImageStream) (manifests []string, dropped int) {
	needed := map[string]int{}
	for _, tag := range stream.Status.Tags {
		for _, item := range tag.Items {
			needed[item.Image]++
			blobs, _ := m.blobs(item.Image)
			for _, b := range blobs {
				needed[b]++
			}
		}
	}
	for t := range stream.Status.Tags {
		tag := &stream.Status.Tags[t]
		position := -1
		tag.Items = slices.DeleteFunc(tag.Items, func(item imagestream.TagEvent) bool {
			if position++; item.Created.After(m.threshold) || position < m.revisions {
				return false
			}
			dropped++
			if needed[item.Image]--; needed[item.Image] == 0 {
				manifests = append(manifests, item.Image)
			}
			blobs, _ := m.blobs(item.Image)
			for _, b := range blobs {
				if needed[b]--; needed[b] == 0 {
					m.fail(m.ends.Layers.DeleteLayerLink(ctx, repository, b)) // before the update: defect L (965-971)
				}
			}
			return true
		})
	}
	// With them goes what an import left that failed: defect P (1025-1032).
	stream.Status.Tags = slices.DeleteFunc(stream.Status.Tags, func(tag imagestream.NamedTagEventList) bool { return len(tag.Items) == 0 })
	return manifests, dropped
}

// blobs are the layers and the config of an image (795-821).
func (m *peerModel) blobs(digest string) ([]string, error) {
	image, ok := m.images[digest]
	if !ok {
		return nil, nil
	}
	metadata, err := image.Metadata()
	if err != nil || metadata == nil {
		return nil, fmt.Errorf("Image %s: no metadata", digest)
	}
	blobs := []string{metadata.ID}
	for _, l := range image.DockerImageLayers {
		blobs = append(blobs, l.Name)
	}
	return blobs, nil
}

// allImages deletes the Images that no stream lists (1206-1274), as far as it knows: it
// does not look at what is there again, which is defect J (1147-1150, 1210).
func (m *peerModel) allImages(ctx context.Context) {
	used := map[string]bool{}
	for _, stream := range m.streams {
		for _, tag := range stream.Status.Tags {
			for _, item := range tag.Items {
				used[item.Image] = true
			}
		}
	}
	needed := map[string]int{}
	for digest := range m.images {
		blobs, err := m.blobs(digest)
		if err != nil {
			m.fail(err) // and no image goes: defect N (1233-1236)
			return
		}
		for _, b := range append(blobs, digest) {
			needed[b]++
		}
	}
	for _, digest := range slices.Sorted(maps.Keys(m.images)) {
		if !used[digest] && !m.images[digest].CreationTimestamp.After(m.threshold) {
			m.image(ctx, digest, needed)
		}
	}
}

// image deletes one, behind those of its blobs that no other has (1075-1140).
func (m *peerModel) image(ctx context.Context, digest string, needed map[string]int) {
	blobs, _ := m.blobs(digest)
	for _, b := range append(blobs, digest) {
		if needed[b]--; needed[b] == 0 {
			m.fail(m.ends.Blobs.DeleteBlob(ctx, b))
		}
	}
	m.fail(m.ends.Images.DeleteImage(ctx, digest, apply.Preconditions{}))
}
