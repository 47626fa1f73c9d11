package storagetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/storagetest"
)

var background = context.Background()

// breakages are drivers that are wrong in one way each, and the checks that find
// it. Several are what well-known drivers do.
var breakages = []struct {
	name  string
	found []string
	wrong func(b *broken)
}{
	{"a space is not allowed in a key", []string{"keys/valid"}, func(b *broken) {
		create := b.create
		b.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
			if strings.Contains(key, " ") {
				return nil, storage.ErrInvalidKey
			}
			return create(ctx, key, o)
		}
	}},
	{"a key is cleaned instead of refused", []string{"keys/invalid"}, func(b *broken) {
		stat := b.stat
		b.stat = func(ctx context.Context, key string) (storage.Info, error) {
			return stat(ctx, strings.TrimLeft(path.Clean("/"+key), "/"))
		}
	}},
	{"what is not found is an invalid key's error too", []string{"keys/invalid"}, func(b *broken) {
		open := b.open
		b.open = func(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
			o, err := open(ctx, key, r)
			if errors.Is(err, storage.ErrInvalidKey) {
				err = storage.ErrNotExist
			}
			return o, err
		}
	}},
	{"an object in the way is deleted", []string{"keys/directory"}, func(b *broken) {
		create := b.create
		b.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
			for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
				_ = b.Driver.Delete(ctx, dir, storage.DeleteOptions{})
			}
			return create(ctx, key, o)
		}
	}},
	{"a directory has an info", []string{"keys/no-directories"}, func(b *broken) {
		stat := b.stat
		b.stat = func(ctx context.Context, key string) (storage.Info, error) {
			info, err := stat(ctx, key)
			if errors.Is(err, storage.ErrNotExist) && len(b.all(storage.ListOptions{Prefix: key + "/"})) > 0 {
				return storage.Info{Key: key}, nil
			}
			return info, err
		}
	}},
	{"what is missing is empty", []string{"read/missing"}, func(b *broken) {
		open := b.open
		b.open = func(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
			o, err := open(ctx, key, r)
			if errors.Is(err, storage.ErrNotExist) {
				return &storage.Object{Body: io.NopCloser(strings.NewReader(""))}, nil
			}
			return o, err
		}
	}},
	{"beyond the end is empty", []string{"read/ranges"}, func(b *broken) {
		open := b.open
		b.open = func(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
			o, err := open(ctx, key, r)
			if errors.Is(err, storage.ErrInvalidRange) && r.Offset > 0 {
				return &storage.Object{Body: io.NopCloser(strings.NewReader(""))}, nil
			}
			return o, err
		}
	}},
	{"the length is not honoured", []string{"read/ranges"}, func(b *broken) {
		open := b.open
		b.open = func(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
			r.Length = min(r.Length, 0)
			return open(ctx, key, r)
		}
	}},
	{"Commit does not know the time", []string{"read/info"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			u.commit = func(ctx context.Context) (storage.Info, error) {
				info, err := u.Upload.Commit(ctx)
				return storage.Info{Key: info.Key, Size: info.Size, Version: info.Version}, err
			}
		})
	}},
	{"a body reads what is there now", []string{"read/while-replaced"}, func(b *broken) {
		open := b.open
		b.open = func(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
			o, err := open(ctx, key, r)
			if err == nil {
				o.Body = io.NopCloser(&lateReader{open: open, ctx: ctx, key: key, at: r.Offset, end: r.Offset + r.Length})
			}
			return o, err
		}
	}},
	{"readers share their place", []string{"read/many-at-once"}, func(b *broken) {
		var mu sync.Mutex
		var shared io.Reader
		open := b.open
		b.open = func(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
			mu.Lock()
			defer mu.Unlock()
			o, err := open(ctx, key, r)
			if err == nil {
				if shared == nil {
					shared = o.Body
				}
				o.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
					mu.Lock()
					defer mu.Unlock()
					return shared.Read(p)
				}))
			}
			return o, err
		}
	}},
	{"a buffer that was written is kept", []string{"write/round-trip"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			var kept [][]byte
			u.write = func(p []byte) (int, error) { kept = append(kept, p); return len(p), nil }
			u.commit = func(ctx context.Context) (storage.Info, error) {
				for _, p := range kept {
					u.Upload.Write(p)
				}
				return u.Upload.Commit(ctx)
			}
		})
	}},
	{"Create makes the object", []string{"write/nothing-before-commit", "write/old-until-commit"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) { b.put(key, nil) })
	}},
	{"the writer truncates", []string{"write/old-until-commit", "write/abort"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			if _, err := b.Driver.Stat(background, key); err == nil {
				b.put(key, nil)
			}
		})
	}},
	{"the cancel deletes", []string{"write/abort"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			u.abort = func(ctx context.Context) error {
				_ = b.Driver.Delete(background, key, storage.DeleteOptions{})
				return u.Upload.Abort(ctx)
			}
		})
	}},
	{"the tail of what was longer stays", []string{"write/replace"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			u.commit = func(ctx context.Context) (storage.Info, error) {
				if old, err := b.Driver.Open(ctx, key, storage.Range{}); err == nil && old.Info.Size > u.Size() {
					data, _ := io.ReadAll(old.Body)
					u.Upload.Write(data[u.Size():])
				}
				return u.Upload.Commit(ctx)
			}
		})
	}},
	{"Close without Commit commits", []string{"write/ended"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			u.abort = func(ctx context.Context) error { _, err := u.Upload.Commit(ctx); return err }
		})
	}},
	{"a write after the commit is taken", []string{"write/ended"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			u.write = func(p []byte) (int, error) {
				if n, err := u.Upload.Write(p); !errors.Is(err, storage.ErrEnded) {
					return n, err
				}
				return len(p), nil
			}
		})
	}},
	{"uploads of one key share a buffer", []string{"write/at-once"}, func(b *broken) {
		var mu sync.Mutex
		buffers := make(map[string]*bytes.Buffer)
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			mu.Lock()
			defer mu.Unlock()
			if buffers[key] == nil {
				buffers[key] = &bytes.Buffer{}
			}
			buffer := buffers[key]
			u.write = func(p []byte) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				return buffer.Write(p)
			}
			u.commit = func(ctx context.Context) (storage.Info, error) {
				mu.Lock()
				defer mu.Unlock()
				u.Upload.Write(buffer.Bytes())
				return u.Upload.Commit(ctx)
			}
		})
	}},
	{"contradictions are taken", []string{"write/contradiction"}, func(b *broken) {
		create := b.create
		b.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
			if o.IfAbsent {
				o.IfVersion = ""
			}
			return create(ctx, key, o)
		}
	}},
	{"a deletion does not ask ctx", []string{"context/done-before"}, func(b *broken) {
		remove := b.remove
		b.remove = func(ctx context.Context, key string, o storage.DeleteOptions) error {
			return remove(context.WithoutCancel(ctx), key, o)
		}
	}},
	{"a body does not ask ctx", []string{"context/reading"}, func(b *broken) {
		open := b.open
		b.open = func(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
			return open(context.WithoutCancel(ctx), key, r)
		}
	}},
	{"a write does not ask ctx", []string{"context/writing"}, func(b *broken) {
		create := b.create
		b.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
			return create(context.WithoutCancel(ctx), key, o)
		}
	}},
	{"Commit does not ask ctx", []string{"context/committing"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			u.commit = func(ctx context.Context) (storage.Info, error) { return u.Upload.Commit(context.WithoutCancel(ctx)) }
		})
	}},
	{"a listing does not ask ctx", []string{"context/listing"}, func(b *broken) {
		list := b.list
		b.list = func(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
			return list(context.WithoutCancel(ctx), o)
		}
	}},
	{"a cancelled listing merely ends", []string{"context/listing"}, func(b *broken) {
		list := b.list
		b.list = func(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
			return func(yield func(storage.Entry, error) bool) {
				for e, err := range list(ctx, o) {
					if err != nil || !yield(e, err) {
						return
					}
				}
			}
		}
	}},
	{"a listing that is left leaves a goroutine", []string{"context/goroutines"}, func(b *broken) {
		b.list = func(_ context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
			return func(yield func(storage.Entry, error) bool) {
				entries := make(chan storage.Entry)
				go func() {
					defer close(entries)
					for _, e := range b.all(o) {
						entries <- e
					}
				}()
				for e := range entries {
					if !yield(e, nil) {
						return
					}
				}
			}
		}
	}},
	{"IfAbsent is ignored", []string{"if-absent/sequence", "if-absent/two-open", "if-absent/race"}, func(b *broken) {
		create := b.create
		b.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
			o.IfAbsent = o.IfAbsent && o.IfVersion != ""
			return create(ctx, key, o)
		}
	}},
	{"IfAbsent is asked at Create alone", []string{"if-absent/two-open"}, func(b *broken) {
		create := b.create
		b.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
			if _, err := b.Driver.Stat(ctx, key); err == nil && o.IfAbsent {
				return nil, storage.ErrExist
			}
			o.IfAbsent = o.IfAbsent && o.IfVersion != ""
			return create(ctx, key, o)
		}
	}},
	{"IfVersion is ignored by Commit", []string{"if-version/replace"}, func(b *broken) {
		create := b.create
		b.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
			if !o.IfAbsent {
				o.IfVersion = ""
			}
			return create(ctx, key, o)
		}
	}},
	{"one commit in ten is lost", []string{"if-version/lost-update"}, func(b *broken) {
		var mu sync.Mutex
		n := 0
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			u.commit = func(ctx context.Context) (storage.Info, error) {
				mu.Lock()
				n++
				lost := n%10 == 0 && o.IfVersion != ""
				mu.Unlock()
				if lost {
					return storage.Info{Key: key, Size: u.Size(), Version: "lost"}, nil
				}
				return u.Upload.Commit(ctx)
			}
		})
	}},
	{"IfVersion is ignored by Delete", []string{"if-version/delete"}, func(b *broken) {
		remove := b.remove
		b.remove = func(ctx context.Context, key string, _ storage.DeleteOptions) error {
			return remove(ctx, key, storage.DeleteOptions{})
		}
	}},
	{"deleting what is missing succeeds", []string{"read/missing", "if-version/delete", "delete/one"}, func(b *broken) {
		remove := b.remove
		b.remove = func(ctx context.Context, key string, o storage.DeleteOptions) error {
			if err := remove(ctx, key, o); !errors.Is(err, storage.ErrNotExist) {
				return err
			}
			return nil
		}
	}},
	{"every deletion with IfVersion claims to have succeeded", []string{"if-version/delete", "if-version/delete-race"}, func(b *broken) {
		remove := b.remove
		b.remove = func(ctx context.Context, key string, o storage.DeleteOptions) error {
			err := remove(ctx, key, o)
			if o.IfVersion != "" {
				return nil
			}
			return err
		}
	}},
	{"a version is a sum of the bytes", []string{"if-version/changes"}, func(b *broken) {
		sum := func(key string, info storage.Info, err error) (storage.Info, error) {
			if err != nil {
				return info, err
			}
			o, err := b.Driver.Open(background, key, storage.Range{})
			if err != nil {
				return info, err
			}
			data, err := io.ReadAll(o.Body)
			info.Version = storage.Version(fmt.Sprint(crc32.ChecksumIEEE(data)))
			return info, err
		}
		b.stat = func(ctx context.Context, key string) (storage.Info, error) {
			info, err := b.Driver.Stat(ctx, key)
			return sum(key, info, err)
		}
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			u.commit = func(ctx context.Context) (storage.Info, error) {
				info, err := u.Upload.Commit(ctx)
				return sum(key, info, err)
			}
		})
	}},
	{"Delete takes what is below too", []string{"delete/one", "keys/no-directories"}, func(b *broken) {
		remove := b.remove
		b.remove = func(ctx context.Context, key string, o storage.DeleteOptions) error {
			below := b.all(storage.ListOptions{Prefix: key + "/"})
			for _, e := range below {
				_ = remove(ctx, e.Key, storage.DeleteOptions{})
			}
			if err := remove(ctx, key, o); err != nil && len(below) == 0 {
				return err
			}
			return nil
		}
	}},
	{"a deletion says that nothing was there", []string{"delete/at-once"}, func(b *broken) {
		remove := b.remove
		b.remove = func(ctx context.Context, key string, o storage.DeleteOptions) error {
			return errors.Join(remove(ctx, key, o), storage.ErrNotExist)
		}
	}},
	{"the order is that of directories", []string{"list/order", "list/prefix-after-shallow"}, func(b *broken) {
		b.reorder(func(entries []storage.Entry) []storage.Entry {
			slices.SortFunc(entries, func(x, y storage.Entry) int {
				return slices.Compare(strings.Split(x.Key, "/"), strings.Split(y.Key, "/"))
			})
			return entries
		})
	}},
	{"After is given again", []string{"list/prefix-after-shallow", "list/many"}, func(b *broken) {
		list := b.list
		b.list = func(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
			if n := len(o.After); n > 0 {
				o.After = o.After[:n-1] + string(o.After[n-1]-1) + "\x7e"
			}
			return list(ctx, o)
		}
	}},
	{"no objects is an error", []string{"list/nothing"}, func(b *broken) {
		list := b.list
		b.list = func(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
			if strings.Contains(o.Prefix, "no/such") && len(b.all(o)) == 0 {
				return func(yield func(storage.Entry, error) bool) { yield(storage.Entry{}, storage.ErrNotExist) }
			}
			return list(ctx, o)
		}
	}},
	{"a listing ends with its first page", []string{"list/many"}, func(b *broken) {
		b.reorder(func(entries []storage.Entry) []storage.Entry { return entries[:min(len(entries), 1000)] })
	}},
	{"a listing goes by number", []string{"list/delete-while", "list/create-while"}, func(b *broken) {
		b.list = func(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
			return func(yield func(storage.Entry, error) bool) {
				for i := 0; ; i++ {
					all := b.all(o)
					if i >= len(all) || !yield(all[i], ctx.Err()) {
						return
					}
				}
			}
		}
	}},
	{"a move copies", []string{"move/plain"}, func(b *broken) {
		b.move = func(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
			was, err := b.Driver.Open(ctx, from, storage.Range{})
			if err != nil {
				return storage.Info{}, err
			}
			data, _ := io.ReadAll(was.Body)
			b.put(to, data)
			return b.Driver.Stat(ctx, to)
		}
	}},
	{"a move onto itself deletes", []string{"move/refused"}, func(b *broken) {
		move := b.move
		b.move = func(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
			if from == to {
				return storage.Info{}, errors.Join(storage.ErrConflict, b.Driver.Delete(ctx, from, storage.DeleteOptions{}))
			}
			return move(ctx, from, to, o)
		}
	}},
	{"a move ignores IfAbsent", []string{"move/if-absent"}, func(b *broken) {
		move := b.move
		b.move = func(ctx context.Context, from, to string, _ storage.MoveOptions) (storage.Info, error) {
			return move(ctx, from, to, storage.MoveOptions{})
		}
	}},
	{"what was suspended is visible", []string{"resume/goes-on"}, func(b *broken) {
		b.breakUploads(func(u *brokenUpload, key string, o storage.CreateOptions) {
			if o.Resumable {
				b.put(key, []byte("half"))
			}
		})
	}},
	{"uploads are not listed", []string{"resume/listed"}, func(b *broken) {
		b.uploads = func(context.Context, string) iter.Seq2[storage.UploadInfo, error] {
			return func(func(storage.UploadInfo, error) bool) {}
		}
	}},
	{"anybody may resume anything", []string{"resume/refused"}, func(b *broken) {
		resume := b.resume
		b.resume = func(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error) {
			u, err := resume(ctx, key, id, o)
			if err != nil {
				return b.Driver.Create(ctx, key, storage.CreateOptions{Resumable: true})
			}
			return u, nil
		}
	}},
}

// reorder replaces what a listing gives.
func (b *broken) reorder(how func([]storage.Entry) []storage.Entry) {
	b.list = func(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
		return func(yield func(storage.Entry, error) bool) {
			if err := errors.Join(ctx.Err(), storage.CheckPrefix(o.Prefix)); err != nil {
				yield(storage.Entry{}, err)
				return
			}
			for _, e := range how(b.all(o)) {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// lateReader opens the object anew for each Read.
type lateReader struct {
	open    func(ctx context.Context, key string, r storage.Range) (*storage.Object, error)
	ctx     context.Context
	key     string
	at, end int64
}

func (r *lateReader) Read(p []byte) (int, error) {
	o, err := r.open(r.ctx, r.key, storage.Range{Offset: r.at})
	if err != nil {
		return 0, err
	}
	if r.end > r.at {
		p = p[:min(int64(len(p)), r.end-r.at)]
	}
	n, err := o.Body.Read(p)
	r.at += int64(n)
	return n, err
}

// TestEachBreakageIsFound runs the checks on drivers that are wrong.
func TestEachBreakageIsFound(t *testing.T) {
	checks := make(map[string]storagetest.Check)
	for _, c := range storagetest.Checks() {
		require.NotContains(t, checks, c.Name, "two checks have one name")
		require.NotEmpty(t, c.Rule)
		checks[c.Name] = c
	}
	shown := make(map[string]bool)
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) {
			for _, name := range b.found {
				require.Contains(t, checks, name)
				shown[name] = true
				require.NoError(t, checks[name].Run(t.Context(), newBroken(func(*broken) {}), storagetest.Options{}), "%s with nothing broken", name)
				err := checks[name].Run(t.Context(), newBroken(b.wrong), storagetest.Options{})
				require.Error(t, err, name)
				t.Logf("%s: %v", name, err)
			}
		})
	}
	for name := range checks {
		require.True(t, shown[name], "nothing shows that %s can fail", name)
	}
}

// TestNothingIsExcused: what a driver lacks it must refuse; to pass over it is a
// failure although it is named.
func TestNothingIsExcused(t *testing.T) {
	lacks := storagetest.Options{Lacks: []storagetest.Feature{storagetest.DeleteIfVersion}}
	for _, c := range storagetest.Checks() {
		if c.Name != "if-version/delete" {
			continue
		}
		refusing := newBroken(func(b *broken) {
			remove := b.remove
			b.remove = func(ctx context.Context, key string, o storage.DeleteOptions) error {
				if o.IfVersion != "" {
					return storage.ErrUnsupported
				}
				return remove(ctx, key, o)
			}
		})
		require.NoError(t, c.Run(t.Context(), refusing, lacks))
		require.Error(t, c.Run(t.Context(), refusing, storagetest.Options{}))
		ignoring := newBroken(func(b *broken) {
			remove := b.remove
			b.remove = func(ctx context.Context, key string, _ storage.DeleteOptions) error {
				return remove(ctx, key, storage.DeleteOptions{})
			}
		})
		require.ErrorContains(t, c.Run(t.Context(), ignoring, lacks), "silently ignored")
		return
	}
	t.Fatal("no such check")
}

// TestOneLackIsNoOther: a driver that can move and resume, but knows no IfAbsent,
// is not asked for it by their checks.
func TestOneLackIsNoOther(t *testing.T) {
	plain := newBroken(func(b *broken) {
		create, resume, move := b.create, b.resume, b.move
		b.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
			if o.IfAbsent {
				return nil, storage.ErrUnsupported
			}
			return create(ctx, key, o)
		}
		b.resume = func(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error) {
			if o.IfAbsent {
				return nil, storage.ErrUnsupported
			}
			return resume(ctx, key, id, o)
		}
		b.move = func(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
			if o.IfAbsent {
				return storage.Info{}, storage.ErrUnsupported
			}
			return move(ctx, from, to, o)
		}
	})
	o := storagetest.Options{Lacks: []storagetest.Feature{storagetest.IfAbsent}}
	storagetest.Run(t, func(*testing.T) storage.Driver { return plain }, o)
	for _, c := range storagetest.Checks() {
		if c.Name != "move/if-absent" {
			continue
		}
		ignoring := newBroken(func(b *broken) {
			move := b.move
			b.move = func(ctx context.Context, from, to string, _ storage.MoveOptions) (storage.Info, error) {
				return move(ctx, from, to, storage.MoveOptions{})
			}
		})
		require.Error(t, c.Run(t.Context(), ignoring, o))
	}
}
