package fromlayout_test

import (
	"fmt"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// A registry that is given a blob by its sha512 keeps it by its sha256, and links the
// one to the other: the manifest names the sha512 alone.
func TestBlobsUnderAnotherAlgorithmStay(t *testing.T) {
	v := newVolume(t)
	config, layer := v.blob("shop/web", "{}"), v.blob("shop/web", "layer")
	alias := digest.SHA512.FromString("layer")
	key, err := registrylayout.LayerLinkKey("shop/web", alias)
	v.write(key, err, string(layer))
	raw := fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":2},"layers":[{"digest":%q,"size":5}]}`, config, alias)
	v.manifest("shop/web", raw, "v1")

	_, err = v.collect(prune.GarbageOptions{Untagged: true})
	require.NoError(t, err)
	require.NoError(t, v.HasLayer(t.Context(), "shop/web", alias))
	require.NoError(t, v.VerifyBlob(t.Context(), layer))

	v.untag()
	_, err = v.collect(prune.GarbageOptions{Untagged: true})
	require.NoError(t, err)
	require.Zero(t, v.blobs(), "nothing needs it any more")
}

// Registries before 2.6 keep the signatures of a schema 1 manifest beside its link.
func TestSignaturesOfOldRegistriesStay(t *testing.T) {
	v := newVolume(t)
	image, signature := v.image("shop/web", "old", "v1"), v.blob("other", "signature")
	dir := registrylayout.Root + "/repositories/shop/web/_manifests/revisions/sha256/" + image.Encoded()
	v.write(dir+"/signatures/sha256/"+signature.Encoded()+"/link", nil, string(signature))

	_, err := v.collect(prune.GarbageOptions{Untagged: true})
	require.NoError(t, err)
	require.NoError(t, v.VerifyBlob(t.Context(), signature))

	v.untag()
	_, err = v.collect(prune.GarbageOptions{Untagged: true})
	require.NoError(t, err)
	require.Zero(t, v.blobs(), "it goes with the manifest")
}

// What may be a link to a manifest, and cannot be understood, stops a collection.
func TestLinksThatAreNotUnderstood(t *testing.T) {
	d := digest.FromString("any")
	manifests := registrylayout.Root + "/repositories/shop/web/_manifests/"
	for name, key := range map[string]string{
		"a manifest by a digest that nobody knows": manifests + "revisions/blake9/abcd/link",
		"a tag with a name that none may have":     manifests + "tags/.hidden/current/link",
		"a manifest under another algorithm":       manifests + "revisions/sha512/" + digest.SHA512.FromString("any").Encoded() + "/link",
		"a broken signature":                       manifests + "revisions/sha256/" + d.Encoded() + "/signatures/sha256/" + digest.FromString("other").Encoded() + "/link",
	} {
		t.Run(name, func(t *testing.T) {
			v := newVolume(t)
			v.image("shop/web", "one")
			blobs := v.blobs()
			v.write(key, nil, string(d))
			_, found := v.read(fromlayout.Options{})
			require.Len(t, found.Unread, 1)
			require.ErrorIs(t, found.Unread[0], registrylayout.ErrBrokenLink)
			require.ErrorContains(t, found.Unread[0], key)
			_, err := v.collect(prune.GarbageOptions{Untagged: true})
			require.NoError(t, err)
			require.Equal(t, blobs, v.blobs())
		})
	}
}

func (v *volume) untag() {
	key, err := registrylayout.TagKey("shop/web", "v1")
	require.NoError(v, err)
	require.NoError(v, v.store.Delete(v.Context(), key, storage.DeleteOptions{}))
}

func (v *volume) blobs() int {
	sizes, err := v.Sizes(v.Context())
	require.NoError(v, err)
	return sizes.Len()
}
