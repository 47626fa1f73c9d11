package apply

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/registrykit/registrykit/prune"
)

// A Status says what became of an action.
type Status string

// What can become of an action.
const (
	// Done: this run deleted it.
	Done Status = "done"
	// Gone: it was gone already.
	Gone Status = "gone"
	// Condemned: a blob that waits for a later plan.
	Condemned Status = "condemned"
	// Stale: the action holds no more. The object is needed again, or another.
	Stale Status = "stale"
	// Held: an action that it depends on failed, is stale, or cannot be done.
	Held Status = "held"
	// Unsupported: the end can do no such thing.
	Unsupported Status = "unsupported"
	// Failed: the end failed.
	Failed Status = "failed"
	// NotRun: the run ended before. Where Result.Err is set, its end had been called,
	// and nobody knows whether it was done.
	NotRun Status = "not-run"
)

// statuses in the order in which a report shows them. A record holds the number.
var statuses = []Status{NotRun, Done, Gone, Condemned, Stale, Held, Unsupported, Failed}

// frees reports whether what the action is about is not there any more, so that
// what it held on to may go.
func (s Status) frees() bool { return s == Done || s == Gone }

// A Result is what became of one action.
type Result struct {
	// Number of the action in the plan, from 0; -1 of a blob that an earlier
	// plan condemned.
	Number int
	Action prune.Action
	Status Status
	// Why says why it is not done, in words; "" where it is.
	Why string
	// Err is the cause of Failed and Unsupported, and of what an end refused. Where an
	// action was tried in vain and then was stale or held, or the run ended, it is what
	// the last try ended with.
	Err error
	// DryRun: it is as if, nothing was done.
	DryRun bool
}

// unclear reports whether the object may be gone although its end failed.
func (r *Result) unclear() bool {
	return resultOf(r.Err).Status == Failed && !errors.Is(r.Err, ErrForbidden)
}

// String says in one line what became of what.
func (r Result) String() string {
	text := fmt.Sprintf("%s %s: %s", r.Action.Kind, objectOf(&r.Action), r.Status)
	if r.DryRun {
		text = "dry run: " + text
	}
	switch {
	case r.Why != "" && r.Err != nil:
		text += " (" + r.Why + ": " + r.Err.Error() + ")"
	case r.Why != "":
		text += " (" + r.Why + ")"
	case r.Err != nil:
		text += " (" + r.Err.Error() + ")"
	}
	return oneLine(text)
}

// oneLine keeps line breaks and other control characters, which errors and names may
// have, out of a line.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
}

// objectOf names what an action deletes.
func objectOf(a *prune.Action) string {
	switch a.Kind {
	case prune.DeleteTagItem:
		return fmt.Sprintf("%s:%s#%d", a.Stream, a.Tag, a.Index)
	case prune.DeleteImage:
		return a.Image
	case prune.DeleteBlob:
		return a.Digest
	}
	return a.Repository + " " + a.Digest
}
