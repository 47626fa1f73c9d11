package prune

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/registrykit/registrykit/prune/inventory"
)

// Schema names the form of a plan's JSON.
const Schema = "registrykit/plan/v1"

// A Plan says what to delete, in which order, and why. It holds a verdict for
// every tag item, image and blob of the inventory that it was made from.
//
// A Plan does not change and may be used by several goroutines at once. It
// keeps its inventory in memory; one that was read from JSON has none, and so
// no verdicts but those that the JSON holds.
type Plan struct {
	// Now is the instant at which everything was judged; Expires is when the
	// plan must not be carried out any more.
	Now, Expires time.Time
	// Inventory is the fingerprint of what was known.
	Inventory string
	Policy    Policy
	// InvalidReferences are those that do not parse among what `oc adm prune
	// images` reads; UnreadReferences those beyond it. Sorted.
	InvalidReferences []BadReference
	UnreadReferences  []BadReference
	Evidence          []Evidence
	Summary           Summary

	made     *planner  // nil for a plan that was read
	actions  []Action  // of a plan that was read
	verdicts []Verdict // of a plan that was read
}

// A BadReference is a field that names an image in a way that does not parse.
type BadReference struct {
	Object string `json:"object"` // as in "Pod dev/web"
	Field  string `json:"field"`  // as in spec.containers[0].image
	Value  string `json:"value"`
	Error  string `json:"error"`
}

func sortBad(list []BadReference) {
	slices.SortFunc(list, func(a, b BadReference) int {
		return slices.Compare([]string{a.Object, a.Field, a.Value}, []string{b.Object, b.Field, b.Value})
	})
}

// Evidence says how a kind was listed.
type Evidence struct {
	Kind     inventory.Kind `json:"kind"`
	Count    int            `json:"count"`
	Listed   bool           `json:"listed"`
	Complete bool           `json:"complete"`
	// AfterImageStreams, of Images alone: they were listed after the streams.
	AfterImageStreams *bool `json:"afterImageStreams,omitempty"`
	// Unknown, of Images alone: those that something needs and that are not
	// known, so that no other image and no blob goes.
	Unknown []UnknownImage `json:"unknown,omitempty"`
}

// An UnknownImage is needed and not known.
type UnknownImage struct {
	Image    string `json:"image"`
	NeededBy string `json:"neededBy"` // an item or a field of a workload
	// Partial: the image is known, but not all that it is made of.
	Partial bool `json:"partial,omitempty"`
}

// A Summary counts a plan's actions.
type Summary struct {
	TagItems      int   `json:"tagItems"`
	ManifestLinks int   `json:"manifestLinks"`
	LayerLinks    int   `json:"layerLinks"`
	Images        int   `json:"images"`
	Blobs         int   `json:"blobs"`
	FreedBytes    int64 `json:"freedBytes"`   // of the blobs whose size is known, at most math.MaxInt64
	UnknownBlobs  int   `json:"unknownBlobs"` // how many have none
}

// Actions returns how many there are.
func (s Summary) Actions() int {
	return s.TagItems + s.ManifestLinks + s.LayerLinks + s.Images + s.Blobs
}

// An InvalidReferencesError says that references of workloads do not parse, so
// that it is not known what they use and nothing was planned.
type InvalidReferencesError struct {
	References []BadReference
	// Plan is the plan without actions, for those who want to show it.
	Plan *Plan
}

func (e *InvalidReferencesError) Error() string {
	const most = 3
	var b strings.Builder
	if len(e.References) == 1 {
		b.WriteString("1 reference does not parse, so it is not known what it uses:")
	} else {
		fmt.Fprintf(&b, "%d references do not parse, so it is not known what they use:", len(e.References))
	}
	for i, r := range e.References {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(e.References)-most)
			break
		}
		fmt.Fprintf(&b, " %s %s %q (%s);", r.Object, r.Field, r.Value, r.Error)
	}
	return strings.TrimSuffix(b.String(), ";")
}

// ErrNoInstant is the error for a plan without an instant, or with one that
// RFC 3339 cannot write.
var ErrNoInstant = errors.New("no instant to plan at")

// New plans: what the policy lets go of what the inventory knows, at an
// instant. The same three give the same plan, byte for byte. New keeps the
// inventory, which never changes, and a copy of the policy.
//
// The error is an [*InvalidReferencesError] where references do not parse and
// the policy does not ignore them, wraps [ErrPolicy] where the policy cannot
// be followed, and is [ErrNoInstant] for the zero time.
func New(inv *inventory.Inventory, policy Policy, now time.Time) (*Plan, error) {
	now = now.Truncate(time.Microsecond) // down, as other times go up: rounding must make nothing older
	if year := now.UTC().Year(); now.IsZero() || year < 0 || year > lastYear {
		return nil, ErrNoInstant
	}
	if err := policy.Validate(); err != nil {
		return nil, err
	}
	lifetime := policy.Lifetime
	if lifetime == 0 {
		lifetime = Duration(DefaultLifetime)
	}
	at := inventory.InstantOf(now)
	plan := &Plan{
		Now:     at.Time(),
		Expires: writable(at.Time().Add(time.Duration(lifetime))),
		Policy:  policy.clone(),
	}
	// Much of a plan is worked out when it is asked for, so its rules must be
	// out of reach, also by way of the Plan's own field.
	own := policy.clone()
	p := newPlanner(inv, &own, at)
	var fingerprint sync.WaitGroup // takes as long as planning, and has nothing to do with it
	fingerprint.Go(func() { plan.Inventory = inv.Fingerprint() })
	p.plan()
	fingerprint.Wait()
	plan.made = p
	plan.InvalidReferences, plan.UnreadReferences = p.invalid, p.unread
	plan.Evidence = p.evidence()
	plan.Summary = p.summary()
	if len(p.invalid) > 0 && !policy.IgnoreInvalidReferences {
		return nil, &InvalidReferencesError{References: p.invalid, Plan: plan}
	}
	return plan, nil
}

// Actions yields what the plan does, in the order in which it must be done:
// tag items; manifest links, an index before what it owns and a subject before what
// refers to it; layer links; images, in the same order; blobs. Within these, by namespace, name, tag
// and index, or by repository and digest.
func (p *Plan) Actions() iter.Seq[Action] {
	return func(yield func(Action) bool) {
		n := p.newNames()
		for _, phase := range p.phases() {
			for i := range phase.n {
				var a Action
				phase.at(i, n, &a)
				if !yield(a) {
					return
				}
			}
		}
	}
}

// ActionsOf yields the actions of one kind, each with its number among all [Plan.Actions],
// from 0. The others are not made, which is what takes the time.
func (p *Plan) ActionsOf(kind ActionKind) iter.Seq2[int, Action] {
	return func(yield func(int, Action) bool) {
		names, number := p.newNames(), 0
		for _, phase := range p.phases() {
			for i := range phase.n {
				if phase.kind(i) == kind {
					var a Action
					phase.at(i, names, &a)
					if !yield(number, a) {
						return
					}
				}
				number++
			}
		}
	}
}

func (p *Plan) phases() []phase {
	if p.made == nil {
		return []phase{readPhase(p.actions)}
	}
	return p.made.phases()
}

func (p *Plan) newNames() *names {
	if p.made == nil {
		return nil
	}
	return newNames(p.made.inv)
}

func (p *planner) evidence() []Evidence {
	var all []Evidence
	for _, e := range p.inv.Evidence() {
		line := Evidence{Kind: inventory.Kind(validUTF8(string(e.Kind))), Count: e.Count, Listed: e.Listed, Complete: e.Complete}
		if e.Kind == inventory.KindImage {
			after := p.inv.ImagesAfterStreams()
			line.AfterImageStreams = &after
			for _, u := range p.unknown.list {
				line.Unknown = append(line.Unknown, UnknownImage{
					Image: validUTF8(p.inv.DigestText(u.digest)), NeededBy: validUTF8(p.needName(u.need)), Partial: u.partial,
				})
			}
		}
		all = append(all, line)
	}
	return all
}

// sumOf adds two numbers of bytes, up to the largest: a dump may say anything.
func sumOf(a, b int64) int64 { return a + min(b, math.MaxInt64-a) }

func (p *planner) summary() Summary {
	var s Summary
	for i := range p.items {
		if p.dropped(i) {
			s.TagItems++
		}
	}
	for i := range p.images {
		if p.deleted(i) {
			s.Images++
		}
	}
	for _, l := range p.links {
		if l.manifest {
			s.ManifestLinks++
		} else {
			s.LayerLinks++
		}
	}
	for d, state := range p.blobs {
		if !state.goes() {
			continue
		}
		s.Blobs++
		if size := p.inv.Size(inventory.Digest(d)); size > 0 {
			s.FreedBytes = sumOf(s.FreedBytes, size)
		} else {
			s.UnknownBlobs++
		}
	}
	return s
}
