package fromlayout_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/interleave"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
)

// TestOneWriteAndOneDeletion runs what a writer does about a blob and what a sweep does
// to it in every order there is: after a write that succeeded all is there.
func TestOneWriteAndOneDeletion(t *testing.T) {
	layer, image := digest.FromString("layer"), digest.FromString(manifestOf("{}", "layer"))
	has := func(ctx context.Context, w *writer) error {
		return errors.Join(w.HasLayer(ctx, "b", layer), w.VerifyBlob(ctx, layer))
	}
	tagged := func(tag string) func(ctx context.Context, w *writer) error {
		return func(ctx context.Context, w *writer) error { return pull(ctx, w.Layout, claim{"a", tag, image, nil}) }
	}
	type op struct {
		name string
		do   func(ctx context.Context, w *writer) error
		has  func(ctx context.Context, w *writer) error
	}
	type deletion struct {
		name string
		do   func(ctx context.Context, e *fromlayout.Ends) error
	}
	all := 0
	for _, c := range []struct {
		writes    []op
		deletions []deletion
	}{
		{
			writes: []op{
				{"mount", func(ctx context.Context, w *writer) error { _, err := w.MountBlob(ctx, "b", "a", layer); return err }, has},
				{"put", func(ctx context.Context, w *writer) error {
					_, err := w.PutBlob(ctx, "b", layer, strings.NewReader("layer"))
					return err
				}, has},
			},
			deletions: []deletion{
				{"blob", func(ctx context.Context, e *fromlayout.Ends) error { return e.DeleteBlob(ctx, string(layer)) }},
				{"link", func(ctx context.Context, e *fromlayout.Ends) error { return e.DeleteLayerLink(ctx, "b", string(layer)) }},
			},
		},
		{
			writes: []op{
				{"tag", func(ctx context.Context, w *writer) error { return w.SetTag(ctx, "a", "v2", image) }, tagged("v2")},
				{"tag again", func(ctx context.Context, w *writer) error { return w.SetTag(ctx, "a", "v1", image) }, tagged("v1")},
			},
			deletions: []deletion{
				{"blob", func(ctx context.Context, e *fromlayout.Ends) error { return e.DeleteBlob(ctx, string(image)) }},
				{"link", func(ctx context.Context, e *fromlayout.Ends) error {
					return e.DeleteManifestLink(ctx, "a", string(image))
				}},
				{"tag", func(ctx context.Context, e *fromlayout.Ends) error { return e.DeleteTag(ctx, "a", "v1", string(image)) }},
			},
		},
	} {
		for _, write := range c.writes {
			for _, deletion := range c.deletions {
				s := newScene(t, &putAgain, sweep{}, byLayout, false)
				s.shared = [2]map[string]bool{} // each call is a step
				written, deleted := 0, 0
				n := interleave.Each(func(order []int) ([]int, bool) {
					s.restore()
					w := s.writer(byLayout)
					ends, err := fromlayout.NewEnds(s.store, s.layout(""), fromlayout.EndsOptions{Now: s.clock})
					require.NoError(t, err)
					var wrote, gone error
					choices := interleave.Run(order,
						func(step func()) { wrote = write.do(s.turns(1, step).context(t.Context()), w) },
						func(step func()) { gone = deletion.do(s.turns(0, step).context(t.Context()), ends) },
					)
					if wrote == nil {
						written++
						require.NoError(t, write.has(t.Context(), w), "%s, delete %s, order %v", write.name, deletion.name, order)
					} else {
						require.True(t, refused(wrote), "%v", wrote)
					}
					if gone == nil {
						deleted++
					} else {
						require.True(t, errors.Is(gone, apply.ErrInUse) || errors.Is(gone, apply.ErrNotFound), "%v", gone)
					}
					return choices, true
				})
				t.Logf("%s, delete %s: %d orders, %d written, %d deleted", write.name, deletion.name, n, written, deleted)
				require.Positive(t, written)
				all += n
			}
		}
	}
	require.Greater(t, all, 2000)
}
