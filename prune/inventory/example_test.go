package inventory_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
)

// An inventory of a registry that is no cluster is built from facts.
func Example() {
	var b inventory.Builder
	err := errors.Join(
		b.AddManifest(inventory.Manifest{
			Digest:     "sha256:7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc",
			MediaType:  "application/vnd.oci.image.manifest.v1+json",
			Config:     "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
			ConfigSize: 2,
			Layers:     []inventory.Blob{{Digest: "sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1", Size: 32}},
			Created:    time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
		}),
		b.AddStream(inventory.Stream{
			Namespace: "shop", Name: "web",
			Tags: []inventory.Tag{{Name: "v1", Items: []inventory.TagItem{{
				Image: "sha256:7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc",
			}}}},
		}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	b.Listed(inventory.KindImageStream, inventory.KindImage)

	v := b.Build()
	web := v.FindStream("shop", "web")
	tag := v.Tag(v.FindTag(web, "v1"))
	image := v.Image(v.ImageOf(v.Item(tag.FirstItem).Image))
	fmt.Println(v.Stream(web).Repository()+":"+tag.Name, "is", v.DigestText(image.Digest))
	fmt.Println("layer", v.DigestText(image.Layers[0]), "has", v.Size(image.Layers[0]), "bytes")
	fmt.Println("all images are known:", v.Complete(inventory.KindImage))
	fmt.Println("all pods are known:", v.Complete(inventory.KindPod))
	// Output:
	// shop/web:v1 is sha256:7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc
	// layer sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1 has 32 bytes
	// all images are known: true
	// all pods are known: false
}

// A controller lists once, and then tells what its watch tells it. What a stream
// gained by the watch may be an image whose own event is still to come, so from
// then on a missing Image is no more known to be gone, until the Images are
// listed again.
func ExampleBuilder_watch() {
	stream := func(version string, images ...string) inventory.Stream {
		s := inventory.Stream{Namespace: "shop", Name: "web", ResourceVersion: version}
		tag := inventory.Tag{Name: "latest"}
		for _, image := range images {
			tag.Items = append(tag.Items, inventory.TagItem{Image: image})
		}
		s.Tags = []inventory.Tag{tag}
		return s
	}
	var b inventory.Builder
	_ = b.AddStream(stream("1", "sha256:old"))
	b.Listed(inventory.KindImageStream, inventory.KindImage)
	b.ImagesAfterStreams(true)
	before := b.Build()

	// MODIFIED
	err := b.AddStream(stream("2", "sha256:new", "sha256:old"))
	fmt.Println(errors.Is(err, inventory.ErrConflict))
	fmt.Println(b.ReplaceStream(stream("2", "sha256:new", "sha256:old")))
	modified := b.Build()

	// MODIFIED, into what cannot be read: the old facts stay.
	broken := stream("3", "sha256:new")
	broken.Tags = append(broken.Tags, inventory.Tag{})
	fmt.Println(b.ReplaceStream(broken))
	doubted := b.Build()

	// DELETED
	b.ForgetStream("shop", "web")
	deleted := b.Build()

	for _, v := range []*inventory.Inventory{before, modified, doubted, deleted} {
		fmt.Println(v.Items(), "items; complete:", v.Complete(inventory.KindImageStream), "in order:", v.ImagesAfterStreams())
	}
	// Output:
	// true
	// <nil>
	// ImageStream shop/web: invalid fact: a tag without a name
	// 1 items; complete: true in order: true
	// 2 items; complete: true in order: false
	// 2 items; complete: false in order: false
	// 0 items; complete: true in order: false
}

// Objects of a typed client go in as they are.
func ExampleBuilder_AddImageStream() {
	web := &imagestream.ImageStream{
		ObjectMeta: imagestream.ObjectMeta{Namespace: "shop", Name: "web"},
		Status: imagestream.ImageStreamStatus{Tags: []imagestream.NamedTagEventList{{
			Tag: "v1",
			Items: []imagestream.TagEvent{{
				Created:              imagestream.NewTime(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)),
				DockerImageReference: "registry.example/shop/web@sha256:7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc",
				Image:                "sha256:7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc",
			}},
		}}},
	}
	var b inventory.Builder
	if err := b.AddImageStream(web); err != nil {
		fmt.Println(err)
		return
	}
	v := b.Build()
	fmt.Println(v.ItemReference(0), v.Item(0).Created.Time())
	// Output:
	// registry.example/shop/web@sha256:7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc 2026-05-01 12:00:00 +0000 UTC
}
