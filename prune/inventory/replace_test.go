package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
)

// What replaces an object and cannot be read leaves the old facts known and its
// kind incomplete, until the object is read, forgotten, or its kind listed anew.
func TestReplaceKeepsWhatItCannotReplace(t *testing.T) {
	web := manifest("web", 2)
	changed, brokenImage := web, web
	changed.ResourceVersion, brokenImage.Size = "9", -1
	newStream := func(images ...string) inventory.Stream {
		return stream("shop", "web", history("shop/web", "v1", images...))
	}
	brokenStream := newStream("b")
	brokenStream.Tags = append(brokenStream.Tags, brokenStream.Tags...)
	runs, other := pod("shop", "p"), pod("shop", "p")
	other.Finished = true
	brokenLimit := inventory.Limit{Namespace: "shop", Name: "l", MaxImageSize: -2}
	for _, c := range []struct {
		kind             inventory.Kind
		old, changed     fact
		replaced, broken fact
		forget           func(b *inventory.Builder)
	}{
		{
			inventory.KindImage, image(web), image(changed),
			func(b *inventory.Builder) error { return b.ReplaceManifest(changed) },
			func(b *inventory.Builder) error { return b.ReplaceManifest(brokenImage) },
			func(b *inventory.Builder) { b.ForgetManifest(web.Digest) },
		},
		{
			inventory.KindImageStream, imageStream(newStream("a")), imageStream(newStream("b", "a")),
			func(b *inventory.Builder) error { return b.ReplaceStream(newStream("b", "a")) },
			func(b *inventory.Builder) error { return b.ReplaceStream(brokenStream) },
			func(b *inventory.Builder) { b.ForgetStream("shop", "web") },
		},
		{
			inventory.KindLimitRange, limit("shop", "l", 4), limit("shop", "l", 5),
			func(b *inventory.Builder) error {
				return b.ReplaceLimit(inventory.Limit{Namespace: "shop", Name: "l", MaxImageSize: 5})
			},
			func(b *inventory.Builder) error { return b.ReplaceLimit(brokenLimit) },
			func(b *inventory.Builder) { b.ForgetLimit("shop", "l") },
		},
		{
			inventory.KindPod, workload(runs), workload(other),
			func(b *inventory.Builder) error { return b.ReplaceWorkload(other) },
			func(b *inventory.Builder) error {
				b.Unread(inventory.KindPod, "shop", "p")
				return inventory.ErrInvalid
			},
			func(b *inventory.Builder) { b.ForgetWorkload("", inventory.KindPod, "shop", "p") },
		},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			listed := func(b *inventory.Builder) error { b.Listed(c.kind); return nil }
			var b inventory.Builder
			add(t, &b, c.old, listed)
			require.ErrorIs(t, c.broken(&b), inventory.ErrInvalid)
			require.False(t, b.Build().Complete(c.kind))
			add(t, &b, listed)
			require.False(t, b.Build().Complete(c.kind), "saying again that it was listed does not read the object")
			var doubted inventory.Builder
			add(t, &doubted, c.old, listed)
			doubted.Incomplete(c.kind)
			requireSame(t, doubted.Build(), b.Build())

			add(t, &b, c.replaced)
			requireSame(t, build(t, c.changed, listed), b.Build())
			add(t, &b, c.replaced)
			requireSame(t, build(t, c.changed, listed), b.Build())

			require.Error(t, c.broken(&b))
			c.forget(&b)
			requireSame(t, build(t, listed), b.Build())

			add(t, &b, c.replaced)
			requireSame(t, build(t, c.changed, listed), b.Build())

			require.Error(t, c.broken(&b))
			b.Unlisted(c.kind)
			add(t, &b, listed)
			require.True(t, b.Build().Complete(c.kind))
		})
	}
}

// An object that cannot be added is there all the same.
func TestWhatCannotBeAddedIsMissing(t *testing.T) {
	var b inventory.Builder
	b.Listed(inventory.KindPod, inventory.KindImage)
	require.Error(t, b.AddManifest(inventory.Manifest{}))
	require.NoError(t, b.AddWorkload(pod("shop", "p")))
	changed := pod("shop", "p")
	changed.Finished = true
	require.ErrorIs(t, b.AddWorkload(changed), inventory.ErrConflict)
	v := b.Build()
	require.False(t, v.Complete(inventory.KindImage))
	require.False(t, v.Complete(inventory.KindPod))
}

// A stream goes with all that it names.
func TestTypedStreamIsReplacedWhole(t *testing.T) {
	typed := func(from string) *imagestream.ImageStream {
		s := &imagestream.ImageStream{ObjectMeta: imagestream.ObjectMeta{Namespace: "shop", Name: "web"}}
		s.Status.Tags = []imagestream.NamedTagEventList{{Tag: "v1", Items: []imagestream.TagEvent{{Image: digest("a")}}}}
		if from != "" {
			s.Spec.Tags = []imagestream.TagReference{{Name: "v1", From: &imagestream.ObjectReference{Kind: "ImageStreamTag", Namespace: "base", Name: from}}}
		}
		return s
	}
	var b inventory.Builder
	require.NoError(t, b.AddImageStream(typed("go:1")))
	v := b.Build()
	require.Equal(t, 1, v.Uses())
	require.Equal(t, v.Uses(), v.Workloads())
	require.NoError(t, b.ReplaceImageStream(typed("go:2")))
	var fresh inventory.Builder
	require.NoError(t, fresh.AddImageStream(typed("go:2")))
	requireSame(t, fresh.Build(), b.Build())
	require.NoError(t, b.ReplaceImageStream(typed("")))
	require.Zero(t, b.Build().Workloads())
	require.NoError(t, b.ReplaceImageStream(typed("go:2")))
	b.ForgetStream("shop", "web")
	requireSame(t, build(t), b.Build())
}

func TestLabelsThatWereNotRead(t *testing.T) {
	m := manifest("a", 1)
	m.Labels = map[string]string{"team": "x"}
	var b inventory.Builder
	add(t, &b, image(m))
	all := b.Build()
	require.True(t, all.LabelRead("tier"))
	b.OnlyLabels("team", "tier")
	some := b.Build()
	b.OnlyLabels("tier", "other")
	fewer := b.Build()
	b.OnlyLabels()
	none := b.Build()
	seen := map[string]bool{}
	for _, v := range []*inventory.Inventory{all, some, fewer, none} {
		require.False(t, seen[v.Fingerprint()])
		seen[v.Fingerprint()] = true
	}
	require.True(t, some.LabelRead("team"))
	require.True(t, some.LabelRead("tier"))
	require.False(t, some.LabelRead("other"))
	require.False(t, fewer.LabelRead("team"))
	require.True(t, fewer.LabelRead("tier"))
	require.False(t, fewer.LabelRead("other"), "the first did not read it")
	require.False(t, none.LabelRead("tier"))
}
