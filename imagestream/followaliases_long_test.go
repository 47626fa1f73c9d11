package imagestream_test

import (
	"fmt"
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
