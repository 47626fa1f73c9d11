package storage_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/storagetest"
)

// TestConformance: a Store keeps the contract of the driver behind it, the
// optional roles too, so that it can be wrapped.
func TestConformance(t *testing.T) {
	for name, o := range map[string]storage.Options{"probing": {}, "trusting": {Trust: true}} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(*testing.T) storage.Driver { return storage.New(&memory.Driver{}, o) }, storagetest.Options{})
		})
	}
}

// odd is a driver with some methods replaced.
type odd struct {
	*memory.Driver
	open   func(ctx context.Context, key string, r storage.Range) (*storage.Object, error)
	list   func(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error]
	create func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error)
	remove func(ctx context.Context, key string, o storage.DeleteOptions) error
}

func newOdd() *odd {
	m := &memory.Driver{}
	return &odd{Driver: m, open: m.Open, list: m.List, create: m.Create, remove: m.Delete}
}

func (d *odd) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	return d.open(ctx, key, r)
}

func (d *odd) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return d.list(ctx, o)
}

func (d *odd) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	return d.create(ctx, key, o)
}

func (d *odd) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	return d.remove(ctx, key, o)
}

func mustWrite(t *testing.T, d storage.Driver, key, text string) storage.Info {
	t.Helper()
	info, err := storage.New(d, storage.Options{Trust: true}).WriteFile(t.Context(), key, []byte(text), storage.CreateOptions{})
	require.NoError(t, err)
	return info
}

func TestErrorsNameWhatWasTried(t *testing.T) {
	ctx := t.Context()
	s := storage.New(&memory.Driver{}, storage.Options{})
	_, err := s.Open(ctx, "dir/missing", storage.Range{})
	require.EqualError(t, err, "storage: open dir/missing: does not exist")
	require.ErrorIs(t, err, storage.ErrNotExist)
	require.ErrorIs(t, err, fs.ErrNotExist)
	var e *storage.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "open", e.Op)
	require.Equal(t, "dir/missing", e.Key)

	_, err = s.Stat(ctx, strings.Repeat("k", 4096)+"\x00")
	require.ErrorIs(t, err, storage.ErrInvalidKey)
	require.Less(t, len(err.Error()), 500)

	mustWrite(t, s, "object", "text")
	_, err = s.WriteFile(ctx, "object", nil, storage.CreateOptions{IfAbsent: true})
	require.ErrorIs(t, err, fs.ErrExist)
	_, err = s.Create(ctx, "object", storage.CreateOptions{IfAbsent: true, IfVersion: "1"})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	_, err = s.ReadFile(ctx, "object", 3)
	require.ErrorIs(t, err, storage.ErrTooLarge)
	_, err = s.Open(ctx, "object", storage.Range{Offset: -1})
	require.ErrorIs(t, err, storage.ErrInvalidRange)

	// The cause that the caller gave to its ctx is not lost.
	why := errors.New("the user has left")
	cancelled, cancel := context.WithCancelCause(ctx)
	cancel(why)
	require.ErrorIs(t, s.Delete(cancelled, "object", storage.DeleteOptions{}), why)
	_, err = s.Stat(ctx, "object")
	require.NoError(t, err)
}

// TestBodyIsExact: a driver that hears of a broken connection as of an end, or
// sends too much, does not give the program other bytes.
func TestBodyIsExact(t *testing.T) {
	for name, c := range map[string]struct {
		sends string
		want  string
		err   error
	}{
		"too few":  {"tex", "tex", io.ErrUnexpectedEOF},
		"too many": {"text and more", "text", nil},
		"right":    {"text", "text", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newOdd()
			d.open = func(context.Context, string, storage.Range) (*storage.Object, error) {
				return &storage.Object{Info: storage.Info{Key: "object", Size: 4}, Body: io.NopCloser(strings.NewReader(c.sends))}, nil
			}
			o, err := storage.New(d, storage.Options{}).Open(t.Context(), "object", storage.Range{})
			require.NoError(t, err)
			got, err := io.ReadAll(o.Body)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, string(got))
		})
	}
}

// TestListingIsHeldToItsOrder: what merges two listings would be wrong without a
// word.
func TestListingIsHeldToItsOrder(t *testing.T) {
	entry := func(key string, dir bool) storage.Entry {
		return storage.Entry{Info: storage.Info{Key: key}, Dir: dir}
	}
	for name, c := range map[string]struct {
		o       storage.ListOptions
		entries []storage.Entry
		wrong   string
	}{
		"by directory":         {entries: []storage.Entry{entry("a/b", false), entry("a.b", false)}, wrong: "out of order"},
		"twice":                {entries: []storage.Entry{entry("a", false), entry("a", false)}, wrong: "out of order"},
		"not after":            {o: storage.ListOptions{After: "b"}, entries: []storage.Entry{entry("a", false)}, wrong: "out of order"},
		"not the prefix":       {o: storage.ListOptions{Prefix: "b"}, entries: []storage.Entry{entry("c", false)}, wrong: "prefix"},
		"a directory":          {entries: []storage.Entry{entry("a/", true)}, wrong: "no directory"},
		"a deep directory":     {o: storage.ListOptions{Shallow: true}, entries: []storage.Entry{entry("a/b/", true)}, wrong: "no directory"},
		"below a directory":    {o: storage.ListOptions{Shallow: true}, entries: []storage.Entry{entry("a/b", false)}, wrong: "below"},
		"no key":               {entries: []storage.Entry{entry("a//b", false)}, wrong: "invalid key"},
		"a folder in a bucket": {entries: []storage.Entry{entry("folder/", false)}, wrong: "invalid key"},
		"all is well":          {entries: []storage.Entry{entry("a-b", false), entry("a.b", false), entry("a/b", false)}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newOdd()
			d.list = func(context.Context, storage.ListOptions) iter.Seq2[storage.Entry, error] {
				return func(yield func(storage.Entry, error) bool) {
					for _, e := range c.entries {
						if !yield(e, nil) {
							return
						}
					}
				}
			}
			var last error
			for _, err := range storage.New(d, storage.Options{}).List(t.Context(), c.o) {
				require.NoError(t, last, "something follows an error")
				last = err
			}
			if c.wrong == "" {
				require.NoError(t, last)
				return
			}
			require.ErrorContains(t, last, c.wrong)
		})
	}
}

func TestProbe(t *testing.T) {
	ctx := t.Context()
	t.Run("a driver that does everything", func(t *testing.T) {
		m := &memory.Driver{}
		c, err := storage.Probe(ctx, m, "scratch")
		require.NoError(t, err)
		require.Equal(t, storage.Capabilities{IfAbsent: true, ReplaceIfVersion: true, DeleteIfVersion: true, VersionChanges: true, Move: true, Resume: true}, c)
		for e, err := range m.List(ctx, storage.ListOptions{}) {
			t.Errorf("%s is left, %v", e.Key, err)
		}
		for u, err := range m.Uploads(ctx, "") {
			t.Errorf("the upload of %s is left, %v", u.Key, err)
		}
	})
	t.Run("one that refuses", func(t *testing.T) {
		d := newOdd()
		d.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
			if o != (storage.CreateOptions{}) {
				return nil, storage.ErrUnsupported
			}
			return d.Driver.Create(ctx, key, o)
		}
		d.remove = func(ctx context.Context, key string, o storage.DeleteOptions) error {
			if o != (storage.DeleteOptions{}) {
				return storage.ErrUnsupported
			}
			return d.Driver.Delete(ctx, key, o)
		}
		c, err := storage.Probe(ctx, d, "scratch")
		require.NoError(t, err)
		require.Equal(t, storage.Capabilities{VersionChanges: true, Move: true}, c)
	})
	t.Run("one that passes over everything", func(t *testing.T) {
		d := newOdd()
		d.create = func(ctx context.Context, key string, _ storage.CreateOptions) (storage.Upload, error) {
			return d.Driver.Create(ctx, key, storage.CreateOptions{})
		}
		d.remove = func(ctx context.Context, key string, _ storage.DeleteOptions) error {
			return d.Driver.Delete(ctx, key, storage.DeleteOptions{})
		}
		s := storage.New(d, storage.Options{})
		c, err := s.Capabilities(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"IfAbsent", "ReplaceIfVersion", "DeleteIfVersion"}, c.Ignored)

		// The Store does not let it.
		v := mustWrite(t, d, "object", "text").Version
		require.ErrorIs(t, s.Delete(ctx, "object", storage.DeleteOptions{IfVersion: v}), storage.ErrUnsupported)
		_, err = s.Create(ctx, "object", storage.CreateOptions{IfAbsent: true})
		require.ErrorIs(t, err, storage.ErrUnsupported)
		_, err = s.Create(ctx, "object", storage.CreateOptions{IfVersion: v})
		require.ErrorIs(t, err, storage.ErrUnsupported)
		_, err = s.Move(ctx, "object", "moved", storage.MoveOptions{IfAbsent: true})
		require.ErrorIs(t, err, storage.ErrUnsupported)
		_, err = s.Stat(ctx, "object")
		require.NoError(t, err)
	})
	t.Run("an error is none of its answers, and is not remembered", func(t *testing.T) {
		f := middleware.Faults(&memory.Driver{}, middleware.Fault{Ops: []string{"commit"}, Nth: 3, Times: 1})
		s := storage.New(f, storage.Options{})
		_, err := s.Capabilities(ctx)
		require.ErrorIs(t, err, storage.ErrUnavailable)
		c, err := s.Capabilities(ctx)
		require.NoError(t, err)
		require.True(t, c.IfAbsent)
		require.NoError(t, listed(ctx, s))
	})
	t.Run("once, and only when asked", func(t *testing.T) {
		var calls int
		d := middleware.Observe(&memory.Driver{}, func(middleware.Event) { calls++ }, middleware.ObserveOptions{})
		s := storage.New(d, storage.Options{})
		mustWrite(t, s, "object", "text")
		require.Equal(t, 3, calls, "create, write, commit")
		for range 2 {
			_, _ = s.WriteFile(ctx, "object", nil, storage.CreateOptions{IfAbsent: true})
		}
		require.Less(t, calls, 90)
		before := calls
		_, _ = s.WriteFile(ctx, "object", nil, storage.CreateOptions{IfAbsent: true})
		require.LessOrEqual(t, calls-before, 5)
		t.Logf("a probe takes %d calls", before-3-2*4)
	})
}

// listed fails if anything is left.
func listed(ctx context.Context, d storage.Driver) error {
	for e, err := range d.List(ctx, storage.ListOptions{}) {
		return errors.Join(err, errors.New(e.Key+" is left"))
	}
	return nil
}

// onlyDriver has no optional role.
type onlyDriver struct{ storage.Driver }

func TestMoveWithoutTheRole(t *testing.T) {
	ctx := t.Context()
	t.Run("by copy", func(t *testing.T) {
		m := &memory.Driver{}
		mustWrite(t, m, "from", "text")
		info, err := storage.New(onlyDriver{m}, storage.Options{}).Move(ctx, "from", "to", storage.MoveOptions{IfAbsent: true})
		require.NoError(t, err)
		require.Equal(t, "to", info.Key)
		_, err = m.Stat(ctx, "from")
		require.ErrorIs(t, err, storage.ErrNotExist)
	})
	t.Run("what was replaced meanwhile is not deleted", func(t *testing.T) {
		for name, versions := range map[string]bool{"with versions": true, "without": false} {
			t.Run(name, func(t *testing.T) {
				d := newOdd()
				mustWrite(t, d, "from", "text")
				d.create = func(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
					mustWrite(t, d.Driver, "from", "newer")
					return d.Driver.Create(ctx, key, o)
				}
				d.remove = func(ctx context.Context, key string, o storage.DeleteOptions) error {
					if o.IfVersion != "" && !versions {
						return storage.ErrUnsupported
					}
					return d.Driver.Delete(ctx, key, o)
				}
				_, err := storage.Move(ctx, onlyDriver{d}, "from", "to", storage.MoveOptions{})
				require.ErrorIs(t, err, storage.ErrPrecondition)
				data, err := storage.New(d.Driver, storage.Options{}).ReadFile(ctx, "from", 10)
				require.NoError(t, err)
				require.Equal(t, "newer", string(data))
			})
		}
	})
	t.Run("a copy that breaks off leaves the old object", func(t *testing.T) {
		m := &memory.Driver{}
		mustWrite(t, m, "from", "some text")
		f := middleware.Faults(m, middleware.Fault{Ops: []string{"read"}, CutAfter: 3})
		_, err := storage.Move(ctx, onlyDriver{f}, "from", "to", storage.MoveOptions{})
		require.ErrorIs(t, err, storage.ErrUnavailable)
		_, err = m.Stat(ctx, "from")
		require.NoError(t, err)
		_, err = m.Stat(ctx, "to")
		require.ErrorIs(t, err, storage.ErrNotExist)
	})
}

func TestRolesThatAreMissing(t *testing.T) {
	s := storage.New(onlyDriver{&memory.Driver{}}, storage.Options{})
	_, err := s.Resume(t.Context(), "object", "1", storage.CreateOptions{})
	require.ErrorIs(t, err, storage.ErrUnsupported)
	require.ErrorIs(t, s.Discard(t.Context(), "object", "1"), storage.ErrUnsupported)
	_, err = s.DiscardUploads(t.Context(), "", time.Now())
	require.ErrorIs(t, err, storage.ErrUnsupported)
	require.NoError(t, s.Close())
}

func TestDiscardUploads(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	m := &memory.Driver{Now: func() time.Time { return now }}
	s := storage.New(m, storage.Options{})
	start := func(key string) storage.Upload {
		u, err := s.Create(ctx, key, storage.CreateOptions{Resumable: true})
		require.NoError(t, err)
		return u
	}
	held, old := start("a/held"), start("a/old")
	require.NoError(t, old.Suspend(ctx))
	other := start("b/other")
	require.NoError(t, other.Suspend(ctx))
	now = now.Add(24 * time.Hour)
	young := start("a/young")
	require.NoError(t, young.Suspend(ctx))

	n, err := s.DiscardUploads(ctx, "a/", now.Add(-time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = s.Resume(ctx, "a/old", old.ID(), storage.CreateOptions{})
	require.ErrorIs(t, err, storage.ErrNotExist)
	for key, u := range map[string]storage.Upload{"b/other": other, "a/young": young} {
		_, err = s.Resume(ctx, key, u.ID(), storage.CreateOptions{})
		require.NoError(t, err, key)
	}
	_, err = held.Commit(ctx)
	require.NoError(t, err)
}

func TestWriteFromABrokenReader(t *testing.T) {
	m := &memory.Driver{}
	mustWrite(t, m, "object", "old")
	broken := errors.New("broken")
	s := storage.New(m, storage.Options{})
	_, err := s.WriteFrom(t.Context(), "object", io.MultiReader(strings.NewReader("new"), &failing{broken}), storage.CreateOptions{})
	require.ErrorIs(t, err, broken)
	data, err := s.ReadFile(t.Context(), "object", 10)
	require.NoError(t, err)
	require.Equal(t, "old", string(data))
	for range m.Uploads(t.Context(), "") {
		t.Fatal("an upload is left")
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
