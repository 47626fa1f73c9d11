package storagetest

import (
	"errors"
	"sync"
)

// atOnce runs n calls that start together and returns the errors of all.
func atOnce(n int, do func(i int) error) error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wait.Wait()
	return errors.Join(errs...)
}
