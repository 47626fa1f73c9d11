package imagestreamtest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// A Stream is an image stream of a fixture. Its methods return it, to write one
// after the other.
type Stream struct {
	fixture         *Fixture
	namespace, name string
	uid             imagestream.UID
	order           []string // tags as they were added
	tags            map[string]*tag
	edits           []func(*imagestream.ImageStream)
}

// A tag is what is known of a tag.
type tag struct {
	from     *imagestream.ObjectReference // nil: it has no spec
	spec     bool
	refer    bool
	events   []event
	failure  *failure
	pending  bool
	settings []func(*imagestream.TagReference)
}

type event struct {
	created   time.Time
	image     string
	reference string
}

type failure struct {
	at              time.Time
	reason, message string
}

// Name returns the stream's namespace and name, as in "shop/web".
func (s *Stream) Name() string { return s.namespace + "/" + s.name }

// Repository returns where the integrated registry serves the stream, "" where
// there is none.
func (s *Stream) Repository() string {
	if s.fixture.registry == "" {
		return ""
	}
	return s.fixture.registry + "/" + s.Name()
}

// Push makes a tag point to an image in the stream's own repository, so long ago.
// The history is sorted by age; of two entries of one age the later call is newer.
// Without an integrated registry it panics.
func (s *Stream) Push(tag string, i *Image, age time.Duration) *Stream {
	if s.Repository() == "" {
		panic("imagestreamtest: there is no registry to push to")
	}
	s.record(tag, i, s.Repository()+"@"+i.digest, age, true)
	return s
}

// Import makes a tag that comes from a pull spec, such as "quay.io/acme/web:1",
// and makes it point to an image that was imported from there, so long ago. Called
// again it adds to the history, and the last pull spec counts.
func (s *Stream) Import(tag, from string, i *Image, age time.Duration) *Stream {
	s.docker(tag, from)
	ref, err := imagestream.ParsePullSpec(from)
	if err != nil {
		panic("imagestreamtest: " + err.Error())
	}
	s.record(tag, i, ref.AsRepository().String()+"@"+i.digest, age, false)
	return s
}

// Pending makes a tag that comes from a pull spec, whose import was asked for and
// not answered. What the tag points to stays.
func (s *Stream) Pending(tag, from string) *Stream {
	s.docker(tag, from).pending = true
	return s
}

// Fail makes a tag that comes from a pull spec, whose last import failed, so long
// ago. What the tag points to stays, and is of an earlier request. reason is one
// word, as in [imagestream.StatusReason].
func (s *Stream) Fail(tag, from, reason, message string, age time.Duration) *Stream {
	s.docker(tag, from).failure = &failure{s.fixture.ago(age), reason, message}
	return s
}

// Alias makes a tag follow another, "stable" of this stream or "web:stable" of
// this namespace or "other/base:1". It points to what that points to when
// [Stream.Object] is called, to nothing where that leads nowhere.
func (s *Stream) Alias(tag, target string) *Stream {
	t := s.tag(tag)
	namespace, name := cutNamespace(target)
	t.spec, t.from = true, &imagestream.ObjectReference{Kind: imagestream.KindImageStreamTag, Namespace: namespace, Name: name}
	return s
}

// Pin makes a tag from an image of this stream, by its digest, so long ago.
func (s *Stream) Pin(tag string, i *Image, age time.Duration) *Stream {
	t := s.tag(tag)
	t.spec, t.from = true, &imagestream.ObjectReference{Kind: imagestream.KindImageStreamImage, Name: s.name + "@" + i.digest}
	reference := i.reference
	for _, other := range s.order {
		for _, e := range s.tags[other].events {
			if e.image == i.digest {
				reference = e.reference
			}
		}
	}
	t.events = append(t.events, event{s.fixture.ago(age), i.digest, reference})
	return s
}

// Refer makes a tag that passes on a pull spec and imports nothing, since so long
// ago: its item has no image.
func (s *Stream) Refer(tag, pullSpec string, age time.Duration) *Stream {
	t := s.docker(tag, pullSpec)
	t.refer = true
	t.events = append(t.events, event{created: s.fixture.ago(age), reference: pullSpec})
	return s
}

// Set changes a spec tag, its policies and annotations above all. A tag that has
// no spec gets one without a source. The function is called for each object that
// is made.
func (s *Stream) Set(tag string, change func(*imagestream.TagReference)) *Stream {
	t := s.tag(tag)
	t.spec = true
	t.settings = append(t.settings, change)
	return s
}

// Edit changes the object after it was made, in any way: this is how a fixture
// gets broken. The function is called for each object that is made.
func (s *Stream) Edit(change func(*imagestream.ImageStream)) *Stream {
	s.edits = append(s.edits, change)
	return s
}

func (s *Stream) tag(name string) *tag {
	if name == "" {
		panic("imagestreamtest: a tag without a name; Edit makes one")
	}
	t, ok := s.tags[name]
	if !ok {
		t = &tag{}
		s.tags[name], s.order = t, append(s.order, name)
	}
	return t
}

func (s *Stream) docker(name, from string) *tag {
	t := s.tag(name)
	t.spec, t.from = true, &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: from}
	return t
}

func (s *Stream) record(name string, i *Image, reference string, age time.Duration, pushed bool) {
	if i.fixture != s.fixture {
		panic(fmt.Sprintf("imagestreamtest: %s:%s: the image is of another fixture", s.Name(), name))
	}
	t := s.tag(name)
	at := s.fixture.ago(age)
	i.got(at, reference, pushed)
	t.events = append(t.events, event{at, i.digest, reference})
}

// history returns the events of a tag, the newest first. That of an alias is what
// it follows; seen are the tags on the way.
func (s *Stream) history(name string, seen map[imagestream.TagName]bool) []event {
	t := s.tags[name]
	if t == nil {
		return nil
	}
	if events := slices.Clone(t.events); len(events) > 0 {
		slices.Reverse(events)
		slices.SortStableFunc(events, func(a, b event) int { return b.created.Compare(a.created) })
		return events
	}
	own := imagestream.TagName{Namespace: s.namespace, Stream: s.name, Tag: name}
	if t.from == nil || seen[own] {
		return nil
	}
	seen[own] = true
	bare := &imagestream.ImageStream{ObjectMeta: imagestream.ObjectMeta{Namespace: s.namespace, Name: s.name}}
	target, ok := bare.Target(&imagestream.TagReference{From: t.from})
	if !ok {
		return nil
	}
	other := s.fixture.find(target.Namespace, target.Stream)
	if other == nil {
		return nil
	}
	events := other.history(target.Tag, seen)
	events = events[:min(1, len(events))]
	for i, e := range events {
		if e.reference == other.Repository()+"@"+e.image {
			events[i].reference = s.Repository() + "@" + e.image // whoever may pull from here can
		}
	}
	return events
}

// created is when the stream came to be: with its oldest item, 90 days ago where
// that is earlier.
func (s *Stream) created() time.Time {
	first := s.fixture.ago(90 * 24 * time.Hour)
	for t := range maps.Values(s.tags) {
		for _, e := range t.events {
			if e.created.Before(first) {
				first = e.created
			}
		}
	}
	return first
}
