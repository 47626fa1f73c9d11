package importer

import (
	"context"
)

// ask asks the registry for something, unless it is known what the answer would be, and
// then with other credentials, and without, where the first was refused.
func (r *run) ask(ctx context.Context, op string, t Target, count *int, call func(Registry) error) *Error {
	slots := r.slots(t)
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return failure(ctx, op, t.String(), ctx.Err())
	}
	if err := r.refused(op, t); err != nil {
		return err
	}
	if winner := r.winner(t); winner != nil {
		return r.tryWinner(ctx, op, t, count, winner, call)
	}
	err := r.try(ctx, op, t, count, r.i.Registry, call)
	if err == nil || !err.denied() {
		return r.note(t, err)
	}
	return r.turn(ctx, op, t, count, err, call)
}

// denied says whether another credential might be let in, or none.
func (e *Error) denied() bool { return e.Class == Unauthorized || e.Class == Denied }

// try asks once.
func (r *run) try(ctx context.Context, op string, t Target, count *int, registry Registry, call func(Registry) error) *Error {
	r.mu.Lock()
	*count++
	r.mu.Unlock()
	if err := call(registry); err != nil {
		return failure(ctx, op, t.String(), err)
	}
	return nil
}

// slots bounds what the target's host is asked at once.
func (r *run) slots(t Target) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.hosts[t.Registry]
	if h == nil {
		h = &host{slots: make(chan struct{}, r.workers())}
		r.hosts[t.Registry] = h
	}
	return h.slots
}

// note remembers a failure that reaches further than this target.
func (r *run) note(t Target, err *Error) *Error {
	if err == nil || err.Scope == One {
		return err
	}
	key := repositoryKey(t)
	if err.Scope == WholeHost {
		key = hostKey(t)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down[key] == nil {
		r.down[key] = err
	}
	return err
}

// refused returns the failure that is known to await a target, or nil.
func (r *run) refused(op string, t Target) *Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.down[hostKey(t)]
	if known == nil {
		known = r.down[repositoryKey(t)]
	}
	if known == nil || known.Class == RateLimited && isPull(known.Op) && !isPull(op) {
		// Registries count pulls; what is no pull is still answered.
		return nil
	}
	err := *known
	err.Op, err.Image, err.Platform, err.NotAsked = op, t.String(), "", true
	return &err
}

// isPull says whether a request fetches something of an image.
func isPull(op string) bool { return op == "get manifest" || op == "get config" }

// hostKey and repositoryKey are what a failure may be about. Whether plain HTTP is
// allowed makes a difference: what one tag may do is not done for another.
func hostKey(t Target) string {
	if t.Insecure {
		return "insecure " + t.Registry
	}
	return t.Registry
}

func repositoryKey(t Target) string { return hostKey(t) + "/" + t.RepositoryName() }
