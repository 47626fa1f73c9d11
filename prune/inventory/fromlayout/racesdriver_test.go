package fromlayout_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/registrykit/registrykit/storage"
)

// roles are what a registry's volume can do.
type roles interface {
	storage.Driver
	storage.Mover
	storage.Resumer
}

// A stepper is a driver on which programs take turns. A call begins with a step of the
// program in its context, if it is one whose effect the other program could see or
// have. Calls without a program make none.
type stepper struct {
	roles
	atOnce bool // it does not look again for each entry of a listing
}

// A program is one of those that take turns.
type program struct {
	t       *testing.T
	step    func()
	shared  map[string]bool // keys that the other program touches, too; nil: any may be
	touched map[string]bool // keys
	calling atomic.Bool
	binding bool // it has looked at the clock for the last time before it writes a link
}

type programKey struct{}

func (p *program) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, programKey{}, p)
}

func programOf(ctx context.Context) *program {
	p, _ := ctx.Value(programKey{}).(*program)
	return p
}

// enter begins a call, and returns what ends it. A program must not make two at once:
// then the order would not say which comes first.
func (p *program) enter(what string) (leave func()) {
	if !p.calling.CompareAndSwap(false, true) {
		p.t.Errorf("two calls at once, one of them on %s", what)
	}
	return func() { p.calling.Store(false) }
}

// call makes a call on a key, behind a step where that is shared.
func call[R any](ctx context.Context, key string, do func() (R, error)) (R, error) {
	p := programOf(ctx)
	if p == nil {
		return do()
	}
	defer p.enter(key)()
	if p.touch(key) && (p.shared == nil || p.shared[key]) {
		p.step()
	}
	return do()
}

// touch notes that the program touches a key, unless that is one of an upload, which
// is the writer's own.
func (p *program) touch(key string) bool {
	if strings.Contains(key, "/_uploads/") {
		return false
	}
	p.touched[key] = true
	return true
}

func (d *stepper) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	return call(ctx, key, func() (*storage.Object, error) { return d.roles.Open(ctx, key, r) })
}

func (d *stepper) Stat(ctx context.Context, key string) (storage.Info, error) {
	return call(ctx, key, func() (storage.Info, error) { return d.roles.Stat(ctx, key) })
}

func (d *stepper) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	_, err := call(ctx, key, func() (struct{}, error) { return struct{}{}, d.roles.Delete(ctx, key, o) })
	return err
}

func (d *stepper) Move(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
	return call(ctx, to, func() (storage.Info, error) { return d.roles.Move(ctx, from, to, o) })
}

// Create makes no step: nobody sees an upload before it is committed.
func (d *stepper) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	u, err := d.roles.Create(ctx, key, o)
	return &steppedUpload{u, key}, err
}

type steppedUpload struct {
	storage.Upload
	key string
}

func (u *steppedUpload) Commit(ctx context.Context) (storage.Info, error) {
	if p := programOf(ctx); p != nil {
		p.binding = strings.HasSuffix(u.key, "/link")
		defer func() { p.binding = false }()
	}
	return call(ctx, u.key, func() (storage.Info, error) { return u.Upload.Commit(ctx) })
}

// List asks the driver for one entry after the other, and makes a step before each
// place in the order where a shared key belongs, whether it is there or not.
func (d *stepper) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	p := programOf(ctx)
	if p == nil {
		return d.roles.List(ctx, o)
	}
	if d.atOnce || p.shared == nil || o.Shallow {
		return d.listStepwise(ctx, o)
	}
	return func(yield func(storage.Entry, error) bool) {
		var places []string
		for key := range p.shared {
			if strings.HasPrefix(key, o.Prefix) && key > o.After {
				places = append(places, key)
			}
		}
		slices.Sort(places)
		for {
			e, more, err := d.after(ctx, o)
			if len(places) > 0 && (!more || e.Key >= places[0]) {
				place := places[0]
				places = places[1:]
				e, more, err = d.afterStep(ctx, o)
				if err == nil && (!more || e.Key > place) {
					o.After = place
					continue
				}
			}
			if err != nil {
				yield(storage.Entry{}, err)
				return
			}
			if !more {
				return
			}
			p.touch(e.Key)
			if !yield(e, nil) {
				return
			}
			o.After = e.Key
		}
	}
}

func (d *stepper) after(ctx context.Context, o storage.ListOptions) (e storage.Entry, more bool, err error) {
	for e, err := range d.roles.List(ctx, o) {
		return e, err == nil, err
	}
	return storage.Entry{}, false, nil
}

func (d *stepper) afterStep(ctx context.Context, o storage.ListOptions) (e storage.Entry, more bool, err error) {
	p := programOf(ctx)
	defer p.enter("a listing")()
	p.step()
	return d.after(ctx, o)
}

// listStepwise makes a step before each entry.
func (d *stepper) listStepwise(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		p := programOf(ctx)
		next, stop := iter.Pull2(d.roles.List(ctx, o))
		defer stop()
		for {
			leave := p.enter("a listing")
			p.step()
			e, err, more := next()
			leave()
			if !more {
				return
			}
			p.touch(e.Key)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}
