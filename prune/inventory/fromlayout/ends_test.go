package fromlayout_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/prune/prunetest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// collect collects the garbage of a volume on which nobody else writes.
func (v *volume) collect(o prune.GarbageOptions) (*apply.Report, error) {
	ends, err := fromlayout.NewEnds(v.store, v.Layout, fromlayout.EndsOptions{Alone: true})
	require.NoError(v, err)
	inv, _, err := ends.Read(v.Context())
	require.NoError(v, err)
	require.NoError(v, prunetest.Check(inv, prune.Garbage(o), v.now))
	plan, err := prune.New(inv, prune.Garbage(o), v.now)
	require.NoError(v, err)
	return apply.Run(v.Context(), plan, ends.Ends(), apply.Options{Now: func() time.Time { return v.now }, Grace: -1})
}

func (v *volume) sound() registrylayout.Summary {
	summary, err := v.Check(v.Context(), registrylayout.CheckOptions{Verify: true}, func(f registrylayout.Finding) {
		require.Fail(v, "found", "%+v", f)
	})
	require.NoError(v, err)
	return summary
}

// What the registry's own collector breaks or leaves behind.
func TestGarbageOfAVolume(t *testing.T) {
	v := newVolume(t)
	_, err := v.collect(prune.GarbageOptions{Untagged: true}) // an empty registry
	require.NoError(t, err)

	amd, arm := v.image("shop/web", "amd"), v.image("shop/web", "arm")
	index := v.manifest("shop/web", fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":%q,"size":1},{"digest":%q,"size":1}]}`, amd, arm), "v1")
	payload, empty := v.blob("shop/web", "signed"), v.blob("shop/web", "{}")
	signature := v.manifest("shop/web", fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":1},"layers":[{"digest":%q,"size":1}],"subject":{"digest":%q,"size":1}}`, empty, payload, index))
	never := v.image("never/tagged", "by digest alone")
	v.blob("only/layers", "left by a failed push")

	report, err := v.collect(prune.GarbageOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(prune.DeleteBlob, apply.Done))
	require.EqualValues(t, len("left by a failed push"), report.FreedBytes)

	_, err = v.collect(prune.GarbageOptions{Untagged: true})
	require.NoError(t, err)
	v.sound()
	for _, d := range []digest.Digest{amd, arm, index, signature} {
		require.NoError(t, v.HasManifest(t.Context(), "shop/web", d), d)
	}
	require.ErrorIs(t, v.HasManifest(t.Context(), "never/tagged", never), storage.ErrNotExist)
	_, _, err = v.OpenBlob(t.Context(), never)
	require.ErrorIs(t, err, storage.ErrNotExist)

	// Pushed again it is there again, whole.
	v.image("never/tagged", "by digest alone", "now")
	require.Equal(t, 2, v.sound().Tags)
}

// A manifest of a kind that nobody knows keeps whatever it may mean.
func TestUnknownMediaTypesKeepWhatTheyMayMean(t *testing.T) {
	v := newVolume(t)
	needed, other := v.blob("shop/web", "needed by something new"), v.blob("shop/web", "not needed")
	raw := fmt.Sprintf(`{"mediaType":"application/vnd.acme.bundle.v9+json","parts":{"a":["%s"]}}`, needed)
	_, err := v.PutManifest(t.Context(), "shop/web", []byte(raw), registrylayout.PutManifestOptions{Tags: []string{"v1"}})
	require.NoError(t, err)
	_, err = v.collect(prune.GarbageOptions{Untagged: true})
	require.NoError(t, err)
	require.NoError(t, v.HasLayer(t.Context(), "shop/web", needed))
	_, _, err = v.OpenBlob(t.Context(), needed)
	require.NoError(t, err)
	_, _, err = v.OpenBlob(t.Context(), other)
	require.ErrorIs(t, err, storage.ErrNotExist)
}

// So it does where what it names is a manifest: that may be a child of it, whatever
// the field is called, with all that belongs to it.
func TestUnknownMediaTypesKeepManifestsThatTheyMayOwn(t *testing.T) {
	for name, text := range map[string]string{
		"in a field of its own": `{"mediaType":"application/vnd.acme.bundle.v9+json","parts":["%s"]}`,
		"as a layer":            `{"mediaType":"application/vnd.acme.bundle.v9+json","layers":[{"digest":"%s","size":1}]}`,
		"as the config":         `{"mediaType":"application/vnd.acme.bundle.v9+json","config":{"digest":"%s","size":1}}`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVolume(t)
			part, lost := v.image("shop/web", "part"), v.image("shop/web", "of nobody")
			signature := v.manifest("shop/web", fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":1},"subject":{"digest":%q,"size":1}}`, v.blob("shop/web", "{}"), part))
			key, err := registrylayout.LayerLinkKey("shop/web", part)
			v.write(key, err, string(part)) // as a push asks for of layers
			v.manifest("shop/web", fmt.Sprintf(text, part), "v1")
			report, err := v.collect(prune.GarbageOptions{Untagged: true})
			require.NoError(t, err)
			require.Equal(t, 3, report.Count(prune.DeleteBlob, apply.Done), "manifest, config and layer of what nobody names")
			for r := range report.Results() {
				require.Equal(t, apply.Done, r.Status, "the plan says what the run does: %+v", r)
			}
			require.NoError(t, v.HasManifest(t.Context(), "shop/web", part))
			require.NoError(t, v.HasManifest(t.Context(), "shop/web", signature))
			require.ErrorIs(t, v.HasManifest(t.Context(), "shop/web", lost), storage.ErrNotExist)
			for _, content := range []string{"config of part", "part", "{}"} {
				require.NoError(t, v.HasLayer(t.Context(), "shop/web", digest.FromString(content)))
				require.NoError(t, v.VerifyBlob(t.Context(), digest.FromString(content)))
			}
		})
	}
}

// The children of an index may be there without links of their own.
func TestChildrenWithoutLinksStay(t *testing.T) {
	v := newVolume(t)
	child := v.image("shop/web", "child")
	v.manifest("shop/web", fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":%q,"size":1}]}`, child), "v1")
	key, err := registrylayout.ManifestLinkKey("shop/web", child)
	require.NoError(t, err)
	require.NoError(t, v.store.Delete(t.Context(), key, storage.DeleteOptions{}))
	report, err := v.collect(prune.GarbageOptions{Untagged: true})
	require.NoError(t, err)
	require.Zero(t, report.Count(prune.DeleteBlob, apply.Done))
	require.Zero(t, report.Count(prune.DeleteLayerLink, apply.Done))
}

// Retention on a volume: tags that a policy drops go with all that only they had.
func TestTagsThatAPolicyDrops(t *testing.T) {
	v := newVolume(t)
	keep := v.image("shop/web", "keep", "v1")
	v.image("shop/web", "drop", "tmp-1")
	policy := prune.Garbage(prune.GarbageOptions{})
	policy.TagItems = untagged.TagItems
	ends, err := fromlayout.NewEnds(v.store, v.Layout, fromlayout.EndsOptions{Alone: true})
	require.NoError(t, err)
	inv, volume, err := ends.Read(t.Context())
	require.NoError(t, err)
	require.Empty(t, volume.Former)
	plan, err := prune.New(inv, policy, v.now)
	require.NoError(t, err)
	report, err := apply.Run(t.Context(), plan, ends.Ends(), apply.Options{Now: func() time.Time { return v.now }, Grace: -1})
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(prune.DeleteTagItem, apply.Done))
	require.Equal(t, 3, report.Count(prune.DeleteBlob, apply.Done))
	require.NoError(t, v.HasManifest(t.Context(), "shop/web", keep))
	require.Equal(t, 1, v.sound().Tags)
}

func TestFormerTags(t *testing.T) {
	v := newVolume(t)
	first := v.image("shop/web", "first", "v1")
	second := v.image("shop/web", "second", "v1")
	ends, err := fromlayout.NewEnds(v.store, v.Layout, fromlayout.EndsOptions{Alone: true})
	require.NoError(t, err)
	_, volume, err := ends.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, []fromlayout.FormerTag{{Repository: "shop/web", Tag: "v1", Digest: first, Linked: true}}, volume.Former)

	// What the tag is by now stays, whoever asks.
	now := append(volume.Former, fromlayout.FormerTag{Repository: "shop/web", Tag: "v1", Digest: second})
	gone, err := ends.ForgetFormer(t.Context(), append(now, fromlayout.FormerTag{Repository: "shop/web", Tag: "v9", Digest: first}))
	require.NoError(t, err)
	require.Equal(t, volume.Former, gone)
	_, volume, err = ends.Read(t.Context())
	require.NoError(t, err)
	require.Empty(t, volume.Former)
	v.sound()
}

func TestEndsSayWhatHappened(t *testing.T) {
	v := newVolume(t)
	image := v.image("shop/web", "one", "v1")
	book := lease.New(v.store, lease.Options{Now: func() time.Time { return v.now }})
	layout := registrylayout.New(v.store, registrylayout.Options{Leases: book, Now: func() time.Time { return v.now }})
	ends, err := fromlayout.NewEnds(v.store, layout, fromlayout.EndsOptions{Now: func() time.Time { return v.now }})
	require.NoError(t, err)
	absent := string(digest.FromString("absent"))
	ctx := t.Context()
	require.ErrorIs(t, ends.DeleteBlob(ctx, absent), apply.ErrNotFound)
	require.ErrorIs(t, ends.DeleteTag(ctx, "shop/web", "v1", absent), apply.ErrConflict)
	_, err = book.Renew(ctx, image)
	require.NoError(t, err)
	require.ErrorIs(t, ends.DeleteBlob(ctx, string(image)), apply.ErrInUse)
	require.ErrorIs(t, ends.DeleteManifestLink(ctx, "shop/web", string(image)), apply.ErrInUse)
	require.Error(t, ends.DeleteBlob(ctx, "nonsense"))

	_, err = fromlayout.NewEnds(v.store, v.Layout, fromlayout.EndsOptions{})
	require.ErrorIs(t, err, storage.ErrUnsupported)

	readOnly := storage.New(middleware.ReadOnly(v.driver), storage.Options{Trust: true})
	ends, err = fromlayout.NewEnds(readOnly, registrylayout.New(readOnly, registrylayout.Options{}), fromlayout.EndsOptions{Alone: true})
	require.NoError(t, err)
	require.ErrorIs(t, ends.DeleteLayerLink(ctx, "shop/web", string(digest.FromString("one"))), apply.ErrForbidden)
}

func TestCondemnedOnAStore(t *testing.T) {
	v := newVolume(t)
	c := fromlayout.NewCondemned(v.store, "")
	ctx := t.Context()
	blobs, err := c.LoadCondemned(ctx)
	require.NoError(t, err)
	require.Zero(t, blobs.Len())
	require.NoError(t, c.StoreCondemned(ctx, nil))
	want := apply.Condemnation{Since: noon, Bytes: 7}
	blobs.Set("sha256:aa", want)
	require.NoError(t, c.StoreCondemned(ctx, blobs))
	blobs, err = c.LoadCondemned(ctx)
	require.NoError(t, err)
	require.Equal(t, map[string]apply.Condemnation{"sha256:aa": want}, maps.Collect(blobs.All()))
	require.NoError(t, c.StoreCondemned(ctx, nil))
	_, err = v.store.Stat(ctx, fromlayout.DefaultCondemned)
	require.ErrorIs(t, err, storage.ErrNotExist)
	for _, text := range []string{"", "{", `{"schema":"x"}`, `{"schema":"registrykit/condemned/v1","more":1}`} {
		v.write(fromlayout.DefaultCondemned, nil, text)
		_, err := c.LoadCondemned(ctx)
		require.ErrorContains(t, err, fromlayout.DefaultCondemned, text)
	}
}

// TestCostOfACollection counts the calls to the driver: reading, planning, looking
// again and deleting take at most two for each blob and link, and the listings, of
// which each manifest link that goes has one of its own.
func TestCostOfACollection(t *testing.T) {
	for name, oneIn := range map[string]int{"nothing goes": images + 1, "half goes": 2} {
		t.Run(name, func(t *testing.T) { costOfACollection(t, oneIn) })
	}
}

const images = 400

func costOfACollection(t *testing.T, oneIn int) {
	v := newVolume(t)
	going := 0
	for i := range images {
		repository, content := fmt.Sprintf("team/app-%d", i%40), fmt.Sprintf("image %d", i)
		if i%oneIn == oneIn-1 {
			v.image(repository, content)
			going++
		} else {
			v.image(repository, content, fmt.Sprintf("v%d", i))
		}
	}
	var mu sync.Mutex
	count := map[string]int{}
	observe := func(e middleware.Event) {
		mu.Lock()
		defer mu.Unlock()
		count[e.Op]++
	}
	store := storage.New(middleware.Observe(v.driver, observe, middleware.ObserveOptions{}), storage.Options{Trust: true})
	ends, err := fromlayout.NewEnds(store, registrylayout.New(store, registrylayout.Options{}), fromlayout.EndsOptions{Alone: true})
	require.NoError(t, err)
	inv, volume, err := ends.Read(t.Context())
	require.NoError(t, err)
	plan, err := prune.New(inv, prune.Garbage(prune.GarbageOptions{Untagged: true}), v.now)
	require.NoError(t, err)
	report, err := apply.Run(t.Context(), plan, ends.Ends(), apply.Options{Now: func() time.Time { return v.now }, Grace: -1})
	require.NoError(t, err)
	require.Equal(t, 3*going, report.Count(prune.DeleteBlob, apply.Done))
	links := 2*volume.Tags + volume.Manifests + 2*images // a tag has its index, too
	calls := 0
	for op, n := range count {
		if op != "list" {
			calls += n
		}
	}
	t.Logf("%d tags, %d blobs, %d links: %d calls, %v", volume.Tags, volume.Blobs, links, calls, count)
	require.Equal(t, 3*images, volume.Blobs)
	require.LessOrEqual(t, calls, 2*(volume.Blobs+links))
	require.LessOrEqual(t, count["list"], 2+going)
}

// A look that fails is none; nobody else writes, so that one that did not is enough.
func TestListThatFails(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "one", "v1")
	ends, err := fromlayout.NewEnds(v.store, v.Layout, fromlayout.EndsOptions{Alone: true})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = ends.List(ctx)
	require.True(t, errors.Is(err, context.Canceled))
	var inv *inventory.Inventory
	inv, err = ends.List(t.Context())
	require.NoError(t, err)
	again, err := ends.List(t.Context())
	require.NoError(t, err)
	require.Same(t, inv, again)
}
