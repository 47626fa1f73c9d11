package auth

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// errorSharingViolation is what opening a file yields that another holds open without
// sharing it.
const errorSharingViolation = syscall.Errno(32)

// tryLock takes the lock if it is free; both results are nil if it is not. The lock is
// to hold the file open without sharing it, which ends with the process.
func tryLock(path string) (unlock func(), err error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, errorSharingViolation) {
		return nil, nil
	}
	if err != nil {
		return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	return func() {
		_ = syscall.CloseHandle(handle)
		_ = os.Remove(path) // fails where another holds it already
	}, nil
}
