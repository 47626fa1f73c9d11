package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/prune/workload"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// A cluster is what an API server would hold: image streams, Images and pods. It is an
// end that plans are carried out on, and lists itself, with the registry's volume.
type cluster struct {
	layout *registrylayout.Layout

	mu       sync.Mutex
	streams  map[string]*imagestream.ImageStream // by namespace/name
	images   map[string]*imagestream.Image       // by digest
	pods     []map[string]any
	versions int
}

// newCluster returns a cluster with streams that import from a registry.
func newCluster(host string, layout *registrylayout.Layout) *cluster {
	c := &cluster{layout: layout, streams: map[string]*imagestream.ImageStream{}, images: map[string]*imagestream.Image{}}
	c.addStream(host, "shop", "api", "latest", "v1")
	c.addStream(host, "shop", "web", "latest")
	return c
}

func (c *cluster) addStream(host, namespace, name string, tags ...string) {
	s := imagestream.New(namespace, name)
	s.UID = imagestream.UID("stream-" + name)
	s.CreationTimestamp = imagestream.NewTime(monday)
	for _, tag := range tags {
		s.Spec.Tags = append(s.Spec.Tags, imagestream.TagReference{
			Name:         tag,
			From:         &imagestream.ObjectReference{Kind: "DockerImage", Name: fmt.Sprintf("%s/%s/%s:%s", host, namespace, name, tag)},
			ImportPolicy: imagestream.TagImportPolicy{ImportMode: imagestream.ImportModePreserveOriginal},
		})
	}
	c.store(s)
}

// store writes a stream.
func (c *cluster) store(s *imagestream.ImageStream) {
	c.versions++
	s.ResourceVersion = strconv.Itoa(c.versions)
	c.streams[inventory.RepositoryName(s.Namespace, s.Name)] = s
}

// importAll imports every tag of every stream.
func (c *cluster) importAll(ctx context.Context, from importer.Registry, now time.Time) error {
	i := importer.Importer{Registry: from, Images: c.findImage}
	for _, key := range slices.Sorted(maps.Keys(c.streams)) {
		result, err := i.Import(ctx, c.streams[key], importer.Request{All: true}, now)
		if err != nil {
			return err
		}
		for _, failed := range result.Failed() {
			return fmt.Errorf("import %s: %s", key, failed)
		}
		for _, image := range result.Images {
			c.images[image.Name] = &image
		}
		c.store(result.Stream)
	}
	return nil
}

func (c *cluster) findImage(name string) (*imagestream.Image, error) {
	if image, ok := c.images[name]; ok {
		return image, nil
	}
	return nil, imagestream.ErrImageNotFound
}

// mondaysArm64 returns the arm64 image of the oldest shop/web.
func (c *cluster) mondaysArm64() string {
	items := c.streams["shop/web"].Status.Tags[0].Items
	return c.images[items[len(items)-1].Image].DockerImageManifests[1].Digest
}

// runPod starts a pod of an image.
func (c *cluster) runPod(namespace, name, pullSpec string, at time.Time) {
	c.pods = append(c.pods, map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"namespace": namespace, "name": name, "creationTimestamp": at.Format(time.RFC3339)},
		"spec":     map[string]any{"containers": []any{map[string]any{"name": "app", "image": pullSpec}}},
		"status":   map[string]any{"phase": "Running"},
	})
}

// ReadStream implements apply.StreamReader.
func (c *cluster) ReadStream(_ context.Context, namespace, name string) (*imagestream.ImageStream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.streams[inventory.RepositoryName(namespace, name)]
	if !ok {
		return nil, apply.ErrNotFound
	}
	return s.Clone(), nil
}

// UpdateStreamStatus implements apply.StreamStatusUpdater.
func (c *cluster) UpdateStreamStatus(_ context.Context, s *imagestream.ImageStream) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	there, ok := c.streams[inventory.RepositoryName(s.Namespace, s.Name)]
	switch {
	case !ok:
		return apply.ErrNotFound
	case there.UID != s.UID || there.ResourceVersion != s.ResourceVersion:
		return apply.ErrConflict
	}
	there = there.Clone()
	there.Status = s.Clone().Status
	c.store(there)
	return nil
}

// DeleteImage implements apply.ImageDeleter.
func (c *cluster) DeleteImage(_ context.Context, name string, p apply.Preconditions) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	image, ok := c.images[name]
	switch {
	case !ok:
		return apply.ErrNotFound
	case p.UID != "" && p.UID != string(image.UID), p.ResourceVersion != "" && p.ResourceVersion != image.ResourceVersion:
		return apply.ErrConflict
	}
	delete(c.images, name)
	return nil
}

// List implements apply.Lister: pods, then streams, then Images, and then what is on
// the volume, with the exact sizes of blobs.
func (c *cluster) List(ctx context.Context) (*inventory.Inventory, error) {
	var b inventory.Builder
	if err := c.listObjects(&b); err != nil {
		return nil, err
	}
	if _, err := fromlayout.Read(ctx, c.layout, &b, fromlayout.Options{LinksOnly: true}); err != nil {
		return nil, err
	}
	for blob, err := range c.layout.Blobs(ctx) {
		if err == nil {
			err = b.AddStoredBlob(inventory.Blob{Digest: string(blob.Digest), Size: blob.Size})
		}
		if err != nil {
			return nil, err
		}
	}
	return b.Build(), nil
}

func (c *cluster) listObjects(b *inventory.Builder) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, pod := range c.pods {
		uses, err := workload.FromMap(pod, nil)
		errs = append(errs, err, b.AddWorkload(inventory.WorkloadOf(uses, nil)))
	}
	for _, s := range c.streams {
		errs = append(errs, b.AddImageStream(s))
	}
	for _, image := range c.images {
		errs = append(errs, b.AddImage(image))
	}
	// This cluster has no object of any other kind, which is a fact, too.
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	return errors.Join(errs...)
}
