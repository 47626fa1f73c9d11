package memory

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/registrykit/registrykit/storage"
)

// pending is an upload that has not ended.
type pending struct {
	key       string
	data      []byte
	written   time.Time
	active    bool
	resumable bool
}

// Create starts an upload; see [storage.Creator].
func (d *Driver) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	if err := ready(ctx, key); err != nil {
		return nil, err
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.started++
	id := strconv.FormatUint(d.started, 10)
	p := &pending{key: key, written: d.now(), active: true, resumable: o.Resumable}
	if d.uploads == nil {
		d.uploads = make(map[string]*pending)
	}
	d.uploads[id] = p
	return d.handle(ctx, id, p, o), nil
}

// Resume goes on with an upload; see [storage.Resumer].
func (d *Driver) Resume(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error) {
	if err := ready(ctx, key); err != nil {
		return nil, err
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.uploads[id]
	switch {
	case !ok || p.key != key || !p.resumable:
		return nil, storage.ErrNotExist
	case p.active:
		return nil, storage.ErrBusy
	}
	p.active = true
	return d.handle(ctx, id, p, o), nil
}

// Uploads lists the uploads that have not ended; see [storage.Resumer].
func (d *Driver) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return func(yield func(storage.UploadInfo, error) bool) {
		if err := storage.CheckPrefix(prefix); err != nil {
			yield(storage.UploadInfo{}, err)
			return
		}
		for _, u := range d.unfinished(prefix) {
			if err := context.Cause(ctx); err != nil {
				yield(storage.UploadInfo{}, err)
				return
			}
			if !yield(u, nil) {
				return
			}
		}
	}
}

func (d *Driver) unfinished(prefix string) []storage.UploadInfo {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var all []storage.UploadInfo
	for id, p := range d.uploads {
		if strings.HasPrefix(p.key, prefix) {
			all = append(all, storage.UploadInfo{
				Key: p.key, ID: id, Size: int64(len(p.data)), Written: p.written, Active: p.active, Resumable: p.resumable,
			})
		}
	}
	return all
}

// Discard takes an upload away; see [storage.Resumer].
func (d *Driver) Discard(ctx context.Context, key, id string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.uploads[id]
	switch {
	case !ok || p.key != key:
		return storage.ErrNotExist
	case p.active:
		return storage.ErrBusy
	}
	delete(d.uploads, id)
	return nil
}

func (d *Driver) handle(ctx context.Context, id string, p *pending, o storage.CreateOptions) *upload {
	return &upload{ctx: ctx, d: d, id: id, p: p, options: o, size: int64(len(p.data)), resumable: p.resumable}
}

type upload struct {
	ctx     context.Context
	d       *Driver
	id      string
	p       *pending // nil when ended
	options storage.CreateOptions
	info    *storage.Info
	failed  error

	size      int64
	resumable bool
}

func (u *upload) Size() int64 { return u.size }

func (u *upload) ID() string {
	if !u.resumable {
		return ""
	}
	return u.id
}

func (u *upload) Write(b []byte) (int, error) {
	if u.p == nil {
		return 0, storage.ErrEnded
	}
	if u.failed == nil {
		u.failed = context.Cause(u.ctx)
	}
	if u.failed != nil {
		return 0, u.failed
	}
	u.d.mu.Lock()
	defer u.d.mu.Unlock()
	u.p.data = append(u.p.data, b...)
	u.p.written = u.d.now()
	u.size = int64(len(u.p.data))
	return len(b), nil
}

func (u *upload) Commit(ctx context.Context) (storage.Info, error) {
	switch {
	case u.info != nil:
		return *u.info, nil
	case u.p == nil:
		return storage.Info{}, storage.ErrEnded
	case u.failed != nil:
		return storage.Info{}, u.failed
	}
	if err := context.Cause(ctx); err != nil {
		return storage.Info{}, err
	}
	u.d.mu.Lock()
	defer u.d.mu.Unlock()
	info, err := u.d.put(u.p.key, u.p.data, u.options)
	if err != nil {
		return storage.Info{}, err
	}
	u.info, u.p = &info, nil
	delete(u.d.uploads, u.id)
	return info, nil
}

func (u *upload) Suspend(ctx context.Context) error {
	if u.p == nil {
		return storage.ErrEnded
	}
	if !u.p.resumable {
		return fmt.Errorf("suspend: %w", storage.ErrUnsupported)
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	u.d.mu.Lock()
	defer u.d.mu.Unlock()
	u.p.active = false
	u.p = nil
	return nil
}

func (u *upload) Abort(context.Context) error {
	if u.p == nil {
		return nil
	}
	u.d.mu.Lock()
	defer u.d.mu.Unlock()
	delete(u.d.uploads, u.id)
	u.p = nil
	return nil
}
