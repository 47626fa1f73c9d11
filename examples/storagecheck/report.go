package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// report is what is printed, as JSON with these names.
type report struct {
	Root         string       `json:"root"`
	Sound        bool         `json:"sound"`
	Verified     bool         `json:"verified"` // every blob was read
	Repositories int          `json:"repositories"`
	Tags         int          `json:"tags"`
	Manifests    int          `json:"manifests"` // links, counted in each repository
	Layers       int          `json:"layers"`    // the same, configs among them
	Blobs        int          `json:"blobs"`
	Bytes        int64        `json:"bytes"`
	Uploads      int          `json:"uploads"` // that have not ended
	UploadBytes  int64        `json:"uploadBytes"`
	Orphans      []orphan     `json:"orphans"`
	OrphanBytes  int64        `json:"orphanBytes"`
	Dangling     []dangling   `json:"dangling"`
	BrokenLinks  []broken     `json:"brokenLinks"`
	Mismatches   []unreadable `json:"mismatches"`
	Unreadable   []unreadable `json:"unreadable"`
	Unknown      []string     `json:"unknown"` // keys that no registry makes; no finding

	// Temporary files that nobody is known to hold, or why they could not be listed,
	// as on a volume that is read-only: no finding.
	remains     int
	remainBytes int64
	remainsErr  error
}

// orphan is what nobody points to: a blob, a repository's link to a layer, or the
// index of a tag that is nothing.
type orphan struct {
	Repository string        `json:"repository,omitempty"`
	Kind       string        `json:"kind"` // "blob", "layer" or "tag"
	Digest     digest.Digest `json:"digest,omitempty"`
	Tag        string        `json:"tag,omitempty"`
	Bytes      int64         `json:"bytes,omitempty"`
}

// dangling is a reference to what is not there.
type dangling struct {
	Repository string                       `json:"repository"`
	Kind       registrylayout.ReferenceKind `json:"kind"`
	Digest     digest.Digest                `json:"digest"`
	Missing    digest.Digest                `json:"missing"`
	Tag        string                       `json:"tag,omitempty"`
	Unlinked   bool                         `json:"unlinked,omitempty"` // the bytes are there, the link is not
}

// broken is a link that is none.
type broken struct {
	Repository string `json:"repository"`
	Key        string `json:"key"`
	Error      string `json:"error"`
}

// unreadable is a blob whose bytes are not what they should be.
type unreadable struct {
	Repository string        `json:"repository,omitempty"`
	Digest     digest.Digest `json:"digest"`
	Key        string        `json:"key"`
	Error      string        `json:"error"`
}

// newReport returns one whose lists are empty, not null.
func newReport(root string, verified bool) *report {
	return &report{Root: root, Verified: verified, Orphans: []orphan{}, Dangling: []dangling{}, BrokenLinks: []broken{},
		Mismatches: []unreadable{}, Unreadable: []unreadable{}, Unknown: []string{}}
}

func (r *report) add(f registrylayout.Finding) {
	switch f.Kind {
	case registrylayout.Orphan:
		kind := string(f.Reference)
		if kind == "" {
			kind = "blob"
		}
		r.Orphans = append(r.Orphans, orphan{f.Repository, kind, f.Digest, f.Tag, f.Bytes})
	case registrylayout.Dangling:
		r.Dangling = append(r.Dangling, dangling{f.Repository, f.Reference, f.Digest, f.Missing, f.Tag, f.Unlinked})
	case registrylayout.BrokenLink:
		r.BrokenLinks = append(r.BrokenLinks, broken{f.Repository, f.Key, f.Err.Error()})
	case registrylayout.Mismatch:
		r.Mismatches = append(r.Mismatches, unreadable{f.Repository, f.Digest, f.Key, f.Err.Error()})
	case registrylayout.Unreadable:
		r.Unreadable = append(r.Unreadable, unreadable{f.Repository, f.Digest, f.Key, f.Err.Error()})
	case registrylayout.Unknown:
		r.Unknown = append(r.Unknown, f.Key)
	}
}

func (r *report) sum(s registrylayout.Summary) {
	r.Sound = s.Sound()
	r.Repositories, r.Tags, r.Manifests, r.Layers = s.Repositories, s.Tags, s.ManifestLinks, s.LayerLinks
	r.Blobs, r.Bytes, r.OrphanBytes = s.Blobs, s.Bytes, s.OrphanBytes
	r.Uploads, r.UploadBytes = s.Uploads, s.UploadBytes
}

func (r *report) print(w io.Writer, format string) error {
	out := bufio.NewWriterSize(w, 1<<16)
	if format == "json" {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			return err
		}
	} else {
		r.printText(out)
	}
	return out.Flush()
}

func (r *report) printText(w io.Writer) {
	fmt.Fprintf(w, "%d repositories, %d tags, %d blobs, %s\n", r.Repositories, r.Tags, r.Blobs, size(r.Bytes))
	if r.Uploads > 0 {
		fmt.Fprintf(w, "%d uploads that have not ended, %s\n", r.Uploads, size(r.UploadBytes))
	}
	if r.remains > 0 {
		fmt.Fprintf(w, "%d temporary files that nobody is known to write to, %s\n", r.remains, size(r.remainBytes))
	}
	if r.remainsErr != nil {
		fmt.Fprintf(w, "temporary files could not be listed: %s\n", oneLine(r.remainsErr.Error()))
	}
	section(w, fmt.Sprintf("Orphans, which nobody points to: %d, %s", len(r.Orphans), size(r.OrphanBytes)), r.Orphans, func(o orphan) string {
		switch o.Kind {
		case "blob":
			return fmt.Sprintf("blob %s  %s", o.Digest, size(o.Bytes))
		case "tag":
			return fmt.Sprintf("index of tag %s in %s", o.Tag, o.Repository)
		}
		return fmt.Sprintf("%s link %s in %s", o.Kind, o.Digest, o.Repository)
	})
	section(w, fmt.Sprintf("Dangling, which point to what is not there: %d", len(r.Dangling)), r.Dangling, dangling.text)
	section(w, fmt.Sprintf("Broken links: %d", len(r.BrokenLinks)), r.BrokenLinks, func(b broken) string { return b.Error })
	section(w, fmt.Sprintf("Digests that do not match: %d", len(r.Mismatches)), r.Mismatches, func(m unreadable) string { return m.Key })
	section(w, fmt.Sprintf("Manifests that cannot be read: %d", len(r.Unreadable)), r.Unreadable, func(u unreadable) string {
		return fmt.Sprintf("%s in %s: %s", u.Digest, u.Repository, u.Error)
	})
	section(w, fmt.Sprintf("Files that no registry makes: %d", len(r.Unknown)), r.Unknown, func(key string) string { return key })
	switch {
	case !r.Sound:
	case r.Verified:
		fmt.Fprintln(w, "All is sound; every blob was read.")
	default:
		fmt.Fprintln(w, "All is sound; blobs were not read (--verify).")
	}
}

func (d dangling) text() string {
	from := d.Digest.String()
	switch {
	case d.Tag != "":
		from = "tag " + d.Tag
	case d.Digest == d.Missing:
		from = "a link"
	}
	why := "is not there"
	if d.Unlinked {
		why = "is not linked there, though its bytes are there"
	}
	what := string(d.Kind)
	if d.Tag != "" {
		what = "manifest"
	}
	return fmt.Sprintf("%s: %s needs the %s %s, which %s", d.Repository, from, what, d.Missing, why)
}

// section prints a list under its title, or nothing.
func section[T any](w io.Writer, title string, list []T, text func(T) string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, item := range list {
		fmt.Fprintf(w, "  %s\n", oneLine(text(item)))
	}
}

// size prints bytes as a person reads them.
func size(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	value, units := float64(n)/(1<<10), "KMGTPE"
	for value >= 1<<10 && len(units) > 1 {
		value, units = value/(1<<10), units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", value, units[0])
}
