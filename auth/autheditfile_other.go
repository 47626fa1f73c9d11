//go:build !unix

package auth

import (
	"io/fs"
	"os"
)

// openNonblock is not needed: there are no named pipes in the file system here.
const openNonblock = 0

// keepOwner does nothing: files take their owner from the directory or the user here.
func keepOwner(*os.File, fs.FileInfo) error { return nil }

// syncDirectory does nothing: directories cannot be synchronised here.
func syncDirectory(string) error { return nil }
