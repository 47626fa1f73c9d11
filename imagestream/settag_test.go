package imagestream

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpecTagsThatNoStreamCanHave(t *testing.T) {
	long := strings.Repeat("a", 129)
	for _, tc := range []struct {
		name  string
		tag   TagReference
		class error
		field string
	}{
		{"no name", TagReference{}, ErrInvalidOperation, "tag"},
		{"a slash", TagReference{Name: "a/b"}, ErrInvalidOperation, "tag"},
		{"a space", TagReference{Name: "a b"}, ErrInvalidOperation, "tag"},
		{"a dash at the front", TagReference{Name: "-a"}, ErrInvalidOperation, "tag"},
		{"too long", TagReference{Name: long}, ErrInvalidOperation, "tag"},
		{"no kind", TagReference{Name: "a", From: &ObjectReference{Name: "b"}}, ErrInvalidOperation, "spec.tags[a].from.kind"},
		{"another kind", TagReference{Name: "a", From: &ObjectReference{Kind: "ImageStream", Name: "b"}}, ErrInvalidOperation, "spec.tags[a].from.kind"},
		{"no pull spec", TagReference{Name: "a", From: &ObjectReference{Kind: KindDockerImage}}, ErrInvalidOperation, "spec.tags[a].from.name"},
		{"an invalid pull spec is one, too", TagReference{Name: "a", From: &ObjectReference{Kind: KindDockerImage, Name: "a:"}}, ErrInvalidPullSpec, "spec.tags[a].from.name"},
		{"a URL", TagReference{Name: "a", From: &ObjectReference{Kind: KindDockerImage, Name: "https://quay.io/a/b"}}, ErrInvalidPullSpec, "spec.tags[a].from.name"},
		{"a registry alone", TagReference{Name: "a", From: &ObjectReference{Kind: KindDockerImage, Name: "quay.io:latest"}}, ErrInvalidOperation, "spec.tags[a].from.name"},
		{"no tag", TagReference{Name: "a", From: &ObjectReference{Kind: KindImageStreamTag, Name: "web:"}}, ErrInvalidOperation, "spec.tags[a].from.name"},
		{"no stream", TagReference{Name: "a", From: &ObjectReference{Kind: KindImageStreamTag, Name: ":b"}}, ErrInvalidOperation, "spec.tags[a].from.name"},
		{"two colons", TagReference{Name: "a", From: &ObjectReference{Kind: KindImageStreamTag, Name: "web:b:c"}}, ErrInvalidOperation, "spec.tags[a].from.name"},
		{"a digest for a tag", TagReference{Name: "a", From: &ObjectReference{Kind: KindImageStreamTag, Name: "web@" + digest(1)}}, ErrInvalidOperation, "spec.tags[a].from.name"},
		{"two ats", TagReference{Name: "a", From: &ObjectReference{Kind: KindImageStreamImage, Name: "web@a@b"}}, ErrInvalidOperation, "spec.tags[a].from.name"},
		{"no digest", TagReference{Name: "a", From: &ObjectReference{Kind: KindImageStreamImage, Name: "web@"}}, ErrInvalidOperation, "spec.tags[a].from.name"},
		{"a scheduled alias", TagReference{Name: "a", From: &ObjectReference{Kind: KindImageStreamTag, Name: "b"}, ImportPolicy: TagImportPolicy{Scheduled: true}}, ErrInvalidOperation, "spec.tags[a].importPolicy.scheduled"},
		{"a scheduled reference", TagReference{Name: "a", Reference: true, From: &ObjectReference{Kind: KindDockerImage, Name: "b"}, ImportPolicy: TagImportPolicy{Scheduled: true}}, ErrInvalidOperation, "spec.tags[a].importPolicy.scheduled"},
		{"a schedule for pushes", TagReference{Name: "a", ImportPolicy: TagImportPolicy{Scheduled: true}}, ErrInvalidOperation, "spec.tags[a].importPolicy.scheduled"},
		{"an import mode in lower case", TagReference{Name: "a", ImportPolicy: TagImportPolicy{ImportMode: "legacy"}}, ErrInvalidOperation, "spec.tags[a].importPolicy.importMode"},
		{"a reference policy in lower case", TagReference{Name: "a", ReferencePolicy: TagReferencePolicy{Type: "local"}}, ErrInvalidOperation, "spec.tags[a].referencePolicy.type"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := apply(t, shop(), push("a", 1))
			_, _, err := Apply(s, SetTag{tc.tag}, at(5))
			requireClass(t, err, tc.class, tc.field)
			require.ErrorContains(t, err, "set tag ImageStream shop/web")
			_, _, err = Apply(s, SetSpec{ImageStreamSpec{Tags: []TagReference{tc.tag}}}, at(5))
			requireClass(t, err, tc.class, tc.field)
		})
	}
}

// Which tags follow web:a of shop when it is pushed to.
func TestWhoFollows(t *testing.T) {
	for _, tc := range []struct {
		name    string
		from    ObjectReference
		follows bool
	}{
		{"the tag", ObjectReference{Kind: KindImageStreamTag, Name: "a"}, true},
		{"the stream and the tag", ObjectReference{Kind: KindImageStreamTag, Name: "web:a"}, true},
		{"with the namespace", ObjectReference{Kind: KindImageStreamTag, Namespace: "shop", Name: "web:a"}, true},
		{"another tag", ObjectReference{Kind: KindImageStreamTag, Name: "b"}, false},
		{"another stream", ObjectReference{Kind: KindImageStreamTag, Name: "app:a"}, false},
		{"another namespace", ObjectReference{Kind: KindImageStreamTag, Namespace: "prod", Name: "web:a"}, false},
		{"an image of it", ObjectReference{Kind: KindImageStreamImage, Name: "web@" + digest(1)}, false},
		{"a pull spec that reads alike", ObjectReference{Kind: KindDockerImage, Name: "web:a"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := apply(t, shop(), push("a", 1), push("b", 1), SetTag{TagReference{Name: "x", From: &tc.from}}, push("a", 2))
			got := images(s, "x")
			require.Equal(t, tc.follows, len(got) > 0 && got[0] == "2")
		})
	}
}

// A reference that follows a tag keeps the pull spec of its source.
func TestAReferenceFollowsToo(t *testing.T) {
	o := alias("x", "a")
	o.Tag.Reference = true
	s := apply(t, shop(), o, push("a", 1), push("a", 2))
	require.Equal(t, []string{"2", "1"}, images(s, "x"))
	require.Equal(t, local(2), s.LatestEvent("x").DockerImageReference)
}

// Defect 4: upstream means to give what a stream is created with one time, and
// assigns it to copies.
func TestACreatedStreamHasOneTime(t *testing.T) {
	base := apply(t, New("shop", "base"), RecordPush{"1", digest(1), "r.example.com/shop/base"}, RecordPush{"2", digest(2), "r.example.com/shop/base"})
	s := New("shop", "web")
	s.Spec.Tags = []TagReference{alias("x", "base:1").Tag, alias("y", "base:2").Tag, alias("z", "y").Tag}
	s, _ = applyOne(t, Applier{Lookup: LookupIn(base)}, s, FollowAliases{}, at(9))
	require.Len(t, s.Status.Tags, 3)
	for _, list := range s.Status.Tags {
		require.Equal(t, s.CreationTimestamp, list.Items[0].Created)
	}
}
