package workload

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// A Scanner reads objects, one after the other, in memory that it uses again. It
// must not be used by several goroutines at once.
type Scanner struct {
	opts  Options
	table table
	r     rawjson.Reader
	raw   []byte
	texts texts
	specs specs

	result Result
	refs   []Reference
	at     []int // offset of each of refs
	own    []int // of refs, those whose stream is the object itself
	paths  int   // bytes of all paths of the object
	shaped Source
}

// mostPaths is what the paths of one object may have together. A thousand times
// the paths of a large object stay below; a small text with deep nesting or long
// keys above many images could otherwise take gigabytes.
const mostPaths = 64 << 20

// NewScanner returns a Scanner. It fails where a path in the table is not one.
func NewScanner(opts Options) (*Scanner, error) {
	s := &Scanner{opts: opts}
	var err error
	if !opts.PeerOnly {
		s.table, err = newTable(opts.Table)
	}
	return s, err
}

// FromJSON reads one object, given as JSON. A nil opts is the zero Options. It
// fails with an [*Error] where the text is not one object of some kind, where a
// field that is read has the wrong type, and where metadata.creationTimestamp is
// no RFC 3339 time. A reference that does not parse is no failure.
func FromJSON(raw []byte, opts *Options) (Result, error) {
	if opts == nil {
		opts = &Options{}
	}
	s, err := NewScanner(*opts)
	if err != nil {
		return Result{}, err
	}
	return s.Scan(raw)
}

// Scan reads one object, as [FromJSON] does. The References of the result are
// valid until the next call; their texts, and everything else, for good.
func (s *Scanner) Scan(raw []byte) (Result, error) {
	return s.ScanItem(raw, s.opts.APIVersion, s.opts.Kind)
}

// ScanItem is Scan for an item of a typed list: an object that does not say its
// own type has the one given here.
func (s *Scanner) ScanItem(raw []byte, apiVersion, kind string) (Result, error) {
	err := s.scan(raw, apiVersion, kind)
	s.raw = nil
	s.r.Reset(nil)
	if err != nil {
		return Result{}, newError(raw, apiVersion, kind, err)
	}
	return s.result, nil
}

func (s *Scanner) scan(raw []byte, apiVersion, kind string) error {
	if !s.opts.Checked && !json.Valid(raw) {
		return syntaxError(raw)
	}
	s.raw = raw
	s.result, s.refs, s.at, s.own, s.paths = Result{}, s.refs[:0], s.at[:0], s.own[:0], 0
	s.texts.limit()
	s.specs.limit()
	layout, err := s.typeOf(apiVersion, kind)
	if err != nil {
		return err
	}
	s.r.Reset(raw)
	s.object(layout)
	if err := s.r.Err(); err != nil {
		return err
	}
	s.result.Finished = layout == pod && finished(s.result.Phase)
	s.complete()
	if err := s.readTable(); err != nil {
		return err
	}
	if len(s.refs) > 0 {
		s.result.References = s.refs
	}
	return nil
}

// typeOf reads nothing but the type of the object, which may come last in the
// text and which says how the rest is to be read.
func (s *Scanner) typeOf(itemAPIVersion, itemKind string) (layout, error) {
	s.r.Reset(s.raw)
	if k := s.r.Kind(); k == 'n' {
		return silent, ErrNoKind
	}
	var apiVersion, kind []byte
	for key := range s.r.Object() {
		switch string(key) {
		case "apiVersion":
			apiVersion = s.r.Bytes()
		case "kind":
			kind = s.r.Bytes()
		default:
			continue
		}
		if len(apiVersion) > 0 && len(kind) > 0 {
			break // the rest of the text may be long
		}
	}
	if err := s.r.Err(); err != nil {
		return silent, err
	}
	if len(kind) == 0 {
		kind = []byte(itemKind)
	}
	if len(kind) == 0 {
		return silent, ErrNoKind
	}
	version := s.texts.keep(apiVersion)
	if version == "" && string(kind) == itemKind {
		version = itemAPIVersion
	}
	if isList(version, kind) {
		return silent, ErrList
	}
	o := &s.result.Object
	o.Group, o.Version = splitAPIVersion(version)
	if k, ok := known(kind); ok {
		o.Kind = k.name
	} else {
		o.Kind = s.texts.keep(kind)
	}
	var layout layout
	layout, o.Group = layoutOf(version, o.Group, kind)
	if s.opts.PeerOnly && !layout.peerReads() {
		layout = silent
	}
	return layout, nil
}

// object reads the object's parts, as its layout says.
func (s *Scanner) object(layout layout) {
	for key := range s.r.Object() {
		switch string(key) {
		case "apiVersion", "kind":
			continue
		case "metadata":
			s.metadata()
			if layout == silent {
				return
			}
			continue
		}
		switch layout {
		case silent:
		case pod:
			s.pod(key)
		case custom:
			s.shaped = CustomResource
			s.shape(placeOf(key), 1)
		case controllerRevision:
			if string(key) == "data" {
				s.shaped = ControllerRevision
				s.shape(nowhere, 1)
			}
		case podTemplate:
			if string(key) == "template" {
				s.podTemplate(PodTemplate)
			}
		case build, buildConfig:
			s.build(key, layout)
		default:
			s.specOnly(key, layout)
		}
	}
}

// specOnly reads the kinds that name images in their spec alone.
func (s *Scanner) specOnly(key []byte, layout layout) {
	if string(key) != "spec" {
		return
	}
	for key := range s.r.Object() {
		switch string(key) {
		case "template":
			if layout == podTemplateOwner || layout == deploymentConfig {
				s.podTemplate(Peer)
			}
		case "jobTemplate":
			if layout == cronJob {
				s.in("spec", func() { s.in("template", func() { s.podTemplate(Peer) }) })
			}
		case "triggers":
			if layout == deploymentConfig && !s.opts.PeerOnly {
				s.deploymentTriggers()
			}
		case "tags":
			if layout == imageStream {
				s.specTags()
			}
		}
	}
}

// in reads one member of an object.
func (s *Scanner) in(member string, read func()) {
	for key := range s.r.Object() {
		if string(key) == member {
			read()
		}
	}
}

// each reads the elements of an array.
func (s *Scanner) each(read func()) {
	for range s.r.Array() {
		read()
	}
}

// complete fills in what only the whole object tells: its namespace and its name
// may come last.
func (s *Scanner) complete() {
	for i := range s.refs {
		if ref := &s.refs[i]; ref.Stream != "" && ref.Namespace == "" {
			ref.Namespace = s.result.Object.Namespace
		}
	}
	for _, i := range s.own {
		ref := &s.refs[i]
		if ref.Stream = s.result.Object.Name; ref.Stream == "" {
			nameless(ref)
			continue
		}
		if ref.Namespace == "" {
			ref.Namespace = s.result.Object.Namespace
		}
	}
}

// nameless leaves of a reference to its own stream, which has no name, what it
// uses all the same: a digest, wherever it is.
func nameless(ref *Reference) {
	ref.Namespace = ""
	if ref.Digest == "" {
		ref.Tag, ref.Err = "", errNameless
	}
}

// path returns the path of the field that the reader is at, with something
// behind it.
func (s *Scanner) path(suffix string) string {
	path := s.r.Path() + suffix
	if s.paths += len(path); s.paths > mostPaths {
		s.r.Fail(ErrTooMuch)
	}
	return clip(path)
}

// add adds what the field that the reader is at names.
func (s *Scanner) add(offset int, ref Reference) {
	s.refs = append(s.refs, ref)
	s.at = append(s.at, offset)
}

// syntaxError says where the text stops being JSON.
func syntaxError(raw []byte) error {
	var value json.RawMessage
	err := json.Unmarshal(raw, &value)
	at := &rawjson.Error{Err: ErrMalformed}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at.Offset = int(syntax.Offset)
		at.Err = fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return at
}
