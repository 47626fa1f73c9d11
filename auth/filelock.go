package auth

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// The waits between two attempts to lock a file.
const (
	firstLockWait = time.Millisecond
	lastLockWait  = 32 * time.Millisecond
)

// lockFile holds a lock of a name until unlock is called or the process ends. It waits
// for others until ctx ends. The lock is between processes and between goroutines.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	for wait := firstLockWait; ; wait = min(2*wait, lastLockWait) {
		unlock, err := tryLock(path)
		if unlock != nil || err != nil {
			return unlock, err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("waiting for the lock %s: %w", path, context.Cause(ctx))
		}
	}
}
