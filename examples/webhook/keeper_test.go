package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/registrykit/registrykit/registryclient/notification"
	"github.com/stretchr/testify/require"
)

// TestDeletionWithinASecond: of a push and a deletion of one second, parts of it tell which
// came last.
func TestDeletionWithinASecond(t *testing.T) {
	second := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(kind notification.Kind, d time.Duration) notification.Event {
		return notification.Event{Kind: kind, Repository: "dev/app", Tag: "v1", Digest: one, Time: second.Add(d)}
	}
	k := keeper{registry: "r.example", text: true, out: &bytes.Buffer{}}
	tag := func(e notification.Event) any {
		require.NoError(t, k.receive(t.Context(), e))
		if list := k.streams["dev/app"].StatusTag("v1"); list != nil {
			return list
		}
		return nil
	}
	require.NotNil(t, tag(at(notification.ManifestPushed, 2*time.Millisecond)))
	require.NotNil(t, tag(at(notification.TagDeleted, time.Millisecond)), "before the push")
	require.Nil(t, tag(at(notification.TagDeleted, 3*time.Millisecond)), "after the push")
}
