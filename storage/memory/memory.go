package memory

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/registrykit/registrykit/storage"
)

// Driver is a [storage.Driver] with every role. The zero value is an empty one
// that is ready for use. It may be used from many goroutines, and must not be
// copied.
type Driver struct {
	// Now gives the time for ModTime and Written; nil is time.Now. It must be
	// set before the first use.
	Now func() time.Time

	mu      sync.RWMutex
	objects map[string]object
	index   index
	uploads map[string]*pending
	commits uint64
	started uint64
}

type object struct {
	data []byte // never changed
	info storage.Info
}

var (
	_ storage.Driver  = (*Driver)(nil)
	_ storage.Mover   = (*Driver)(nil)
	_ storage.Resumer = (*Driver)(nil)
)

// Open opens a part of an object; see [storage.Opener].
func (d *Driver) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	o, err := d.find(ctx, key)
	if err != nil {
		return nil, err
	}
	start, end, err := r.In(o.info.Size)
	if err != nil {
		return nil, err
	}
	return &storage.Object{Info: o.info, Body: &body{ctx: ctx, data: o.data[start:end]}}, nil
}

// Stat says what is known of an object; see [storage.Opener].
func (d *Driver) Stat(ctx context.Context, key string) (storage.Info, error) {
	o, err := d.find(ctx, key)
	return o.info, err
}

func (d *Driver) find(ctx context.Context, key string) (object, error) {
	if err := ready(ctx, key); err != nil {
		return object{}, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	o, ok := d.objects[key]
	if !ok {
		return object{}, storage.ErrNotExist
	}
	return o, nil
}

// Delete takes an object away; see [storage.Deleter].
func (d *Driver) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	was, ok := d.objects[key]
	if !ok {
		return storage.ErrNotExist
	}
	if o.IfVersion != "" && o.IfVersion != was.info.Version {
		return storage.ErrPrecondition
	}
	d.remove(key)
	return nil
}

// Move gives an object another key, in one step; see [storage.Mover].
func (d *Driver) Move(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
	if err := ready(ctx, from); err != nil {
		return storage.Info{}, err
	}
	if err := storage.CheckKey(to); err != nil {
		return storage.Info{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	was, ok := d.objects[from]
	switch {
	case !ok:
		return storage.Info{}, storage.ErrNotExist
	case from == to:
		return storage.Info{}, fmt.Errorf("%w: move onto itself", storage.ErrConflict)
	}
	d.remove(from)
	info, err := d.put(to, was.data, storage.CreateOptions{IfAbsent: o.IfAbsent})
	if err != nil {
		d.insert(from, was)
	}
	return info, err
}

// put makes an object visible, if the preconditions hold.
func (d *Driver) put(key string, data []byte, o storage.CreateOptions) (storage.Info, error) {
	was, exists := d.objects[key]
	switch {
	case o.IfAbsent && exists:
		return storage.Info{}, storage.ErrExist
	case o.IfVersion != "" && (!exists || was.info.Version != o.IfVersion):
		return storage.Info{}, storage.ErrPrecondition
	}
	if with, ok := d.index.conflict(key, d.objects); ok {
		return storage.Info{}, fmt.Errorf("%w: %s", storage.ErrConflict, with)
	}
	d.commits++
	info := storage.Info{
		Key: key, Size: int64(len(data)), ModTime: d.now(),
		Version: storage.Version(strconv.FormatUint(d.commits, 10)),
	}
	d.insert(key, object{data: data, info: info})
	return info, nil
}

func (d *Driver) insert(key string, o object) {
	if d.objects == nil {
		d.objects = make(map[string]object)
	}
	if _, ok := d.objects[key]; !ok {
		d.index.add(key)
	}
	d.objects[key] = o
}

func (d *Driver) remove(key string) {
	delete(d.objects, key)
	d.index.remove(key, d.objects)
}

// List gives the entries in order; see [storage.Lister]. It holds no lock while
// the loop's body runs.
func (d *Driver) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if err := storage.CheckPrefix(o.Prefix); err != nil {
			yield(storage.Entry{}, err)
			return
		}
		for last := o.After; ; {
			if err := context.Cause(ctx); err != nil {
				yield(storage.Entry{}, err)
				return
			}
			entry, ok := d.next(last, o)
			if !ok || !yield(entry, nil) {
				return
			}
			last = entry.Key
		}
	}
}

// next finds the first entry after the last one.
func (d *Driver) next(last string, o storage.ListOptions) (storage.Entry, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys := d.index.from(max(last, o.Prefix))
	for len(keys) > 0 && strings.HasPrefix(keys[0], o.Prefix) {
		key := keys[0]
		keys = keys[1:]
		object, ok := d.objects[key]
		if !ok || key == last {
			continue
		}
		slash := strings.IndexByte(key[len(o.Prefix):], '/')
		if !o.Shallow || slash < 0 {
			return storage.Entry{Info: object.info}, true
		}
		dir := key[:len(o.Prefix)+slash+1]
		if dir > last {
			return storage.Entry{Info: storage.Info{Key: dir}, Dir: true}, true
		}
		// The rest of a directory that has been given: on to what follows it,
		// "0" being the character after the slash.
		keys = d.index.from(dir[:len(dir)-1] + "0")
	}
	return storage.Entry{}, false
}

func (d *Driver) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

func ready(ctx context.Context, key string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return storage.CheckKey(key)
}

// body reads one object as it was when it was opened.
type body struct {
	ctx  context.Context
	data []byte
}

func (b *body) Read(p []byte) (int, error) {
	if err := context.Cause(b.ctx); err != nil {
		return 0, err
	}
	if len(b.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

func (b *body) Close() error {
	b.data = nil
	return nil
}
