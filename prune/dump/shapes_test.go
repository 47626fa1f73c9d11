package dump_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

func TestWhatIsRead(t *testing.T) {
	v := mustRead(t, list(whole(cluster(), true)...))
	require.Equal(t, 3, v.Images())
	require.Equal(t, 2, v.Streams())
	require.Equal(t, 3, v.Tags())
	require.Equal(t, 3, v.Items())

	web1 := v.Image(v.ImageOf(v.Digest(digest("web1"))))
	require.Equal(t, inventory.ClassImage, web1.Class)
	require.Equal(t, digest("config1"), v.DigestText(web1.Config))
	require.Equal(t, []inventory.Digest{v.Digest(digest("base")), v.Digest(digest("layer1"))}, web1.Layers)
	require.EqualValues(t, 3000, web1.Size)
	require.EqualValues(t, 2000, v.Size(v.Digest(digest("base"))))
	require.EqualValues(t, 700, v.Size(web1.Digest), "its index knows")
	require.True(t, web1.Managed)
	require.Nil(t, web1.Labels, "nobody asked")
	require.Equal(t, "2026-05-06T07:00:00Z", web1.Created.Time().Format("2006-01-02T15:04:05Z07:00"))
	index := v.Image(v.ImageOf(v.Digest(digest("index"))))
	require.Equal(t, []inventory.Digest{web1.Digest}, index.Children)
	require.False(t, index.Created.Known())
	require.False(t, index.Partial)

	web := v.Stream(v.FindStream("shop", "web"))
	require.Equal(t, "s1", web.UID)
	require.Equal(t, "10", web.ResourceVersion)
	v2 := v.Tag(v.FindTag(v.FindStream("shop", "web"), "v2"))
	require.Equal(t, v.Digest(digest("web2")), v.Item(v2.FirstItem).Image)
	require.Equal(t, 2, v2.EndItem-v2.FirstItem)

	var workloads []string
	for w := range v.Workloads() {
		workloads = append(workloads, v.Workload(w).String())
	}
	require.Equal(t, []string{"BuildConfig shop/web", "Deployment shop/web", "ImageStream shop/web", "Pod shop/done", "Pod shop/web-1", "Rollout shop/canary"}, workloads)
	require.True(t, v.Workload(3).Finished)
	require.False(t, v.Workload(4).Finished)
	size, name, ok := v.MaxImageSize("shop")
	require.Equal(t, []any{int64(1 << 30), "sizes", true}, []any{size, name, ok})
	require.Equal(t, 1, evidence(v, "ConfigMap").Count)
	require.True(t, v.Complete(inventory.KindImage))
	require.True(t, v.ImagesAfterStreams())
}

// What the API server mostly strips is read where it is there.
func TestRawManifests(t *testing.T) {
	raw := `{"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":"sha256:c","size":11},` +
		`"layers":[{"digest":"sha256:l","size":22}],"subject":{"digest":"sha256:s","size":33}}`
	quoted, err := json.Marshal(raw)
	require.NoError(t, err)
	v := mustRead(t, list(`{"kind":"Image","metadata":{"name":"`+digest(raw)+`"},"dockerImageManifest":`+string(quoted)+`}`))
	image := v.Image(0)
	require.Equal(t, inventory.ClassImage, image.Class)
	require.Equal(t, "sha256:c", v.DigestText(image.Config))
	require.Equal(t, "sha256:s", v.DigestText(image.Subject))
	require.Equal(t, []inventory.Digest{v.Digest("sha256:l")}, image.Layers)
	require.EqualValues(t, 11, v.Size(image.Config))
	require.EqualValues(t, 22, v.Size(image.Layers[0]))
	require.EqualValues(t, len(raw), v.Size(image.Digest))
}

// A stream names images in its spec, and in annotations.
func TestStreamsNameImagesToo(t *testing.T) {
	stream := func(rest string) string {
		return `{"kind":"ImageStream","metadata":{"namespace":"shop","name":"web"` + rest + `}`
	}
	for text, uses := range map[string]int{
		stream(`}`): 0,
		stream(`,"annotations":null},"spec":{"tags":null}`): 0,
		stream(`,"annotations":{"a":"b"}},"spec":null`):     0,
		stream(`},"spec":{"tags":[]}`):                      0,
		stream(`},"spec":{"tags":[{"name":"a"}]}`):          0,
		stream(`},"spec":{"tags":[{"from":{"kind":"DockerImage","name":"quay.io/a/b:c"}},{"from":{"kind":"ImageStreamTag","name":"x:y"}}]}`):        2,
		stream(`,"annotations":{"image.openshift.io/triggers":"[{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"x:y\"},\"fieldPath\":\"a\"}]"}}`): 1,
	} {
		v := mustRead(t, text)
		require.Equal(t, uses, v.Uses(), text)
		require.Equal(t, 1, evidence(v, inventory.KindImageStream).Count)
		require.Equal(t, min(uses, 1), v.Workloads())
	}
}

// The same cluster is the same inventory, whatever it is printed as.
func TestEveryShapeIsTheSameInventory(t *testing.T) {
	c := cluster()
	first, last := list(whole(c, true)...), list(whole(c, false)...)
	want := mustRead(t, first).Fingerprint()

	shapes := map[string][]string{
		"a v1 List, types first":                 {first},
		"a v1 List, types last":                  {last},
		"indented":                               {indented(t, first)},
		"indented, types last":                   {indented(t, last)},
		"a v1 List that says so first":           {`{"kind":"List",` + strings.Replace(first, `,"kind":"List"`, "", 1)[1:]},
		"a List without a kind":                  {strings.Replace(first, `,"kind":"List"`, "", 1)},
		"typed lists":                            {strings.Join(typed(c, "kami"), "\n")},
		"typed lists without anything between":   {strings.Join(typed(c, "kami"), "")},
		"typed lists, sorted members":            {strings.Join(typed(c, "aikm"), "\n")},
		"typed lists, items first":               {strings.Join(typed(c, "imka"), "\n")},
		"typed lists, apiVersion last":           {strings.Join(typed(c, "kima"), "\n")},
		"typed lists, indented":                  {indented(t, typed(c, "kami")[0]) + strings.Join(typed(c, "kami")[1:], "")},
		"typed lists, an input each":             typed(c, "kami"),
		"typed lists, sorted, an input each":     typed(c, "aikm"),
		"Lists of one kind each":                 {list(whole(c[:1], true)...), list(whole(c[1:4], false)...), list(whole(c[4:], true)...)},
		"a List of Lists":                        {list(list(whole(c[:3], true)...), list(whole(c[3:], false)...))},
		"a List of Lists of Lists":               {list(list(list(whole(c[:3], true)...)), list(list(list(whole(c[3:], false)...))))},
		"a List of typed lists":                  {list(typed(c, "kami")...)},
		"a List of typed lists, sorted members":  {list(typed(c, "aikm")...)},
		"objects and Lists in a List":            {list(append(whole(c[:2], true), list(whole(c[2:], true)...))...)},
		"a byte order mark":                      {"\ufeff" + first},
		"white space around":                     {"\r\n\t " + first + " \n\n"},
		"typed lists whose items say their type": {typedWithTypes(c)},
		"twice":                                  {first, last},
		"escapes":                                {strings.NewReplacer(`"metadata"`, `"met\u0061data"`, `"Pod"`, `"P\u006fd"`, `"items"`, `"\u0069tems"`).Replace(first)},
	}
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 5))
		shapes["shuffled members "+string(rune('a'+seed))] = []string{shuffled(t, random, first)}
		lists := typed(c, "kami")
		for i := range lists {
			lists[i] = shuffled(t, random, lists[i])
		}
		shapes["typed lists, shuffled members "+string(rune('a'+seed))] = lists
	}
	delete(shapes, "twice") // counts other objects twice; see below
	for name, inputs := range shapes {
		v, err := read(nil, inputs...)
		require.NoError(t, err, name)
		require.Equal(t, evidence(v, "ConfigMap"), evidence(mustRead(t, first), "ConfigMap"), name)
		require.Equal(t, want, v.Fingerprint(), name)
	}
}

func typedWithTypes(listings []listing) string {
	var all strings.Builder
	for _, l := range listings {
		all.WriteString(`{"kind":"` + l.kind + `List","apiVersion":"` + l.apiVersion + `","items":[` +
			strings.Join(whole([]listing{l}, false), ",") + `]}`)
	}
	return all.String()
}

// A dump given twice is the same objects; only those that are nothing but
// counted are counted twice.
func TestTheSameDumpTwice(t *testing.T) {
	c := cluster()
	once, twice := mustRead(t, list(whole(c, true)...)), mustRead(t, list(whole(c, true)...), list(whole(c, false)...))
	require.Equal(t, 2, evidence(twice, "ConfigMap").Count)
	require.Equal(t, once.Images(), twice.Images())
	require.Equal(t, once.Items(), twice.Items())
	require.Equal(t, once.Uses(), twice.Uses())
}

// Single objects list nothing, but are known.
func TestSingleObjects(t *testing.T) {
	want := mustRead(t, list(whole(cluster(), true)...))
	for _, shape := range [][]string{
		whole(cluster(), true),
		whole(cluster(), false),
		{strings.Join(whole(cluster(), true), "")},
		{indented(t, whole(cluster(), true)[0]) + strings.Join(whole(cluster(), false)[1:], "\n")},
	} {
		v, err := read(&dump.Options{Listed: listedBy(want), ImagesAfterStreams: true}, shape...)
		require.NoError(t, err)
		require.Equal(t, want.Fingerprint(), v.Fingerprint())

		v = mustRead(t, shape...)
		require.Equal(t, 3, v.Images())
		for _, e := range v.Evidence() {
			require.False(t, e.Listed, e.Kind)
			require.False(t, e.Complete, e.Kind)
		}
	}
}

func listedBy(v *inventory.Inventory) (kinds []inventory.Kind) {
	for _, e := range v.Evidence() {
		if e.Listed {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

// Objects may come in any order, as far as evidence does not come from it.
func TestTheOrderOfObjectsDoesNotMatter(t *testing.T) {
	want := mustRead(t, list(whole(cluster(), true)...)).Fingerprint()
	for seed := range uint64(20) {
		objects := append(whole(cluster(), true)[:6], whole(cluster(), false)[6:]...)
		random := rand.New(rand.NewPCG(seed, 3))
		random.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		v, err := read(&dump.Options{ImagesAfterStreams: true}, list(objects...))
		require.NoError(t, err)
		require.Equal(t, want, v.Fingerprint())
	}
}

// Two clusters that differ in one thing are two inventories.
func TestOtherObjectsAreAnotherInventory(t *testing.T) {
	text := list(whole(cluster(), true)...)
	want := mustRead(t, text).Fingerprint()
	for _, c := range [][2]string{
		{`"i1"`, `"i9"`}, {`"21"`, `"29"`}, {`"s1"`, `"s9"`}, {`:v2"`, `:v3"`}, {`"1Gi"`, `"2Gi"`}, {"Succeeded", "Running"},
		{digest("layer1"), digest("layer9")}, {`"Size":3000`, `"Size":3001`}, {"T07:00:00Z", "T07:00:01Z"}, {`"web-1"`, `"web-2"`},
		{`managed":"true"`, `managed":"false"`}, {"manifest.v2+json", "manifest.v1+json"}, {"ConfigMap", "Secret"}, {`"canary"`, `"canary2"`},
		{`"manifestSize":700`, `"manifestSize":701`},
	} {
		require.Contains(t, text, c[0])
		require.NotEqual(t, want, mustRead(t, strings.Replace(text, c[0], c[1], 1)).Fingerprint(), "%v", c)
	}
}
