package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/registrykit/registrykit/storage"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// Service is what one cloud can do beyond what all can. Its methods are given the
// function with which gocloud.dev shows its driver's own types.
type Service interface {
	// Version is the version of an object, from its attributes; "" if they are
	// of another service.
	Version(as func(any) bool) storage.Version
	// WriteIfVersion makes a write replace that version alone.
	WriteIfVersion(as func(any) bool, v storage.Version) error
	// DeleteIfVersion makes a deletion delete that version alone.
	DeleteIfVersion(as func(any) bool, v storage.Version) error
	// ListFrom makes a listing start at a key, or does nothing.
	ListFrom(as func(any) bool, key string)
}

// Options are the options of [New]. The zero value is right.
type Options struct {
	// Service is the cloud of the bucket; nil for what is portable: no versions,
	// and listings that start at the first key whatever is asked.
	Service Service
	// MaxMemory is how many bytes of an upload are kept in memory until its
	// commit; what is longer goes into a file. 0 is DefaultMaxMemory.
	MaxMemory int64
	// SpoolDir is the directory for these files; "" is os.TempDir. A process
	// that dies leaves them there, with names that begin with
	// "registrykit-upload-".
	SpoolDir string
}

// DefaultMaxMemory is how many bytes of an upload are kept in memory unless told
// otherwise.
const DefaultMaxMemory = 4 << 20

// Driver is a [storage.Driver] with the role [storage.Mover]. It may be used from
// many goroutines.
type Driver struct {
	bucket  *blob.Bucket
	options Options
	files   bool // of fileblob
}

var (
	_ storage.Driver = (*Driver)(nil)
	_ storage.Mover  = (*Driver)(nil)
)

// New returns a driver on a bucket. Closing the bucket is the caller's.
func New(bucket *blob.Bucket, o Options) *Driver {
	if o.MaxMemory == 0 {
		o.MaxMemory = DefaultMaxMemory
	}
	var info fs.FileInfo
	return &Driver{bucket: bucket, options: o, files: bucket.As(&info)}
}

// Stat says what is known of an object; see [storage.Opener].
func (d *Driver) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, _, err := d.stat(ctx, key)
	return info, err
}

// stat also gives the name that the upload left.
func (d *Driver) stat(ctx context.Context, key string) (info storage.Info, commit string, err error) {
	if err := ready(ctx, key); err != nil {
		return info, "", err
	}
	a, err := d.bucket.Attributes(ctx, key)
	if err != nil {
		return info, "", d.fail(ctx, err)
	}
	info = storage.Info{Key: key, Size: a.Size, ModTime: a.ModTime}
	if d.options.Service != nil {
		info.Version = d.options.Service.Version(a.As)
	}
	return info, a.Metadata[commitName], nil
}

// Delete takes an object away; see [storage.Deleter].
func (d *Driver) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	options := &blob.DeleteOptions{}
	if o.IfVersion != "" {
		if d.options.Service == nil {
			return fmt.Errorf("IfVersion: %w", storage.ErrUnsupported)
		}
		options.BeforeDelete = func(as func(any) bool) error { return d.options.Service.DeleteIfVersion(as, o.IfVersion) }
	}
	err := d.bucket.DeleteWithOptions(ctx, key, options)
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		if _, missing := d.Stat(ctx, key); errors.Is(missing, storage.ErrNotExist) {
			return missing
		}
		return fmt.Errorf("%w: %w", storage.ErrPrecondition, err)
	}
	return d.fail(ctx, err)
}

// Move copies an object within the service and then deletes the old one; see
// [storage.Mover]. IfAbsent is [storage.ErrUnsupported]: storage.Move then sends the
// bytes through the program. An object that replaces the old one in the instant
// before the deletion is lost where the service has no preconditions for that.
func (d *Driver) Move(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
	if err := storage.CheckKey(to); err != nil {
		return storage.Info{}, err
	}
	source, err := d.Stat(ctx, from)
	if err != nil {
		return storage.Info{}, err
	}
	if from == to {
		return storage.Info{}, fmt.Errorf("%w: move onto itself", storage.ErrConflict)
	}
	if o.IfAbsent {
		return storage.Info{}, fmt.Errorf("move with IfAbsent: %w", storage.ErrUnsupported)
	}
	if err := d.bucket.Copy(ctx, to, from, nil); err != nil {
		return storage.Info{}, d.fail(ctx, err)
	}
	info, err := d.Stat(ctx, to)
	if err != nil {
		return storage.Info{}, err
	}
	switch now, err := d.Stat(ctx, from); {
	case errors.Is(err, storage.ErrNotExist):
		return info, nil // somebody else has deleted it
	case err != nil:
		return storage.Info{}, err
	case !same(now, source):
		return storage.Info{}, fmt.Errorf("%w: replaced while it was moved", storage.ErrPrecondition)
	}
	err = d.Delete(ctx, from, storage.DeleteOptions{IfVersion: source.Version})
	if errors.Is(err, storage.ErrNotExist) {
		err = nil
	}
	return info, err
}

// same compares what is known of an object. The zones of times may differ.
func same(a, b storage.Info) bool {
	return a.Size == b.Size && a.Version == b.Version && a.ModTime.Equal(b.ModTime)
}

func ready(ctx context.Context, key string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return storage.CheckKey(key)
}
