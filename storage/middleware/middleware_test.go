package middleware_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/storagetest"
)

func atOnce(context.Context, time.Duration) error { return nil }

func prefix(t *testing.T, d storage.Driver) storage.Driver {
	t.Helper()
	p, err := middleware.Prefix(d, "some/dir")
	require.NoError(t, err)
	return p
}

// bare is a driver without any optional role and without versions, like a plain
// HTTP store: what wrappers fall back on.
type bare struct{ storage.Driver }

// TestConformance holds every wrapper to the contract of what it wraps, with the
// optional roles and without.
func TestConformance(t *testing.T) {
	wrappers := map[string]func(t *testing.T, d storage.Driver) storage.Driver{
		"prefix":  prefix,
		"limit 1": func(_ *testing.T, d storage.Driver) storage.Driver { return middleware.Limit(d, 1) },
		"observe": func(_ *testing.T, d storage.Driver) storage.Driver {
			return middleware.Observe(d, func(middleware.Event) {}, middleware.ObserveOptions{})
		},
		"no faults": func(_ *testing.T, d storage.Driver) storage.Driver { return middleware.Faults(d) },
		"retry": func(_ *testing.T, d storage.Driver) storage.Driver {
			return middleware.Retry(d, middleware.RetryOptions{Sleep: atOnce})
		},
		"retry of lost answers": func(t *testing.T, d storage.Driver) storage.Driver {
			f := middleware.Faults(d,
				middleware.Fault{Ops: []string{"commit", "open", "stat"}, LoseAnswer: true, Nth: 1, Times: 2},
				middleware.Fault{Ops: []string{"list"}, Nth: 2, Times: 2})
			return middleware.Retry(f, middleware.RetryOptions{Sleep: atOnce})
		},
		"all": func(t *testing.T, d storage.Driver) storage.Driver {
			return middleware.Retry(middleware.Limit(prefix(t, middleware.Faults(d)), 3), middleware.RetryOptions{Sleep: atOnce})
		},
	}
	for name, wrap := range wrappers {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Driver { return wrap(t, &memory.Driver{}) }, storagetest.Options{})
		})
		t.Run(name+" of a bare driver", func(t *testing.T) {
			// The uploads of a driver without Resumer cannot be listed, so
			// that what is resumable there is nobody's to resume.
			storagetest.Run(t, func(t *testing.T) storage.Driver { return wrap(t, bare{&memory.Driver{}}) },
				storagetest.Options{Lacks: []storagetest.Feature{storagetest.Resume}})
		})
	}
}

func write(t *testing.T, d storage.Driver, key, text string) storage.Info {
	t.Helper()
	info, err := storage.New(d, storage.Options{Trust: true}).WriteFile(t.Context(), key, []byte(text), storage.CreateOptions{})
	require.NoError(t, err)
	return info
}

func read(t *testing.T, d storage.Driver, key string) string {
	t.Helper()
	data, err := storage.New(d, storage.Options{}).ReadFile(t.Context(), key, 1<<20)
	require.NoError(t, err)
	return string(data)
}

func TestReadOnlyChangesNothing(t *testing.T) {
	ctx := t.Context()
	m := &memory.Driver{}
	write(t, m, "object", "text")
	u, err := m.Create(ctx, "half", storage.CreateOptions{Resumable: true})
	require.NoError(t, err)
	require.NoError(t, u.Suspend(ctx))

	d := middleware.ReadOnly(m)
	require.Equal(t, "text", read(t, d, "object"))
	_, err = d.Create(ctx, "new", storage.CreateOptions{})
	require.ErrorIs(t, err, storage.ErrReadOnly)
	require.ErrorIs(t, d.Delete(ctx, "object", storage.DeleteOptions{}), storage.ErrReadOnly)
	_, err = storage.Move(ctx, d, "object", "new", storage.MoveOptions{})
	require.ErrorIs(t, err, storage.ErrReadOnly)
	_, err = storage.Resume(ctx, d, "half", u.ID(), storage.CreateOptions{})
	require.ErrorIs(t, err, storage.ErrReadOnly)
	require.ErrorIs(t, storage.Discard(ctx, d, "half", u.ID()), storage.ErrReadOnly)
	n := 0
	for up, err := range storage.Uploads(ctx, d, "") {
		require.NoError(t, err)
		require.Equal(t, "half", up.Key)
		n++
	}
	require.Equal(t, 1, n)

	// To probe is to write.
	_, err = storage.New(d, storage.Options{}).Capabilities(ctx)
	require.ErrorIs(t, err, storage.ErrReadOnly)
	require.Equal(t, "text", read(t, m, "object"))
}

// TestNobodyLooksBehind: a wrapper that narrows must not hand out, by any of the
// optional roles or a type assertion, what it keeps from its user.
func TestNobodyLooksBehind(t *testing.T) {
	m := &memory.Driver{}
	write(t, m, "secret", "text")
	for name, d := range map[string]storage.Driver{
		"prefix":                  prefix(t, m),
		"prefix below others":     middleware.Limit(middleware.Retry(prefix(t, m), middleware.RetryOptions{Sleep: atOnce}), 2),
		"read-only below":         middleware.Limit(middleware.ReadOnly(m), 2),
		"read-only below a store": storage.New(middleware.ReadOnly(m), storage.Options{}),
	} {
		_, hasUnwrap := d.(interface{ Unwrap() storage.Driver })
		require.False(t, hasUnwrap, name)
		_, err := storage.Move(t.Context(), d, "secret", "mine", storage.MoveOptions{})
		require.Error(t, err, name)
		require.Error(t, d.Delete(t.Context(), "secret", storage.DeleteOptions{}), name)
		require.Equal(t, "text", read(t, m, "secret"), name)
	}
}

func TestPrefixKeepsWithin(t *testing.T) {
	ctx := t.Context()
	m := &memory.Driver{}
	for _, key := range []string{"some/dir/a", "some/dir/sub/b", "some/dirt", "some/other/c", "zz"} {
		write(t, m, key, key)
	}
	d := prefix(t, m)
	var keys []string
	for e, err := range d.List(ctx, storage.ListOptions{}) {
		require.NoError(t, err)
		keys = append(keys, e.Key)
	}
	require.Equal(t, []string{"a", "sub/b"}, keys)
	for _, key := range []string{"../other/c", "../../zz", "/zz", ".."} {
		_, err := d.Stat(ctx, key)
		require.ErrorIs(t, err, storage.ErrInvalidKey, key)
	}
	// Uploads of others, and those of nobody knows whom, are not shown.
	for _, key := range []string{"some/dir/up", "some/dirt2", "q"} {
		u, err := m.Create(ctx, key, storage.CreateOptions{Resumable: true})
		require.NoError(t, err)
		require.NoError(t, u.Suspend(ctx))
	}
	var uploads []string
	for u, err := range storage.Uploads(ctx, d, "") {
		require.NoError(t, err)
		uploads = append(uploads, u.Key)
	}
	require.Equal(t, []string{"up"}, uploads)
	require.ErrorIs(t, storage.Discard(ctx, d, "", "1"), storage.ErrInvalidKey)

	_, err := storage.New(d, storage.Options{}).Open(ctx, "missing", storage.Range{})
	require.EqualError(t, err, "storage: open missing: does not exist")
	_, err = middleware.Prefix(m, "../up")
	require.ErrorIs(t, err, storage.ErrInvalidKey)

	// An error that a Store below has named is told in the user's words.
	inner, err := middleware.Prefix(storage.New(m, storage.Options{}), "some/dir")
	require.NoError(t, err)
	_, err = inner.Stat(ctx, "missing")
	require.EqualError(t, err, "storage: stat missing: does not exist")
}

func TestRetry(t *testing.T) {
	ctx := t.Context()
	lost := func(op string) middleware.Fault {
		return middleware.Fault{Ops: []string{op}, LoseAnswer: true, Nth: 1, Times: 1}
	}
	fails := func(op string) middleware.Fault { return middleware.Fault{Ops: []string{op}, Nth: 1, Times: 1} }
	setup := func(t *testing.T, faults ...middleware.Fault) (storage.Driver, *memory.Driver) {
		m := &memory.Driver{}
		write(t, m, "object", "some text")
		f := middleware.Faults(m, faults...)
		t.Cleanup(func() { require.Positive(t, f.Injected(), "no fault took place") })
		return middleware.Retry(f, middleware.RetryOptions{Sleep: atOnce}), m
	}
	t.Run("a body that breaks off goes on", func(t *testing.T) {
		d, _ := setup(t, middleware.Fault{CutAfter: 4, Nth: 1, Times: 1})
		require.Equal(t, "some text", read(t, d, "object"))
	})
	t.Run("but not into another version", func(t *testing.T) {
		d, m := setup(t, middleware.Fault{CutAfter: 4, Nth: 1, Times: 1})
		o, err := d.Open(ctx, "object", storage.Range{})
		require.NoError(t, err)
		head := make([]byte, 4)
		_, err = io.ReadFull(o.Body, head)
		require.NoError(t, err)
		write(t, m, "object", "else text")
		_, err = io.ReadAll(o.Body)
		require.ErrorIs(t, err, storage.ErrPrecondition)
	})
	t.Run("a commit whose answer was lost", func(t *testing.T) {
		d, _ := setup(t, lost("commit"))
		_, err := storage.New(d, storage.Options{Trust: true}).WriteFile(ctx, "new", []byte("x"), storage.CreateOptions{IfAbsent: true})
		require.NoError(t, err, "it is our own object that is there")
		require.Equal(t, "x", read(t, d, "new"))
	})
	t.Run("a deletion whose answer was lost", func(t *testing.T) {
		d, _ := setup(t, lost("delete"))
		require.NoError(t, d.Delete(ctx, "object", storage.DeleteOptions{}))
		require.ErrorIs(t, d.Delete(ctx, "object", storage.DeleteOptions{}), storage.ErrNotExist, "the next is not ours")
	})
	t.Run("a move whose answer was lost", func(t *testing.T) {
		d, m := setup(t, lost("move"))
		_, err := storage.Move(ctx, d, "object", "moved", storage.MoveOptions{})
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.ErrorIs(t, err, storage.ErrNotExist)
		require.Equal(t, "some text", read(t, m, "moved"))
	})
	t.Run("a move that failed", func(t *testing.T) {
		d, _ := setup(t, fails("move"))
		_, err := storage.Move(ctx, d, "object", "moved", storage.MoveOptions{})
		require.NoError(t, err)
	})
	t.Run("a write is not tried again", func(t *testing.T) {
		d, m := setup(t, fails("write"))
		_, err := storage.New(d, storage.Options{}).WriteFile(ctx, "object", []byte("new"), storage.CreateOptions{})
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.Equal(t, "some text", read(t, m, "object"))
	})
	t.Run("a listing goes on after the last key", func(t *testing.T) {
		d, m := setup(t, middleware.Fault{Ops: []string{"list"}, Nth: 2, Times: 3})
		write(t, m, "p", "")
		write(t, m, "q", "")
		var keys []string
		for e, err := range d.List(ctx, storage.ListOptions{}) {
			require.NoError(t, err)
			keys = append(keys, e.Key)
		}
		require.Equal(t, []string{"object", "p", "q"}, keys)
	})
	t.Run("in the end it gives up", func(t *testing.T) {
		m := &memory.Driver{}
		f := middleware.Faults(m, middleware.Fault{})
		var waits []int
		d := middleware.Retry(f, middleware.RetryOptions{Attempts: 3, Sleep: atOnce, Backoff: func(n int) time.Duration {
			waits = append(waits, n)
			return 0
		}})
		_, err := d.Stat(ctx, "object")
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.Equal(t, 3, f.Injected())
		require.Equal(t, []int{1, 2}, waits)
	})
	t.Run("other errors are final", func(t *testing.T) {
		f := middleware.Faults(&memory.Driver{}, middleware.Fault{Err: io.ErrNoProgress})
		_, err := middleware.Retry(f, middleware.RetryOptions{}).Stat(ctx, "object")
		require.ErrorIs(t, err, io.ErrNoProgress)
		require.Equal(t, 1, f.Injected())
	})
}

// TestRetryWaits goes by the clock of a bubble: no time passes outside.
func TestRetryWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := middleware.Faults(&memory.Driver{}, middleware.Fault{})
		d := middleware.Retry(f, middleware.RetryOptions{Attempts: 10})
		start := time.Now()
		_, err := d.Stat(t.Context(), "object")
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.Greater(t, time.Since(start), 10*time.Second)
		require.Less(t, time.Since(start), 40*time.Second)

		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err = d.Stat(ctx, "object")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, storage.ErrUnavailable)
	})
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory.Driver{}
		write(t, m, "object", "text")
		release := make(chan struct{})
		var mu sync.Mutex
		running, most := 0, 0
		slow := middleware.Faults(m, middleware.Fault{Ops: []string{"stat"}, Wait: func(context.Context, string, string) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-release
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		}})
		d := middleware.Limit(slow, 3)
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() {
				_, err := d.Stat(t.Context(), "object")
				require.NoError(t, err)
			})
		}
		synctest.Wait()
		require.Equal(t, 3, running)
		// Who waits for a place, gives up with its ctx.
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() {
			_, err := d.Stat(ctx, "object")
			result <- err
		}()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-result, context.Canceled)
		close(release)
		wait.Wait()
		require.Equal(t, 3, most)
	})
}

// TestLimitOfOneCanCopy: what is open holds no place.
func TestLimitOfOneCanCopy(t *testing.T) {
	m := &memory.Driver{}
	write(t, m, "a/object", "text")
	d := storage.New(middleware.Limit(m, 1), storage.Options{})
	for e, err := range d.List(t.Context(), storage.ListOptions{Prefix: "a/"}) {
		require.NoError(t, err)
		o, err := d.Open(t.Context(), e.Key, storage.Range{})
		require.NoError(t, err)
		_, err = d.WriteFrom(t.Context(), "copy", o.Body, storage.CreateOptions{})
		require.NoError(t, err)
		require.NoError(t, o.Body.Close())
	}
	require.Equal(t, "text", read(t, m, "copy"))
}

func TestObserve(t *testing.T) {
	now := time.Unix(0, 0)
	var events []middleware.Event
	m := &memory.Driver{}
	d := middleware.Observe(m, func(e middleware.Event) { events = append(events, e) }, middleware.ObserveOptions{
		Now: func() time.Time { now = now.Add(time.Second); return now },
	})
	write(t, d, "dir/a", "text")
	require.Equal(t, "text", read(t, d, "dir/a"))
	for range d.List(t.Context(), storage.ListOptions{Prefix: "dir/"}) {
		events = append(events, middleware.Event{Op: "the loop's body"})
	}
	missing := d.Delete(t.Context(), "dir/b", storage.DeleteOptions{})
	require.ErrorIs(t, missing, storage.ErrNotExist)
	second := time.Second
	require.Equal(t, []middleware.Event{
		{Op: "create", Key: "dir/a", Duration: second},
		{Op: "write", Key: "dir/a", Bytes: 4, Duration: second},
		{Op: "commit", Key: "dir/a", Duration: second},
		{Op: "open", Key: "dir/a", Duration: second},
		{Op: "read", Key: "dir/a", Bytes: 4, Duration: second},
		{Op: "the loop's body"},
		{Op: "list", Key: "dir/", Entries: 1, Duration: 2 * second},
		{Op: "delete", Key: "dir/b", Duration: second, Err: missing},
	}, events)
}

func TestFaults(t *testing.T) {
	ctx := t.Context()
	t.Run("the nth call", func(t *testing.T) {
		d := middleware.Faults(&memory.Driver{}, middleware.Fault{Ops: []string{"stat"}, Nth: 2, Times: 1, Err: io.ErrClosedPipe})
		var errs []error
		for range 3 {
			_, err := d.Stat(ctx, "object")
			errs = append(errs, err)
		}
		require.ErrorIs(t, errs[0], storage.ErrNotExist)
		require.ErrorIs(t, errs[1], io.ErrClosedPipe)
		require.ErrorIs(t, errs[2], storage.ErrNotExist)
	})
	t.Run("a write is cut, and nothing is there", func(t *testing.T) {
		m := &memory.Driver{}
		d := middleware.Faults(m, middleware.Fault{Ops: []string{"write"}, CutAfter: 5})
		u, err := d.Create(ctx, "object", storage.CreateOptions{})
		require.NoError(t, err)
		n, err := u.Write([]byte("hello, world"))
		require.Equal(t, 5, n)
		require.NoError(t, err)
		_, err = u.Write([]byte(", world"))
		require.ErrorIs(t, err, storage.ErrUnavailable)
		_, err = u.Commit(ctx)
		require.ErrorIs(t, err, storage.ErrUnavailable, "after a write that failed there is no commit")
		_, err = m.Stat(ctx, "object")
		require.ErrorIs(t, err, storage.ErrNotExist)
	})
	t.Run("a read is cut", func(t *testing.T) {
		m := &memory.Driver{}
		write(t, m, "object", "hello, world")
		o, err := middleware.Faults(m, middleware.Fault{CutAfter: 5}).Open(ctx, "object", storage.Range{})
		require.NoError(t, err)
		got, err := io.ReadAll(o.Body)
		require.Equal(t, "hello", string(got))
		require.ErrorIs(t, err, storage.ErrUnavailable)
	})
	t.Run("the answer is lost", func(t *testing.T) {
		m := &memory.Driver{}
		write(t, m, "object", "x")
		d := middleware.Faults(m, middleware.Fault{Ops: []string{"delete"}, LoseAnswer: true})
		require.ErrorIs(t, d.Delete(ctx, "object", storage.DeleteOptions{}), storage.ErrUnavailable)
		_, err := m.Stat(ctx, "object")
		require.ErrorIs(t, err, storage.ErrNotExist)
	})
	t.Run("by prefix", func(t *testing.T) {
		d := middleware.Faults(&memory.Driver{}, middleware.Fault{Prefix: "bad/"})
		_, err := d.Stat(ctx, "good/x")
		require.ErrorIs(t, err, storage.ErrNotExist)
		_, err = d.Stat(ctx, "bad/x")
		require.ErrorIs(t, err, storage.ErrUnavailable)
	})
	t.Run("delay", func(t *testing.T) {
		var waited []string
		d := middleware.Faults(&memory.Driver{}, middleware.Fault{Wait: func(_ context.Context, op, key string) error {
			waited = append(waited, op+" "+key)
			if strings.HasPrefix(key, "late") {
				return errors.New("too late")
			}
			return nil
		}})
		_, err := d.Stat(ctx, "a")
		require.ErrorIs(t, err, storage.ErrNotExist)
		_, err = d.Stat(ctx, "late")
		require.EqualError(t, err, "too late")
		require.Equal(t, []string{"stat a", "stat late"}, waited)
	})
}
