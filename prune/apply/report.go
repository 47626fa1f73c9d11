package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
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
	// the end of a deletion that was judged by it. What happened in it was not
	// seen.
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
	earlier []Result // of blobs that earlier plans condemned
	count   map[prune.ActionKind]map[Status]int
}

// An entry is the compact form of a Result: the number of its status.
type entry uint8

// A detail is what only few results have.
type detail struct {
	why string
	err error
}

func newReport(plan *prune.Plan, o *Options) *Report {
	r := &Report{
		Plan: plan.Digest(), DryRun: o.DryRun, Started: o.Now(), plan: plan,
		details: map[int]detail{}, count: map[prune.ActionKind]map[Status]int{},
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
	if result.Number < 0 {
		r.earlier = append(r.earlier, *result)
	} else {
		r.count[kind][statuses[r.entries[result.Number]]]--
		r.entries[result.Number] = entry(slices.Index(statuses, result.Status))
		if result.Why != "" || result.Err != nil {
			r.details[result.Number] = detail{result.Why, result.Err}
		}
	}
	if kind == prune.DeleteBlob && result.Status == Done {
		r.FreedBytes += result.Action.Bytes
		if result.Action.Bytes == 0 {
			r.UnknownBlobs++
		}
	}
}

// Count returns how many actions of a kind ended so.
func (r *Report) Count(kind prune.ActionKind, status Status) int { return r.count[kind][status] }

// Results yields what became of every action of the plan, in its order, and then
// of blobs that earlier plans condemned.
func (r *Report) Results() iter.Seq[Result] {
	return func(yield func(Result) bool) {
		i := 0
		for a := range r.plan.Actions() {
			d := r.details[i]
			if !yield(Result{Number: i, Action: a, Status: statuses[r.entries[i]], Why: d.why, Err: d.err, DryRun: r.DryRun}) {
				return
			}
			i++
		}
		for _, result := range r.earlier {
			if !yield(result) {
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
