package imagestream

import (
	"cmp"
	"slices"
	"strings"
)

// The defaults of [LintOptions].
const (
	// DefaultLintItems is far more than a prune leaves (3, by default) and far
	// less than etcd takes.
	DefaultLintItems = 100
	// DefaultLintBytes leaves a third of the 1.5 MiB that etcd takes by
	// default in one request.
	DefaultLintBytes = 1 << 20
)

// LintOptions say what [Lint] looks at. The zero value is right for most.
type LintOptions struct {
	// Images finds images. It is asked for those in the histories of tags that
	// are imported without [ImportModePreserveOriginal], the newest first up
	// to the first manifest list, and for each once. Where it is nil,
	// [RulePreserveOriginalLost] sees only half of what it could.
	Images ImageLookup
	// MaxItems is the most items that the history of a tag should have. 0 is
	// [DefaultLintItems], a negative number no limit.
	MaxItems int
	// MaxBytes is the most bytes that the JSON of the stream should have. 0 is
	// [DefaultLintBytes], a negative number no limit, which spares the
	// measuring.
	MaxBytes int
}

// Lint looks for what is wrong with a stream, or will surprise somebody. lookup
// finds the streams that its tags refer to; where it is nil, or fails with
// another error than [ErrStreamNotFound], what it would have told is among
// NotChecked, and no finding. The stream is only read.
//
// A stream that nobody has stored yet, as in a template or a repository of
// manifests, has no status: what the server fills in is not missed there.
//
// Every stream and image is asked for once at most, and the time that it takes
// grows with the size of the stream, whatever its tags refer to.
func Lint(stream *ImageStream, lookup Lookup, o LintOptions) LintReport {
	stream = stream.orEmpty()
	l := &linter{
		s: stream, lookup: lookup, options: o, own: indexTags(stream),
		streams: map[streamKey]*taggedStream{}, fates: map[TagName]*fate{}, images: map[string]foundImage{},
	}
	l.streams[streamKey{stream.Namespace, stream.Name}] = l.own
	l.names()
	l.insecureStream()
	l.localPolicy()
	l.size()
	l.repository()
	for i := range stream.Spec.Tags {
		if t := &stream.Spec.Tags[i]; l.own.spec[t.Name] == t {
			l.specTag(t)
		}
	}
	for i := range stream.Status.Tags {
		if list := &stream.Status.Tags[i]; l.own.status[list.Tag] == list {
			l.history(list)
		}
	}
	l.preserveOriginal()
	slices.SortFunc(l.report.Findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Tag, b.Tag), strings.Compare(string(a.Rule), string(b.Rule)),
			strings.Compare(a.Field, b.Field), strings.Compare(a.Message, b.Message))
	})
	slices.SortFunc(l.report.NotChecked, func(a, b NotChecked) int {
		return cmp.Or(strings.Compare(a.Tag, b.Tag), strings.Compare(string(a.Rule), string(b.Rule)),
			strings.Compare(a.Field, b.Field), strings.Compare(a.Message, b.Message))
	})
	return l.report
}

// A linter is a Lint under way.
type linter struct {
	s       *ImageStream
	lookup  Lookup
	options LintOptions
	report  LintReport

	own     *taggedStream
	streams map[streamKey]*taggedStream
	fates   map[TagName]*fate
	images  map[string]foundImage
}

type streamKey struct{ namespace, name string }

// A taggedStream is a stream, or why it is not there, with its tags by name.
type taggedStream struct {
	stream  *ImageStream
	err     error
	spec    map[string]*TagReference
	status  map[string]*NamedTagEventList
	digests *digestIndex // made when it is needed
}

// indexTags finds the last of several tags of one name, as the server does.
func indexTags(s *ImageStream) *taggedStream {
	x := &taggedStream{stream: s, spec: make(map[string]*TagReference, len(s.Spec.Tags)), status: s.lists()}
	for i := range s.Spec.Tags {
		x.spec[s.Spec.Tags[i].Name] = &s.Spec.Tags[i]
	}
	return x
}

func (x *taggedStream) latest(tag string) *TagEvent {
	if list := x.status[tag]; list != nil && len(list.Items) > 0 {
		return &list.Items[0]
	}
	return nil
}

// find returns a stream, asking for it once.
func (l *linter) find(namespace, name string) *taggedStream {
	key := streamKey{namespace, name}
	if x, ok := l.streams[key]; ok {
		return x
	}
	var x *taggedStream
	if s, err := findStream(l.s, namespace, name, l.lookup); err == nil {
		x = indexTags(s)
	} else {
		x = &taggedStream{err: err}
	}
	l.streams[key] = x
	return x
}

func (l *linter) found(f Finding) {
	f.Severity = ruleSeverities[f.Rule]
	l.report.Findings = append(l.report.Findings, f)
}

func (l *linter) foundAs(severity Severity, f Finding) {
	f.Severity = severity
	l.report.Findings = append(l.report.Findings, f)
}

func (l *linter) notChecked(n NotChecked) { l.report.NotChecked = append(l.report.NotChecked, n) }

// isStored says whether a server has seen the stream. What it has not seen has no
// status to speak of.
func (l *linter) isStored() bool {
	m := &l.s.ObjectMeta
	return m.Generation != 0 || m.UID != "" || m.ResourceVersion != "" || len(l.s.Status.Tags) > 0
}

func (l *linter) name(tag string) string { return shortText(l.s.tagName(tag).String()) }
