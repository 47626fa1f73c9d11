package ordered_test

import (
	"context"
	"errors"
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
