// Package ordered does something with many items at once and keeps their order.
package ordered

import (
	"context"
	"iter"
	"sync"
)

// Each does something with each item, for some items at once, and takes the results
// one after the other, in the order of the items. It ends with the first error of the
// items or of take, when nothing is under way any more. With one at once there is
// never more than one call under way, that of the items among them.
func Each[T, R any](ctx context.Context, atOnce int, items iter.Seq2[T, error], do func(context.Context, T) R, take func(T, R) error) error {
	if atOnce == 1 {
		return oneByOne(ctx, items, do, take)
	}
	type task struct {
		item   T
		result R
		done   chan struct{}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tasks := make(chan *task, atOnce-1) // and the one that is waited for
	var ended error                     // of the items
	var listing sync.WaitGroup
	listing.Go(func() {
		defer close(tasks)
		for item, err := range items {
			if err != nil {
				ended = err
				return
			}
			t := &task{item: item, done: make(chan struct{})}
			select {
			case tasks <- t:
			case <-ctx.Done():
				ended = context.Cause(ctx)
				return
			}
			go func() {
				defer close(t.done)
				t.result = do(ctx, t.item)
			}()
		}
	})
	var failed error
	for t := range tasks {
		<-t.done
		if failed == nil {
			if failed = take(t.item, t.result); failed != nil {
				cancel()
			}
		}
	}
	listing.Wait()
	if failed != nil {
		return failed
	}
	return ended
}

// oneByOne does it without another goroutine.
func oneByOne[T, R any](ctx context.Context, items iter.Seq2[T, error], do func(context.Context, T) R, take func(T, R) error) error {
	for item, err := range items {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = take(item, do(ctx, item))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Count gives the numbers below n.
func Count(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}
