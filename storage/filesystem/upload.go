package filesystem

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/registrykit/registrykit/storage"
)

// upload is a file below uploadsDir, locked as long as it is held.
type upload struct {
	ctx     context.Context
	d       *Driver
	key     string
	id      string
	file    *os.File // nil when ended
	options storage.CreateOptions

	size      int64
	resumable bool
	failed    error // of a Write
	done      stage // how far Commit has come
	info      storage.Info
}

// stage is how far a Commit has come, so that it can go on after an error.
type stage int

const (
	stageOpen stage = iota
	stageSynced
	stageVisible
	stageCommitted
)

// path is where the bytes of an upload are until Commit.
func path(id string) string { return uploadsDir + "/" + id }

// keyPath is where the key of an upload is, if it can be resumed.
func keyPath(id string) string { return path(id) + ".key" }

// Create starts an upload; see [storage.Creator].
func (d *Driver) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := errors.Join(storage.CheckKey(key), o.Check()); err != nil {
		return nil, err
	}
	u := &upload{ctx: ctx, d: d, key: key, id: rand.Text(), options: o, resumable: o.Resumable}
	d.step("create upload")
	var err error
	u.file, err = d.createPrivate(u.id)
	if err == nil {
		err = tryLock(u.file, true)
		if errors.Is(err, storage.ErrUnsupported) {
			err = nil // then nobody is known to hold it
		}
		if err == nil && o.Resumable {
			err = u.writeKey()
		}
		if err != nil {
			err = errors.Join(err, u.Abort(ctx))
		}
	}
	if err != nil {
		return nil, err
	}
	return u, nil
}

// createPrivate creates a file in uploadsDir, and that too if need be.
func (d *Driver) createPrivate(name string) (*os.File, error) {
	at, closeIt, err := d.openPrivateDir(uploadsDir)
	if err != nil {
		return nil, err
	}
	defer closeIt()
	f, err := at.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	return f, plain(err)
}

// writeKey notes the key beside the upload: from then on it can be resumed.
func (u *upload) writeKey() error {
	u.d.step("write key of upload")
	f, err := u.d.createPrivate(u.id + ".key")
	if err != nil {
		return err
	}
	_, err = f.WriteString(u.key)
	if err == nil && !u.d.options.NoSync {
		err = u.d.fsync(f)
	}
	return errors.Join(err, f.Close())
}

func (u *upload) Size() int64 { return u.size }

func (u *upload) ID() string {
	if !u.resumable {
		return ""
	}
	return u.id
}

func (u *upload) Write(p []byte) (int, error) {
	if u.file == nil || u.done != stageOpen {
		return 0, storage.ErrEnded
	}
	if u.failed == nil {
		u.failed = context.Cause(u.ctx)
	}
	if u.failed != nil {
		return 0, u.failed
	}
	u.d.step("write")
	n, err := u.file.Write(p)
	u.size += int64(n)
	u.failed = err
	return n, err
}

// Suspend syncs the bytes and the names of the files, and lets go.
func (u *upload) Suspend(ctx context.Context) error {
	if u.file == nil {
		return storage.ErrEnded
	}
	if !u.resumable || u.done >= stageVisible {
		return fmt.Errorf("suspend: %w", storage.ErrUnsupported)
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	u.d.step("sync upload")
	if err := u.sync(); err != nil {
		return err
	}
	u.d.step("sync directory of uploads")
	if err := u.d.syncDirOf(path(u.id)); err != nil {
		return err
	}
	err := u.file.Close()
	u.file = nil
	return err
}

func (u *upload) sync() error {
	if u.d.options.NoSync {
		return nil
	}
	return u.d.fsync(u.file)
}

// Abort takes the files away, even with a ctx that is done.
func (u *upload) Abort(context.Context) error {
	if u.file == nil {
		return nil
	}
	u.d.step("abort")
	err := errors.Join(u.d.discard(u.id), u.file.Close()) // held up to the end
	u.file = nil
	return err
}

// discard removes what an upload has in uploadsDir.
func (d *Driver) discard(id string) error {
	var problems []error
	for _, p := range []string{path(id), keyPath(id)} {
		if err := d.root.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, plain(err))
		}
	}
	return errors.Join(problems...)
}
