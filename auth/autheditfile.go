package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A fileEditor replaces a file by an edited one.
type fileEditor struct {
	// create makes a file, and its directories, that is missing.
	create bool
	// after is told of each step that is done; tests end the process there.
	after func(step string)
}

// edit reads the file under the lock and replaces it by what change returns. Where that
// is an error the file stays as it is.
func (e fileEditor) edit(ctx context.Context, path string, change func([]byte) ([]byte, error)) error {
	for range maxLinks {
		target, err := resolveLinks(path)
		if err != nil {
			return err
		}
		if e.create {
			if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
				return err
			}
		}
		unlock, err := lockFile(ctx, besides(target, "login-lock"))
		if err != nil {
			return err
		}
		e.done("lock")
		// A link may have been turned elsewhere meanwhile.
		if again, err := resolveLinks(path); err != nil || again != target {
			unlock()
			continue
		}
		err = e.editLocked(target, change)
		unlock()
		return err
	}
	return errors.New("the symbolic link does not stay where it is")
}

func (e fileEditor) editLocked(target string, change func([]byte) ([]byte, error)) error {
	info, err := os.Lstat(target)
	var old []byte
	if err == nil && !info.Mode().IsRegular() {
		return notRegular(info) // the null device too
	}
	if err == nil {
		old, info, err = readFile(target, info, MaxDocumentBytes)
	} else if e.create && errors.Is(err, fs.ErrNotExist) {
		info, err = nil, nil
	}
	if err != nil {
		return err
	}
	text, err := change(old)
	if err != nil {
		return err
	}
	e.done("edit")
	if info != nil && info.Mode().Perm() == fileMode && bytes.Equal(old, text) {
		return nil
	}
	return e.replace(target, info, text)
}

// fileMode is what only the owner can read.
const fileMode = 0o600

// replace writes a new file beside the target and puts it in its place. A new file that
// a crash left behind is removed: with the lock held there is nobody else's.
func (e fileEditor) replace(target string, old fs.FileInfo, text []byte) (err error) {
	temporary := besides(target, "login-new")
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	e.done("create")
	defer func() {
		if err != nil {
			_ = f.Close() // closed already, or of no use
			_ = os.Remove(temporary)
		}
	}()
	if err := f.Chmod(fileMode); err != nil { // whatever the umask
		return err
	}
	if old != nil {
		if err := keepOwner(f, old); err != nil {
			return fmt.Errorf("its owner cannot be kept: %w", withoutPath(err))
		}
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	e.done("write")
	if err := f.Sync(); err != nil {
		return err
	}
	e.done("sync")
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(temporary, target); err != nil {
		return err
	}
	e.done("rename")
	return syncDirectory(filepath.Dir(target))
}

func (e fileEditor) done(step string) {
	if e.after != nil {
		e.after(step)
	}
}

// besides names a file beside another, such that nobody else's has the name.
func besides(path, what string) string {
	dir, base := filepath.Split(path)
	return dir + "." + base + "." + what
}

// maxLinks is how many symbolic links are followed.
const maxLinks = 40

// resolveLinks returns where a file is or, if it does not exist, would be.
func resolveLinks(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for range maxLinks {
		// The directory first: .. in a link counts from where it really is.
		if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			path = filepath.Join(dir, filepath.Base(path))
		}
		link, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link, or what reading it will tell
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", errors.New("too many symbolic links")
}
