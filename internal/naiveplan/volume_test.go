package naiveplan_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/registrykit/registrykit/prune/inventory"
)

// onVolume adds a registry's storage to the objects of a cluster: an object of
// kind Repository for the links of each repository, and one of kind Storage for
// the blobs that are there. They fit together as those of a registry that lost a
// few things, or not at all.
func (g *generator) onVolume(objects []obj) []obj {
	v := volumeGenerator{generator: g, images: map[string]obj{}, lost: []int{0, 0, 3, 30}[g.IntN(4)]}
	configs := g.chance(70) // every image says which
	var streams []obj
	for _, o := range objects {
		switch o["kind"] {
		case "Image":
			v.images[o["metadata"].(obj)["name"].(string)] = o
			if metadata, ok := o["dockerImageMetadata"].(obj); configs && !isIndex(o) && (!ok || metadata["Id"] == nil) {
				if !ok {
					metadata = obj{}
					o["dockerImageMetadata"] = metadata
				}
				metadata["Id"] = g.pick(g.blobs...)
			}
		case "ImageStream":
			streams = append(streams, o)
		}
	}
	seen := map[string]bool{}
	for _, s := range streams {
		meta := s["metadata"].(obj)
		name := fmt.Sprint(meta["namespace"], "/", meta["name"])
		if !seen[name] && !g.chance(10) {
			objects = append(objects, v.repository(meta["namespace"].(string), meta["name"].(string), s))
		}
		seen[name] = true
	}
	if g.chance(10) {
		objects = append(objects, v.repository("a", "no-stream", nil))
	}
	if !g.chance(5) {
		objects = append(objects, v.storage())
	}
	g.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
	return objects
}

type volumeGenerator struct {
	*generator
	images map[string]obj // by name
	lost   int            // how many percent of the links and blobs are not there
}

func isIndex(image obj) bool {
	mediaType := image["dockerImageManifestMediaType"]
	return mediaType == mediaTypes[2] || mediaType == mediaTypes[3]
}

// repository links what the stream's items list, with what belongs to it, and some
// that is of no use.
func (v *volumeGenerator) repository(namespace, name string, stream obj) obj {
	manifests, layers := map[string]bool{}, map[string]bool{}
	link := func(digest string) {
		manifests[digest] = true
		for _, blob := range v.blobsOf(digest) {
			layers[blob] = true
		}
	}
	for _, digest := range itemsOf(stream) {
		link(digest)
		for _, child := range v.childrenOf(digest) {
			link(child)
		}
	}
	for range v.IntN(4) {
		link(v.manifest())
	}
	if v.chance(30) {
		manifests[v.subject()] = true
	}
	for range v.IntN(3) {
		layers[v.pick(v.blobs...)] = true
	}
	return obj{
		"kind": "Repository", "metadata": obj{"namespace": namespace, "name": name},
		"manifests": v.most(manifests), "layers": v.most(layers), "all": !v.chance(6),
	}
}

// storage holds all manifests and blobs, with some that nothing names.
func (v *volumeGenerator) storage() obj {
	digests := map[string]bool{}
	for _, d := range slices.Concat(v.blobs, v.manifests) {
		digests[d] = v.images[d] != nil || slices.Contains(v.blobs, d) || v.chance(20)
	}
	for range v.IntN(4) {
		digests[v.digest(fmt.Sprintf("d%02d", v.IntN(4)))] = true
	}
	maps.DeleteFunc(digests, func(_ string, there bool) bool { return !there })
	blobs := []any{}
	for _, d := range v.most(digests) {
		blobs = append(blobs, obj{"digest": d, "size": 1 + v.IntN(3)})
	}
	return obj{"kind": "Storage", "metadata": obj{"name": "volume"}, "blobs": blobs, "all": !v.chance(10), "everywhere": v.chance(30)}
}

// most returns a set without what was lost.
func (v *volumeGenerator) most(digests map[string]bool) []any {
	list := []any{}
	for _, d := range slices.Sorted(maps.Keys(digests)) {
		if !v.chance(v.lost) {
			list = append(list, d)
		}
	}
	return list
}

func (v *volumeGenerator) blobsOf(digest string) (list []string) {
	image := v.images[digest]
	layers, _ := image["dockerImageLayers"].([]any)
	for _, l := range layers {
		list = append(list, l.(obj)["name"].(string))
	}
	metadata, _ := image["dockerImageMetadata"].(obj)
	if id, ok := metadata["Id"].(string); ok {
		list = append(list, id)
	}
	return list
}

func (v *volumeGenerator) childrenOf(digest string) (list []string) {
	children, _ := v.images[digest]["dockerImageManifests"].([]any)
	for _, c := range children {
		list = append(list, c.(obj)["digest"].(string))
	}
	return list
}

func itemsOf(stream obj) (digests []string) {
	status, _ := stream["status"].(obj)
	tags, _ := status["tags"].([]any)
	for _, t := range tags {
		items, _ := t.(obj)["items"].([]any)
		for _, i := range items {
			if image, ok := i.(obj)["image"].(string); ok && image != "" {
				digests = append(digests, image)
			}
		}
	}
	return digests
}

func isStorage(o obj) bool { return o["kind"] == "Repository" || o["kind"] == "Storage" }

// addStorage gives a Builder what onVolume made, as package fromlayout does.
func addStorage(t testing.TB, b *inventory.Builder, o obj) error {
	t.Helper()
	var s struct {
		Metadata          struct{ Namespace, Name string }
		Manifests, Layers []string
		Blobs             []inventory.Blob
		All, Everywhere   bool
	}
	into(t, o, &s)
	if o["kind"] == "Storage" {
		for _, blob := range s.Blobs {
			if err := b.AddStoredBlob(blob); err != nil {
				return err
			}
		}
		if s.All {
			b.BlobsListed()
		}
		if s.Everywhere {
			b.RepositoriesListed(true)
		}
		return nil
	}
	for manifest, digests := range map[bool][]string{true: s.Manifests, false: s.Layers} {
		for _, d := range digests {
			err := b.AddLink(inventory.Link{Namespace: s.Metadata.Namespace, Name: s.Metadata.Name, Digest: d, Manifest: manifest})
			if err != nil {
				return err
			}
		}
	}
	if s.All {
		b.LinksListed(s.Metadata.Namespace, s.Metadata.Name)
	}
	return nil
}
