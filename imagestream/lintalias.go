package imagestream

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// A fate is where a tag that follows others ends.
type fate struct {
	next  TagName // what it follows; the zero value: nothing
	steps int     // to the end
	end   TagName // what holds the image; or what is missing, or not known
	err   error   // a *CycleError, or why the end is not there or not known
}

// fate follows a tag to its end. What was followed before is known, so that all
// tags together take as many steps as there are tags.
func (l *linter) fate(tag TagName) *fate {
	var path []TagName
	places := map[TagName]int{}
	n := tag
	for l.fates[n] == nil {
		if i, ok := places[n]; ok {
			l.closeCycle(path[i:])
			path = path[:i]
			break
		}
		next, err := l.follow(n)
		if next == (TagName{}) {
			l.fates[n] = &fate{end: n, err: err}
			break
		}
		places[n] = len(path)
		path = append(path, n)
		n = next
	}
	for _, from := range slices.Backward(path) {
		to := l.fates[n]
		l.fates[from] = &fate{next: n, steps: to.steps + 1, end: to.end, err: to.err}
		n = from
	}
	return l.fates[tag]
}

func (l *linter) closeCycle(path []TagName) {
	err := newCycleError(path)
	for i, n := range path {
		l.fates[n] = &fate{next: path[(i+1)%len(path)], steps: len(path), err: err}
	}
}

// follow returns what a tag follows, nothing where it follows none, or why it is
// not there.
func (l *linter) follow(n TagName) (TagName, error) {
	x := l.find(n.Namespace, n.Stream)
	if x.err != nil {
		return TagName{}, x.err
	}
	t := x.spec[n.Tag]
	if t == nil {
		if x.status[n.Tag] == nil {
			return TagName{}, fmt.Errorf("%s: %w", shortText(n.String()), ErrTagNotFound)
		}
		return TagName{}, nil
	}
	next, _ := x.stream.Target(t)
	return next, nil
}

const maxLintPath = 32

// path returns the tags from one whose fate is known to its end; those of a cycle
// once each.
func (l *linter) path(n TagName) (path []TagName) {
	end, seen := l.fates[n].end, map[TagName]bool{}
	for n != (TagName{}) && !seen[n] {
		if len(path) == maxLintPath-1 && n != end {
			if end != (TagName{}) {
				path = append(path, end)
			}
			return path
		}
		seen[n] = true
		path = append(path, n)
		n = l.fates[n].next
	}
	return path
}

// alias checks a tag that follows another.
func (l *linter) alias(t *TagReference, target TagName) {
	own := l.s.tagName(t.Name)
	f := l.fate(own)
	field := specField(t.Name, "from.name")
	path := l.path(own)
	var cycle *CycleError
	switch {
	case f.err == nil:
	case errors.As(f.err, &cycle):
		l.found(Finding{
			Rule: RuleAliasCycle, Tag: t.Name, Field: field, Path: path, Err: cycle,
			Message: "the tag follows a cycle: " + cycle.text(),
			Hint:    "let one tag of the cycle come from an image: oc tag --source=docker PULLSPEC " + shortText(cycle.Path[0].String()),
		})
		return
	case isAbsent(f.err):
		l.dangling(t, field, path, f)
		return
	default:
		l.notChecked(NotChecked{
			Rule: RuleDangling, Tag: t.Name, Field: field, Err: f.err,
			Message: pathText(path, f.steps+1) + ": " + unknownText(f.err),
		})
	}
	l.soundAlias(t, target, field, path, f)
}

func unknownText(err error) string {
	if errors.Is(err, ErrNoLookup) {
		return "there is no lookup to find that stream with"
	}
	return shortText(err.Error())
}

func (l *linter) dangling(t *TagReference, field string, path []TagName, f *fate) {
	what, missing := "tag", shortText(f.end.String())
	if errors.Is(f.err, ErrStreamNotFound) {
		what, missing = "stream", streamText(f.end.Namespace, f.end.Stream)
	}
	l.found(Finding{
		Rule: RuleDangling, Tag: t.Name, Field: field, Path: path, Err: f.err,
		Message: fmt.Sprintf("the %s %s is not there: %s%s", what, missing, pathText(path, f.steps+1), l.stillPoints(t.Name)),
		Hint:    fmt.Sprintf("make %s, or remove the tag: oc tag -d %s", missing, l.name(t.Name)),
	})
}

// stillPoints says what becomes of a tag that nothing moves any more.
func (l *linter) stillPoints(tag string) string {
	if item := l.own.latest(tag); item != nil {
		return "; the tag still points to " + shortText(cmp.Or(item.Image, item.DockerImageReference))
	}
	return ""
}

// soundAlias checks what is worth knowing of a tag whose target may well be there.
func (l *linter) soundAlias(t *TagReference, target TagName, field string, path []TagName, f *fate) {
	x := l.find(target.Namespace, target.Stream)
	if target.Namespace != l.s.Namespace || target.Stream != l.s.Name {
		l.found(Finding{
			Rule: RuleAliasElsewhere, Tag: t.Name, Field: field, Path: path,
			Message: "the tag follows one of another stream: " + pathText(path, f.steps+1) + "; the server copies it once and does not follow",
			Hint:    "copy it anew when it changes: " + l.retag(target, t.Name),
		})
	}
	if f.steps > 1 {
		l.found(Finding{
			Rule: RuleAliasChain, Tag: t.Name, Field: field, Path: path,
			Message: "the tag follows one that follows another: " + pathText(path, f.steps+1) + "; the server brings only direct followers up to date",
			Hint:    "follow the last one: " + l.retag(f.end, t.Name),
		})
	}
	if x.err != nil {
		return
	}
	if to := x.spec[target.Tag]; to != nil && referencePolicy(to) != referencePolicy(t) {
		l.found(Finding{
			Rule: RuleAliasPolicy, Tag: t.Name, Field: specField(t.Name, "referencePolicy.type"), Path: path,
			Message: fmt.Sprintf("the tag has the reference policy %s, and %s, which it follows, has %s", shortText(string(referencePolicy(t))), shortText(target.String()), shortText(string(referencePolicy(to)))),
			Hint:    fmt.Sprintf("set referencePolicy.type to %s, so that both are pulled from one place", shortText(string(referencePolicy(to)))),
		})
	}
	l.stale(t, target, field, path, x)
}

func (l *linter) stale(t *TagReference, target TagName, field string, path []TagName, x *taggedStream) {
	item, source := l.own.latest(t.Name), x.latest(target.Tag)
	switch {
	case source == nil:
		return
	case item == nil:
	case item.Image == source.Image && (item.Image != "" || item.DockerImageReference == source.DockerImageReference || x != l.own):
		return
	case !source.Created.After(item.Created.Time):
		return // it was pushed to since
	}
	points := "nothing"
	if item != nil {
		points = shortText(cmp.Or(item.Image, item.DockerImageReference))
	}
	l.found(Finding{
		Rule: RuleAliasStale, Tag: t.Name, Field: field, Path: path,
		Message: fmt.Sprintf("the tag points to %s, and %s, which it follows, to %s since %s", points, shortText(target.String()),
			shortText(cmp.Or(source.Image, source.DockerImageReference)), source.Created.UTC().Format("2006-01-02 15:04:05")),
		Hint: "bring it up to date with FollowAliases, or by setting it again: " + l.retag(target, t.Name),
	})
}

// retag is the command that sets a tag to another; oc follows none of another
// stream.
func (l *linter) retag(source TagName, tag string) string {
	alias := ""
	if source.Namespace == l.s.Namespace && source.Stream == l.s.Name {
		alias = "--alias "
	}
	return "oc tag " + alias + shortText(source.String()) + " " + l.name(tag)
}

// pinned checks a tag that is made from an image of a stream.
func (l *linter) pinned(t *TagReference) {
	stream, id, _ := cutFrom(t.From.Name, "@")
	if item := l.own.latest(t.Name); item != nil && fitsImage(item.Image, id) {
		return
	}
	namespace, stream := cmp.Or(t.From.Namespace, l.s.Namespace), cmp.Or(stream, l.s.Name)
	field := specField(t.Name, "from.name")
	x := l.find(namespace, stream)
	where := streamText(namespace, stream)
	switch {
	case x.err != nil && !isAbsent(x.err):
		l.notChecked(NotChecked{Rule: RuleDangling, Tag: t.Name, Field: field, Err: x.err, Message: where + ": " + unknownText(x.err)})
		return
	case x.err != nil:
		l.found(Finding{
			Rule: RuleDangling, Tag: t.Name, Field: field, Err: x.err, Path: []TagName{l.s.tagName(t.Name)},
			Message: fmt.Sprintf("the stream %s is not there%s", where, l.stillPoints(t.Name)),
			Hint:    "remove the tag (oc tag -d " + l.name(t.Name) + "), or make it from what is there",
		})
		return
	}
	if x == l.own && !l.isStored() {
		l.notChecked(NotChecked{Rule: RuleDangling, Tag: t.Name, Field: field, Message: "nobody has stored the stream yet, so its images are not known"})
		return
	}
	switch n := x.images().count(id); {
	case n == 0:
		l.found(Finding{
			Rule: RuleDangling, Tag: t.Name, Field: field, Path: []TagName{l.s.tagName(t.Name)},
			Err:     fmt.Errorf("%s in %s: %w", quoteShort(id), where, ErrImageNotFound),
			Message: fmt.Sprintf("the image %s is in no history of %s%s", shortText(id), where, l.stillPoints(t.Name)),
			Hint:    "remove the tag (oc tag -d " + l.name(t.Name) + "), or make it from an image that is there",
		})
	case n > 1:
		l.found(Finding{
			Rule: RuleAmbiguousImage, Tag: t.Name, Field: field, Err: ErrAmbiguousImage,
			Message: fmt.Sprintf("%s is the start of %d digests in %s", shortText(id), n, where),
			Hint:    "name the digest in full",
		})
	}
}

// A digestIndex are the images of a stream, to be found by the start of their
// names.
type digestIndex struct{ names, hexes []string }

func (x *taggedStream) images() *digestIndex {
	if x.digests != nil {
		return x.digests
	}
	d := &digestIndex{}
	for i := range x.stream.Status.Tags {
		for j := range x.stream.Status.Tags[i].Items {
			if name := x.stream.Status.Tags[i].Items[j].Image; name != "" {
				d.names = append(d.names, name)
			}
		}
	}
	slices.Sort(d.names)
	d.names = slices.Compact(d.names)
	for _, name := range d.names {
		if _, hex, ok := strings.Cut(name, ":"); ok {
			d.hexes = append(d.hexes, hex)
		}
	}
	slices.Sort(d.hexes)
	x.digests = d
	return d
}

// count returns how many images a prefix fits; one, where it is a full name.
func (d *digestIndex) count(prefix string) int {
	if _, ok := slices.BinarySearch(d.names, prefix); ok {
		return 1
	}
	n := countPrefix(d.names, prefix)
	if !strings.Contains(prefix, ":") {
		n += countPrefix(d.hexes, prefix)
	}
	return n
}

func countPrefix(sorted []string, prefix string) int {
	first, _ := slices.BinarySearch(sorted, prefix)
	rest := sorted[first:]
	return sort.Search(len(rest), func(i int) bool { return !strings.HasPrefix(rest[i], prefix) })
}
