package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/storage"
)

// trial is a driver under a check. Keys are relative to the check's prefix.
type trial struct {
	ctx    context.Context
	d      storage.Driver
	prefix string
	lacks  []Feature
}

func (t *trial) key(name string) string { return t.prefix + name }

// put writes an object and commits it.
func (t *trial) put(name string, data []byte, o storage.CreateOptions) (storage.Info, error) {
	u, err := t.d.Create(t.ctx, t.key(name), o)
	if err != nil {
		return storage.Info{}, fmt.Errorf("create %s: %w", name, err)
	}
	defer u.Abort(context.WithoutCancel(t.ctx))
	if n, err := u.Write(data); err != nil || n != len(data) {
		return storage.Info{}, fmt.Errorf("write %s: %d bytes of %d: %w", name, n, len(data), err)
	}
	info, err := u.Commit(t.ctx)
	if err != nil {
		return storage.Info{}, fmt.Errorf("commit %s: %w", name, err)
	}
	return info, nil
}

// puts writes objects that hold their own names.
func (t *trial) puts(names ...string) error {
	for _, name := range names {
		if _, err := t.put(name, []byte(name), storage.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// start begins an upload and writes to it.
func (t *trial) start(name string, data []byte, o storage.CreateOptions) (storage.Upload, error) {
	u, err := t.d.Create(t.ctx, t.key(name), o)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	if _, err := u.Write(data); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", name, err), u.Abort(t.ctx))
	}
	return u, nil
}

func (t *trial) get(name string, r storage.Range) ([]byte, error) {
	object, err := t.d.Open(t.ctx, t.key(name), r)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	data, err := io.ReadAll(object.Body)
	if err := errors.Join(err, object.Body.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// holds asks that the object is there, whole, with these bytes, in Open and Stat.
func (t *trial) holds(name string, want []byte) error {
	got, err := t.get(name, storage.Range{})
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s has %s, should have %s", name, excerpt(got), excerpt(want))
	}
	info, err := t.d.Stat(t.ctx, t.key(name))
	if err != nil {
		return fmt.Errorf("stat %s: %w", name, err)
	}
	if info.Size != int64(len(want)) {
		return fmt.Errorf("stat %s says %d bytes of %d", name, info.Size, len(want))
	}
	return nil
}

// absent asks that there is no such object, in Open, Stat and List.
func (t *trial) absent(name string) error {
	if object, err := t.d.Open(t.ctx, t.key(name), storage.Range{}); err == nil {
		return errors.Join(fmt.Errorf("open %s succeeds", name), object.Body.Close())
	} else if !errors.Is(err, storage.ErrNotExist) {
		return fmt.Errorf("open %s: %w, should be ErrNotExist", name, err)
	}
	if _, err := t.d.Stat(t.ctx, t.key(name)); !errors.Is(err, storage.ErrNotExist) {
		return fmt.Errorf("stat %s: %v, should be ErrNotExist", name, err)
	}
	return t.lists(storage.ListOptions{Prefix: name}, func(key string) bool { return key != name }, name+" is listed")
}

// lists asks something of every key of a listing.
func (t *trial) lists(o storage.ListOptions, ok func(string) bool, complaint string) error {
	keys, err := t.keys(o)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !ok(key) {
			return errors.New(complaint)
		}
	}
	return nil
}

// keys lists, with everything relative to the check's prefix.
func (t *trial) keys(o storage.ListOptions) ([]string, error) {
	o.Prefix = t.key(o.Prefix)
	if o.After != "" {
		o.After = t.key(o.After)
	}
	var keys []string
	for e, err := range t.d.List(t.ctx, o) {
		if err != nil {
			return keys, fmt.Errorf("list: %w", err)
		}
		name, ok := strings.CutPrefix(e.Key, t.prefix)
		if !ok {
			return keys, fmt.Errorf("list gives %q for the prefix %q", e.Key, o.Prefix)
		}
		keys = append(keys, name)
	}
	return keys, nil
}

// cleanUp deletes what an earlier run or this one has left.
func (t *trial) cleanUp() error {
	ctx := context.WithoutCancel(t.ctx)
	var all []string
	for e, err := range t.d.List(ctx, storage.ListOptions{Prefix: t.prefix, KeysOnly: true}) {
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		all = append(all, e.Key)
	}
	for _, key := range all {
		if err := t.d.Delete(ctx, key, storage.DeleteOptions{}); err != nil && !errors.Is(err, storage.ErrNotExist) {
			return fmt.Errorf("delete %s: %w", key, err)
		}
	}
	var uploads []storage.UploadInfo
	for u, err := range storage.Uploads(ctx, t.d, t.prefix) {
		if errors.Is(err, storage.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("uploads: %w", err)
		}
		uploads = append(uploads, u)
	}
	for _, u := range uploads {
		if u.Active {
			return fmt.Errorf("an upload of %s is still held", u.Key)
		}
		if err := storage.Discard(ctx, t.d, u.Key, u.ID); err != nil {
			return fmt.Errorf("discard: %w", err)
		}
	}
	return nil
}

// is asks for an error of a class.
func is(what string, err, class error) error {
	if err == nil {
		return fmt.Errorf("%s succeeds, should be %q", what, class)
	}
	if !errors.Is(err, class) {
		return fmt.Errorf("%s: %w, should be %q", what, err, class)
	}
	return nil
}

// same compares two lists of keys.
func same(what string, got, want []string) error {
	if slices.Equal(got, want) {
		return nil
	}
	return fmt.Errorf("%s: got %q, want %q", what, got, want)
}

// fill makes n bytes that differ by seed and by position.
func fill(seed, n int) []byte {
	data := make([]byte, n)
	x := uint32(seed)*2654435761 + 12345
	for i := range data {
		x = x*1664525 + 1013904223
		data[i] = byte(x >> 24)
	}
	return data
}

func excerpt(b []byte) string {
	if len(b) <= 40 {
		return fmt.Sprintf("%q", b)
	}
	return fmt.Sprintf("%d bytes (%q…)", len(b), b[:16])
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
