package apply

import (
	"context"
	"iter"
	"sync"
)

// each calls f for every value, in some goroutines at once, and returns when all
// calls have. It takes no more values once the context has ended. Where a call
// panics, no more are made and each panics with the first value, in the goroutine
// of its caller, who can recover from that.
func each[T any](ctx context.Context, workers int, values iter.Seq[T], f func(T)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var once sync.Once
	var panicked any
	guarded := func(v T) {
		defer func() {
			if p := recover(); p != nil {
				once.Do(func() { panicked = p })
				cancel()
			}
		}()
		if ctx.Err() == nil {
			f(v)
		}
	}
	work := make(chan T)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for v := range work {
				guarded(v)
			}
		})
	}
	hand(ctx, work, values)
	wg.Wait()
	if panicked != nil {
		panic(panicked)
	}
}

// hand hands values out until there are no more or the context ends.
func hand[T any](ctx context.Context, work chan<- T, values iter.Seq[T]) {
	defer close(work)
	for v := range values {
		select {
		case work <- v:
		case <-ctx.Done():
			return
		}
	}
}
