package filesystem

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"unsafe"

	"github.com/registrykit/registrykit/storage"
)

const (
	// Windows has no fsync for a directory.
	canSyncDirs = false
	// Whether a slash at the end keeps a file from being removed is not known:
	// empty directories stay.
	canRemoveDirsOnly = false

	lockfileFailImmediately = 1
	lockfileExclusiveLock   = 2
	errorLockViolation      = syscall.Errno(33)
	errorInvalidFunction    = syscall.Errno(1)
)

// inode is not to be had from a FileInfo here; versions do without.
func inode(fs.FileInfo) uint64 { return 0 }

func names(f *os.File) int {
	var info syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &info); err != nil {
		return -1
	}
	return int(info.NumberOfLinks)
}

// tryLock locks one byte far beyond the end of any file, because such a lock
// keeps others from reading what it covers.
func tryLock(f *os.File, exclusive bool) error {
	flags := uintptr(lockfileFailImmediately)
	if exclusive {
		flags |= lockfileExclusiveLock
	}
	at := syscall.Overlapped{Offset: 0xfffffffe, OffsetHigh: 0x7fffffff}
	lockFileEx := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")
	ok, _, err := lockFileEx.Call(f.Fd(), flags, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	switch {
	case ok != 0:
		return nil
	case errors.Is(err, errorLockViolation), errors.Is(err, syscall.ERROR_IO_PENDING):
		return storage.ErrBusy
	case errors.Is(err, errorInvalidFunction), errors.Is(err, errors.ErrUnsupported):
		return fmt.Errorf("%w: file locks: %w", storage.ErrUnsupported, err)
	}
	return fmt.Errorf("lock: %w", err)
}

func isNotDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
func isReadOnly(err error) bool     { return errors.Is(err, syscall.Errno(19)) } // ERROR_WRITE_PROTECT

func hasNoLinks(err error) bool {
	return errors.Is(err, errorInvalidFunction) || errors.Is(err, errors.ErrUnsupported)
}
