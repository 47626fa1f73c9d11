package ordered_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registrykit/registrykit/internal/ordered"
	"github.com/stretchr/testify/require"
)

func TestOrderAndHowManyAtOnce(t *testing.T) {
	for _, atOnce := range []int{1, 2, 7} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int64
			var taken []int
			start := time.Now()
			err := ordered.Each(t.Context(), atOnce, ordered.Count(14), func(_ context.Context, i int) int {
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
				time.Sleep(time.Second)
				return i * i
			}, func(i, square int) error {
				require.Equal(t, i*i, square)
				taken = append(taken, i)
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, taken)
			require.Equal(t, int64(atOnce), most.Load())
			require.LessOrEqual(t, time.Since(start), time.Duration(14/atOnce)*time.Second)
		})
	}
}

// TestOneAtOnce: the next item is not asked for while the one before is under way, nor
// after an error.
func TestOneAtOnce(t *testing.T) {
	refused := errors.New("refused")
	var calls []string
	items := func(yield func(int, error) bool) {
		for i := range 3 {
			calls = append(calls, fmt.Sprint("item ", i))
			if !yield(i, nil) {
				return
			}
		}
		yield(0, refused)
	}
	do := func(_ context.Context, i int) int { calls = append(calls, fmt.Sprint("do ", i)); return i }
	take := func(i, _ int) error { calls = append(calls, fmt.Sprint("take ", i)); return nil }
	require.ErrorIs(t, ordered.Each(t.Context(), 1, items, do, take), refused)
	require.Equal(t, []string{"item 0", "do 0", "take 0", "item 1", "do 1", "take 1", "item 2", "do 2", "take 2"}, calls)

	calls = nil
	require.ErrorIs(t, ordered.Each(t.Context(), 1, items, do, func(int, int) error { return refused }), refused)
	require.Equal(t, []string{"item 0", "do 0"}, calls)

	calls = nil
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(refused)
	require.ErrorIs(t, ordered.Each(ctx, 1, items, do, take), refused)
	require.Equal(t, []string{"item 0"}, calls)
}

// TestErrors: nothing is under way when it returns, whatever ended it.
func TestErrors(t *testing.T) {
	refused := errors.New("refused")
	items := func(yield func(int, error) bool) {
		_ = yield(0, nil) && yield(1, nil) && yield(0, refused)
	}
	for what, run := range map[string]func(ctx context.Context, do func(context.Context, int) int) error{
		"of the items": func(ctx context.Context, do func(context.Context, int) int) error {
			return ordered.Each(ctx, 4, items, do, func(int, int) error { return nil })
		},
		"of take": func(ctx context.Context, do func(context.Context, int) int) error {
			return ordered.Each(ctx, 4, ordered.Count(1000), do, func(i, _ int) error {
				if i == 5 {
					return refused
				}
				require.Less(t, i, 5, "nothing is taken after it")
				return nil
			})
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which sees goroutines that are left
				var done atomic.Int64
				err := run(t.Context(), func(context.Context, int) int { time.Sleep(time.Second); done.Add(1); return 0 })
				require.ErrorIs(t, err, refused)
				require.Less(t, done.Load(), int64(20))
			})
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(refused)
	for range 20 { // the context may be seen before the first item or after some
		err := ordered.Each(ctx, 2, ordered.Count(100000), func(context.Context, int) int { return 0 }, func(int, int) error { return nil })
		require.ErrorIs(t, err, refused)
	}
}
