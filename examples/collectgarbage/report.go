package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// report is what a run did.
type report struct {
	Blobs struct {
		Kept int `json:"kept"`
		// Deleted are those whose bytes are gone; Condemned is how many wait for a
		// later run, and are kept until then.
		Deleted   []string `json:"deleted"`
		Condemned int      `json:"condemned,omitempty"`
	} `json:"blobs"`
	Links struct {
		Deleted []link `json:"deleted"`
	} `json:"links"`
	Dangling []dangling `json:"dangling"`
	Uploads  []upload   `json:"uploads,omitempty"` // that were deleted
	Freed    int64      `json:"freedBytes"`
	DryRun   bool       `json:"dryRun,omitempty"` // the lists are of what would be deleted

	empty         bool
	root          string
	stay          int    // links and blobs of the plan that were not deleted after all
	why           string // the first of them, and why
	gone          map[link]bool
	restart       bool
	leases        int  // records of leases that were taken away
	remains, dirs int  // temporary files and empty directories that were taken away
	leasesStay    bool // the volume cannot delete them safely
}

// link is an entry of a repository: of a manifest, of a layer or config, or of what a
// tag was.
type link struct {
	Repository string `json:"repository"`
	Kind       string `json:"kind"`
	Digest     string `json:"digest"`
}

type dangling struct {
	Repository string                       `json:"repository"`
	Kind       registrylayout.ReferenceKind `json:"kind"`
	Digest     string                       `json:"digest"`
	Missing    string                       `json:"missing"`
}

type upload struct {
	Repository string `json:"repository"`
	ID         string `json:"id"`
}

// newReport returns one whose lists are empty, not null.
func newReport(o options, empty bool) *report {
	r := &report{Dangling: []dangling{}, empty: empty, DryRun: o.dryRun, root: o.root, gone: map[link]bool{}}
	r.Blobs.Deleted, r.Links.Deleted = []string{}, []link{}
	return r
}

func (r *report) finding(f registrylayout.Finding) {
	if f.Kind == registrylayout.Dangling {
		r.Dangling = append(r.Dangling, dangling{f.Repository, f.Reference, string(f.Digest), string(f.Missing)})
	}
}

func (r *report) deleted(l link) {
	r.gone[l] = true
	r.Links.Deleted = append(r.Links.Deleted, l)
}

// results takes what became of the plan. An Image is no object of a volume.
func (r *report) results(done *apply.Report) {
	for result := range done.Results() {
		switch {
		case result.Action.Kind == prune.DeleteImage:
		case result.Status == apply.Done:
			r.done(&result.Action)
		case result.Status == apply.Condemned:
			r.Blobs.Condemned++
		case result.Status == apply.Stale, result.Status == apply.Held:
			if r.stay++; r.stay == 1 {
				r.why = result.String()
			}
		}
	}
	r.Freed, r.restart = done.FreedBytes, done.RestartRegistries
}

func (r *report) done(a *prune.Action) {
	switch a.Kind {
	case prune.DeleteManifestLink:
		r.deleted(link{a.Repository, "manifest", a.Digest})
	case prune.DeleteLayerLink:
		r.deleted(link{a.Repository, "layer", a.Digest})
	case prune.DeleteBlob:
		r.Blobs.Deleted = append(r.Blobs.Deleted, a.Digest)
		r.Blobs.Kept--
	}
}

// impossible is the error where the volume cannot do something that the plan asks for,
// which is none to package apply: other ends do the rest.
func impossible(done *apply.Report) error {
	n, first := 0, error(nil)
	for result := range done.Results() {
		if result.Status == apply.Unsupported {
			if n++; n == 1 {
				first = result.Err
			}
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d deletions are impossible on this volume: %w", n, first)
}

func (r *report) sort() {
	slices.Sort(r.Blobs.Deleted)
	slices.SortFunc(r.Links.Deleted, func(a, b link) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Digest, b.Digest))
	})
	slices.SortFunc(r.Dangling, func(a, b dangling) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Missing, b.Missing))
	})
}

func (r *report) print(w io.Writer, format string) error {
	r.sort()
	out := bufio.NewWriterSize(w, 1<<16)
	if format == "json" {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			return err
		}
	} else {
		r.text(out)
	}
	return out.Flush()
}

func (r *report) emptiness() string { return oneLine(r.root) + " is empty: there is no garbage" }

func (r *report) text(w io.Writer) {
	line := func(format string, args ...any) { fmt.Fprintln(w, oneLine(fmt.Sprintf(format, args...))) }
	if r.empty {
		line("%s", r.emptiness())
		return
	}
	verb, are := "deleted", "are"
	if r.DryRun {
		verb, are = "would delete", "would be"
	}
	for _, l := range r.Links.Deleted {
		line("%s the %s link %s of %s", verb, l.Kind, l.Digest, l.Repository)
	}
	for _, digest := range r.Blobs.Deleted {
		line("%s the blob %s", verb, digest)
	}
	for _, u := range r.Uploads {
		line("%s the upload %s of %s", verb, u.ID, u.Repository)
	}
	for _, d := range r.Dangling {
		line("dangling: %s of %s needs the %s %s, which is not there", d.Digest, d.Repository, d.Kind, d.Missing)
	}
	line("%s %d links and %d blobs, %d bytes; %d blobs stay", verb, len(r.Links.Deleted), len(r.Blobs.Deleted), r.Freed, r.Blobs.Kept)
	if r.Blobs.Condemned > 0 {
		line("%d of these %s condemned: they go with a later run, if nobody needs them by then", r.Blobs.Condemned, are)
	}
	if r.stay > 0 {
		line("%d links and blobs that were to go stay; the first: %s", r.stay, r.why)
	}
	if r.remains+r.dirs > 0 {
		line("deleted %d temporary files of writers that died, and %d empty directories", r.remains, r.dirs)
	}
	if r.leases > 0 {
		line("deleted %d records of leases that ran out long ago", r.leases)
	}
	if r.leasesStay {
		line("records of leases stay: this volume cannot delete under a condition")
	}
	if r.restart && !r.DryRun {
		line("restart the registry before the next push, if it caches blob descriptors")
	}
}
