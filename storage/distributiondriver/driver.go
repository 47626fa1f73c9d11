package distributiondriver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
)

// DefaultName is the name of a [Driver] unless told otherwise.
const DefaultName = "registrykit"

// DefaultMaxContent is how many bytes GetContent reads at most unless told
// otherwise. A registry reads links, manifests and the state of its hashes so.
const DefaultMaxContent = 64 << 20

// DefaultPatience is long beside one deletion, and short enough for a client where
// a sweep has died and its mark stays for minutes.
const DefaultPatience = 2 * time.Second

// Options are the options of [New]. The zero value is right for a registry that
// nothing is collected from while it runs; for one that is, Leases are needed.
type Options struct {
	// Name is what the driver calls itself in its errors; "" is DefaultName.
	Name string
	// MaxContent is how many bytes GetContent reads at most; 0 is
	// DefaultMaxContent. What is larger is storage.ErrTooLarge.
	MaxContent int64
	// Leases has every blob leased that a call relies on, before it looks: see
	// [Use]. Where a sweep has the blob marked for longer than Patience, the call
	// fails with lease.ErrCondemned, and can be tried again: a registry answers its
	// client with 500. It is not said to be missing, since the sweep may be after
	// another repository's link to it, and what takes a registry's word for that
	// (a pull, a deletion, distribution's own garbage collector) does not ask twice.
	// nil takes none.
	Leases *lease.Book
	// Patience is how long a call waits for a sweep that has a blob marked. It
	// may take only another repository's link to it away, and then a pull of an
	// image that stays must not miss the blob. 0 is DefaultPatience; negative
	// waits for none.
	Patience time.Duration
	// Using is called before a call relies on a blob: see [Use]. Where it
	// returns an error, the call fails with that error and does nothing. nil
	// asks nobody.
	Using func(context.Context, Use) error
	// Redirect gives the URL that a client may fetch an object from; "" for
	// none. nil redirects nobody.
	Redirect func(r *http.Request, key string) (string, error)
}

// Driver is a [storagedriver.StorageDriver] that keeps everything in a
// [storage.Store]. It may be used from many goroutines.
//
// Its errors are those that distribution looks for (PathNotFoundError,
// InvalidPathError, InvalidOffsetError), and else an [*Error], which keeps its
// cause.
type Driver struct {
	store   *storage.Store
	options Options
	resumes resumes
}

var _ storagedriver.StorageDriver = (*Driver)(nil)

// New returns a driver on s, for a registry to run on.
func New(s *storage.Store, o Options) *Driver {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if o.MaxContent == 0 {
		o.MaxContent = DefaultMaxContent
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	return &Driver{store: s, options: o}
}

// Name returns Options.Name.
func (d *Driver) Name() string { return d.options.Name }

// GetContent reads a whole object of at most Options.MaxContent bytes.
func (d *Driver) GetContent(ctx context.Context, path string) ([]byte, error) {
	key, err := d.key(path)
	if err != nil {
		return nil, err
	}
	if err := d.usingRead(ctx, key); err != nil {
		return nil, d.fail(path, err)
	}
	data, err := d.store.ReadFile(ctx, key, d.options.MaxContent)
	return data, d.fail(path, err)
}

// PutContent writes a whole object, in place of the one that is there.
func (d *Driver) PutContent(ctx context.Context, path string, content []byte) error {
	key, err := d.key(path)
	if err != nil {
		return err
	}
	if err := d.usingWritten(ctx, key, content); err != nil {
		return d.fail(path, err)
	}
	_, err = d.store.WriteFile(ctx, key, content, storage.CreateOptions{})
	return d.fail(path, err)
}

// Reader reads an object from an offset on. From its end on, and beyond, there is
// nothing to read; a negative offset is an InvalidOffsetError.
func (d *Driver) Reader(ctx context.Context, path string, offset int64) (io.ReadCloser, error) {
	key, err := d.key(path)
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, storagedriver.InvalidOffsetError{Path: path, Offset: offset, DriverName: d.Name()}
	}
	object, err := d.store.Open(ctx, key, storage.Range{Offset: offset})
	if errors.Is(err, storage.ErrInvalidRange) {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	if err != nil {
		return nil, d.fail(path, err)
	}
	return object.Body, nil
}

// RedirectURL returns what Options.Redirect says, "" without one.
func (d *Driver) RedirectURL(r *http.Request, path string) (string, error) {
	key, err := d.key(path)
	if err != nil {
		return "", err
	}
	if d.options.Redirect == nil {
		return "", nil
	}
	url, err := d.options.Redirect(r, key)
	return url, d.fail(path, err)
}

// key turns a path into a key. Distribution's own expression for paths lets "/.."
// through; package storage does not.
func (d *Driver) key(path string) (string, error) {
	key, ok := strings.CutPrefix(path, "/")
	if !ok || !storagedriver.PathRegexp.MatchString(path) || storage.CheckKey(key) != nil {
		return "", storagedriver.InvalidPathError{Path: path, DriverName: d.Name()}
	}
	return key, nil
}

// directory turns a path into the prefix of what is below it; "/" is all.
func (d *Driver) directory(path string) (string, error) {
	if path == "/" {
		return "", nil
	}
	key, err := d.key(path)
	return key + "/", err
}
