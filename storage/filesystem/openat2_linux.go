package filesystem

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// quick opens objects to read by openat2(2), in which the kernel itself refuses every
// symbolic link on the way and every way out of the directory: some four system calls,
// where to open one directory after the other takes a good three for each. Linux has it
// since 5.6.
type quick struct {
	dir    *os.File // the storage directory
	absent atomic.Bool
}

// howToOpen is struct open_how of linux/openat2.h.
type howToOpen struct{ flags, mode, resolve uint64 }

const (
	sysOpenat2        = 437 // on every architecture
	openPath          = 0x200000
	resolveNoSymlinks = 0x04
	resolveBeneath    = 0x08
)

func newQuick(root *os.Root) (*quick, error) {
	dir, err := root.Open(".")
	return &quick{dir: dir}, err
}

func (q *quick) close() error { return q.dir.Close() }

// open returns an open file, which is a regular one, or nil: then the long way tells
// what is wrong, or does what the kernel would not.
func (q *quick) open(key string) *os.File {
	if q.absent.Load() {
		return nil
	}
	path, err := syscall.BytePtrFromString(key)
	if err != nil {
		return nil
	}
	conn, err := q.dir.SyscallConn()
	if err != nil {
		return nil
	}
	var file *os.File
	// The error would be that the directory is closed.
	_ = conn.Control(func(dir uintptr) {
		// First without opening it: to open a device or a pipe may do something.
		if fd, ok := q.openat2(dir, path, openPath); ok {
			var info syscall.Stat_t
			err := syscall.Fstat(fd, &info)
			_ = syscall.Close(fd) // it holds nothing
			if err == nil && info.Mode&syscall.S_IFMT == syscall.S_IFREG {
				file = q.openFile(dir, path, key)
			}
		}
	})
	return file
}

func (q *quick) openFile(dir uintptr, path *byte, key string) *os.File {
	fd, ok := q.openat2(dir, path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_LARGEFILE)
	if !ok {
		return nil
	}
	return os.NewFile(uintptr(fd), key)
}

func (q *quick) openat2(dir uintptr, path *byte, flags uint64) (int, bool) {
	how := howToOpen{flags: flags | syscall.O_CLOEXEC, resolve: resolveNoSymlinks | resolveBeneath}
	for {
		fd, _, errno := syscall.Syscall6(sysOpenat2, dir, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
		switch errno {
		case 0:
			return int(fd), true
		case syscall.EINTR:
			continue
		case syscall.ENOSYS, syscall.EPERM: // an old kernel, or one that is told to refuse
			q.absent.Store(true)
		}
		return 0, false
	}
}
