package imagestream_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/registrykit/registrykit/imagestream"
)

// Streams of many tags that follow one another, made to take long: what Apply
// takes of them grows with their size and not with its cube, which would be
// hours.
func TestLongChainsAndCycles(t *testing.T) {
	const n = 10_000
	chain := func(last string) *ImageStream {
		s := New("shop", "web")
		for i := range n {
			next := fmt.Sprintf("t%05d", i+1)
			if i == n-1 {
				next = last
			}
			s.Spec.Tags = append(s.Spec.Tags, TagReference{Name: fmt.Sprintf("t%05d", i), From: &ObjectReference{Kind: KindImageStreamTag, Name: next}})
		}
		return s
	}
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		last   string
		cyclic int // tags that are part of the cycle
	}{
		"it leads nowhere":             {"gone", 0},
		"every tag is part of a cycle": {"t00000", n},
		"it leads into a cycle":        {"t09999", 1},
		"it leads into a longer cycle": {"t09000", 1000},
	} {
		s := chain(c.last)
		created, _, err := Apply(s, Batch{}, now)
		require.NoError(t, err, name)
		cyclic := 0
		for i := range created.Status.Tags {
			condition := created.Status.Tags[i].Conditions[0]
			if condition.Reason == ReasonAliasCycle {
				cyclic++
			}
			require.Less(t, len(condition.Message), 1000, name)
		}
		require.Equal(t, c.cyclic, cyclic, name)

		s.Generation = 1
		_, _, err = Apply(s, FollowAliases{}, now)
		require.Equal(t, c.cyclic > 0, err != nil, name)
		if err != nil {
			require.ErrorIs(t, err, ErrAliasCycle)
		}
	}
}

// A whole spec of tags that follow one another is set in one go, in any order.
func TestSetSpecOfALongChain(t *testing.T) {
	const n = 10_000
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	digest := "sha256:" + strings.Repeat("1", 64)
	for name, at := range map[string]func(i int) int{
		"the targets first":   func(i int) int { return i },
		"the followers first": func(i int) int { return n - 1 - i },
	} {
		t.Run(name, func(t *testing.T) {
			s, _, err := Apply(New("shop", "web"), RecordPush{Tag: "t00000", Image: digest, DockerImageReference: "r:5000/shop/web@" + digest}, now)
			require.NoError(t, err)
			var spec ImageStreamSpec
			for i := range n {
				tag := TagReference{Name: fmt.Sprintf("t%05d", at(i))}
				if at(i) > 0 {
					tag.From = &ObjectReference{Kind: KindImageStreamTag, Name: fmt.Sprintf("t%05d", at(i)-1)}
				}
				spec.Tags = append(spec.Tags, tag)
			}
			for range 2 { // made, and then changed
				s, _, err = Apply(s, SetSpec{spec}, now)
				require.NoError(t, err)
				for i := range s.Spec.Tags {
					require.Equal(t, digest, s.Status.Tags[i].Items[0].Image)
				}
				for i := range spec.Tags {
					spec.Tags[i].ReferencePolicy.Type = LocalTagReferencePolicy
				}
			}

			last := fmt.Sprintf("t%05d", n-1)
			spec.Tags[slices.IndexFunc(spec.Tags, func(t TagReference) bool { return t.Name == "t00000" })].From =
				&ObjectReference{Kind: KindImageStreamTag, Name: last}
			_, _, err = Apply(s, SetSpec{spec}, now)
			require.ErrorIs(t, err, ErrAliasCycle)
		})
	}
}
