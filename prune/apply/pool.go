package apply

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// each calls f for every value, in some goroutines at once, and returns when all
// calls have. It takes no more values once the context has ended. Where a call
// panics or ends its goroutine, as a test that fails does, no more are made, and
// the same happens to the goroutine that called each, which can recover from it.
func each[T any](ctx context.Context, workers int, values iter.Seq[T], f func(T)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var once sync.Once
	var panicked any
	exited := false
	guarded := func(v T) {
		returned := false
		defer func() {
			if returned {
				return
			}
			p := recover() // nil: the goroutine ends
			once.Do(func() { panicked, exited = p, p == nil })
			cancel()
		}()
		if ctx.Err() == nil {
			f(v)
		}
		returned = true
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
	switch {
	case exited:
		runtime.Goexit()
	case panicked != nil:
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
