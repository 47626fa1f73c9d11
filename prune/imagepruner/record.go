package imagepruner

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
)

// RunAnnotation is the annotation that holds the record of the last run, on the
// ImagePruner or on the Job.
const RunAnnotation = "registrykit.github.io/last-run"

// What a record may be at most, in bytes. All annotations of an object together may
// have 256 KiB.
const (
	maxRecord      = 16 << 10
	maxRunMessage  = 1024
	maxRunErrors   = 10
	maxRunErrorLen = 256
)

// A RunRecord says what a run of a pruner did, short enough for a condition's message
// ([RunRecord.String]) and for an annotation ([RunRecord.Annotation]).
type RunRecord struct {
	// Plan is the digest of the plan; "" where there was none.
	Plan    string           `json:"plan,omitempty"`
	Started imagestream.Time `json:"started"`
	Ended   imagestream.Time `json:"ended"`
	DryRun  bool             `json:"dryRun,omitempty"`

	// Deleted counts what is gone, by kind, what was gone before the run among it.
	Deleted RunCounts `json:"deleted"`
	// Kept counts the actions of the plan that did not come to be.
	Kept RunKept `json:"kept,omitzero"`
	// FreedBytes are those of the blobs deleted whose size is known, UnknownBlobs how
	// many others were.
	FreedBytes   int64 `json:"freedBytes"`
	UnknownBlobs int   `json:"unknownBlobs,omitempty"`

	// Errors are the run's own and the classes of errors that actions ended with, the
	// most frequent first; at most 10, each of at most 256 bytes.
	Errors []string `json:"errors,omitempty"`
}

// RunCounts counts deletions.
type RunCounts struct {
	TagItems      int `json:"tagItems"`
	ManifestLinks int `json:"manifestLinks"`
	LayerLinks    int `json:"layerLinks"`
	Images        int `json:"images"`
	Blobs         int `json:"blobs"`
}

// RunKept counts actions by what kept them from being done.
type RunKept struct {
	Condemned   int `json:"condemned,omitempty"` // blobs that wait for a later plan
	Stale       int `json:"stale,omitempty"`
	Held        int `json:"held,omitempty"`
	Unsupported int `json:"unsupported,omitempty"`
	Failed      int `json:"failed,omitempty"`
	NotRun      int `json:"notRun,omitempty"`
}

// NewRunRecord records what [apply.Run] returned. A nil report is a run that came to
// no plan; started and ended are its times then, and are not used otherwise.
func NewRunRecord(report *apply.Report, err error, started, ended time.Time) RunRecord {
	r := RunRecord{Started: second(started), Ended: second(ended)}
	if report != nil {
		r.Plan, r.DryRun = report.Plan, report.DryRun
		r.Started, r.Ended = second(report.Started), second(report.Ended)
		r.FreedBytes, r.UnknownBlobs = report.FreedBytes, report.UnknownBlobs
		r.count(report)
		for _, p := range report.Problems() {
			r.note(fmt.Sprintf("%d × %s: %s", p.Count, p.Class, p.First))
		}
	}
	// What actions failed with is among the problems already.
	if err != nil && (len(r.Errors) == 0 || !errors.Is(err, apply.ErrIncomplete)) {
		r.note(err.Error())
	}
	return r
}

func second(t time.Time) imagestream.Time {
	return imagestream.NewTime(t.UTC().Truncate(time.Second))
}

func (r *RunRecord) count(report *apply.Report) {
	gone := func(kind prune.ActionKind) int {
		return report.Count(kind, apply.Done) + report.Count(kind, apply.Gone)
	}
	r.Deleted = RunCounts{
		TagItems:      gone(prune.DeleteTagItem),
		ManifestLinks: gone(prune.DeleteManifestLink),
		LayerLinks:    gone(prune.DeleteLayerLink),
		Images:        gone(prune.DeleteImage),
		Blobs:         gone(prune.DeleteBlob),
	}
	for _, kind := range []prune.ActionKind{prune.DeleteTagItem, prune.DeleteManifestLink, prune.DeleteLayerLink, prune.DeleteImage, prune.DeleteBlob} {
		r.Kept.Condemned += report.Count(kind, apply.Condemned)
		r.Kept.Stale += report.Count(kind, apply.Stale)
		r.Kept.Held += report.Count(kind, apply.Held)
		r.Kept.Unsupported += report.Count(kind, apply.Unsupported)
		r.Kept.Failed += report.Count(kind, apply.Failed)
		r.Kept.NotRun += report.Count(kind, apply.NotRun)
	}
}

func (r *RunRecord) note(text string) {
	if len(r.Errors) < maxRunErrors {
		r.Errors = append(r.Errors, clean(text, maxRunErrorLen))
	}
}

// clean makes one line of a text, of so many bytes at most.
func clean(text string, most int) string {
	return cut(strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " "), most)
}

// String returns the record in one line of at most 1024 bytes, for a condition's
// message or an event.
func (r RunRecord) String() string {
	var b strings.Builder
	verb := "Deleted"
	if r.DryRun {
		verb = "Would have deleted"
	}
	d := r.Deleted
	fmt.Fprintf(&b, "%s %d tag items, %d manifest links, %d layer links, %d images and %d blobs (%d bytes", verb, d.TagItems, d.ManifestLinks, d.LayerLinks, d.Images, d.Blobs, r.FreedBytes)
	if r.UnknownBlobs > 0 {
		fmt.Fprintf(&b, " and %d blobs of unknown size", r.UnknownBlobs)
	}
	b.WriteString(")")
	for _, kept := range []struct {
		count int
		what  string
	}{
		{r.Kept.Condemned, "condemned"}, {r.Kept.Stale, "stale"}, {r.Kept.Held, "held"},
		{r.Kept.Unsupported, "unsupported"}, {r.Kept.Failed, "failed"}, {r.Kept.NotRun, "not run"},
	} {
		if kept.count > 0 {
			fmt.Fprintf(&b, ", %d %s", kept.count, kept.what)
		}
	}
	if !r.Started.IsZero() && !r.Ended.IsZero() {
		fmt.Fprintf(&b, " in %s", r.Ended.Sub(r.Started.Time))
	}
	if r.Plan != "" {
		fmt.Fprintf(&b, ", plan %s", r.Plan)
	}
	b.WriteByte('.')
	if len(r.Errors) > 0 {
		fmt.Fprintf(&b, " Errors: %s", strings.Join(r.Errors, "; "))
	}
	return clean(b.String(), maxRunMessage)
}

// Annotation returns the record for [RunAnnotation]: one line of JSON.
func (r RunRecord) Annotation() (string, error) {
	text, err := compact(r)
	return string(text), err
}

// ParseRunRecord reads what [RunRecord.Annotation] returned. It fails for what is not
// such a record, and for more than 16 KiB.
func ParseRunRecord(annotation string) (RunRecord, error) {
	if len(annotation) > maxRecord {
		return RunRecord{}, fmt.Errorf("a run record of %d bytes, more than %d", len(annotation), maxRecord)
	}
	var r RunRecord
	if err := json.Unmarshal([]byte(annotation), &r); err != nil {
		return RunRecord{}, fmt.Errorf("not a run record: %s", short(err.Error()))
	}
	return r, nil
}
