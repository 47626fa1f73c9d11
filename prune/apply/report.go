package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/prune"
)

// A Report says what a run did. It does not change once [Run] has returned.
type Report struct {
	Plan   string // its digest
	DryRun bool
	// Started and Ended are when the run did, Looked when it began to look at what
	// is there for the last time, zero where it did not.
	Started, Looked, Ended time.Time
	// Window is the longest time from the beginning of a look at what is there to
	// the end of a deletion that was judged by it, also of one that failed but may have
	// been done. What happened in it was not seen.
	Window time.Duration
	// Resumed is how many actions the journal says that an earlier run ended.
	Resumed int
	// FreedBytes are those of the blobs that the run deleted, with what it did
	// before it died, and whose size is known; UnknownBlobs is how many others it
	// deleted.
	FreedBytes   int64
	UnknownBlobs int
	// RestartRegistries: blobs are gone and no cache was told. A registry that
	// caches blob descriptors takes them to be there, accepts a push that uses
	// one, and serves what it does not have, until it is restarted.
	RestartRegistries bool

	plan    *prune.Plan
	entries []entry // by number of the action
	details map[int]detail
	waiting []string          // what is said of blobs that wait, of many the same
	earlier *Condemnations    // among them those that earlier plans condemned; nil: there is none
	besides map[string]detail // their details, by digest
	count   map[prune.ActionKind]map[Status]int
}

// An entry is the compact form of a Result: the number of its status, or, of a blob
// that waits, one behind these for what is said of it.
type entry uint8

// A detail is what only few results have.
type detail struct {
	why string
	err error
}

func (d *detail) there() bool { return d.why != "" || d.err != nil }

func newReport(plan *prune.Plan, o *Options) *Report {
	r := &Report{
		Plan: plan.Digest(), DryRun: o.DryRun, Started: o.Now(), plan: plan,
		details: map[int]detail{}, besides: map[string]detail{}, count: map[prune.ActionKind]map[Status]int{},
	}
	for _, phase := range phases {
		r.count[kindOf[phase]] = map[Status]int{}
	}
	for a := range plan.Actions() {
		r.entries = append(r.entries, 0)
		r.count[a.Kind][NotRun]++
	}
	return r
}

// add notes what became of an action.
func (r *Report) add(result *Result) {
	kind := result.Action.Kind
	r.count[kind][result.Status]++
	e, d := r.entryOf(result)
	if result.Number < 0 {
		k := keyOf(result.Action.Digest)
		r.earlier.marks.get(&k).ended = e
		if d.there() {
			r.besides[result.Action.Digest] = d
		}
	} else {
		r.count[kind][r.statusOf(r.entries[result.Number])]--
		r.entries[result.Number] = e
		if d.there() {
			r.details[result.Number] = d
		}
	}
	if kind == prune.DeleteBlob && result.Status == Done {
		r.FreedBytes += result.Action.Bytes
		if result.Action.Bytes == 0 {
			r.UnknownBlobs++
		}
	}
}

// entryOf returns the compact form of a result, and what it does not hold.
func (r *Report) entryOf(result *Result) (entry, detail) {
	e, d := entry(slices.Index(statuses, result.Status)), detail{result.Why, result.Err}
	if result.Status != Condemned || result.Err != nil {
		return e, d
	}
	i := slices.Index(r.waiting, result.Why)
	if i < 0 && len(statuses)+len(r.waiting) <= math.MaxUint8 {
		i = len(r.waiting)
		r.waiting = append(r.waiting, result.Why)
	}
	if i < 0 {
		return e, d
	}
	return entry(len(statuses) + i), detail{}
}

func (r *Report) statusOf(e entry) Status {
	if int(e) < len(statuses) {
		return statuses[e]
	}
	return Condemned
}

// result returns what became of an action.
func (r *Report) result(number int, a *prune.Action, e entry, d detail) Result {
	if int(e) >= len(statuses) {
		d.why = r.waiting[int(e)-len(statuses)]
	}
	return Result{Number: number, Action: *a, Status: r.statusOf(e), Why: d.why, Err: d.err, DryRun: r.DryRun}
}

// Count returns how many actions of a kind ended so.
func (r *Report) Count(kind prune.ActionKind, status Status) int { return r.count[kind][status] }

// Results yields what became of every action of the plan, in its order, and then
// of blobs that earlier plans condemned, sorted, as far as the run came.
func (r *Report) Results() iter.Seq[Result] {
	return func(yield func(Result) bool) {
		i := 0
		for a := range r.plan.Actions() {
			if !yield(r.result(i, &a, r.entries[i], r.details[i])) {
				return
			}
			i++
		}
		if r.earlier == nil {
			return
		}
		for k, m := range r.earlier.marks.all() {
			if m.ofPlan {
				continue
			}
			a := earlierAction(k, m)
			d := r.besides[a.Digest]
			if m.ended == 0 && !d.there() { // the run did not come to it, nor was it cut off there
				continue
			}
			if !yield(r.result(-1, &a, m.ended, d)) {
				return
			}
		}
	}
}

// A Class groups errors for a person.
type Class string

// The classes of errors.
const (
	ClassConflict    Class = "conflict"
	ClassInUse       Class = "in use"
	ClassForbidden   Class = "forbidden"
	ClassUnsupported Class = "unsupported"
	ClassTimeout     Class = "timeout"
	ClassUnavailable Class = "unavailable"
	ClassOther       Class = "other"
)

func classOf(err error) Class {
	for _, c := range []struct {
		is    error
		class Class
	}{
		{ErrConflict, ClassConflict}, {ErrInUse, ClassInUse}, {ErrForbidden, ClassForbidden}, {fs.ErrPermission, ClassForbidden},
		{ErrUnsupported, ClassUnsupported}, {context.DeadlineExceeded, ClassTimeout}, {ErrUnavailable, ClassUnavailable},
	} {
		if errors.Is(err, c.is) {
			return c.class
		}
	}
	return ClassOther
}

// A Problem is a class of errors that actions ended with.
type Problem struct {
	Class Class
	Count int
	// First is the first of them, in the plan's order.
	First Result
}

// Problems returns the errors of the run by class, the most frequent first.
func (r *Report) Problems() []Problem {
	var list []Problem
	for result := range r.Results() {
		if result.Err == nil {
			continue
		}
		class := classOf(result.Err)
		i := slices.IndexFunc(list, func(p Problem) bool { return p.Class == class })
		if i < 0 {
			list = append(list, Problem{Class: class, First: result})
			i = len(list) - 1
		}
		list[i].Count++
	}
	slices.SortStableFunc(list, func(a, b Problem) int { return cmp.Compare(b.Count, a.Count) })
	return list
}

// String returns the report for a person, in several lines.
func (r *Report) String() string {
	var b strings.Builder
	line := func(format string, args ...any) {
		if r.DryRun {
			b.WriteString("dry run: ")
		}
		fmt.Fprintf(&b, format+"\n", args...)
	}
	for _, phase := range phases {
		counts := r.count[kindOf[phase]]
		var parts []string
		for _, status := range statuses[1:] {
			if counts[status] > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", counts[status], status))
			}
		}
		if counts[NotRun] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[NotRun], NotRun))
		}
		if len(parts) > 0 {
			line("%s: %s", phase, strings.Join(parts, ", "))
		}
	}
	if r.UnknownBlobs == 0 {
		line("freed %d bytes", r.FreedBytes)
	} else {
		line("freed %d bytes, and those of %d blobs of unknown size", r.FreedBytes, r.UnknownBlobs)
	}
	if r.Window > 0 {
		line("up to %s passed between a look at what is there and a deletion: what happened meanwhile was not seen", r.Window.Round(time.Millisecond))
	}
	for _, p := range r.Problems() {
		line("%d x %s, first: %s", p.Count, p.Class, strings.TrimPrefix(p.First.String(), "dry run: "))
	}
	if r.RestartRegistries {
		line("registries that cache blob descriptors must be restarted before the next push")
	}
	return b.String()
}
