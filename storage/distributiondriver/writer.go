package distributiondriver

import (
	"context"
	"errors"
	"fmt"
	"sync"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
)

// Writer opens an object for writing. Nothing of it can be read, and what is there
// stays, until Commit. Close without Commit keeps what was written for a Writer
// that appends, in this process or another; one that does not append throws it
// away and begins anew.
//
// To append where nothing was begun is a PathNotFoundError, except to an object
// without bytes; to one that has some is storage.ErrUnsupported, since objects are
// replaced, not changed.
//
// ctx is for the Write calls too. When it is done, the Writer closes itself: a
// registry forgets to, where a client goes on at the wrong place.
func (d *Driver) Writer(ctx context.Context, path string, append bool) (storagedriver.FileWriter, error) {
	key, err := d.key(path)
	if err != nil {
		return nil, err
	}
	if err := d.usingBlob(ctx, key, "write"); err != nil {
		return nil, d.fail(path, err)
	}
	var upload storage.Upload
	if append {
		upload, err = d.resume(ctx, key)
	} else {
		upload, err = d.begin(ctx, key)
	}
	if err != nil {
		return nil, d.fail(path, err)
	}
	w := &writer{ctx: ctx, d: d, path: path, key: key, upload: upload}
	w.mu.Lock() // it may close at once, and stops that then
	defer w.mu.Unlock()
	w.stop = context.AfterFunc(ctx, func() { w.Close() })
	return w, nil
}

func (d *Driver) begin(ctx context.Context, key string) (storage.Upload, error) {
	if _, err := d.discardUploads(ctx, key, false); err != nil {
		return nil, err
	}
	return d.store.Create(ctx, key, storage.CreateOptions{Resumable: true})
}

func (d *Driver) resume(ctx context.Context, key string) (storage.Upload, error) {
	if id, ok := d.resumes.take(key); ok {
		upload, err := d.store.Resume(ctx, key, id, storage.CreateOptions{})
		if !errors.Is(err, storage.ErrNotExist) {
			return upload, err
		}
	}
	// Begun by another process, or long ago: the one that was last written to.
	var last storage.UploadInfo
	for u, err := range d.store.Uploads(ctx, key) {
		if err != nil {
			return nil, err
		}
		if u.Key == key && u.Resumable && (last.ID == "" || u.Written.After(last.Written)) {
			last = u
		}
	}
	if last.ID != "" {
		return d.store.Resume(ctx, key, last.ID, storage.CreateOptions{})
	}
	info, err := d.store.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	if info.Size > 0 {
		return nil, fmt.Errorf("append to an object of %d bytes: %w", info.Size, storage.ErrUnsupported)
	}
	return d.begin(ctx, key)
}

// writer is an upload as distribution wants it.
type writer struct {
	ctx  context.Context
	d    *Driver
	path string
	key  string
	stop func() bool // of closing when ctx is done

	mu     sync.Mutex // since that may come at any time
	upload storage.Upload
	ended  bool
	size   int64 // when ended
}

func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := context.Cause(w.ctx); err != nil {
		return 0, w.d.fail(w.path, err)
	}
	n, err := w.upload.Write(p)
	return n, w.d.fail(w.path, err)
}

func (w *writer) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return w.size
	}
	return w.upload.Size()
}

// Commit makes the object readable, in place of the one that was there.
func (w *writer) Commit(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.upload.Commit(ctx)
	if err == nil {
		w.end()
	} else if cause := context.Cause(w.ctx); cause != nil && errors.Is(err, storage.ErrEnded) {
		err = cause
	}
	return w.d.fail(w.path, err)
}

// Cancel throws away what was written. What was readable stays so.
func (w *writer) Cancel(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.upload.Abort(ctx)
	if err == nil {
		w.end()
	}
	return w.d.fail(w.path, err)
}

// Close keeps what was written and not committed. It does so even if the client
// has gone.
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return nil
	}
	id := w.upload.ID()
	if err := w.upload.Suspend(context.WithoutCancel(w.ctx)); err != nil {
		return w.d.fail(w.path, err)
	}
	w.end()
	w.d.resumes.put(w.key, id)
	return nil
}

// end notes that the upload has ended. The caller holds the lock.
func (w *writer) end() {
	if !w.ended {
		w.stop()
		w.size = w.upload.Size()
		w.ended = true
	}
}

// resumes remembers the uploads that were closed here last, so that going on with
// one does not take a listing of all.
type resumes struct {
	mu sync.Mutex
	of map[string]string
}

// maxResumes bounds what is remembered. What is forgotten is looked up.
const maxResumes = 10_000

func (r *resumes) put(key, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil || len(r.of) >= maxResumes {
		r.of = make(map[string]string)
	}
	r.of[key] = id
}

func (r *resumes) take(key string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, ok := r.of[key]
	delete(r.of, key)
	return id, ok
}
