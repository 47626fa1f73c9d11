//go:build !darwin && !dragonfly && !freebsd && !illumos && !linux && !netbsd && !openbsd && !windows

package auth

import (
	"errors"
	"io/fs"
	"os"
)

// tryLock takes the lock if it is free; both results are nil if it is not. The lock is
// that the file exists, so a process that dies leaves it behind: then the error at the
// end of the wait names the file to remove.
func tryLock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return func() {
		_ = f.Close()
		_ = os.Remove(path)
	}, nil
}
