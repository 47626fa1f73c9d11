//go:build unix

package filesystem

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/registrykit/registrykit/storage"
)

const (
	canSyncDirs       = true
	canRemoveDirsOnly = true
)

// inode numbers the file in its file system.
func inode(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Ino)
	}
	return 0
}

// names counts the names that an open file has; negative where that is unknown.
func names(f *os.File) int {
	info, err := f.Stat()
	if err != nil {
		return -1
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Nlink)
	}
	return -1
}

// tryLock locks an open file for this handle, until it is closed, against other
// handles; a shared lock only against exclusive ones. [storage.ErrBusy],
// [storage.ErrUnsupported].
func tryLock(f *os.File, exclusive bool) error {
	how := syscall.LOCK_SH | syscall.LOCK_NB
	if exclusive {
		how = syscall.LOCK_EX | syscall.LOCK_NB
	}
	for {
		switch err := syscall.Flock(int(f.Fd()), how); {
		case err == nil:
			return nil
		case err == syscall.EINTR:
		case err == syscall.EWOULDBLOCK:
			return storage.ErrBusy
		case err == syscall.ENOSYS, err == syscall.ENOLCK, errors.Is(err, errors.ErrUnsupported):
			return fmt.Errorf("%w: file locks: %w", storage.ErrUnsupported, err)
		default:
			return fmt.Errorf("lock: %w", err)
		}
	}
}

func isNotDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
func isReadOnly(err error) bool     { return errors.Is(err, syscall.EROFS) }

// hasNoLinks says that the file system refuses hard links altogether.
func hasNoLinks(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMLINK) || errors.Is(err, errors.ErrUnsupported)
}
