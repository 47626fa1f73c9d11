package inventory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

// An event of a stream may come before that of the Image that it names: Images
// are then in no order with the streams until they are listed again.
func TestEventsOfStreamsPutNothingInOrder(t *testing.T) {
	listed := func() *inventory.Builder {
		b := new(inventory.Builder)
		require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web"}))
		b.Listed(inventory.KindImageStream, inventory.KindImage)
		b.ImagesAfterStreams(true)
		return b
	}
	require.True(t, listed().Build().ImagesAfterStreams())
	for name, event := range map[string]func(*inventory.Builder) error{
		"added": func(b *inventory.Builder) error { return b.AddStream(inventory.Stream{Namespace: "shop", Name: "new"}) },
		"replaced": func(b *inventory.Builder) error {
			return b.ReplaceStream(inventory.Stream{Namespace: "shop", Name: "web"})
		},
		"forgotten and added": func(b *inventory.Builder) error {
			b.ForgetStream("shop", "web")
			return b.AddStream(inventory.Stream{Namespace: "shop", Name: "web"})
		},
	} {
		b := listed()
		b.Build()
		require.NoError(t, event(b), name)
		require.False(t, b.Build().ImagesAfterStreams(), name)
		b.ImagesAfterStreams(true)
		require.True(t, b.Build().ImagesAfterStreams(), name)
	}

	b := listed()
	require.NoError(t, b.ReplaceStream(inventory.Stream{Namespace: "shop", Name: "web"}))
	require.False(t, b.Build().ImagesAfterStreams(), "a replacement is an event, also before the first Build")
}

// A Builder that has forgotten much and put itself in order is the same Builder.
func TestACompactedBuilderKnowsItsEvents(t *testing.T) {
	var b inventory.Builder
	for i := range 1100 {
		require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: fmt.Sprint(i)}))
	}
	b.Build()
	for i := range 1100 {
		b.ForgetStream("shop", fmt.Sprint(i))
	}
	b.ImagesAfterStreams(true)
	require.True(t, b.Build().ImagesAfterStreams())
	require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web"}))
	require.False(t, b.Build().ImagesAfterStreams())
}
