package registrylayout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// An image goes into the tree as a registry puts it there: its bytes, its links,
// its manifest, its tag.
func Example() {
	ctx := context.Background()
	store := storage.New(&memory.Driver{}, storage.Options{})
	layout := registrylayout.New(store, registrylayout.Options{})

	config, layer := digest.FromString("{}"), digest.FromString("a layer")
	_, err1 := layout.PutBlob(ctx, "shop/web", config, strings.NewReader("{}"))
	_, err2 := layout.PutBlob(ctx, "shop/web", layer, strings.NewReader("a layer"))
	manifest := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":2},
"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":7}]}`, config, layer)
	d, err3 := layout.PutManifest(ctx, "shop/web", []byte(manifest), registrylayout.PutManifestOptions{Tags: []string{"v1"}})
	if err := errors.Join(err1, err2, err3); err != nil {
		fmt.Println(err)
		return
	}

	for name, err := range layout.Repositories(ctx) {
		fmt.Println("repository", name, err)
	}
	resolved, err := layout.ResolveTag(ctx, "shop/web", "v1")
	fmt.Println("v1 is the manifest:", resolved == d, err)
	for object, err := range layout.Walk(ctx, "repositories/shop/web/_manifests/tags/") {
		fmt.Println(object.Kind, object.Tag, err)
	}
	// Output:
	// repository shop/web <nil>
	// v1 is the manifest: true <nil>
	// tag v1 <nil>
	// tag index v1 <nil>
}

// A check tells what nobody points to, and what points to nothing.
func ExampleLayout_Check() {
	ctx := context.Background()
	store := storage.New(&memory.Driver{}, storage.Options{})
	layout := registrylayout.New(store, registrylayout.Options{})

	// A push that ended before its manifest.
	_, err := layout.PutBlob(ctx, "shop/web", digest.FromString("a layer"), strings.NewReader("a layer"))
	if err != nil {
		fmt.Println(err)
		return
	}
	// A tag whose manifest somebody has deleted.
	tag, _ := registrylayout.TagKey("shop/api", "v1")
	_, err = store.WriteFile(ctx, tag, []byte(digest.FromString("gone")), storage.CreateOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}

	summary, err := layout.Check(ctx, registrylayout.CheckOptions{}, func(f registrylayout.Finding) {
		fmt.Println(f.Kind, f.Repository, f.Reference, f.Digest.Encoded()[:4], f.Bytes)
	})
	fmt.Println(summary.Sound(), summary.Blobs, summary.Bytes, err)
	// Output:
	// dangling shop/api tag 283b 0
	// orphan shop/web layer e28d 0
	// orphan   e28d 7
	// false 1 7 <nil>
}

// The path of everything can be asked for, and told back.
func ExampleParseKey() {
	key, err := registrylayout.LayerLinkKey("shop/web", digest.FromString("a layer"))
	fmt.Println(key, err)
	place, ok := registrylayout.ParseKey(key)
	fmt.Println(place.Kind, place.Repository, place.Digest, ok)
	_, err = registrylayout.BlobKey("sha256:../../../../etc/passwd")
	fmt.Println(err)
	// Output:
	// docker/registry/v2/repositories/shop/web/_layers/sha256/e28d98ac666afd34f089b971a663264d54d67a60ddc82996d48d8f3c204eb75f/link <nil>
	// layer link shop/web sha256:e28d98ac666afd34f089b971a663264d54d67a60ddc82996d48d8f3c204eb75f true
	// registry layout: invalid name: digest "sha256:../../../../etc/passwd"
}
