package fromlayout_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/prune/prunetest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// untagged deletes temporary tags, and what no tag needs.
var untagged = prune.Policy{
	TagItems:      []prune.Rule{{ID: "temporary", Outcome: prune.Delete, When: prune.Condition{Tags: []string{"tmp-*"}}}},
	Images:        []prune.Rule{{ID: "untagged", Outcome: prune.Delete, When: prune.Condition{Always: true}}},
	PruneRegistry: true,
}

type volume struct {
	*testing.T
	*registrylayout.Layout
	driver *memory.Driver
	store  *storage.Store
	now    time.Time
}

func newVolume(t *testing.T) *volume {
	v := &volume{T: t, now: noon}
	v.driver = &memory.Driver{Now: func() time.Time { return v.now }}
	v.store = storage.New(v.driver, storage.Options{Trust: true})
	v.Layout = registrylayout.New(v.store, registrylayout.Options{})
	return v
}

func (v *volume) blob(repository, content string) digest.Digest {
	d := digest.FromString(content)
	_, err := v.PutBlob(v.Context(), repository, d, strings.NewReader(content))
	require.NoError(v, err)
	return d
}

func (v *volume) image(repository, content string, tags ...string) digest.Digest {
	config, layer := v.blob(repository, "config of "+content), v.blob(repository, content)
	return v.manifest(repository, fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":1},"layers":[{"digest":%q,"size":1}]}`, config, layer), tags...)
}

func (v *volume) manifest(repository, raw string, tags ...string) digest.Digest {
	d, err := v.PutManifest(v.Context(), repository, []byte(raw), registrylayout.PutManifestOptions{Tags: tags})
	require.NoError(v, err)
	return d
}

func (v *volume) read(o fromlayout.Options) (*inventory.Inventory, *fromlayout.Volume) {
	var b inventory.Builder
	found, err := fromlayout.Read(v.Context(), v.Layout, &b, o)
	require.NoError(v, err)
	return b.Build(), found
}

func (v *volume) write(key string, err error, text string) {
	require.NoError(v, err)
	_, err = v.store.WriteFile(v.Context(), key, []byte(text), storage.CreateOptions{})
	require.NoError(v, err)
}

func TestRead(t *testing.T) {
	v := newVolume(t)
	first := v.image("shop/web/front", "one", "v1")
	v.now = noon.Add(time.Hour)
	v.image("shop/web/front", "one", "v1") // again
	v.now = noon.Add(2 * time.Hour)
	v.blob("shop/web/front", "new")
	second := v.image("alone", "two")
	index := v.manifest("alone", fmt.Sprintf(`{"manifests":[{"digest":%q,"size":999}]}`, second), "multi")
	signature := v.manifest("alone", fmt.Sprintf(`{"config":{"digest":%q},"subject":{"digest":%q}}`, v.blob("alone", "{}"), index))
	inv, found := v.read(fromlayout.Options{Now: func() time.Time { return noon }})

	require.Equal(t, &fromlayout.Volume{Began: noon, Repositories: 2, Tags: 2, Manifests: 4, Blobs: 10}, found)
	require.True(t, inv.Complete(inventory.KindImage) && inv.Complete(inventory.KindImageStream) && inv.ImagesAfterStreams())
	web := inv.FindStream("shop", "web/front")
	require.Equal(t, noon.Add(time.Hour), inv.Stream(web).Created.Time(), "the oldest file: a push writes links anew")
	item := inv.Item(inv.Tag(inv.FindTag(web, "v1")).FirstItem)
	require.Equal(t, string(first), inv.DigestText(item.Image))
	require.Equal(t, noon.Add(time.Hour), item.Created.Time(), "tagged again")

	image := inv.Image(inv.ImageOf(inv.Digest(string(first))))
	require.Equal(t, noon.Add(time.Hour), image.Created.Time(), "pushed again")
	require.Equal(t, int64(len("one")), inv.Size(image.Layers[0]), "not what the manifest says")
	require.Equal(t, int64(len("config of one")), inv.Size(image.Config))
	require.Equal(t, int64(len("one")+len("config of one")), image.Size)

	multi := inv.Image(inv.ImageOf(inv.Digest(string(index))))
	require.Equal(t, string(second), inv.DigestText(multi.Children[0]))
	child, _ := v.StatBlob(t.Context(), second)
	require.Equal(t, child.Size, inv.Size(multi.Children[0]))
	require.Zero(t, multi.Size)
	signed := inv.Image(inv.ImageOf(inv.Digest(string(signature))))
	require.Equal(t, string(index), inv.DigestText(signed.Subject))
	require.GreaterOrEqual(t, inv.FindStream("", "alone"), 0)
	require.NoError(t, prunetest.Check(inv, untagged, noon.Add(24*time.Hour)))
}

// TestPlanAndSweep carries a plan out on the volume: what it leaves is sound and
// what it frees is what it said; planned again, nothing is left to do.
func TestPlanAndSweep(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "kept", "v1")
	v.image("shop/web", "also tagged", "v2", "tmp-1")
	v.image("shop/web", "gone", "tmp-2")
	v.image("shop/other/deep", "kept", "v1") // shares its blobs
	v.image("shop/other/deep", "gone as well", "tmp-3")
	child := v.image("shop/web", "child")
	index := v.manifest("shop/web", fmt.Sprintf(`{"manifests":[{"digest":%q}]}`, child), "multi")
	v.manifest("shop/web", fmt.Sprintf(`{"config":{"digest":%q},"subject":{"digest":%q}}`, v.blob("shop/web", "{}"), index))
	before, err := v.Check(t.Context(), registrylayout.CheckOptions{}, nil)
	require.NoError(t, err)

	inv, _ := v.read(fromlayout.Options{})
	plan, err := prune.New(inv, untagged, noon.Add(time.Hour))
	require.NoError(t, err)
	sweep, err := v.Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	counts := map[prune.ActionKind]int{}
	for a := range plan.Actions() {
		counts[a.Kind]++
		switch a.Kind {
		case prune.DeleteTagItem:
			require.NoError(t, sweep.DeleteTag(t.Context(), a.Stream, a.Tag, a.Image))
		case prune.DeleteManifestLink:
			require.NoError(t, sweep.DeleteManifestLink(t.Context(), a.Repository, a.Digest))
		case prune.DeleteLayerLink:
			require.NoError(t, sweep.DeleteLayerLink(t.Context(), a.Repository, a.Digest))
		case prune.DeleteBlob:
			require.NoError(t, sweep.DeleteBlob(t.Context(), a.Digest))
		}
	}
	require.Equal(t, 3, counts[prune.DeleteTagItem])
	require.Equal(t, 2, counts[prune.DeleteImage], "those of tmp-2 and tmp-3; the signature stays with its index")

	after, err := v.Check(t.Context(), registrylayout.CheckOptions{Verify: true}, func(f registrylayout.Finding) { t.Logf("%+v", f) })
	require.NoError(t, err)
	require.Zero(t, after.Dangling+after.BrokenLinks+after.Mismatches)
	require.Equal(t, plan.Summary.FreedBytes, before.Bytes-after.Bytes)
	require.Equal(t, plan.Summary.Blobs, before.Blobs-after.Blobs)
	require.Zero(t, plan.Summary.UnknownBlobs)
	require.Equal(t, 4, after.Tags)

	again, _ := v.read(fromlayout.Options{})
	empty, err := prune.New(again, untagged, noon.Add(time.Hour))
	require.NoError(t, err)
	require.Zero(t, empty.Summary.Images+empty.Summary.Blobs)
}

// TestWhatCannotBeReadKeeps: nothing goes for want of it.
func TestWhatCannotBeReadKeeps(t *testing.T) {
	for what, breaks := range map[string]func(v *volume, d digest.Digest){
		"a broken tag": func(v *volume, d digest.Digest) {
			key, err := registrylayout.TagKey("shop/web", "v1")
			v.write(key, err, "garbage")
		},
		"a broken link": func(v *volume, d digest.Digest) {
			key, err := registrylayout.ManifestLinkKey("shop/web", d)
			v.write(key, err, "")
		},
		"a changed manifest": func(v *volume, d digest.Digest) {
			key, err := registrylayout.BlobKey(d)
			v.write(key, err, "{}")
		},
		"a manifest that is none": func(v *volume, d digest.Digest) {
			v.blob("shop/web", "[]")
			for _, raw := range []string{"[]", `{"layers":[{"digest":"sha256:x"}]}`, `{"subject":{"digest":"/"}}`} {
				d := v.blob("shop/web", raw)
				key, err := registrylayout.ManifestLinkKey("shop/web", d)
				v.write(key, err, string(d))
			}
		},
		"one that names too much": func(v *volume, _ digest.Digest) {
			d := v.blob("shop/web", `{"layers":[{}`+strings.Repeat(",{}", 50_000)+`]}`)
			key, err := registrylayout.ManifestLinkKey("shop/web", d)
			v.write(key, err, string(d))
		},
		"one that is too large": func(v *volume, _ digest.Digest) {
			d := v.blob("shop/web", strings.Repeat(" ", registrylayout.MaxManifest+1))
			key, err := registrylayout.ManifestLinkKey("shop/web", d)
			v.write(key, err, string(d))
		},
	} {
		t.Run(what, func(t *testing.T) {
			v := newVolume(t)
			d := v.image("shop/web", "kept", "v1")
			v.image("shop/web", "untagged")
			breaks(v, d)
			inv, found := v.read(fromlayout.Options{})
			require.NotEmpty(t, found.Unread)
			require.False(t, inv.Complete(inventory.KindImage) && inv.Complete(inventory.KindImageStream))
			plan, err := prune.New(inv, untagged, noon.Add(time.Hour))
			require.NoError(t, err)
			for a := range plan.Actions() {
				require.NotEqual(t, prune.DeleteBlob, a.Kind, "%v", a)
				require.NotEqual(t, string(d), a.Digest)
			}
		})
	}
}

// TestADanglingTagIsAFact: its manifest was looked for after the tag.
func TestADanglingTagIsAFact(t *testing.T) {
	v := newVolume(t)
	d := v.image("shop/web", "gone", "v1")
	sweep, err := v.Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	require.NoError(t, sweep.DeleteBlob(t.Context(), string(d)))
	inv, found := v.read(fromlayout.Options{})
	require.Empty(t, found.Unread)
	require.True(t, inv.Complete(inventory.KindImage))
	require.Equal(t, -1, inv.ImageOf(inv.Digest(string(d))))
}

func TestAReadingThatFails(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "one", "v1")
	v.write(registrylayout.Root+"/repositories/shop/web/_uploads/1/startedat", nil, "2026-10-01T00:00:00Z")
	failed := 0
	for nth := 1; ; nth++ {
		faulty := middleware.Faults(v.driver, middleware.Fault{Nth: nth, Times: 1})
		var b inventory.Builder
		_, err := fromlayout.Read(t.Context(), registrylayout.New(storage.New(faulty, storage.Options{}), registrylayout.Options{}), &b, fromlayout.Options{})
		if faulty.Injected() == 0 {
			require.NoError(t, err)
			break
		}
		failed++
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.False(t, b.Build().Complete(inventory.KindImage))
		require.False(t, b.Build().Complete(inventory.KindImageStream))
		require.False(t, b.Build().RepositoriesListed())
	}
	require.Greater(t, failed, 10)
}

func TestUploads(t *testing.T) {
	v := newVolume(t)
	v.write(registrylayout.Root+"/repositories/shop/web/_uploads/1/data", nil, "12345")
	v.write(registrylayout.Root+"/repositories/shop/web/_uploads/1/startedat", nil, "2026-10-01T12:00:00Z")
	v.write(registrylayout.Root+"/repositories/b/_uploads/2/data", nil, "1")
	_, found := v.read(fromlayout.Options{})
	require.Len(t, found.Uploads, 2)
	require.Equal(t, "b", found.Uploads[0].Repository)
	require.Equal(t, 31*24*time.Hour, found.Uploads[1].Age(noon))
	for _, u := range found.Uploads {
		require.NoError(t, v.DeleteUpload(t.Context(), u.Repository, u.ID))
	}
	_, found = v.read(fromlayout.Options{})
	require.Equal(t, 0, found.Repositories)
}

// TestLinksOnly is for the registry of a cluster: streams and Images are others'.
func TestLinksOnly(t *testing.T) {
	v := newVolume(t)
	d := v.image("shop/web", "one", "v1")
	var b inventory.Builder
	require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web", UID: "1"}))
	require.NoError(t, b.AddManifest(inventory.Manifest{Digest: string(d), UID: "2", Partial: true}))
	found, err := fromlayout.Read(t.Context(), v.Layout, &b, fromlayout.Options{LinksOnly: true})
	require.NoError(t, err)
	require.Equal(t, 1, found.Repositories)
	inv := b.Build()
	require.False(t, inv.Complete(inventory.KindImage))
	require.False(t, inv.ImagesAfterStreams())
	require.Equal(t, 1, inv.Streams())

	_, err = fromlayout.Read(t.Context(), v.Layout, &b, fromlayout.Options{})
	require.ErrorIs(t, err, inventory.ErrConflict, "the same objects of two sources")
}

func TestProgress(t *testing.T) {
	v := newVolume(t)
	for i := range 150 {
		v.manifest(fmt.Sprintf("r%d", i%3), fmt.Sprintf(`{"config":{"digest":%q},"n":%d}`, v.blob(fmt.Sprintf("r%d", i%3), "{}"), i))
	}
	var all []fromlayout.Progress
	v.read(fromlayout.Options{Progress: func(p fromlayout.Progress) { all = append(all, p) }})
	require.Equal(t, []fromlayout.Progress{{1, 0, 0}, {2, 0, 0}, {3, 0, 0}, {3, 100, 150}, {3, 150, 150}}, all)
}

// Where a volume says of all repositories which links they have, a stream without one
// has none. An empty place, or one link that is broken, says nothing of them.
func TestRepositoriesListed(t *testing.T) {
	for _, linksOnly := range []bool{false, true} {
		listed := func(v *volume) bool {
			inv, _ := v.read(fromlayout.Options{LinksOnly: linksOnly})
			return inv.RepositoriesListed()
		}
		empty, whole, broken := newVolume(t), newVolume(t), newVolume(t)
		whole.image("shop/web", "one", "v1")
		d := broken.image("shop/web", "one", "v1")
		broken.image("shop/zoo", "two", "v1")
		key, err := registrylayout.ManifestLinkKey("shop/web", d)
		broken.write(key, err, "")
		require.True(t, listed(whole))
		require.False(t, listed(broken))
		require.Equal(t, !linksOnly, listed(empty), "the place of a cluster's registry is not empty")

		// What an earlier reading said does not hold for one that fails.
		var b inventory.Builder
		_, err = fromlayout.Read(t.Context(), whole.Layout, &b, fromlayout.Options{LinksOnly: true})
		require.NoError(t, err)
		require.True(t, b.Build().RepositoriesListed())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = fromlayout.Read(ctx, whole.Layout, &b, fromlayout.Options{LinksOnly: linksOnly})
		require.Error(t, err)
		require.False(t, b.Build().RepositoriesListed())
	}
}
