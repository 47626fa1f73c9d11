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

// deletions returns one of each kind, of the tag v1 and what it points to.
func deletions(digest string, at time.Time) []notification.Event {
	return []notification.Event{
		{Kind: notification.TagDeleted, Tag: "v1", Time: at},
		{Kind: notification.TagDeleted, Tag: "v1", Digest: digest, Time: at},
		{Kind: notification.ContentDeleted, Digest: digest, Time: at},
		{Kind: notification.RepositoryDeleted, Time: at},
	}
}

const half = 500 * time.Millisecond

// TestDeletionOfTheSameSecond: streams keep whole seconds. Whether the deletion came before
// the push or after it nobody can tell then, and the tag stays.
func TestDeletionOfTheSameSecond(t *testing.T) {
	s := follow(t, imagestream.New("dev", "app"), push("v1", one, now.Add(half)))
	for _, at := range []time.Time{now, now.Add(half - 1), now.Add(half), now.Add(time.Second - 1), {}} {
		for _, e := range deletions(one, at) {
			require.Empty(t, importer.OperationsOf(inApp(e), "r.example:5000", s), "%s at %s", e.Kind, at)
		}
	}
	for _, e := range deletions(one, now.Add(time.Second)) {
		require.Nil(t, follow(t, s, e).StatusTag("v1"), e.Kind)
	}
}

func inApp(e notification.Event) notification.Event {
	e.Repository = "dev/app"
	return e
}

// TestDeletionOfWhatHasNoTime: it may be newer.
func TestDeletionOfWhatHasNoTime(t *testing.T) {
	s := follow(t, imagestream.New("dev", "app"), push("v1", one, now)).Clone()
	s.Status.Tags[0].Items[0].Created = imagestream.Time{}
	for _, e := range deletions(one, now.Add(time.Hour)) {
		require.Same(t, s, follow(t, s, e), e.Kind)
	}
}

// TestDeletionOfAnotherDigest: the tag points elsewhere by now.
func TestDeletionOfAnotherDigest(t *testing.T) {
	s := follow(t, imagestream.New("dev", "app"), push("v1", one, now))
	s = follow(t, s, push("v1", two, now.Add(time.Minute)))
	e := notification.Event{Kind: notification.TagDeleted, Tag: "v1", Digest: one, Time: now.Add(time.Hour)}
	require.Same(t, s, follow(t, s, e))
	e.Digest = two
	require.Nil(t, follow(t, s, e).StatusTag("v1"))
}

// TestPushTimesTellWithinASecond: with parts of a second, and in both orders.
func TestPushTimesTellWithinASecond(t *testing.T) {
	for n := range deletions(one, now) {
		var times importer.PushTimes
		s := followWith(t, &times, imagestream.New("dev", "app"), push("v1", one, now.Add(half)))
		require.Same(t, s, followWith(t, &times, s, deletions(one, now.Add(half-1))[n]))
		require.Same(t, s, followWith(t, &times, s, deletions(one, now.Add(half))[n]))
		require.Nil(t, followWith(t, &times, s, deletions(one, now.Add(half+1))[n]).StatusTag("v1"))
		// The deletion is told first.
		s = followWith(t, &times, imagestream.New("dev", "app"), deletions(one, now.Add(half-1))[n])
		require.NotNil(t, followWith(t, &times, s, push("v1", one, now.Add(half))).StatusTag("v1"))
		// A registry that tells no parts of a second.
		times = importer.PushTimes{}
		s = followWith(t, &times, imagestream.New("dev", "app"), push("v1", one, now))
		require.Same(t, s, followWith(t, &times, s, deletions(one, now.Add(half))[n]))
		require.Nil(t, followWith(t, &times, s, deletions(one, now.Add(time.Second))[n]).StatusTag("v1"))
	}
}

// TestPushedAgainAfterADeletion: the stream says nothing of a push of the same image, and
// keeps the time of the first.
func TestPushedAgainAfterADeletion(t *testing.T) {
	for _, late := range deletions(one, now.Add(time.Minute)) {
		var times importer.PushTimes
		s := followWith(t, &times, imagestream.New("dev", "app"), push("v1", one, now))
		again := followWith(t, &times, s, push("v1", one, now.Add(time.Hour)))
		require.Same(t, s, again)
		require.Same(t, s, followWith(t, &times, s, late), late.Kind)
	}
	// The same of a push by digest, as of an image of a list.
	var times importer.PushTimes
	s := followWith(t, &times, imagestream.New("dev", "app"), push("v1", one, now))
	followWith(t, &times, s, push("", one, now.Add(time.Hour)))
	require.Same(t, s, followWith(t, &times, s, deletions(one, now.Add(time.Minute))[2]))
}

// TestPushTimesOfOthers: what another process recorded in the same second is not known of.
func TestPushTimesOfOthers(t *testing.T) {
	var times importer.PushTimes
	s := followWith(t, &times, imagestream.New("dev", "app"), push("v1", one, now.Add(1)))
	s = follow(t, s, push("v1", two, now.Add(half)))
	for _, e := range deletions(two, now.Add(2)) {
		require.Same(t, s, followWith(t, &times, s, e), e.Kind)
	}
}

// TestPushesWithinASecond: the older of two comes last.
func TestPushesWithinASecond(t *testing.T) {
	var times importer.PushTimes
	s := followWith(t, &times, imagestream.New("dev", "app"), push("v1", two, now.Add(half)))
	require.Same(t, s, followWith(t, &times, s, push("v1", one, now.Add(half-1))))
	require.Equal(t, one, followWith(t, &times, s, push("v1", one, now.Add(half+1))).LatestEvent("v1").Image)
}

// TestPushTimesAreForgotten: what is not remembered is in doubt, unless the deletion is later
// than all of it.
func TestPushTimesAreForgotten(t *testing.T) {
	var times importer.PushTimes
	s := followWith(t, &times, imagestream.New("dev", "app"), push("v1", one, now))
	followWith(t, &times, s, push("v1", one, now.Add(time.Hour)))
	for n := range 10_000 {
		e := inApp(push(fmt.Sprintf("t%d", n), digestOf(fmt.Append(nil, n)), now))
		require.Len(t, times.OperationsOf(e, "r.example:5000", nil), 1)
	}
	for _, e := range deletions(one, now.Add(time.Minute)) {
		require.Same(t, s, followWith(t, &times, s, e), e.Kind)
	}
	for _, e := range deletions(one, now.Add(time.Hour+time.Second)) {
		require.Nil(t, followWith(t, &times, s, e).StatusTag("v1"), e.Kind)
	}
}
