package apply_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
)

func TestBrakes(t *testing.T) {
	f := newFixture(t)
	s := f.plan.Summary
	perRepository := s.TagItems + s.ManifestLinks + s.LayerLinks
	last := func(actions int) *prune.Summary { return &prune.Summary{TagItems: actions} }
	for _, c := range []struct {
		brake  string
		within apply.Brakes
		beyond apply.Brakes
	}{
		{"deletions", apply.Brakes{Deletions: s.Actions()}, apply.Brakes{Deletions: s.Actions() - 1}},
		{"images", apply.Brakes{Images: 0.5}, apply.Brakes{Images: 0.49}},
		{"bytes", apply.Brakes{Bytes: s.FreedBytes}, apply.Brakes{Bytes: s.FreedBytes - 1}},
		{"blobs of unknown size", apply.Brakes{UnknownBlobs: s.UnknownBlobs}, apply.Brakes{UnknownBlobs: s.UnknownBlobs - 1}},
		{"tag items and links", apply.Brakes{PerRepository: perRepository}, apply.Brakes{PerRepository: perRepository - 1}},
		{"growth", apply.Brakes{Growth: 2, Last: last((s.Actions() + 1) / 2)}, apply.Brakes{Growth: 2, Last: last((s.Actions() - 1) / 2)}},
	} {
		t.Run(c.brake, func(t *testing.T) {
			live := f.cluster.Live()
			before := stateOf(live)
			journal := &memoryJournal{}
			_, err := f.run(t, live, func(o *apply.Options) { o.Brakes, o.Journal = c.beyond, journal })
			require.ErrorIs(t, err, apply.ErrBrake)
			var brake *apply.BrakeError
			require.True(t, errors.As(err, &brake))
			require.Equal(t, c.brake, brake.Brake)
			require.ErrorContains(t, err, brake.Limit)
			require.ErrorContains(t, err, brake.Got)
			if c.beyond.PerRepository > 0 {
				require.Equal(t, "dev/app", brake.Repository)
			}
			require.Equal(t, before, stateOf(live))
			require.Empty(t, journal.records)

			_, err = f.run(t, live, func(o *apply.Options) { o.Brakes = c.within })
			require.NoError(t, err)
		})
	}
}

func TestBrakesThatAreOff(t *testing.T) {
	f := newFixture(t)
	require.NoError(t, apply.Brakes{}.Check(f.plan))
	require.NoError(t, apply.Brakes{Growth: 1}.Check(f.plan))
	require.NoError(t, apply.Brakes{Growth: 1, Last: &prune.Summary{}}.Check(f.plan))
	for _, b := range []apply.Brakes{{Deletions: -1}, {Images: 1.1}, {Images: -1}, {Images: math.NaN()}, {Growth: math.NaN()}, {Bytes: -1}, {Growth: -1}, {PerRepository: -1}, {UnknownBlobs: -1}} {
		err := b.Check(f.plan)
		require.Error(t, err)
		require.NotErrorIs(t, err, apply.ErrBrake)
	}
	all := apply.Brakes{Deletions: 1, Images: 0.01, Bytes: 1, PerRepository: 1}
	err := all.Check(f.plan)
	for _, word := range []string{"deletions", "images", "bytes", "dev/app"} {
		require.ErrorContains(t, err, word)
	}
}
