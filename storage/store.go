package storage

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"
)

// Store is the front of a [Driver]: what programs hold. It has all the roles of a
// driver, the optional ones too, and so can be wrapped as one. It may be used from
// many goroutines.
type Store struct {
	driver  Driver
	options Options

	probing sync.Mutex
	probed  *Capabilities
}

// Options are the options of [New]. The zero value is right.
type Options struct {
	// ProbePrefix is where [Store.Capabilities] tries things out: keys
	// below it, which it deletes again. "" is DefaultProbePrefix.
	ProbePrefix string
	// Trust believes the driver that it keeps preconditions, or says
	// ErrUnsupported, and so never probes on its own account. It is for
	// drivers that have passed storagetest in this very deployment.
	Trust bool
}

// DefaultProbePrefix is where a [Store] tries things out unless told otherwise.
const DefaultProbePrefix = ".registrykit-probe"

// New returns a Store on d.
func New(d Driver, o Options) *Store {
	if o.ProbePrefix == "" {
		o.ProbePrefix = DefaultProbePrefix
	}
	return &Store{driver: d, options: o}
}

// Close closes the driver, if it has a Close method.
func (s *Store) Close() error {
	if c, ok := s.driver.(io.Closer); ok {
		return at("close", "", c.Close())
	}
	return nil
}

// Open opens the part r of the object; the caller closes the Body. A Body that
// ends early is io.ErrUnexpectedEOF, one that goes on is cut off.
// [ErrNotExist], [ErrInvalidKey], [ErrInvalidRange], [ErrForeign].
func (s *Store) Open(ctx context.Context, key string, r Range) (*Object, error) {
	if err := ready(ctx, key); err != nil {
		return nil, at("open", key, err)
	}
	if r.Offset < 0 || r.Length < 0 {
		return nil, at("open", key, ErrInvalidRange)
	}
	object, err := s.driver.Open(ctx, key, r)
	if err != nil {
		return nil, at("open", key, err)
	}
	start, end, err := r.In(object.Info.Size)
	if err != nil {
		return nil, at("open", key, errors.Join(err, object.Body.Close()))
	}
	body := &body{ctx: ctx, inner: object.Body, key: key, left: end - start}
	return &Object{Info: object.Info, Body: body}, nil
}

// Stat says what is known of the object.
// [ErrNotExist], [ErrInvalidKey], [ErrForeign].
func (s *Store) Stat(ctx context.Context, key string) (Info, error) {
	if err := ready(ctx, key); err != nil {
		return Info{}, at("stat", key, err)
	}
	info, err := s.driver.Stat(ctx, key)
	return info, at("stat", key, err)
}

// ReadFile reads a whole object of at most limit bytes; a larger one is
// [ErrTooLarge], and nothing of it is returned. Otherwise as Open.
func (s *Store) ReadFile(ctx context.Context, key string, limit int64) ([]byte, error) {
	object, err := s.Open(ctx, key, Range{})
	if err != nil {
		return nil, err
	}
	defer object.Body.Close()
	if object.Info.Size > limit {
		return nil, at("read", key, ErrTooLarge)
	}
	data := make([]byte, object.Info.Size)
	if _, err := io.ReadFull(object.Body, data); err != nil {
		return nil, at("read", key, err)
	}
	return data, nil
}

// Delete takes one object away.
// [ErrNotExist], [ErrPrecondition], [ErrInvalidKey], [ErrForeign];
// [ErrUnsupported] where IfVersion is asked of a driver that lacks it, or that
// was found to pass over it.
func (s *Store) Delete(ctx context.Context, key string, o DeleteOptions) error {
	if err := ready(ctx, key); err != nil {
		return at("delete", key, err)
	}
	if o.IfVersion != "" {
		if err := s.need(ctx, func(c Capabilities) bool { return c.DeleteIfVersion }); err != nil {
			return at("delete", key, err)
		}
	}
	return at("delete", key, s.driver.Delete(ctx, key, o))
}

// Move gives an object another key, as the free function [Move] does.
// [ErrNotExist], [ErrExist], [ErrInvalidKey], [ErrConflict]; [ErrUnsupported] as
// for Create.
func (s *Store) Move(ctx context.Context, from, to string, o MoveOptions) (Info, error) {
	if err := errors.Join(ready(ctx, from), CheckKey(to)); err != nil {
		return Info{}, at("move", from, err)
	}
	if from == to {
		return Info{}, at("move", from, ErrConflict)
	}
	if o.IfAbsent {
		if err := s.need(ctx, func(c Capabilities) bool { return c.IfAbsent }); err != nil {
			return Info{}, at("move", from, err)
		}
	}
	info, err := Move(ctx, s.driver, from, to, o)
	return info, at("move", from, err)
}

// List gives entries in ascending order of their keys' bytes. A driver that is
// out of order, or gives what was not asked for, ends the listing with an error:
// what is built on the order would silently be wrong. At the first error the
// zero Entry comes with it, and then nothing more.
// [ErrInvalidKey] for a prefix that [CheckPrefix] refuses.
func (s *Store) List(ctx context.Context, o ListOptions) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := errors.Join(context.Cause(ctx), CheckPrefix(o.Prefix)); err != nil {
			yield(Entry{}, at("list", o.Prefix, err))
			return
		}
		last := o.After
		for entry, err := range s.driver.List(ctx, o) {
			if err == nil {
				err = checkEntry(entry, last, o)
			}
			if err != nil {
				yield(Entry{}, at("list", o.Prefix, err))
				return
			}
			if !yield(entry, nil) {
				return
			}
			last = entry.Key
		}
	}
}

// ready is what every method asks first.
func ready(ctx context.Context, key string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return CheckKey(key)
}
