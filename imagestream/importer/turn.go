package importer

import (
	"context"
	"fmt"
	"strings"
)

// A CandidateRegistry is a [Registry] that may have several credentials for a repository.
// Where it answers Unauthorized or Denied, an import asks with each of the others in turn
// before it asks [Importer.Anonymous]. The first that gets what is asked for is kept for that
// repository until the import ends. Any answer but a denial, such as a rate limit, ends the turn.
type CandidateRegistry interface {
	Registry
	// Candidates says what the registry itself asks the target's repository with, empty
	// for no credential, and returns the others, the one to try first first. An error,
	// which must hold no secret, is told where all are denied; it does not keep those
	// that are returned with it, or Anonymous, from being tried.
	Candidates(ctx context.Context, t Target) (used string, others []Candidate, err error)
}

// A Candidate is a registry with one credential.
type Candidate struct {
	// Name is told where all were denied. It holds no secret.
	Name string
	// Registry asks with that credential, and is asked for the one repository alone.
	Registry Registry
}

// maxNamed is how many candidates an error names.
const maxNamed = 8

// turn asks with the other credentials, and then without, after first denied. One request
// of a repository does so at a time, so that the others may use what it finds.
func (r *run) turn(ctx context.Context, op string, t Target, count *int, first *Error, call func(Registry) error) *Error {
	lock := r.turnLock(t)
	select {
	case lock <- struct{}{}:
		defer func() { <-lock }()
	case <-ctx.Done():
		return failure(ctx, op, t.String(), ctx.Err())
	}
	if err := r.refused(op, t); err != nil {
		return err
	}
	if winner := r.winner(t); winner != nil {
		return r.tryWinner(ctx, op, t, count, winner, call)
	}
	var names []string
	if registry, ok := r.i.Registry.(CandidateRegistry); ok {
		used, others, err := registry.Candidates(ctx, t)
		if ctx.Err() != nil {
			return failure(ctx, op, t.String(), ctx.Err())
		}
		if used != "" {
			names = append(names, fmt.Sprintf("%s: %s", used, first.Class))
		}
		if err != nil {
			names = append(names, fmt.Sprintf("the others: %v", err))
		}
		for _, c := range others {
			err := r.try(ctx, op, t, count, c.Registry, call)
			if err == nil {
				r.setWinner(t, c.Registry)
				return nil
			}
			if !err.denied() {
				return r.note(t, err)
			}
			names = append(names, fmt.Sprintf("%s: %s", c.Name, err.Class))
		}
	}
	if r.i.Anonymous != nil {
		err := r.try(ctx, op, t, count, r.i.Anonymous, call)
		if err == nil || !err.denied() {
			r.setWinner(t, r.i.Anonymous)
			return r.note(t, err)
		}
	}
	return r.note(t, first.naming(names))
}

// tryWinner asks with what was let in before. Where that is denied now, it is so for this
// one thing.
func (r *run) tryWinner(ctx context.Context, op string, t Target, count *int, winner Registry, call func(Registry) error) *Error {
	err := r.try(ctx, op, t, count, winner, call)
	if err != nil && err.denied() {
		return err
	}
	return r.note(t, err)
}

// naming returns a denial that names what was tried.
func (e *Error) naming(names []string) *Error {
	if len(names) == 0 {
		return e
	}
	var b strings.Builder
	b.WriteString("no credential was accepted")
	for n, name := range names {
		if n == maxNamed {
			fmt.Fprintf(&b, "; and %d more", len(names)-n)
			break
		}
		fmt.Fprintf(&b, "; %d. %s", n+1, name)
	}
	named := *e
	named.Err = &deniedByAll{text: b.String(), first: e.Err}
	return &named
}

// deniedByAll is the first answer, with what was tried.
type deniedByAll struct {
	text  string
	first error
}

func (e *deniedByAll) Error() string {
	if e.first == nil {
		return e.text
	}
	return fmt.Sprintf("%v; %s", e.first, e.text)
}

// Unwrap returns the first answer.
func (e *deniedByAll) Unwrap() error { return e.first }

// turnLock is held by who tries the credentials for the target's repository.
func (r *run) turnLock(t Target) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := repositoryKey(t)
	if r.turns[key] == nil {
		r.turns[key] = make(chan struct{}, 1)
	}
	return r.turns[key]
}

// winner returns what lets the target's repository in where Registry does not, or nil.
func (r *run) winner(t Target) Registry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.winners[repositoryKey(t)]
}

func (r *run) setWinner(t Target, registry Registry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.winners[repositoryKey(t)] = registry
}
