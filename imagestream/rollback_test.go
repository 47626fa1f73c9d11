package imagestream

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRollingBack(t *testing.T) {
	s := apply(t, shop(), alias("live", "dev"), push("dev", 0xa1), push("dev", 0xb2), push("dev", 0xc3), push("old", 0xd4))

	back := apply(t, s, RollBack{Tag: "dev"})
	require.Equal(t, []string{"b2", "c3", "b2", "a1"}, images(back, "dev"))
	require.Equal(t, []string{"b2", "c3", "b2", "a1"}, images(back, "live"))
	require.Equal(t, []string{"a1", "c3", "b2", "a1"}, images(apply(t, s, RollBack{Tag: "dev", Revision: 2}), "dev"))
	require.Equal(t, []string{"a1", "c3", "b2", "a1"}, images(apply(t, s, RollBack{Tag: "dev", Image: digest(0xa1)}), "dev"))
	require.Equal(t, []string{"d4", "c3", "b2", "a1"}, images(apply(t, s, RollBack{Tag: "dev", Image: digest(0xd4)}), "dev"), "of another tag")
	same, _ := applyOne(t, Applier{}, s, RollBack{Tag: "dev", Image: digest(0xc3)}, at(9))
	require.Same(t, s, same)

	for _, tc := range []struct {
		o     RollBack
		class error
		field string
	}{
		{RollBack{Tag: "none"}, ErrTagNotFound, "status.tags[none]"},
		{RollBack{Tag: "dev", Revision: 3}, ErrImageNotFound, "status.tags[dev].items"},
		{RollBack{Tag: "dev", Revision: -1}, ErrImageNotFound, "status.tags[dev].items"},
		{RollBack{Tag: "old"}, ErrImageNotFound, "status.tags[old].items"},
		{RollBack{Tag: "dev", Image: "sha256:00"}, ErrAmbiguousImage, "status.tags[dev].items"},
		{RollBack{Tag: "dev", Image: digest(0xee)}, ErrImageNotFound, "status.tags[dev].items"},
		{RollBack{Tag: "dev", Revision: 1, Image: digest(0xa1)}, ErrInvalidOperation, "revision"},
		{RollBack{Tag: "live"}, ErrInvalidOperation, "spec.tags[live].from"},
	} {
		_, _, err := Apply(s, tc.o, at(9))
		requireClass(t, err, tc.class, tc.field)
	}
}

func TestPinnedRollbacksStay(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), imported("a", 2))
	s = apply(t, s, RollBack{Tag: "a", Pin: true})
	require.Equal(t, "1", images(s, "a")[0])
	require.Equal(t, &ObjectReference{Kind: KindImageStreamImage, Name: "web@" + digest(1)}, s.SpecTag("a").From)
	_, _, err := Apply(s, imported("a", 3), at(9))
	require.ErrorIs(t, err, ErrSuperseded)

	s = apply(t, shop(), alias("b", "a"), push("a", 1), push("a", 2), RollBack{Tag: "b", Pin: true}, push("a", 3))
	require.Equal(t, "1", images(s, "b")[0])
}

func TestRollbackThenForwardGivesTheStreamBack(t *testing.T) {
	rolled := 0
	for seed := range uint64(1500) {
		rng := rand.New(rand.NewPCG(seed, 2))
		s, _ := applyOne(t, Applier{}, randomAliases(rng), FollowAliases{}, at(59))
		for i := range s.Status.Tags {
			list := &s.Status.Tags[i]
			back, _, err := Apply(s, RollBack{Tag: list.Tag, Revision: 1 + rng.IntN(3)}, at(60))
			if err != nil || back == s {
				continue
			}
			rolled++
			forward, changes := applyOne(t, Applier{}, back, RollForward{list.Tag}, at(61))
			require.Equal(t, sorted(s), sorted(forward), "seed %d, tag %s: %v", seed, list.Tag, texts(changes))
		}
	}
	require.Greater(t, rolled, 400)
}

func TestForwardLosesNoImage(t *testing.T) {
	s := apply(t, shop(), push("a", 1), push("a", 2))
	_, _, err := Apply(s, RollForward{"a"}, at(9))
	requireClass(t, err, ErrImageNotFound, "status.tags[a].items")
	_, _, err = Apply(s, RollForward{"b"}, at(9))
	requireClass(t, err, ErrTagNotFound, "status.tags[b]")
}
