package prunetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// A Stream is an image stream of a cluster.
type Stream struct {
	// Created is when it came to be. Zero: with its first item, or 90 days
	// before now where that is earlier.
	Created time.Time

	namespace, name string
	cluster         *Cluster
	tags            map[string][]event
	uid             imagestream.UID
	version         string
}

// An event is an entry in the history of a tag.
type event struct {
	created   time.Time
	image     *Image // nil: a reference tag
	reference string
}

// Stream returns the stream of a name such as "dev/app", a new one where there
// is none yet.
func (c *Cluster) Stream(name string) *Stream {
	namespace, base := splitName(name)
	for _, s := range c.streams {
		if s.namespace == namespace && s.name == base {
			return s
		}
	}
	s := &Stream{namespace: namespace, name: base, cluster: c, tags: map[string][]event{}}
	s.uid, s.version = c.identity()
	c.streams = append(c.streams, s)
	return s
}

func splitName(name string) (namespace, base string) {
	namespace, base, ok := strings.Cut(name, "/")
	if !ok || namespace == "" || base == "" || strings.ContainsAny(base, "/:@ ") {
		panic(fmt.Sprintf("prunetest: %q is not namespace/name", name))
	}
	return namespace, base
}

// Name returns the stream's namespace and name, as in "dev/app".
func (s *Stream) Name() string { return s.namespace + "/" + s.name }

// Tag returns a pull spec for a tag of the stream, for a workload to use.
func (s *Stream) Tag(tag string) string { return s.repository() + ":" + tag }

// Digest returns a pull spec for an image in the stream's repository.
func (s *Stream) Digest(i *Image) string { return s.repository() + "@" + i.digest }

func (s *Stream) repository() string { return s.cluster.registry + "/" + s.Name() }

// Push makes a tag point to an image, so long ago, and returns the image. The
// history is sorted by age; of two pushes of one age the later call is newer.
func (s *Stream) Push(tag string, i *Image, age time.Duration) *Image {
	s.add(tag, event{s.cluster.ago(age), i, s.Digest(i)})
	return i
}

// TagFrom makes a tag point to an image that stays in another stream's
// repository, as `oc tag` does.
func (s *Stream) TagFrom(tag string, other *Stream, i *Image, age time.Duration) {
	s.add(tag, event{s.cluster.ago(age), i, other.Digest(i)})
}

// Import makes a tag point to an image of a foreign repository, such as
// "quay.io/acme/app", and marks the image as imported.
func (s *Stream) Import(tag, repository string, i *Image, age time.Duration) *Image {
	i.Imported = true
	s.add(tag, event{s.cluster.ago(age), i, repository + "@" + i.digest})
	return i
}

// Refer makes a tag pass on a pull spec and nothing else: its item has no image.
func (s *Stream) Refer(tag, pullSpec string, age time.Duration) {
	s.add(tag, event{s.cluster.ago(age), nil, pullSpec})
}

func (s *Stream) add(tag string, e event) {
	if tag == "" || strings.ContainsAny(tag, "/:@ ") {
		panic(fmt.Sprintf("prunetest: %q is no tag", tag))
	}
	if e.image != nil {
		e.image.push(s, e.created)
	}
	s.tags[tag] = append(s.tags[tag], e)
}

// history returns the events of a tag, the newest first.
func (s *Stream) history(tag string) []event {
	events := slices.Clone(s.tags[tag])
	slices.Reverse(events)
	slices.SortStableFunc(events, func(a, b event) int { return b.created.Compare(a.created) })
	return events
}

func (s *Stream) tagNames() []string { return slices.Sorted(maps.Keys(s.tags)) }

func (s *Stream) created() time.Time {
	if !s.Created.IsZero() {
		return s.Created.UTC().Truncate(time.Second)
	}
	first := s.cluster.ago(90 * 24 * time.Hour)
	for _, events := range s.tags {
		oldest := slices.MinFunc(events, func(a, b event) int { return a.created.Compare(b.created) })
		if oldest.created.Before(first) {
			first = oldest.created
		}
	}
	return first
}
