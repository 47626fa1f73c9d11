package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

func TestImages(t *testing.T) {
	v := build(t, smallCluster()...)
	require.Equal(t, 5, v.Images())
	for i := range v.Images() {
		image := v.Image(i)
		require.Equal(t, i, v.ImageOf(image.Digest))
		if i > 0 {
			require.Less(t, v.DigestText(v.Image(i-1).Digest), v.DigestText(image.Digest), "sorted by digest")
		}
	}

	web := v.Image(v.ImageOf(v.Digest(digest("web1"))))
	require.Equal(t, inventory.ClassImage, web.Class)
	require.Equal(t, digest("config of web1"), v.DigestText(web.Config))
	require.Len(t, web.Layers, 4)
	require.Equal(t, digest("base"), v.DigestText(web.Layers[0]), "the layers stay in their order")
	require.Equal(t, digest("web1 layer 2"), v.DigestText(web.Layers[3]))
	require.Empty(t, web.Children)
	require.Equal(t, inventory.NoDigest, web.Subject)
	require.Equal(t, day(1), web.Created.Time())
	require.False(t, web.Pulled.Known())
	require.EqualValues(t, 3000, web.Size)
	require.Nil(t, web.Labels, "unknown")
	uid, resourceVersion := v.ImageIdentity(v.ImageOf(web.Digest))
	require.Equal(t, []string{"uid-web1", "17"}, []string{uid, resourceVersion})

	index := v.Image(v.ImageOf(v.Digest(digest("index"))))
	require.Equal(t, inventory.ClassIndex, index.Class)
	require.Equal(t, inventory.NoDigest, index.Config)
	require.Empty(t, index.Layers)
	require.Equal(t, []inventory.Digest{v.Digest(digest("web1")), v.Digest(digest("web2"))}, index.Children)
	require.True(t, index.Managed)
	require.Equal(t, map[string]string{"team": "shop", "tier": "front"}, index.Labels)

	signature := v.Image(v.ImageOf(v.Digest(digest("signature"))))
	require.Equal(t, v.Digest(digest("web1")), signature.Subject)
	require.True(t, signature.Partial)
	require.Equal(t, day(4), signature.Pulled.Time())

	require.Equal(t, -1, v.ImageOf(v.Digest(digest("base"))), "a layer is no image")
	require.Equal(t, -1, v.ImageOf(inventory.NoDigest))
}

func TestAppendingToAViewHarmsNoOther(t *testing.T) {
	v := build(t, smallCluster()...)
	before := v.Fingerprint()
	for i := range v.Images() {
		image := v.Image(i)
		_ = append(image.Layers, 0)
		_ = append(image.Children, 0)
	}
	var b inventory.Builder
	add(t, &b, smallCluster()...)
	again := b.Build()
	require.Equal(t, before, again.Fingerprint())
	for i := range v.Images() {
		require.Equal(t, again.Image(i).Layers, again.Image(again.ImageOf(again.Digest(v.DigestText(v.Image(i).Digest)))).Layers)
	}
	index := v.Image(v.ImageOf(v.Digest(digest("index"))))
	require.Equal(t, v.Digest(digest("web1")), index.Children[0])
}

func TestMediaTypes(t *testing.T) {
	for mediaType, want := range map[string]inventory.Class{
		"application/vnd.oci.image.manifest.v1+json":                inventory.ClassImage,
		"application/vnd.docker.distribution.manifest.v2+json":      inventory.ClassImage,
		"application/vnd.oci.image.index.v1+json":                   inventory.ClassIndex,
		"application/vnd.docker.distribution.manifest.list.v2+json": inventory.ClassIndex,
		"application/vnd.docker.distribution.manifest.v1+json":      inventory.ClassOther,
		"application/vnd.docker.distribution.manifest.v1+prettyjws": inventory.ClassOther,
		"application/vnd.oci.artifact.manifest.v1+json":             inventory.ClassOther,
		"": inventory.ClassOther,
		"application/vnd.oci.image.manifest.v1+json; charset=utf-8": inventory.ClassOther,
	} {
		v := build(t, image(inventory.Manifest{Digest: digest("x"), MediaType: mediaType}))
		require.Equal(t, want, v.Image(0).Class, mediaType)
	}
}

func TestStreamsTagsAndItems(t *testing.T) {
	v := build(t, smallCluster()...)
	var repositories, tags []string
	for s := range v.Streams() {
		stream := v.Stream(s)
		repositories = append(repositories, stream.Repository())
		for n := stream.FirstTag; n < stream.EndTag; n++ {
			tag := v.Tag(n)
			require.Equal(t, s, tag.Stream)
			require.Equal(t, n, v.FindTag(s, tag.Name))
			tags = append(tags, stream.Repository()+":"+tag.Name)
			for i := tag.FirstItem; i < tag.EndItem; i++ {
				require.Equal(t, n, v.Item(i).Tag)
				require.Equal(t, i-tag.FirstItem, v.Item(i).Index)
			}
		}
		require.Equal(t, s, v.FindStream(stream.Namespace, stream.Name))
	}
	require.Equal(t, []string{"base/db", "shop/db", "shop/web"}, repositories)
	require.Equal(t, []string{"base/db:9", "shop/db:9", "shop/web:empty", "shop/web:latest", "shop/web:v2"}, tags)
	require.Equal(t, 5, v.Tags())
	require.Equal(t, 5, v.Items())

	web := v.Stream(v.FindStream("shop", "web"))
	require.Equal(t, "uid-web", web.UID)
	require.Equal(t, "4", web.ResourceVersion)
	require.Equal(t, day(2), web.Created.Time())
	v2 := v.Tag(v.FindTag(v.FindStream("shop", "web"), "v2"))
	first := v.Item(v2.FirstItem)
	require.Equal(t, v.Digest(digest("web2")), first.Image, "the newest first")
	require.Equal(t, day(20), first.Created.Time())
	require.Equal(t, first.Image, first.Named)
	require.Equal(t, v.FindStream("shop", "web"), first.NamedStream)
	require.Equal(t, "registry.example:5000/shop/web@"+digest("web2"), v.ItemReference(v2.FirstItem))
}

func TestFindStreamAndTagAmongNeighbours(t *testing.T) {
	tags := []inventory.Tag{{Name: "1"}, {Name: "10"}, {Name: "2"}}
	v := build(t, imageStream(stream("a", "z", tags...)), imageStream(stream("ab", "c")), imageStream(stream("a", "b")), imageStream(stream("", "plain")))
	for _, c := range []struct{ namespace, name string }{{"a", "z"}, {"ab", "c"}, {"a", "b"}, {"", "plain"}} {
		require.GreaterOrEqual(t, v.FindStream(c.namespace, c.name), 0, "%v", c)
	}
	for _, c := range []struct{ namespace, name string }{{"a", ""}, {"", ""}, {"a", "c"}, {"b", "c"}, {"ab", "z"}, {"zz", "z"}, {"", "a"}} {
		require.Equal(t, -1, v.FindStream(c.namespace, c.name), "%v", c)
	}
	z := v.FindStream("a", "z")
	for _, tag := range tags {
		require.Equal(t, tag.Name, v.Tag(v.FindTag(z, tag.Name)).Name)
	}
	for _, name := range []string{"", "0", "100", "3"} {
		require.Equal(t, -1, v.FindTag(z, name), name)
	}
	require.Equal(t, -1, v.FindTag(v.FindStream("ab", "c"), "1"), "not another stream's")
	require.Equal(t, "plain", v.Stream(v.FindStream("", "plain")).Repository())
}

func TestWhatAnItemNames(t *testing.T) {
	here, there := digest("here"), digest("there")
	for _, c := range []struct {
		reference    string
		digest, into string
	}{
		{"registry:5000/shop/web@" + here, here, "shop/web"},
		{"registry:5000/shop/web@" + there, there, "shop/web"},
		{"registry:5000/shop/web:v1", "", "shop/web"},
		{"registry:5000/shop/unknown@" + there, there, ""},
		{"registry:5000/a/b/c@" + there, there, ""},
		{"quay.io/a@" + there, there, ""},
		{"@" + here, "", ""},
		{here, "", ""},
		{"not a pull spec@" + here, "", ""},
		{"", "", ""},
	} {
		v := build(t, imageStream(stream("shop", "web", inventory.Tag{Name: "x", Items: []inventory.TagItem{
			{Image: here, DockerImageReference: c.reference},
		}})))
		item := v.Item(0)
		require.Equal(t, c.digest, v.DigestText(item.Named), c.reference)
		require.Equal(t, c.reference, v.ItemReference(0))
		if c.into == "" {
			require.Equal(t, -1, item.NamedStream, c.reference)
		} else {
			require.Equal(t, c.into, v.Stream(item.NamedStream).Repository(), c.reference)
		}
	}
}

func TestWorkloadsAndUses(t *testing.T) {
	v := build(t, smallCluster()...)
	require.Equal(t, 2, v.Workloads())
	require.Equal(t, "Job shop/import", v.Workload(0).String())
	require.Equal(t, inventory.Object{Group: "batch", Kind: "Job", Namespace: "shop", Name: "import", Created: inventory.UnknownInstant, Finished: true}, v.Workload(0))
	require.Equal(t, "Pod shop/web-1", v.Workload(1).String())
	require.Equal(t, 3, v.Uses())
	require.Equal(t, inventory.Use{
		Workload: 0, Field: "spec.template.spec.containers[0].image", Source: "shape", Value: "{{image}}",
		Err: "it does not parse", Stream: -1, Digest: inventory.NoDigest,
	}, v.Use(0))
	require.Equal(t, inventory.Use{
		Workload: 1, Field: "spec.containers[0].image", Value: "r/shop/web:v2", Repository: "shop/web",
		Stream: v.FindStream("shop", "web"), Tag: "v2", Digest: inventory.NoDigest,
	}, v.Use(1))
	require.Equal(t, v.Digest(digest("db")), v.Use(2).Digest)
}

func TestAUseOfAStreamThatIsNotKnown(t *testing.T) {
	v := build(t, workload(pod("shop", "a", inventory.Reference{Field: "f", Namespace: "shop", Stream: "gone", Tag: "x"})))
	require.Equal(t, "shop/gone", v.Use(0).Repository)
	require.Equal(t, -1, v.Use(0).Stream)
}

func TestWorkloadsAreSorted(t *testing.T) {
	var facts []fact
	for _, w := range []inventory.Workload{
		{Kind: "Pod", Namespace: "b", Name: "a"}, {Kind: "Pod", Namespace: "a", Name: "z"}, {Kind: "Pod", Namespace: "a", Name: "b"},
		{Kind: "Build", Namespace: "z", Name: "z"}, {Kind: "Deployment", Group: "extensions", Namespace: "a", Name: "a"},
		{Kind: "Deployment", Group: "apps", Namespace: "a", Name: "a"},
	} {
		w.References = []inventory.Reference{{Field: "b"}, {Field: "c"}, {Field: "a"}}
		facts = append(facts, workload(w))
	}
	v := build(t, facts...)
	var names, fields []string
	for w := range v.Workloads() {
		names = append(names, v.Workload(w).String()+"."+v.Workload(w).Group)
	}
	require.Equal(t, []string{"Build z/z.", "Deployment a/a.apps", "Deployment a/a.extensions", "Pod a/b.", "Pod a/z.", "Pod b/a."}, names)
	for u := range v.Uses() {
		require.Equal(t, u/3, v.Use(u).Workload)
		fields = append(fields, v.Use(u).Field)
	}
	require.Equal(t, []string{"a", "b", "c", "a", "b", "c"}, fields[:6])
}

func TestTheSmallestLimitCounts(t *testing.T) {
	v := build(t, append(smallCluster(),
		limit("zero", "a", 0), limit("zero", "b", 7),
		limit("none", "a", -1),
		limit("same", "b", 5), limit("same", "a", 5))...)
	for _, c := range []struct {
		namespace string
		size      int64
		name      string
		ok        bool
	}{
		{"shop", 4000, "more-sizes", true},
		{"zero", 0, "a", true},
		{"same", 5, "a", true},
		{"none", 0, "", false},
		{"elsewhere", 0, "", false},
	} {
		size, name, ok := v.MaxImageSize(c.namespace)
		require.Equal(t, []any{c.size, c.name, c.ok}, []any{size, name, ok}, c.namespace)
	}
}

func TestLinks(t *testing.T) {
	v := build(t, smallCluster()...)
	web, db := v.FindStream("shop", "web"), v.FindStream("shop", "db")
	base, web1, web2 := v.Digest(digest("base")), v.Digest(digest("web1")), v.Digest(digest("web2"))
	require.True(t, v.HasLink(web, web1, true))
	require.False(t, v.HasLink(web, web1, false), "a manifest link is no layer link")
	require.True(t, v.HasLink(web, base, false))
	require.False(t, v.HasLink(web, base, true))
	require.False(t, v.HasLink(web, web2, true))
	require.True(t, v.HasLink(db, web2, true), "its links were not listed")
	require.True(t, v.LinksListed(web))
	require.False(t, v.LinksListed(db))
	require.False(t, v.NoLinks("shop", "db"))

	v = build(t, append(smallCluster(), said(func(b *inventory.Builder) { b.RepositoriesListed(true) }))...)
	require.True(t, v.LinksListed(db))
	require.False(t, v.HasLink(db, web2, true), "it has none")
	require.True(t, v.HasLink(web, web1, true))
	require.True(t, v.NoLinks("shop", "db"))
	require.True(t, v.NoLinks("no", "stream"))
	require.False(t, v.NoLinks("shop", "web"))
}

func TestEvidence(t *testing.T) {
	v := build(t, append(smallCluster(),
		said(func(b *inventory.Builder) { b.AddOther("Argo") }),
		said(func(b *inventory.Builder) { b.Incomplete("Zone") }),
		workload(inventory.Workload{Kind: "Rollout.argoproj.io", Group: "argoproj.io", Namespace: "a", Name: "b"}),
		workload(inventory.Workload{Kind: inventory.KindImageStream, Group: "image.openshift.io", Namespace: "shop", Name: "web"}),
	)...)
	all := v.Evidence()
	kinds := inventory.Kinds()
	require.Greater(t, len(all), len(kinds))
	for i, kind := range kinds {
		require.Equal(t, kind, all[i].Kind, "the kinds of Kinds, in that order")
	}
	rest := []inventory.Evidence{
		{Kind: "Argo", Count: 1},
		{Kind: "ConfigMap", Count: 2},
		{Kind: "Rollout.argoproj.io", Count: 1},
		{Kind: "Secret", Listed: true, Complete: true},
		{Kind: "Zone"},
	}
	require.Equal(t, rest, all[len(kinds):], "then the others, sorted")

	of := map[inventory.Kind]inventory.Evidence{}
	for _, e := range all {
		of[e.Kind] = e
		require.Equal(t, e.Complete, v.Complete(e.Kind))
	}
	require.Equal(t, inventory.Evidence{Kind: "Pod", Count: 1, Listed: true, Complete: true}, of["Pod"])
	require.Equal(t, inventory.Evidence{Kind: "Image", Count: 5, Listed: true}, of["Image"], "incomplete wins")
	require.Equal(t, inventory.Evidence{Kind: "ImageStream", Count: 3}, of["ImageStream"], "a stream is not counted twice")
	require.Equal(t, inventory.Evidence{Kind: "Job", Count: 1}, of["Job"])
	require.Equal(t, inventory.Evidence{Kind: "LimitRange", Count: 3}, of["LimitRange"])
	require.Equal(t, inventory.Evidence{Kind: "CronJob"}, of["CronJob"])
	require.True(t, v.ImagesAfterStreams())
}

func TestOneMayMakeTheListingIncompleteFirst(t *testing.T) {
	v := build(t,
		said(func(b *inventory.Builder) { b.Incomplete("Pod") }),
		said(func(b *inventory.Builder) { b.Listed("Pod") }))
	require.False(t, v.Complete("Pod"))
}

func TestOthersAreForgotten(t *testing.T) {
	var b inventory.Builder
	b.AddOther("ConfigMap")
	b.AddOther("ConfigMap")
	b.ForgetOther("ConfigMap")
	b.ForgetOther("Unknown")
	require.Contains(t, b.Build().Evidence(), inventory.Evidence{Kind: "ConfigMap", Count: 1})
	b.ForgetOther("ConfigMap")
	b.ForgetOther("ConfigMap")
	require.Equal(t, build(t).Fingerprint(), b.Build().Fingerprint())
}

func TestNothingIsKnown(t *testing.T) {
	var b inventory.Builder
	v := b.Build()
	require.Zero(t, v.Images()+v.Streams()+v.Tags()+v.Items()+v.Workloads()+v.Uses()+v.Digests())
	require.Len(t, v.Evidence(), len(inventory.Kinds()))
	require.False(t, v.Complete("Pod"))
	require.False(t, v.ImagesAfterStreams())
	require.False(t, v.Newest().Known())
	require.Equal(t, -1, v.FindStream("a", "b"))
	require.Empty(t, v.FindDigests("", 10))
	require.Equal(t, inventory.NoDigest, v.Digest(""))
	require.Equal(t, "", v.DigestText(inventory.NoDigest))
	require.Zero(t, v.Size(inventory.NoDigest))
	require.Equal(t, (&inventory.Builder{}).Build().Fingerprint(), v.Fingerprint())
}

func TestNewest(t *testing.T) {
	require.Equal(t, day(20), build(t, smallCluster()...).Newest().Time(), "a tag item")
	require.Equal(t, day(1), build(t, image(manifest("a", 1))).Newest().Time())
	require.Equal(t, day(2), build(t, imageStream(stream("a", "b"))).Newest().Time())
	require.Equal(t, day(9), build(t, workload(pod("a", "b"))).Newest().Time())
}

// A list that failed once must not stay incomplete for a controller that lists
// again.
func TestListingAgain(t *testing.T) {
	var b inventory.Builder
	b.Listed(inventory.KindPod, inventory.KindJob)
	b.Incomplete(inventory.KindPod)
	require.False(t, b.Build().Complete(inventory.KindPod))
	b.Unlisted(inventory.KindPod)
	require.False(t, b.Build().Complete(inventory.KindPod))
	b.Listed(inventory.KindPod)
	require.True(t, b.Build().Complete(inventory.KindPod))
	b.Unlisted(inventory.KindJob, inventory.KindBuild)
	require.False(t, b.Build().Complete(inventory.KindJob))
}
