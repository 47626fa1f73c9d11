package importer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient/notification"
	"github.com/stretchr/testify/require"
)

var (
	one, two = digestOf([]byte("one")), digestOf([]byte("two"))
)

// follow applies an event and returns the stream.
func follow(t *testing.T, s *imagestream.ImageStream, e notification.Event) *imagestream.ImageStream {
	t.Helper()
	return followWith(t, nil, s, e)
}

// followWith is follow for one who remembers.
func followWith(t *testing.T, times *importer.PushTimes, s *imagestream.ImageStream, e notification.Event) *imagestream.ImageStream {
	t.Helper()
	e.Repository = "dev/app"
	for _, operation := range times.OperationsOf(e, "r.example:5000", s) {
		next, _, err := imagestream.Apply(s, operation, e.Time)
		require.NoError(t, err)
		s = next
	}
	return s
}

func push(tag, digest string, at time.Time) notification.Event {
	return notification.Event{Kind: notification.ManifestPushed, Tag: tag, Digest: digest, Time: at}
}

func TestPushesAndDeletions(t *testing.T) {
	s := imagestream.New("dev", "app")
	s = follow(t, s, push("", two, now))
	require.Empty(t, s.Status.Tags, "an image of a list, by digest")
	s = follow(t, s, push("v1", one, now))
	s = follow(t, s, push("v1", two, now.Add(time.Minute)))
	s = follow(t, s, push("v2", one, now))
	require.Equal(t, two, s.LatestEvent("v1").Image)
	require.Equal(t, "r.example:5000/dev/app@"+two, s.LatestEvent("v1").DockerImageReference)
	require.Equal(t, now.Add(time.Minute), s.LatestEvent("v1").Created.Time)
	require.Empty(t, s.Spec.Tags)

	s = follow(t, s, notification.Event{Kind: notification.ContentDeleted, Digest: one, Time: now.Add(time.Hour)})
	require.Len(t, s.StatusTag("v1").Items, 1)
	require.Nil(t, s.StatusTag("v2"))
	s = follow(t, s, notification.Event{Kind: notification.TagDeleted, Tag: "v1", Time: now.Add(time.Hour)})
	require.Nil(t, s.StatusTag("v1"))
	require.Empty(t, importer.OperationsOf(notification.Event{Kind: notification.TagDeleted, Tag: "v1"}, "", s), "it is gone")

	s = follow(t, s, push("v3", one, now))
	s = follow(t, s, push("v4", two, now))
	s = follow(t, s, notification.Event{Kind: notification.RepositoryDeleted, Time: now.Add(time.Second)})
	require.Empty(t, s.Status.Tags)
}

// TestEventsInTheWrongOrder: what is newer stays.
func TestEventsInTheWrongOrder(t *testing.T) {
	s := follow(t, imagestream.New("dev", "app"), push("v1", two, now))
	for _, late := range []notification.Event{
		push("v1", one, now.Add(-time.Minute)),
		{Kind: notification.TagDeleted, Tag: "v1", Time: now.Add(-time.Minute)},
		{Kind: notification.ContentDeleted, Digest: two, Time: now.Add(-time.Minute)},
		{Kind: notification.RepositoryDeleted, Time: now.Add(-time.Minute)},
	} {
		require.Same(t, s, follow(t, s, late), late.Kind)
	}
}

// TestDeletionsLeaveImportedTagsAlone: where they come from is for their spec to say.
func TestDeletionsLeaveImportedTagsAlone(t *testing.T) {
	f := newFake()
	f.tag("r.example:5000/dev/app", "v1", f.image("linux", "amd64", "one"))
	s := do(t, importer.Importer{Registry: f}, stream("", "v1=r.example:5000/dev/app:v1"), importer.Request{}).Stream
	image := s.LatestEvent("v1").Image
	for _, kind := range []notification.Kind{notification.TagDeleted, notification.ContentDeleted, notification.RepositoryDeleted} {
		e := notification.Event{Kind: kind, Tag: "v1", Digest: image, Time: now.Add(time.Hour)}
		require.Same(t, s, follow(t, s, e), kind)
	}
}

// TestDeletionElsewhere: the same digest in another repository is another matter.
func TestDeletionElsewhere(t *testing.T) {
	s := follow(t, imagestream.New("dev", "app"), push("v1", one, now))
	e := notification.Event{Kind: notification.ContentDeleted, Repository: "dev/other", Digest: one, Time: now.Add(time.Hour)}
	require.Empty(t, importer.OperationsOf(e, "r.example:5000", s))
	e.Repository = "dev/app"
	require.Empty(t, importer.OperationsOf(e, "other.example", s))
	require.Empty(t, importer.OperationsOf(e, "", s), "the stream has no repository of its own")
	require.Len(t, importer.OperationsOf(e, "r.example:5000", s), 1)
}

func TestEventsThatDoNothing(t *testing.T) {
	s := imagestream.New("dev", "app")
	for _, e := range []notification.Event{
		{}, {Kind: notification.Other}, {Kind: notification.BlobPushed, Tag: "v1", Digest: one},
		{Kind: notification.ManifestPulled, Tag: "v1", Digest: one},
		push("a b", one, now), push("v1", "sha256:1", now), push("v1", "", now),
		{Kind: notification.ContentDeleted, Digest: "x"}, {Kind: notification.RepositoryDeleted},
	} {
		require.Empty(t, importer.OperationsOf(e, "r.example", s))
		if e.Kind != notification.ManifestPushed {
			require.Empty(t, importer.OperationsOf(e, "r.example", nil))
		}
	}
	require.Len(t, importer.OperationsOf(push("v1", one, time.Time{}), "r.example", nil), 1)
}

func ExampleOperationsOf() {
	s := imagestream.New("dev", "app")
	e := notification.Event{Kind: notification.ManifestPushed, Repository: "dev/app", Tag: "v1", Digest: one, Time: now}
	for _, operation := range importer.OperationsOf(e, "registry.example:5000", s) {
		var err error
		if s, _, err = imagestream.Apply(s, operation, e.Time); err != nil {
			panic(err)
		}
	}
	fmt.Println(s.LatestEvent("v1").DockerImageReference)
	// Output: registry.example:5000/dev/app@sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed
}
