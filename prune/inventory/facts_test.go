package inventory_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

// digest returns a digest that nothing else has.
func digest(of string) string {
	sum := sha256.Sum256([]byte(of))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func day(n int) time.Time { return time.Date(2026, 5, n, 12, 0, 0, 0, time.UTC) }

const (
	mediaTypeImage = "application/vnd.oci.image.manifest.v1+json"
	mediaTypeIndex = "application/vnd.oci.image.index.v1+json"
)

// manifest returns an image of layers that are named for it, and a base that
// all share.
func manifest(name string, layers int) inventory.Manifest {
	m := inventory.Manifest{
		Digest: digest(name), MediaType: mediaTypeImage,
		Config: digest("config of " + name), ConfigSize: 1500,
		Size: 700, ImageSize: int64(layers) * 1000,
		Created: day(1), UID: "uid-" + name, ResourceVersion: "17",
		Layers: []inventory.Blob{{Digest: digest("base"), Size: 30_000}},
	}
	for i := range layers {
		m.Layers = append(m.Layers, inventory.Blob{Digest: digest(name + " layer " + strconv.Itoa(i)), Size: 1000})
	}
	return m
}

func stream(namespace, name string, tags ...inventory.Tag) inventory.Stream {
	return inventory.Stream{
		Namespace: namespace, Name: name, UID: "uid-" + name, ResourceVersion: "4", Created: day(2), Tags: tags,
	}
}

// history is a tag whose items are images of these names, the newest first.
func history(repository, tag string, images ...string) inventory.Tag {
	t := inventory.Tag{Name: tag}
	for i, name := range images {
		t.Items = append(t.Items, inventory.TagItem{
			Image:                digest(name),
			Created:              day(20 - i),
			DockerImageReference: "registry.example:5000/" + repository + "@" + digest(name),
		})
	}
	return t
}

func pod(namespace, name string, references ...inventory.Reference) inventory.Workload {
	return inventory.Workload{
		Kind: inventory.KindPod, Namespace: namespace, Name: name, Created: day(9), References: references,
	}
}

// A fact is something to add to a Builder.
type fact func(*inventory.Builder) error

func image(m inventory.Manifest) fact {
	return func(b *inventory.Builder) error { return b.AddManifest(m) }
}

func imageStream(s inventory.Stream) fact {
	return func(b *inventory.Builder) error { return b.AddStream(s) }
}

func workload(w inventory.Workload) fact {
	return func(b *inventory.Builder) error { return b.AddWorkload(w) }
}

func limit(namespace, name string, size int64) fact {
	return func(b *inventory.Builder) error {
		return b.AddLimit(inventory.Limit{Namespace: namespace, Name: name, MaxImageSize: size})
	}
}

func link(namespace, name, digest string, manifest bool) fact {
	return func(b *inventory.Builder) error {
		return b.AddLink(inventory.Link{Namespace: namespace, Name: name, Digest: digest, Manifest: manifest})
	}
}

// said is a fact that cannot fail.
func said(say func(*inventory.Builder)) fact {
	return func(b *inventory.Builder) error { say(b); return nil }
}

func build(t testing.TB, facts ...fact) *inventory.Inventory {
	t.Helper()
	var b inventory.Builder
	add(t, &b, facts...)
	return b.Build()
}

func add(t testing.TB, b *inventory.Builder, facts ...fact) {
	t.Helper()
	for _, f := range facts {
		require.NoError(t, f(b))
	}
}

// smallCluster has a fact of every kind.
func smallCluster() []fact {
	index := inventory.Manifest{
		Digest: digest("index"), MediaType: mediaTypeIndex, Created: day(3), Managed: true,
		Children: []inventory.Blob{{Digest: digest("web1"), Size: 700}, {Digest: digest("web2"), Size: 700}},
		Labels:   map[string]string{"team": "shop", "tier": "front"},
	}
	signature := inventory.Manifest{
		Digest: digest("signature"), MediaType: mediaTypeImage, Subject: digest("web1"), Partial: true, LastPulled: day(4),
	}
	return []fact{
		image(manifest("web1", 3)),
		image(manifest("web2", 2)),
		image(manifest("db", 1)),
		image(index),
		image(signature),
		imageStream(stream("shop", "web", history("shop/web", "v2", "web2", "web1"), history("shop/web", "latest", "index"), inventory.Tag{Name: "empty"})),
		imageStream(stream("shop", "db", history("base/db", "9", "db"))),
		imageStream(stream("base", "db", inventory.Tag{Name: "9", Items: []inventory.TagItem{{DockerImageReference: "docker.io/library/postgres:9"}}})),
		workload(pod("shop", "web-1", inventory.Reference{
			Field: "spec.containers[0].image", Value: "r/shop/web:v2", Namespace: "shop", Stream: "web", Tag: "v2",
		}, inventory.Reference{
			Field: "spec.containers[1].image", Value: "r/shop/db@…", Namespace: "shop", Stream: "db", Digest: digest("db"),
		})),
		workload(inventory.Workload{Group: "batch", Kind: inventory.KindJob, Namespace: "shop", Name: "import", Finished: true, References: []inventory.Reference{
			{Field: "spec.template.spec.containers[0].image", Value: "{{image}}", Source: "shape", Err: "it does not parse"},
		}}),
		limit("shop", "sizes", 5000),
		limit("shop", "more-sizes", 4000),
		limit("shop", "none", -1),
		link("shop", "web", digest("web1"), true),
		link("shop", "web", digest("base"), false),
		said(func(b *inventory.Builder) { b.LinksListed("shop", "web") }),
		said(func(b *inventory.Builder) { b.AddOther("ConfigMap") }),
		said(func(b *inventory.Builder) { b.AddOther("ConfigMap") }),
		said(func(b *inventory.Builder) { b.Listed(inventory.KindPod, inventory.KindImage, "Secret") }),
		said(func(b *inventory.Builder) { b.Incomplete(inventory.KindImage) }),
		said(func(b *inventory.Builder) { b.ImagesAfterStreams(true) }),
	}
}
