//go:build unix

package auth

import (
	"io/fs"
	"os"
	"syscall"
)

// openNonblock is for opening what may be a named pipe that nobody writes to.
const openNonblock = syscall.O_NONBLOCK

// keepOwner gives a new file the owner and group of the old one.
func keepOwner(f *os.File, old fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	was, ok := old.Sys().(*syscall.Stat_t)
	is, too := info.Sys().(*syscall.Stat_t)
	if !ok || !too || was.Uid == is.Uid && was.Gid == is.Gid {
		return nil
	}
	return f.Chown(int(was.Uid), int(was.Gid))
}

// syncDirectory makes a new name in a directory last.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // nothing was written through it
	return dir.Sync()
}
