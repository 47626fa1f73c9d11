package apply

import (
	"context"
	"iter"
	"sync"
)

// each calls f for every value, in some goroutines at once, and returns when all
// calls have. It takes no more values once the context has ended.
func each[T any](ctx context.Context, workers int, values iter.Seq[T], f func(T)) {
	work := make(chan T)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for v := range work {
				f(v)
			}
		})
	}
	defer wg.Wait()
	defer close(work)
	for v := range values {
		select {
		case work <- v:
		case <-ctx.Done():
			return
		}
	}
}
