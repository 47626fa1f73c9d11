package prune

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/registrykit/registrykit/prune/inventory"
)

// Missing returns the kinds that the policy needs and that were not listed
// completely. While there is one, what it could protect stays.
func (p *Plan) Missing() []inventory.Kind {
	complete := map[inventory.Kind]bool{}
	for _, e := range p.Evidence {
		complete[e.Kind] = e.Complete
	}
	return slices.DeleteFunc(p.Policy.Needs(), func(k inventory.Kind) bool { return complete[k] })
}

// WriteText writes the plan for a person: a summary, what goes by namespace,
// and tables of what goes of at most rows lines each; 0 means all. Its wording
// may change.
func (p *Plan) WriteText(w io.Writer, rows int) error {
	t := &textWriter{out: bufio.NewWriter(w), rows: rows}
	t.summary(p)
	t.references("These references do not parse, so what they use is not known:", p.InvalidReferences)
	t.unknownImages(p)
	if p.Summary.Actions() == 0 {
		t.line("Nothing to delete: %s.", p.nothingBecause())
	} else {
		t.namespaces(p)
		t.actions(p)
	}
	t.references("Not read, and therefore protecting nothing:", p.UnreadReferences)
	return t.out.Flush()
}

type textWriter struct {
	out  *bufio.Writer
	rows int
}

func (t *textWriter) line(format string, args ...any) {
	// Each line but the first may begin with an empty one.
	text, blank := strings.CutPrefix(fmt.Sprintf(format, args...), "\n")
	if blank {
		text = "\n" + printable(text)
	} else {
		text = printable(text)
	}
	fmt.Fprintln(t.out, text)
}

// printable shows control characters, which a name in a dump may have, instead
// of sending them to a terminal.
func printable(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (t *textWriter) summary(p *Plan) {
	t.line("Plan of %s, good until %s.", p.Now.Format(time.RFC3339), p.Expires.Format(time.RFC3339))
	var counts []string
	for _, e := range p.Evidence {
		if e.Count > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", e.Count, e.Kind))
		}
	}
	if len(counts) > 0 {
		t.line("Known: %s.", strings.Join(counts, ", "))
	}
	s := p.Summary
	if s.Actions() > 0 {
		t.line("To delete: %d tag items, %d manifest links, %d layer links, %d images, %d blobs.",
			s.TagItems, s.ManifestLinks, s.LayerLinks, s.Images, s.Blobs)
		t.line("To free: %s in %d blobs; %d more are of unknown size.", bytesText(s.FreedBytes), s.Blobs-s.UnknownBlobs, s.UnknownBlobs)
	}
}

// nothingBecause says why a plan does nothing.
func (p *Plan) nothingBecause() string {
	missing := p.Missing()
	switch {
	case len(p.InvalidReferences) > 0 && !p.Policy.IgnoreInvalidReferences:
		return "references do not parse, and the policy does not ignore them"
	case !p.Policy.deletes():
		return "the policy deletes nothing"
	case len(missing) > 0:
		return fmt.Sprintf("%s not listed completely, and what is not known may need everything", kindsText(missing))
	case p.holdsBack():
		return "no tag item is to be dropped, and images that are needed and not known may need every blob"
	}
	return "everything is " + strings.Join(append(p.Policy.keepsWhatIs(), "or otherwise kept by a rule"), ", ")
}

func (p *Plan) holdsBack() bool {
	return slices.ContainsFunc(p.Evidence, func(e Evidence) bool { return len(e.Unknown) > 0 })
}

func kindsText(kinds []inventory.Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

func (t *textWriter) references(title string, list []BadReference) {
	if len(list) == 0 {
		return
	}
	t.line("\n%s", title)
	for i, r := range list {
		if t.tooMany(i, len(list)) {
			return
		}
		t.line("  %s %s: %q: %s", r.Object, r.Field, r.Value, r.Error)
	}
}

func (t *textWriter) unknownImages(p *Plan) {
	for _, e := range p.Evidence {
		if len(e.Unknown) == 0 {
			continue
		}
		t.line("\nNeeded and not known. Each may need any blob, so no image and no blob goes:")
		for i, u := range e.Unknown {
			if t.tooMany(i, len(e.Unknown)) {
				return
			}
			what := ""
			if u.Partial {
				what = " (known, but not what it is made of)"
			}
			t.line("  %s%s, needed by %s", u.Image, what, u.NeededBy)
		}
	}
}

// tooMany ends a table at its last row.
func (t *textWriter) tooMany(i, n int) bool {
	if t.rows > 0 && i == t.rows {
		t.line("  … and %d more", n-i)
		return true
	}
	return false
}

// perNamespace counts what goes in one namespace.
type perNamespace struct {
	items, links, images, blobs int
	bytes                       int64
}

// namespaces writes what goes by namespace. An image and its blobs count where
// a tag item listed it first; those that no item ever listed, by themselves.
func (t *textWriter) namespaces(p *Plan) {
	total := map[string]*perNamespace{}
	in := func(namespace string) *perNamespace {
		if total[namespace] == nil {
			total[namespace] = &perNamespace{}
		}
		return total[namespace]
	}
	home := map[string]string{} // of an image: namespace
	for a := range p.Actions() {
		switch a.Kind {
		case DeleteTagItem:
			namespace := namespaceOf(a.Stream)
			in(namespace).items++
			if home[a.Image] == "" {
				home[a.Image] = namespace
			}
		case DeleteManifestLink, DeleteLayerLink:
			namespace := namespaceOf(a.Repository)
			in(namespace).links++
			if a.Kind == DeleteManifestLink && home[a.Digest] == "" {
				home[a.Digest] = namespace // of an index's child
			}
		case DeleteImage:
			in(home[a.Image]).images++
		case DeleteBlob:
			n := in(home[a.Reason.Image])
			n.blobs++
			n.bytes = sumOf(n.bytes, a.Bytes)
		}
	}
	t.line("")
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "NAMESPACE\tTAG ITEMS\tLINKS\tIMAGES\tBLOBS\tFREED\t")
	names := slices.SortedFunc(maps.Keys(total), func(a, b string) int {
		return cmp.Or(-cmp.Compare(total[a].bytes, total[b].bytes), strings.Compare(a, b))
	})
	for i, name := range names {
		if t.rows > 0 && i == t.rows {
			fmt.Fprintf(table, "and %d more\t\t\t\t\t\t\n", len(names)-i)
			break
		}
		n := total[name]
		if name == "" {
			name = "(in no stream)"
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%s\t\n", printable(name), n.items, n.links, n.images, n.blobs, bytesText(n.bytes))
	}
	_ = table.Flush() // its writer keeps the error
}

func namespaceOf(repository string) string {
	namespace, _ := splitRepository(repository)
	return namespace
}

// actions writes a table for each kind of deletion.
func (t *textWriter) actions(p *Plan) {
	count := map[ActionKind]int{
		DeleteTagItem: p.Summary.TagItems, DeleteManifestLink: p.Summary.ManifestLinks,
		DeleteLayerLink: p.Summary.LayerLinks, DeleteImage: p.Summary.Images, DeleteBlob: p.Summary.Blobs,
	}
	done := map[ActionKind]int{}
	for a := range p.Actions() {
		if done[a.Kind] == 0 {
			t.line("\n%s:", a.Kind)
		}
		if t.rows == 0 || done[a.Kind] <= t.rows {
			if !t.tooMany(done[a.Kind], count[a.Kind]) {
				t.line("  %s", a.text())
			}
		}
		done[a.Kind]++
	}
}

func (a *Action) text() string {
	switch a.Kind {
	case DeleteTagItem:
		return fmt.Sprintf("%s:%s#%d  %s  %s", a.Stream, a.Tag, a.Index, short(a.Image), a.Reason)
	case DeleteImage:
		return fmt.Sprintf("%s  %s", short(a.Image), a.Reason)
	case DeleteBlob:
		size := "size unknown"
		if a.Bytes > 0 {
			size = bytesText(a.Bytes)
		}
		return fmt.Sprintf("%s  %s  %s", short(a.Digest), size, a.Reason)
	}
	return fmt.Sprintf("%s  %s  %s", a.Repository, short(a.Digest), a.Reason)
}

// short shortens a digest to what a person compares, and Explain takes.
func short(digest string) string {
	const shown = len("sha256:") + 12
	if strings.HasPrefix(digest, "sha256:") && len(digest) == len("sha256:")+64 {
		return digest[:shown]
	}
	return digest
}

// bytesText writes a number of bytes in the largest binary unit that fits.
func bytesText(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	units := "KMGTPE"
	v := float64(n) / 1024
	for len(units) > 1 && v >= 1024 {
		v, units = v/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", v, units[0])
}
