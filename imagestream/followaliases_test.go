package imagestream

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func condition(s *ImageStream, tag string) string {
	list := s.StatusTag(tag)
	if list == nil || len(list.Conditions) == 0 {
		return ""
	}
	return list.Conditions[0].Reason
}

func TestDanglingAliasesSayIt(t *testing.T) {
	s := apply(t, shop(), alias("b", "a"), alias("c", "b"))
	require.Equal(t, ReasonDanglingAlias, condition(s, "b"))
	require.Empty(t, condition(s, "c"), "b is there, though it points to nothing")
	require.Contains(t, s.StatusTag("b").Conditions[0].Message, "shop/web:a")

	// The target comes: first without an image, which is waited for.
	waiting := apply(t, s, fromDocker("a", "quay.io/shop/web:1"))
	require.Empty(t, condition(waiting, "b"))
	require.Nil(t, waiting.StatusTag("b"))
	come := apply(t, waiting, imported("a", 1))
	require.Equal(t, []string{"1"}, images(come, "c"))

	// It goes: what the followers point to stays.
	gone := apply(t, come, DeleteTag{Tag: "a"})
	require.Equal(t, []string{"1"}, images(gone, "b"))
	require.Equal(t, ReasonDanglingAlias, condition(gone, "b"))
	require.Empty(t, condition(gone, "c"))
	// With its history it is still there.
	kept := apply(t, come, DeleteTag{Tag: "a", KeepHistory: true})
	require.Empty(t, condition(kept, "b"))
}

func TestAliasesOfOtherStreams(t *testing.T) {
	base := New("infra", "base")
	base.Generation = 1
	base.Status.DockerImageRepository = "registry.example.com:5000/infra/base"
	base = apply(t, base, push("9", 1))
	follow := SetTag{TagReference{Name: "base", From: &ObjectReference{Kind: KindImageStreamTag, Namespace: "infra", Name: "base:9"}}}

	// Without a lookup nothing can be said of it.
	s := apply(t, shop(), follow)
	require.Nil(t, s.StatusTag("base"))

	known := Applier{Lookup: LookupIn(base)}
	s, _ = applyOne(t, known, s, FollowAliases{}, at(5))
	require.Equal(t, []string{"1"}, images(s, "base"))
	require.Equal(t, local(1), s.LatestEvent("base").DockerImageReference, "who may pull from here may not pull from there")
	same, _ := applyOne(t, known, s, FollowAliases{}, at(6))
	require.Same(t, s, same)

	// A reference keeps pulling from there.
	follow.Tag.Reference = true
	r, _ := applyOne(t, known, shop(), follow, at(5))
	require.Equal(t, "registry.example.com:5000/infra/base@"+digest(1), r.LatestEvent("base").DockerImageReference)

	base = apply(t, base, push("9", 1), push("9", 2), push("9", 3), push("9", 4), push("9", 5), push("9", 6), push("9", 7))
	s, _ = applyOne(t, Applier{Lookup: LookupIn(base)}, s, FollowAliases{}, at(9))
	require.Equal(t, []string{"7", "1"}, images(s, "base"))

	s, _ = applyOne(t, Applier{Lookup: LookupIn()}, s, FollowAliases{}, at(10))
	require.Equal(t, ReasonDanglingAlias, condition(s, "base"))
	require.Equal(t, []string{"7", "1"}, images(s, "base"))
}

func TestALookupThatFails(t *testing.T) {
	broken := errors.New("the API server is not there")
	a := Applier{Lookup: func(namespace, name string) (*ImageStream, error) { return nil, broken }}
	follow := SetTag{TagReference{Name: "base", From: &ObjectReference{Kind: KindImageStreamTag, Name: "other:1"}}}
	next, changes, err := a.Apply(shop(), follow, at(1))
	require.ErrorIs(t, err, broken)
	require.Nil(t, next)
	require.Nil(t, changes)
	requireClass(t, err, broken, "spec.tags[base].from.name")
}

func TestCyclesShowTheirPath(t *testing.T) {
	s := apply(t, shop(), alias("a", "b"), alias("b", "c"))
	_, _, err := Apply(s, alias("c", "a"), at(9))
	var cycle *CycleError
	require.ErrorAs(t, err, &cycle)
	require.Equal(t, []TagName{{"shop", "web", "a"}, {"shop", "web", "b"}, {"shop", "web", "c"}}, cycle.Path)
	require.ErrorContains(t, err, "shop/web:a -> shop/web:b -> shop/web:c -> shop/web:a")

	// Across streams.
	other := apply(t, New("shop", "other"), alias("x", "web:a"))
	_, _, err = Applier{Lookup: LookupIn(other)}.Apply(s, alias("c", "other:x"), at(9))
	require.ErrorAs(t, err, &cycle)
	require.Len(t, cycle.Path, 4)
	require.Equal(t, TagName{"shop", "other", "x"}, cycle.Path[0])
}

// A cycle that is there already is an error where it is asked for, and no reason
// to lose a push.
func TestCyclesThatAreThereAlready(t *testing.T) {
	s := shop()
	for _, o := range []SetTag{alias("a", "b"), alias("b", "a"), alias("c", "b"), alias("d", "c")} {
		s.Spec.Tags = append(s.Spec.Tags, o.Tag)
	}
	_, _, err := Apply(s, FollowAliases{}, at(1))
	require.ErrorIs(t, err, ErrAliasCycle)
	s = apply(t, s, push("a", 1))
	require.Equal(t, []string{"1"}, images(s, "a"))
	require.Empty(t, images(s, "b"))
	require.Equal(t, ReasonAliasCycle, condition(s, "a"))
	require.Equal(t, ReasonAliasCycle, condition(s, "b"))
	s = apply(t, s, push("b", 2))
	require.Equal(t, []string{"2"}, images(s, "d"), "what hangs on a cycle follows")

	// A stream that is created with one.
	fresh := New("shop", "web")
	fresh.Status.DockerImageRepository = home
	fresh.Spec.Tags = []TagReference{alias("a", "b").Tag, alias("b", "a").Tag, alias("c", "a").Tag}
	fresh = apply(t, fresh, push("x", 1))
	require.Equal(t, ReasonAliasCycle, condition(fresh, "a"))
	require.Empty(t, condition(fresh, "c"))
}

func TestAPushToAFollowerIsNotTakenBack(t *testing.T) {
	s := apply(t, shop(), alias("b", "a"), push("a", 1), push("b", 2))
	require.Equal(t, []string{"2", "1"}, images(s, "b"))
	same, _ := applyOne(t, Applier{}, s, FollowAliases{}, at(9))
	require.Same(t, s, same)
	// In the same second, too.
	s, _ = applyOne(t, Applier{}, apply(t, shop(), alias("b", "a")), Batch{push("a", 1), push("b", 2)}, at(5))
	same, _ = applyOne(t, Applier{}, s, FollowAliases{}, at(9))
	require.Same(t, s, same)
	// But the source's next is.
	s = apply(t, s, push("a", 3))
	require.Equal(t, []string{"3", "2", "1"}, images(s, "b"))
}

func TestImagesOfStreams(t *testing.T) {
	s := apply(t, shop(), push("a", 0x11), push("a", 0x12))
	pin := SetTag{TagReference{Name: "p", From: &ObjectReference{Kind: KindImageStreamImage, Name: "web@" + digest(0x11)}}}
	s = apply(t, s, pin)
	require.Equal(t, []string{"11"}, images(s, "p"))
	s, _ = applyOne(t, Applier{}, s, ForgetHistory{Tag: "a", Keep: HistoryPolicy{MaxItems: 1}}, at(8))
	same, _ := applyOne(t, Applier{}, s, FollowAliases{}, at(9))
	require.Same(t, s, same, "a pinned image needs nobody else's history")

	pin.Tag.From.Name = digest(0x99)
	s = apply(t, s, pin)
	require.Equal(t, ReasonDanglingAlias, condition(s, "p"))
	pin.Tag.From.Name = "web@sha256:0"
	_, _, err := Apply(s, pin, at(9))
	require.ErrorIs(t, err, ErrAmbiguousImage)
}

func TestFollowTag(t *testing.T) {
	s := apply(t, shop(), alias("a", "b"), alias("b", "c"), push("c", 1), alias("x", "y"), alias("z", "x"))
	path, err := FollowTag(s, "a", nil)
	require.NoError(t, err)
	require.Equal(t, "shop/web:a -> shop/web:b -> shop/web:c", pathText(path, len(path)))
	path, err = FollowTag(s, "z", nil)
	require.Len(t, path, 3)
	requireClass(t, err, ErrTagNotFound, "spec.tags[z]")
	require.ErrorContains(t, err, "shop/web:z -> shop/web:x -> shop/web:y")
	_, err = FollowTag(s, "nowhere", nil)
	require.ErrorIs(t, err, ErrTagNotFound)
}

// The order of the spec's tags, and how often it is done, does not matter.
func TestFollowingIsIndependentOfOrderAndIdempotent(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := randomAliases(rng)
		want, _ := applyOne(t, Applier{}, s, FollowAliases{}, at(59))
		again, changes := applyOne(t, Applier{}, want, FollowAliases{}, at(60))
		require.Empty(t, changes, "seed %d", seed)
		require.Same(t, want, again)

		shuffled := s.Clone()
		rng.Shuffle(len(shuffled.Spec.Tags), func(i, j int) {
			shuffled.Spec.Tags[i], shuffled.Spec.Tags[j] = shuffled.Spec.Tags[j], shuffled.Spec.Tags[i]
		})
		rng.Shuffle(len(shuffled.Status.Tags), func(i, j int) {
			shuffled.Status.Tags[i], shuffled.Status.Tags[j] = shuffled.Status.Tags[j], shuffled.Status.Tags[i]
		})
		got, _ := applyOne(t, Applier{}, shuffled, FollowAliases{}, at(59))
		require.Equal(t, sorted(want), sorted(got), "seed %d", seed)
		// Every tag points to what its target points to, or was pushed to since.
		for i := range want.Spec.Tags {
			requireFollows(t, want, &want.Spec.Tags[i])
		}
	}
}

// sorted is the stream in the server's order.
func sorted(s *ImageStream) *ImageStream {
	c := s.Clone()
	slices.SortFunc(c.Spec.Tags, func(a, b TagReference) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Status.Tags, func(a, b NamedTagEventList) int { return strings.Compare(a.Tag, b.Tag) })
	return c
}

func requireFollows(t *testing.T, s *ImageStream, tag *TagReference) {
	target, ok := s.Target(tag)
	if !ok {
		return
	}
	source, own := s.LatestEvent(target.Tag), s.LatestEvent(tag.Name)
	switch {
	case source == nil && s.SpecTag(target.Tag) == nil:
		require.Equal(t, ReasonDanglingAlias, condition(s, tag.Name))
	case source == nil:
	case own.Image != source.Image:
		require.False(t, own.Created.Before(source.Created.Time), "%s does not follow", tag.Name)
	}
}

// randomAliases is a stream as some other program left it: a forest of aliases,
// pushes here and there, nothing followed.
func randomAliases(rng *rand.Rand) *ImageStream {
	s := shop()
	const n = 12
	name := func(i int) string { return fmt.Sprintf("t%02d", (i*7)%n) }
	for i := range n {
		if i > 0 && rng.IntN(4) > 0 {
			target := name(rng.IntN(i))
			if rng.IntN(8) == 0 {
				target = "missing"
			}
			s.Spec.Tags = append(s.Spec.Tags, alias(name(i), strings.Repeat("web:", rng.IntN(2))+target).Tag)
		}
		if rng.IntN(3) == 0 {
			list := NamedTagEventList{Tag: name(i)}
			for j := range 1 + rng.IntN(3) {
				list.Items = append(list.Items, TagEvent{
					Created: NewTime(at(50 - 10*j - rng.IntN(10))), Image: digest(rng.IntN(4)), DockerImageReference: local(rng.IntN(2)), Generation: 1,
				})
			}
			s.Status.Tags = append(s.Status.Tags, list)
		}
	}
	for i := range s.Spec.Tags {
		s.Spec.Tags[i].Generation = pointerTo(int64(1))
	}
	return s
}
