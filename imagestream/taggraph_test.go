package imagestream

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func graphOf(aliases ...[2]string) *TagGraph {
	var streams []*ImageStream
	for _, a := range aliases {
		stream, tag, _ := ParseImageStreamTagName(a[0])
		s := New("ns", stream)
		s.Spec.Tags = []TagReference{alias(tag, a[1]).Tag}
		streams = append(streams, s)
	}
	return NewTagGraph(slices.Values(streams))
}

func named(names []TagName) (texts []string) {
	for _, n := range names {
		texts = append(texts, n.Stream+":"+n.Tag)
	}
	return texts
}

func TestTagGraphs(t *testing.T) {
	g := graphOf([2]string{"b:1", "a:1"}, [2]string{"c:1", "b:1"}, [2]string{"a:2", "c:1"}, [2]string{"z:1", "a:1"}, [2]string{"d:1", "z:1"})
	require.Equal(t, []string{"b:1", "z:1"}, named(g.Followers(TagName{"ns", "a", "1"})))
	require.Equal(t, []string{"b:1", "z:1", "c:1", "d:1", "a:2"}, named(g.Affected(TagName{"ns", "a", "1"})))
	require.Empty(t, g.Affected(TagName{"ns", "a", "2"}))
	target, ok := g.Target(TagName{"ns", "a", "2"})
	require.True(t, ok)
	require.Equal(t, TagName{"ns", "c", "1"}, target)
	_, ok = g.Target(TagName{"ns", "a", "1"})
	require.False(t, ok)
	require.Empty(t, g.Cycles())
}

func TestCyclesOfAGraph(t *testing.T) {
	g := graphOf([2]string{"x:1", "y:1"}, [2]string{"y:1", "x:1"}, [2]string{"hang:1", "y:1"}, [2]string{"self:1", "1"}, [2]string{"a:1", "b:1"})
	cycles := g.Cycles()
	require.Len(t, cycles, 2)
	require.Equal(t, []string{"self:1"}, named(cycles[0].Path))
	require.Equal(t, []string{"x:1", "y:1"}, named(cycles[1].Path))
	require.Equal(t, []string{"hang:1", "x:1"}, named(g.Affected(TagName{"ns", "y", "1"})))
}
