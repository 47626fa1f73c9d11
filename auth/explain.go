package auth

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Explain looks for the credentials for an image, as [Image] reads its name, and
// says where it looked and what it found. Matching credential helpers are started.
// The connection is taken to be encrypted: [Resolver.ExplainResource] tells too of what
// would be withheld from plain HTTP.
//
// The error is [ErrImage], or that of the context.
func (r *Resolver) Explain(ctx context.Context, image string) (*Explanation, error) {
	t, err := parseImage(image)
	if err != nil {
		return nil, err
	}
	t.plainHTTP = false
	return r.explain(ctx, t, image)
}

// ExplainResource is Explain for what go-containerregistry asks for, or for what
// [Image] returns. Other than with Explain, a credential may be withheld from plain
// HTTP here.
func (r *Resolver) ExplainResource(ctx context.Context, resource authn.Resource) (*Explanation, error) {
	t := targetOf(resource)
	return r.explain(ctx, t, t.text)
}

// Near misses and malformed entries are told of up to these numbers for each place.
const (
	maxNearMisses = 10
	maxMalformed  = 20
)

func (r *Resolver) explain(ctx context.Context, t *target, image string) (*Explanation, error) {
	l, snapshots, err := r.look(ctx, t)
	if err == nil {
		err = l.askAll(ctx)
	}
	if err != nil {
		return nil, err
	}
	x := &explainer{target: t, compat: r.options.KubeletCompat, steps: make(map[*place][]matchStep)}
	x.candidates(l.matches)
	e := &Explanation{Image: image, Candidates: r.winnerFirst(t, x.found)}
	if len(e.Candidates) > 0 {
		x.choose(e.Candidates[0])
	}
	for i, s := range snapshots {
		if s == nil {
			continue
		}
		for _, p := range s.places {
			if p.doc != nil || p.fixed != nil || p.outcome == Excluded || p.outcome == WrongType {
				e.PlacesRead++
			}
			e.Steps = append(e.Steps, x.place(p)...)
		}
		if len(s.places) == 0 {
			e.Steps = append(e.Steps, Step{Source: r.sources[i].String(), Outcome: NoMatch, Detail: "no pull secrets"})
			e.PlacesRead++
		}
	}
	return e, nil
}

// An explainer turns matches and places into steps.
type explainer struct {
	target *target
	compat bool
	found  []Candidate
	steps  map[*place][]matchStep
}

// A matchStep is the step of a match, with the entry's sequence number.
type matchStep struct {
	Step
	candidate int // in found; -1 for none
}

// candidates takes the matches, in order.
func (x *explainer) candidates(all []match) {
	for i := range all {
		m := &all[i]
		c, outcome, err := m.candidate(x.target)
		step := matchStep{candidate: -1, Step: Step{
			Source: c.Source, Key: c.Key, Outcome: outcome, Match: c.Match,
			Username: c.Credential.Username, Kind: c.Credential.Kind(),
			Warning: c.Warning,
		}}
		if err != nil {
			step.Detail = err.Error()
		}
		if m.helper != "" && m.server != "" && m.server != c.Key {
			step.Detail = joinDetail("asked for "+m.server, step.Detail)
		}
		if outcome == CandidateFound {
			if same := indexOfEqual(x.found, c.Credential); same >= 0 {
				step.Outcome, step.Warning = Duplicate, ""
				step.Detail = fmt.Sprintf("the credential of %s, key %q", x.found[same].Source, x.found[same].Key)
			} else {
				step.candidate = len(x.found)
				x.found = append(x.found, c)
			}
		}
		x.steps[m.place] = append(x.steps[m.place], step)
	}
}

func joinDetail(a, b string) string {
	if b == "" {
		return a
	}
	return a + ", " + b
}

// choose marks the step of the candidate that Resolve returns.
func (x *explainer) choose(c Candidate) {
	i := indexOfEqual(x.found, c.Credential)
	for _, steps := range x.steps {
		for n := range steps {
			if steps[n].candidate == i {
				steps[n].Outcome = Chosen
				if i > 0 {
					steps[n].Detail = joinDetail("accepted before", steps[n].Detail)
				}
			}
		}
	}
}

// place returns the steps of a place, at least one.
func (x *explainer) place(p *place) []Step {
	var steps []Step
	if p.outcome != found {
		step := Step{Source: p.name, Outcome: p.outcome}
		if p.err != nil {
			step.Detail = p.err.Error()
		}
		if p.outcome == Stale {
			step.Detail = joinDetail("what it last held serves", step.Detail)
		}
		steps = append(steps, step)
	}
	for _, s := range x.steps[p] {
		steps = append(steps, s.Step)
	}
	for _, err := range p.problems {
		steps = append(steps, Step{Source: p.name, Outcome: Malformed, Detail: err.Error()})
	}
	if p.doc != nil {
		steps = append(steps, x.document(p)...)
	}
	if len(steps) == 0 {
		step := Step{Source: p.name, Outcome: NoMatch}
		if p.doc != nil {
			step.Detail = fmt.Sprintf("%s, none for %s", count(len(p.doc.entries), "key"), x.target.host)
		}
		steps = append(steps, step)
	}
	return steps
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// document returns steps of what is not a match.
func (x *explainer) document(p *place) []Step {
	var steps []Step
	for _, err := range p.doc.problems {
		steps = append(steps, Step{Source: p.name, Outcome: Malformed, Detail: err.Error()})
	}
	if !p.helpers {
		steps = append(steps, x.ignoredHelpers(p)...)
	}
	bad, near := 0, 0
	for _, e := range p.doc.entries {
		step := Step{Source: p.name, Key: showKey(e.key)}
		switch {
		case e.err() != nil && (!x.compat || !p.kubernetes || e.problem != nil || e.kubelet.key == ""):
			if bad++; bad <= maxMalformed {
				step.Outcome, step.Detail = Malformed, e.err().Error()
				steps = append(steps, step)
			}
		case e.empty && e.pattern.host == x.target.host && e.pattern.covers(x.target.path):
			step.Outcome, step.Detail = Empty, "the entry holds no credential"
			steps = append(steps, step)
		case !e.empty:
			if step.Detail = nearMiss(e, p, x.target, x.compat); step.Detail == "" {
				continue
			}
			if near++; near <= maxNearMisses {
				step.Outcome = NearMiss
				steps = append(steps, step)
			}
		}
	}
	if bad > maxMalformed {
		steps = append(steps, Step{Source: p.name, Outcome: Malformed, Detail: fmt.Sprintf("and %d entries more", bad-maxMalformed)})
	}
	if near > maxNearMisses {
		steps = append(steps, Step{Source: p.name, Outcome: NearMiss, Detail: fmt.Sprintf("and %d keys more", near-maxNearMisses)})
	}
	return steps
}

func (x *explainer) ignoredHelpers(p *place) []Step {
	var steps []Step
	ignored := func(key, helper string) {
		steps = append(steps, Step{
			Source: p.name, Key: key, Outcome: HelperIgnored,
			Detail: "docker-credential-" + helper + " is named here, but only files of the host may start a helper",
		})
	}
	for _, h := range p.doc.helpers {
		if h.pattern.host == x.target.host {
			ignored(h.key, h.helper)
		}
	}
	if p.doc.store != "" {
		ignored("", p.doc.store)
	}
	return steps
}
