package imagestream

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestImportsAreAnswered(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"))
	require.Len(t, pending(s), 1)
	s = apply(t, s, imported("a", 1))
	require.Empty(t, pending(s))
	require.Equal(t, s.SpecTag("a").Generation, &s.LatestEvent("a").Generation)
	require.Contains(t, s.Annotations, DockerImageRepositoryCheckAnnotation)
	require.Equal(t, int64(2), s.ObservedGeneration("a"))

	same, _ := applyOne(t, Applier{}, s, imported("a", 1), at(9))
	require.Same(t, s, same, "nothing new is nothing to write")
	s = apply(t, s, imported("a", 2))
	require.Equal(t, []string{"2", "1"}, images(s, "a"))
}

// What a registry answers may be a page of HTML; it must not fill the stream.
func TestLongFailuresAreCut(t *testing.T) {
	page := strings.Repeat("é", 1<<20)
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), RecordImportFailure{Tag: "a", Reason: page, Message: page})
	c := s.StatusTag("a").Conditions[0]
	require.LessOrEqual(t, len(c.Reason), 128)
	require.LessOrEqual(t, len(c.Message), 4096)
	require.Greater(t, len(c.Message), 4000)
	require.True(t, utf8.ValidString(c.Message))
	same, _ := applyOne(t, Applier{}, s, RecordImportFailure{Tag: "a", Reason: page, Message: page}, at(9))
	require.Same(t, s, same)
}

func TestFailuresAreAnswersToo(t *testing.T) {
	fails := RecordImportFailure{Tag: "a", Reason: "Unauthorized", Message: "no"}
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), fails)
	c := s.StatusTag("a").Conditions[0]
	require.Equal(t, TagEventCondition{
		Type: ImportSuccess, Status: ConditionFalse, Reason: "Unauthorized", Message: "no",
		LastTransitionTime: NewTime(at(3)), Generation: 2,
	}, c)
	require.Equal(t, []string{"1"}, images(s, "a"))
	require.Empty(t, pending(s))
	same, _ := applyOne(t, Applier{}, s, fails, at(9))
	require.Same(t, s, same)

	// Upstream does not write the same failure of a newer request: the tag then
	// looks pending for ever.
	s = apply(t, s, fromDocker("a", "quay.io/shop/web:2"), fails)
	require.Empty(t, pending(s))
	c = s.StatusTag("a").Conditions[0]
	require.Equal(t, int64(3), c.Generation)
	require.Equal(t, at(3), c.LastTransitionTime.Time, "it has been failing since")

	s = apply(t, s, imported("a", 1))
	require.Empty(t, s.StatusTag("a").Conditions, "a success removes it, whatever the image")

	s = apply(t, s, RecordImportFailure{Tag: "a"})
	require.NotEmpty(t, s.StatusTag("a").Conditions[0].Message)
}

func TestResultsThatNobodyWaitsFor(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), fromDocker("a", "quay.io/shop/web:2"))
	late := imported("a", 1)
	late.Generation = 2
	_, _, err := Apply(s, late, at(9))
	requireClass(t, err, ErrSuperseded, "spec.tags[a].generation")
	late.Generation = 4
	_, _, err = Apply(s, late, at(9))
	requireClass(t, err, ErrInvalidOperation, "spec.tags[a].generation")
	late.Generation = 3
	require.Empty(t, pending(apply(t, s, late)))

	s = apply(t, s, alias("a", "b"))
	_, _, err = Apply(s, late, at(9))
	requireClass(t, err, ErrSuperseded, "spec.tags[a].from")
	_, _, err = Apply(s, RecordImportFailure{Tag: "c"}, at(9))
	requireClass(t, err, ErrTagNotFound, "spec.tags[c]")
}

// Every field that decides how a tag is imported asks for an import, alone.
// Defect 3: upstream passes over kind, insecure, scheduled and the policies.
func TestFieldsThatAskForAnImport(t *testing.T) {
	base := func() TagReference {
		return TagReference{
			Name: "a", Annotations: map[string]string{"description": "web"},
			From: &ObjectReference{Kind: KindDockerImage, Name: "quay.io/shop/web:1"},
		}
	}
	for _, tc := range []struct {
		field string
		edit  func(*TagReference)
		asks  bool
	}{
		{"from.name", func(r *TagReference) { r.From.Name = "quay.io/shop/web:2" }, true},
		{"importPolicy.insecure", func(r *TagReference) { r.ImportPolicy.Insecure = true }, true},
		{"importPolicy.scheduled", func(r *TagReference) { r.ImportPolicy.Scheduled = true }, true},
		{"importPolicy.importMode", func(r *TagReference) { r.ImportPolicy.ImportMode = ImportModePreserveOriginal }, true},
		{"referencePolicy.type", func(r *TagReference) { r.ReferencePolicy.Type = LocalTagReferencePolicy }, true},
		{"annotations[importer.image.openshift.io/prefer-arch]", func(r *TagReference) { r.Annotations[ImporterPreferArchAnnotation] = "arm64" }, true},
		{"annotations[importer.image.openshift.io/prefer-os]", func(r *TagReference) { r.Annotations[ImporterPreferOSAnnotation] = "windows" }, true},
		{"annotations[description]", func(r *TagReference) { r.Annotations["description"] = "shop" }, false},
		{"annotations[hidden]", func(r *TagReference) { r.Annotations["hidden"] = "" }, false},
		{"", func(r *TagReference) { r.From.Namespace = "other" }, false}, // means nothing for a pull spec
		{"", func(r *TagReference) { r.ReferencePolicy.Type = SourceTagReferencePolicy }, false},
		{"generation", func(r *TagReference) { r.Generation = pointerTo(int64(0)) }, true},
		{"", func(r *TagReference) { r.Generation = pointerTo(int64(99)) }, false},
	} {
		t.Run(tc.field, func(t *testing.T) {
			s := apply(t, shop(), SetTag{base()}, imported("a", 1))
			wanted := base()
			tc.edit(&wanted)
			next, changes := applyOne(t, Applier{}, s, SetTag{wanted}, at(9))
			require.Equal(t, tc.asks, len(pending(next)) == 1, texts(changes))
			if tc.field == "" {
				require.Same(t, s, next)
				return
			}
			require.Equal(t, int64(3), next.Generation)
			named := false
			for _, c := range changes {
				named = named || c.Kind == SpecTagChanged && c.Field == tc.field && c.Import == tc.asks
			}
			require.True(t, named, texts(changes))
		})
	}
}

func TestAChangeOfKindAlone(t *testing.T) {
	s := apply(t, shop(), push("web", 1), fromDocker("a", "web"), imported("a", 2))
	s = apply(t, s, alias("a", "web"))
	require.Equal(t, []string{"1", "2"}, images(s, "a"))
	s = apply(t, s, fromDocker("a", "web"))
	require.Len(t, pending(s), 1)
}
