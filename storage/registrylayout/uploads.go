package registrylayout

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"time"

	"github.com/registrykit/registrykit/storage"
)

// UploadInfo is an upload that has not ended. Most were abandoned.
type UploadInfo struct {
	Repository, ID string
	// Started is what its file startedat says; zero where there is none or
	// where it says nothing.
	Started time.Time
	// Written is when the last of its files was written.
	Written time.Time
	// Size is how many bytes it has, those of its hash states among them.
	Size int64
	// Files is how many files it has.
	Files int
}

// Age is how long ago it was started, or, where that is not known, last written
// to.
func (u UploadInfo) Age(now time.Time) time.Duration {
	if u.Started.IsZero() {
		return now.Sub(u.Written)
	}
	return now.Sub(u.Started)
}

// Uploads gives the uploads of a repository that have not ended, in the order of
// their IDs. At the first error the zero UploadInfo comes with it, and then
// nothing more. [ErrName].
func (l *Layout) Uploads(ctx context.Context, repository string) iter.Seq2[UploadInfo, error] {
	return func(yield func(UploadInfo, error) bool) {
		if err := checkDirectory(repository); err != nil {
			yield(UploadInfo{}, err)
			return
		}
		var gather uploads
		for o, err := range l.Walk(ctx, "repositories/"+repository+"/_uploads/") {
			if err == nil && o.Kind != Upload {
				continue
			}
			var done *UploadInfo
			if err == nil {
				done, err = gather.add(ctx, l, o)
			}
			if err != nil {
				yield(UploadInfo{}, err)
				return
			}
			if done != nil && !yield(*done, nil) {
				return
			}
		}
		if gather.now != nil {
			yield(*gather.now, nil)
		}
	}
}

// uploads gathers the files of each upload, which follow each other.
type uploads struct{ now *UploadInfo }

// add returns the upload before, where this file is another's.
func (u *uploads) add(ctx context.Context, l *Layout, o Object) (done *UploadInfo, err error) {
	if u.now == nil || u.now.Repository != o.Repository || u.now.ID != o.Upload {
		done = u.now
		u.now = &UploadInfo{Repository: o.Repository, ID: o.Upload}
	}
	u.now.Files++
	u.now.Size += o.Size
	if o.ModTime.After(u.now.Written) {
		u.now.Written = o.ModTime
	}
	if o.File == "startedat" {
		u.now.Started, err = l.readStarted(ctx, o.Key)
	}
	return done, err
}

// readStarted returns the zero time for what says none.
func (l *Layout) readStarted(ctx context.Context, key string) (time.Time, error) {
	const longest = 64
	text, err := l.store.ReadFile(ctx, key, longest)
	if errors.Is(err, storage.ErrNotExist) || errors.Is(err, storage.ErrTooLarge) {
		return time.Time{}, nil // it ended meanwhile; or it is no time
	}
	if err != nil {
		return time.Time{}, err
	}
	started, err := time.Parse(time.RFC3339, string(bytes.TrimSpace(text)))
	if err != nil {
		return time.Time{}, nil
	}
	return started, nil
}

// DeleteUpload takes an upload away, its startedat last, so that what a crash
// leaves still has its age. It does not ask whether anybody is writing to it.
// storage.ErrNotExist where there is none, [ErrName].
func (l *Layout) DeleteUpload(ctx context.Context, repository, id string) error {
	dir, err := uploadDir(repository, id)
	if err != nil {
		return err
	}
	return l.deleteAll(ctx, dir, "startedat")
}

// deleteAll deletes what is below a directory, which ends in a slash, one object
// last. storage.ErrNotExist where there is nothing.
func (l *Layout) deleteAll(ctx context.Context, dir, last string) error {
	found, hasLast := false, false
	for o, err := range l.Walk(ctx, dir[len(Root)+1:]) {
		if err != nil {
			return err
		}
		found = true
		if o.Key == dir+last {
			hasLast = true
		} else if err := l.delete(ctx, o.Key); err != nil {
			return err
		}
	}
	if !found {
		return at(dir, storage.ErrNotExist)
	}
	if hasLast {
		return l.delete(ctx, dir+last)
	}
	return nil
}

// delete deletes what somebody else may have deleted meanwhile.
func (l *Layout) delete(ctx context.Context, key string) error {
	err := l.store.Delete(ctx, key, storage.DeleteOptions{})
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	return err
}
