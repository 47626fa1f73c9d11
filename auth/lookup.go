package auth

import (
	"context"
	"iter"
	"slices"
)

// A lookup is one look for the credentials of a target: everything that is for it,
// in order, before credential helpers were asked.
type lookup struct {
	resolver *Resolver
	target   *target
	matches  []match
}

// look reads the sources. The only error is that of the context.
func (r *Resolver) look(ctx context.Context, t *target) (*lookup, loaded, error) {
	snapshots, err := r.load(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &lookup{r, t, r.matches(snapshots, t)}, snapshots, nil
}

// ask fills in the answer of the match's helper, if it is one's. The only error is
// that of the context.
func (l *lookup) ask(ctx context.Context, m *match) error {
	if m.helper == "" || m.server != "" {
		return nil
	}
	m.cred, m.server, m.err = l.resolver.helpers.ask(ctx, m.helper, l.target.host)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// askAll asks every helper.
func (l *lookup) askAll(ctx context.Context) error {
	for i := range l.matches {
		if err := l.ask(ctx, &l.matches[i]); err != nil {
			return err
		}
	}
	return nil
}

// inOrder yields the candidates, equal ones once. A helper is asked when its turn
// comes, so that whoever is content with an earlier candidate does not wait for it.
func (l *lookup) inOrder(ctx context.Context) iter.Seq2[Candidate, error] {
	return l.from(ctx, -1)
}

// inTurn is inOrder with the remembered candidate before all others.
func (l *lookup) inTurn(ctx context.Context) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		first, err := l.winner(ctx)
		if err != nil {
			yield(Candidate{}, err)
			return
		}
		l.from(ctx, first)(yield)
	}
}

// from yields the match of that index first, unless it is negative.
func (l *lookup) from(ctx context.Context, first int) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		var yielded []Candidate
		try := func(i int) bool {
			if err := l.ask(ctx, &l.matches[i]); err != nil {
				yield(Candidate{}, err)
				return false
			}
			c, outcome, _ := l.matches[i].candidate(l.target)
			if outcome != CandidateFound || indexOfEqual(yielded, c.Credential) >= 0 {
				return true
			}
			yielded = append(yielded, c)
			return yield(c, nil)
		}
		if first >= 0 && !try(first) {
			return
		}
		for i := range l.matches {
			if i != first && !try(i) {
				return
			}
		}
	}
}

// winner returns the index of the credential that [Try] last found accepted, -1 where
// there is none now. Of the helpers it asks only the one that the credential was of.
func (l *lookup) winner(ctx context.Context) (int, error) {
	w, ok := l.resolver.remembered(l.target)
	if !ok || len(l.matches) < 2 {
		return -1, nil
	}
	for i := range l.matches {
		m := &l.matches[i]
		if m.helper != "" {
			if !m.isAt(w.place) {
				continue
			}
			if err := l.ask(ctx, m); err != nil {
				return -1, err
			}
		}
		if m.err == nil && m.cred.digest() == w.digest {
			return i, nil
		}
	}
	return -1, nil
}

// current returns what a candidate's place holds now, and false where that is no
// credential. No other helper is asked than the candidate's own.
func (r *Resolver) current(ctx context.Context, t *target, c Candidate) (Candidate, bool, error) {
	l, _, err := r.look(ctx, t)
	if err != nil {
		return c, false, err
	}
	now, found := c, false
	for i := range l.matches {
		m := &l.matches[i]
		if !m.isAt(c.place) {
			continue
		}
		if err := l.ask(ctx, m); err != nil {
			return c, false, err
		}
		there, outcome, _ := m.candidate(t)
		switch {
		case outcome != CandidateFound:
		case there.Credential.Equal(c.Credential):
			return there, true, nil // also where the place has more than one
		case !found:
			now, found = there, true
		}
	}
	return now, found, nil
}

// A candidatePlace tells where in the resolver's sources a candidate is from. Names
// alone do not: two documents, or the Secrets of two clusters, may share them.
type candidatePlace struct {
	source int // its index
	name   string
	key    string // as Candidate.Key: printers look into unexported fields
	helper string // the credential helper
}

func (m *match) candidatePlace() candidatePlace {
	return candidatePlace{m.source, m.place.name, showKey(m.key), m.helper}
}

func (m *match) isAt(p candidatePlace) bool { return m.candidatePlace() == p }

// A winner is what [Try] found accepted.
type winner struct {
	digest [32]byte
	place  candidatePlace
}

// maxWinners bounds what is remembered.
const maxWinners = 4096

func (r *Resolver) remember(t *target, c Candidate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.winners) >= maxWinners {
		clear(r.winners)
	}
	r.winners[t.repository()] = winner{c.Credential.digest(), c.place}
}

func (r *Resolver) remembered(t *target) (winner, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w, ok := r.winners[t.repository()]
	return w, ok
}

func (r *Resolver) forgetWinner(t *target) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.winners, t.repository())
}

// winnerFirst moves the remembered candidate to the front.
func (r *Resolver) winnerFirst(t *target, candidates []Candidate) []Candidate {
	w, ok := r.remembered(t)
	if !ok || len(candidates) < 2 {
		return candidates
	}
	i := slices.IndexFunc(candidates, func(c Candidate) bool { return c.Credential.digest() == w.digest })
	if i <= 0 {
		return candidates
	}
	first := candidates[i]
	return slices.Insert(slices.Delete(slices.Clone(candidates), i, i+1), 0, first)
}
