package imagestream

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSourcesAreReadAsOcReadsThem(t *testing.T) {
	long := digest(7)
	for _, tc := range []struct {
		kind, source string
		want         ObjectReference
		problem      string
	}{
		{"", "quay.io/org/app:1", ObjectReference{Kind: KindDockerImage, Name: "quay.io/org/app:1"}, ""},
		{"", "quay.io/org/app:1@" + long, ObjectReference{Kind: KindDockerImage, Name: "quay.io/org/app@" + long}, ""},
		{"", "app:1", ObjectReference{Kind: KindImageStreamTag, Namespace: "dev", Name: "app:1"}, ""},
		{"", "prod/app:1", ObjectReference{Kind: KindImageStreamTag, Namespace: "prod", Name: "app:1"}, ""},
		{"", "prod/app@" + long, ObjectReference{Kind: KindImageStreamImage, Namespace: "prod", Name: "app@" + long}, ""},
		{"", "app", ObjectReference{Kind: KindDockerImage, Name: "app"}, ""},
		{"docker", "org/app:1", ObjectReference{Kind: KindDockerImage, Name: "org/app:1"}, ""},
		{"DockerImage", "app:1", ObjectReference{Kind: KindDockerImage, Name: "app:1"}, ""},
		{"istag", "app:1", ObjectReference{Kind: KindImageStreamTag, Namespace: "dev", Name: "app:1"}, ""},
		{"ImageStreamTag", "app:1", ObjectReference{Kind: KindImageStreamTag, Namespace: "dev", Name: "app:1"}, ""},
		{"isimage", "app@" + long, ObjectReference{Kind: KindImageStreamImage, Namespace: "dev", Name: "app@" + long}, ""},
		{"istag", "app", ObjectReference{}, "want stream:tag"},
		{"istag", "app:1@" + long, ObjectReference{}, "want stream:tag"},
		{"isimage", "app:1", ObjectReference{}, "want stream@digest"},
		{"istag", "quay.io/org/app:1", ObjectReference{}, "only a pull spec names a registry"},
		{"istag", "a/b/c:1", ObjectReference{}, "want namespace/stream"},
		{"helm", "app:1", ObjectReference{}, "none of"},
		{"", "App:1", ObjectReference{}, "lower case"},
	} {
		got, err := ParseTagSource(tc.kind, tc.source, "dev")
		if tc.problem != "" {
			require.ErrorContains(t, err, tc.problem, "%s %s", tc.kind, tc.source)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tc.want, got, "%s %s", tc.kind, tc.source)
	}
}

func copyOf(source, to string) CopyTag {
	from, err := ParseTagSource("", source, "shop")
	if err != nil {
		panic(err)
	}
	return CopyTag{Source: from, To: to}
}

func TestCopies(t *testing.T) {
	s := apply(t, shop(), push("dev", 1))

	frozen := apply(t, s, copyOf("web:dev", "prod"), push("dev", 2))
	require.Equal(t, []string{"1"}, images(frozen, "prod"))
	require.Equal(t, &ObjectReference{Kind: KindImageStreamImage, Name: "web@" + digest(1)}, frozen.SpecTag("prod").From)
	require.Equal(t, SourceTagReferencePolicy, frozen.SpecTag("prod").ReferencePolicy.Type)

	o := copyOf("web:dev", "prod")
	o.Alias = true
	followed := apply(t, s, o, push("dev", 2))
	require.Equal(t, []string{"2", "1"}, images(followed, "prod"))

	byDigest := apply(t, s, copyOf("web@"+digest(1), "prod"))
	require.Equal(t, []string{"1"}, images(byDigest, "prod"))

	o = copyOf("quay.io/shop/web:1", "ext")
	o.Scheduled, o.Insecure, o.ReferencePolicy = true, true, LocalTagReferencePolicy
	ext := apply(t, s, o)
	require.Equal(t, TagImportPolicy{Insecure: true, Scheduled: true}, ext.SpecTag("ext").ImportPolicy)
	require.Len(t, pending(ext), 1)
	// Again: oc asks for the import anew, though nothing is different.
	ext = apply(t, ext, imported("ext", 5))
	require.Empty(t, pending(ext))
	require.Len(t, pending(apply(t, ext, o)), 1)

	o = copyOf("quay.io/shop/web:1", "ref")
	o.Reference = true
	ref := apply(t, s, o)
	require.Empty(t, pending(ref))
	require.Equal(t, TagEvent{Created: NewTime(at(1)), DockerImageReference: "quay.io/shop/web:1", Generation: 2}, *ref.LatestEvent("ref"))
	// A copy of a bare reference is a pull spec.
	require.Equal(t, &ObjectReference{Kind: KindDockerImage, Name: "quay.io/shop/web:1"}, apply(t, ref, copyOf("web:ref", "x")).SpecTag("x").From)
}

func TestCopiesOfOtherStreams(t *testing.T) {
	base := New("infra", "base")
	base.Status.DockerImageRepository = "registry.example.com:5000/infra/base"
	base = apply(t, base, push("9", 1), fromDocker("10", "quay.io/infra/base:10"))
	a := Applier{Lookup: LookupIn(base)}
	s, _ := applyOne(t, a, shop(), copyOf("infra/base:9", "base"), at(5))
	require.Equal(t, &ObjectReference{Kind: KindImageStreamImage, Namespace: "infra", Name: "base@" + digest(1)}, s.SpecTag("base").From)
	require.Equal(t, local(1), s.LatestEvent("base").DockerImageReference)

	for _, tc := range []struct {
		rules  Applier
		source string
		class  error
	}{
		{Applier{}, "infra/base:9", ErrNoLookup},
		{a, "infra/none:9", ErrStreamNotFound},
		{a, "infra/base:8", ErrTagNotFound},
		{a, "infra/base:10", ErrNoImage},
		{a, "infra/base@" + digest(4), ErrImageNotFound},
	} {
		_, _, err := tc.rules.Apply(shop(), copyOf(tc.source, "base"), at(5))
		requireClass(t, err, tc.class, "source.name")
	}
}

func TestCopiesThatDoNotGoTogether(t *testing.T) {
	s := apply(t, shop(), push("dev", 1))
	for _, tc := range []struct {
		edit  func(*CopyTag)
		field string
	}{
		{func(o *CopyTag) { o.To = "" }, "tag"},
		{func(o *CopyTag) { o.To = "a/b" }, "tag"},
		{func(o *CopyTag) { o.Scheduled = true }, "spec.tags[prod].importPolicy"},
		{func(o *CopyTag) { o.Insecure = true }, "spec.tags[prod].importPolicy"},
		{func(o *CopyTag) { o.Alias, o.Source.Name = true, "other:dev" }, "source.name"},
		{func(o *CopyTag) {
			o.Alias, o.Source = true, ObjectReference{Kind: KindDockerImage, Name: "quay.io/a/b"}
		}, "source.kind"},
		{func(o *CopyTag) { o.Source.Kind = "Secret" }, "source.kind"},
		{func(o *CopyTag) { o.Source.Name = "a:b:c" }, "source.name"},
		{func(o *CopyTag) { o.Source = ObjectReference{Kind: KindDockerImage, Name: "quay.io"} }, "source.name"},
		{func(o *CopyTag) { o.ReferencePolicy = "Elsewhere" }, "spec.tags[prod].referencePolicy.type"},
		{func(o *CopyTag) { o.ImportMode = "Partly" }, "spec.tags[prod].importPolicy.importMode"},
	} {
		o := copyOf("web:dev", "prod")
		tc.edit(&o)
		_, _, err := Apply(s, o, at(5))
		requireClass(t, err, ErrInvalidOperation, tc.field)
	}
}

// What oc loses of a tag that is there already.
func TestCopiesKeepAnnotationsAndImportMode(t *testing.T) {
	s := apply(t, shop(), SetTag{TagReference{
		Name: "a", Annotations: map[string]string{"tags": "builder"}, From: &ObjectReference{Kind: KindDockerImage, Name: "quay.io/shop/web:1"},
		ImportPolicy: TagImportPolicy{ImportMode: ImportModePreserveOriginal},
	}}, copyOf("quay.io/shop/web:2", "a"))
	require.Equal(t, map[string]string{"tags": "builder"}, s.SpecTag("a").Annotations)
	require.Equal(t, ImportModePreserveOriginal, s.SpecTag("a").ImportPolicy.ImportMode)
	o := copyOf("quay.io/shop/web:3", "a")
	o.ImportMode = ImportModeLegacy
	require.Equal(t, ImportModeLegacy, apply(t, s, o).SpecTag("a").ImportPolicy.ImportMode)
}

func TestDeletions(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), push("b", 2))
	next, changes := applyOne(t, Applier{}, s, DeleteTag{Tag: "a"}, at(9))
	require.Nil(t, next.SpecTag("a"))
	require.Nil(t, next.StatusTag("a"))
	require.Equal(t, s.Generation+1, next.Generation)
	require.Equal(t, []string{
		`StreamChanged metadata.generation: "2" -> "3"`,
		`SpecTagRemoved a: "DockerImage quay.io/shop/web:1" -> ""`,
		`EventRemoved a: "quay.io/shop/web@` + digest(1) + `" -> ""`,
		`HistoryRemoved a`,
	}, texts(changes))

	next = apply(t, s, DeleteTag{Tag: "a", KeepHistory: true})
	require.Nil(t, next.SpecTag("a"))
	require.Equal(t, []string{"1"}, images(next, "a"))
	next = apply(t, s, DeleteTag{Tag: "b"})
	require.Equal(t, s.Generation, next.Generation, "the spec is as it was")
	_, _, err := Apply(s, DeleteTag{Tag: "b", KeepHistory: true}, at(9))
	requireClass(t, err, ErrTagNotFound, "spec.tags[b]")
}

func TestSpecs(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), fromDocker("b", "quay.io/shop/web:2"), imported("b", 2))
	spec := s.Clone().Spec
	same, _ := applyOne(t, Applier{}, s, SetSpec{spec}, at(9))
	require.Same(t, s, same)

	spec.LookupPolicy.Local = true
	spec.Tags = []TagReference{alias("c", "b").Tag, spec.Tags[0]}
	next, changes := applyOne(t, Applier{}, s, SetSpec{spec}, at(9))
	require.True(t, next.Spec.LookupPolicy.Local)
	require.Equal(t, s.Generation+1, next.Generation)
	require.Nil(t, next.SpecTag("b"))
	require.Equal(t, []string{"2"}, images(next, "b"), "the history stays")
	require.Equal(t, []string{"2"}, images(next, "c"))
	require.Empty(t, pending(next), texts(changes))

	spec.Tags = append(spec.Tags, spec.Tags[0])
	_, _, err := Apply(s, SetSpec{spec}, at(9))
	requireClass(t, err, ErrInvalidOperation, "spec.tags[c]")
}

func TestBatches(t *testing.T) {
	s := shop()
	next, _ := applyOne(t, Applier{}, s, Batch{fromDocker("a", "quay.io/shop/web:1"), fromDocker("b", "quay.io/shop/web:2"), imported("a", 1)}, at(1))
	require.Equal(t, int64(2), next.Generation, "one write, one generation")
	require.Len(t, pending(next), 1)

	none, changes, err := Apply(s, Batch{push("a", 1), imported("x", 1)}, at(1))
	require.Nil(t, none)
	require.Nil(t, changes)
	requireClass(t, err, ErrTagNotFound, "spec.tags[x]")
	require.ErrorContains(t, err, "record import")
	_, _, err = Apply(s, Batch{nil}, at(1))
	require.ErrorIs(t, err, ErrInvalidOperation)
}

func TestTheSizeOfAStream(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), push("b", 2), push("b", 3))
	escaped := shop()
	escaped.Annotations = map[string]string{"<description>": "salt & pepper\u2028<b>"}
	for _, s := range []*ImageStream{s, shop(), {}, escaped} {
		data, err := json.Marshal(s)
		require.NoError(t, err)
		size, err := s.EncodedSize()
		require.NoError(t, err)
		require.Equal(t, len(data), size)
	}
	for _, data := range realStreams(t) {
		var s ImageStream
		require.NoError(t, s.UnmarshalJSON(data))
		data, err := json.Marshal(&s)
		require.NoError(t, err)
		size, err := s.EncodedSize()
		require.NoError(t, err)
		require.Equal(t, len(data), size)
	}

	size, err := s.EncodedSize()
	require.NoError(t, err)
	a := Applier{MaxBytes: size}
	_, _, err = a.Apply(s, push("b", 4), at(9))
	requireClass(t, err, ErrTooLarge, "")
	a.MaxBytes = 10
	smaller, _ := applyOne(t, a, s, ForgetHistory{Keep: HistoryPolicy{MaxItems: 1}}, at(9))
	require.Equal(t, []string{"3"}, images(smaller, "b"))
}

func TestPushOfAMapping(t *testing.T) {
	m := &ImageStreamMapping{Tag: "a", Image: Image{ObjectMeta: ObjectMeta{Name: digest(1)}, DockerImageReference: "registry.example.com:5000/other/x@" + digest(1)}}
	require.Equal(t, RecordPush{"a", digest(1), m.Image.DockerImageReference}, PushOf(m, nil))
	existing := &Image{ObjectMeta: ObjectMeta{Name: digest(1), Annotations: map[string]string{ManagedByOpenShiftAnnotation: "true"}}}
	s := apply(t, shop(), PushOf(m, existing))
	require.Equal(t, local(1), s.LatestEvent("a").DockerImageReference)
	existing.Annotations = nil
	require.Equal(t, m.Image.DockerImageReference, PushOf(m, existing).DockerImageReference)
	m.Tag = ""
	require.Equal(t, "latest", PushOf(m, nil).Tag)
}
