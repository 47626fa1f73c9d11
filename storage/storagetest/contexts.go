package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/registrykit/registrykit/storage"
)

func contextChecks() []Check {
	return []Check{
		{Name: "context/done-before", Rule: "A method whose ctx is done returns its error and changes nothing.", run: doneBefore},
		{Name: "context/reading", Rule: "A Body whose Open's ctx ends returns its error.", run: doneWhileReading},
		{Name: "context/writing", Rule: "A Write whose Create's ctx ends returns its error, and Commit then commits nothing.", run: doneWhileWriting},
		{Name: "context/committing", Rule: "A Commit whose ctx is done leaves the old object or the new one, whole, and may be called again.", run: doneWhileCommitting},
		{Name: "context/listing", Rule: "A listing whose ctx ends, ends with its error.", run: doneWhileListing},
		{Name: "context/goroutines", Rule: "A listing that is left and a Body that is closed early leave no goroutine behind.", run: noGoroutines},
	}
}

func doneBefore(t *trial) error {
	if err := t.puts("object"); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	_, opened := t.d.Open(ctx, t.key("object"), storage.Range{})
	_, stated := t.d.Stat(ctx, t.key("object"))
	u, created := t.d.Create(ctx, t.key("new"), storage.CreateOptions{})
	if created == nil {
		u.Abort(t.ctx)
	}
	deleted := t.d.Delete(ctx, t.key("object"), storage.DeleteOptions{})
	_, moved := storage.Move(ctx, t.d, t.key("object"), t.key("moved"), storage.MoveOptions{})
	var listed error
	for _, err := range t.d.List(ctx, storage.ListOptions{Prefix: t.prefix}) {
		listed = errors.Join(listed, err)
	}
	for what, err := range map[string]error{
		"open": opened, "stat": stated, "create": created, "delete": deleted, "move": moved, "list": listed,
	} {
		if err := is(what, err, context.Canceled); err != nil {
			return err
		}
	}
	return first(t.holds("object", []byte("object")), t.absent("moved"), t.absent("new"))
}

func doneWhileReading(t *trial) error {
	if _, err := t.put("object", fill(1, 4<<20), storage.CreateOptions{}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	object, err := t.d.Open(ctx, t.key("object"), storage.Range{})
	if err != nil {
		return err
	}
	defer object.Body.Close()
	if _, err := io.ReadFull(object.Body, make([]byte, 100)); err != nil {
		return err
	}
	cancel()
	_, err = io.Copy(io.Discard, object.Body)
	return is("reading on", err, context.Canceled)
}

func doneWhileWriting(t *trial) error {
	if err := t.puts("old"); err != nil {
		return err
	}
	for _, name := range []string{"old", "new"} {
		ctx, cancel := context.WithCancel(t.ctx)
		u, err := t.d.Create(ctx, t.key(name), storage.CreateOptions{})
		if err != nil {
			cancel()
			return err
		}
		_, err = u.Write(fill(1, 1000))
		cancel()
		if err != nil {
			return err
		}
		_, wrote := u.Write(fill(2, 1000))
		_, committed := u.Commit(t.ctx)
		if err := first(is("write", wrote, context.Canceled), is("commit", committed, context.Canceled)); err != nil {
			return err
		}
		if err := u.Abort(ctx); err != nil {
			return fmt.Errorf("abort with a ctx that is done: %w", err)
		}
	}
	return first(t.holds("old", []byte("old")), t.absent("new"))
}

func doneWhileCommitting(t *trial) error {
	if err := t.puts("object"); err != nil {
		return err
	}
	u, err := t.start("object", []byte("new"), storage.CreateOptions{})
	if err != nil {
		return err
	}
	defer u.Abort(t.ctx)
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	_, err = u.Commit(ctx)
	if err := is("commit", err, context.Canceled); err != nil {
		return err
	}
	if t.holds("object", []byte("object")) != nil && t.holds("object", []byte("new")) != nil {
		return errors.New("neither the old object nor the new one is there")
	}
	if _, err := u.Commit(t.ctx); err != nil {
		return fmt.Errorf("commit again: %w", err)
	}
	return t.holds("object", []byte("new"))
}

func doneWhileListing(t *trial) error {
	if err := t.puts("a", "b", "dir/c", "dir/d", "e"); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	var listed error
	n := 0
	for _, err := range t.d.List(ctx, storage.ListOptions{Prefix: t.prefix}) {
		if listed != nil {
			return fmt.Errorf("something follows the error %w", listed)
		}
		listed = err
		n++
		cancel()
	}
	return is(fmt.Sprintf("listing on after %d entries", n), listed, context.Canceled)
}

func noGoroutines(t *trial) error {
	if err := t.puts("a", "b", "c"); err != nil {
		return err
	}
	const rounds, allowed = 200, 100
	before := runtime.NumGoroutine()
	for range rounds {
		for _, err := range t.d.List(t.ctx, storage.ListOptions{Prefix: t.prefix}) {
			if err != nil {
				return err
			}
			break
		}
		object, err := t.d.Open(t.ctx, t.key("a"), storage.Range{})
		if err != nil {
			return err
		}
		if err := object.Body.Close(); err != nil {
			return err
		}
	}
	if grown := runtime.NumGoroutine() - before; grown > allowed {
		return fmt.Errorf("%d more goroutines after %d rounds", grown, rounds)
	}
	return nil
}
