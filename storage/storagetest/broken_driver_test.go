package storagetest_test

import (
	"context"
	"iter"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
)

// broken is a driver in memory of which parts are replaced by wrong ones.
type broken struct {
	*memory.Driver
	open    func(ctx context.Context, key string, r storage.Range) (*storage.Object, error)
	stat    func(ctx context.Context, key string) (storage.Info, error)
	create  func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error)
	list    func(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error]
	remove  func(ctx context.Context, key string, o storage.DeleteOptions) error
	move    func(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error)
	resume  func(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error)
	uploads func(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error]
}

func newBroken(breakIt func(*broken)) *broken {
	m := &memory.Driver{}
	b := &broken{Driver: m, open: m.Open, stat: m.Stat, create: m.Create, list: m.List, remove: m.Delete,
		move: m.Move, resume: m.Resume, uploads: m.Uploads}
	breakIt(b)
	return b
}

func (b *broken) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	return b.open(ctx, key, r)
}

func (b *broken) Stat(ctx context.Context, key string) (storage.Info, error) { return b.stat(ctx, key) }

func (b *broken) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	return b.create(ctx, key, o)
}

func (b *broken) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return b.list(ctx, o)
}

func (b *broken) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	return b.remove(ctx, key, o)
}

func (b *broken) Move(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
	return b.move(ctx, from, to, o)
}

func (b *broken) Resume(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error) {
	return b.resume(ctx, key, id, o)
}

func (b *broken) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return b.uploads(ctx, prefix)
}

// put writes past everything that is broken.
func (b *broken) put(key string, data []byte) {
	ctx := context.Background()
	u, err := b.Driver.Create(ctx, key, storage.CreateOptions{})
	if err == nil {
		u.Write(data)
		_, err = u.Commit(ctx)
	}
	if err != nil {
		panic(err)
	}
}

// all lists past everything that is broken.
func (b *broken) all(o storage.ListOptions) []storage.Entry {
	var entries []storage.Entry
	for e, err := range b.Driver.List(context.Background(), o) {
		if err != nil {
			panic(err)
		}
		entries = append(entries, e)
	}
	return entries
}

// brokenUpload is an upload of which parts are replaced.
type brokenUpload struct {
	storage.Upload
	write  func(p []byte) (int, error)
	commit func(ctx context.Context) (storage.Info, error)
	abort  func(ctx context.Context) error
}

func (u *brokenUpload) Write(p []byte) (int, error) { return u.write(p) }

func (u *brokenUpload) Commit(ctx context.Context) (storage.Info, error) { return u.commit(ctx) }

func (u *brokenUpload) Abort(ctx context.Context) error { return u.abort(ctx) }

// breakUploads replaces parts of every upload.
func (b *broken) breakUploads(breakIt func(u *brokenUpload, key string, o storage.CreateOptions)) {
	create := b.create
	b.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
		inner, err := create(ctx, key, o)
		if err != nil {
			return nil, err
		}
		u := &brokenUpload{Upload: inner, write: inner.Write, commit: inner.Commit, abort: inner.Abort}
		breakIt(u, key, o)
		return u, nil
	}
}
