package main

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/registrykit/registrykit/imagestream"
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

// TestEventsThatCannotBe are failures that stay; one to print is a failure that may pass.
func TestEventsThatCannotBe(t *testing.T) {
	good := notification.Event{Kind: notification.ManifestPushed, Repository: "dev/app", Tag: "v1", Digest: one, Time: time.Unix(1, 0)}
	for _, tc := range []struct {
		field  string
		change func(*notification.Event)
	}{
		{"target.repository", func(e *notification.Event) { e.Repository = "dev/a b" }},
		{"target.repository", func(e *notification.Event) { e.Repository = "dev/app:v2" }},
		{"target.repository", func(e *notification.Event) { e.Repository = "dev//\x1b[2J" }},
		{"target.tag", func(e *notification.Event) { e.Tag = "a b" }},
		{"target.digest", func(e *notification.Event) { e.Digest = "sha256:1" }},
		{"target.digest", func(e *notification.Event) { e.Digest = "" }},
	} {
		k := keeper{registry: "r.example:5000", out: &bytes.Buffer{}}
		e := good
		tc.change(&e)
		err := k.receive(t.Context(), e)
		require.ErrorContains(t, err, tc.field)
		require.True(t, notification.IsPermanent(err), err)
		require.Empty(t, k.streams)
	}
	k := keeper{registry: "r.example:5000", out: failingWriter{}}
	err := k.receive(t.Context(), good)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.False(t, notification.IsPermanent(err))
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestNamesAreEscaped: a name cannot speak to the terminal, nor make a line of its own.
func TestNamesAreEscaped(t *testing.T) {
	var out bytes.Buffer
	k := keeper{registry: "r.example", text: true, out: &out}
	changes := []imagestream.Change{{Tag: "v1\x1b[2J\n"}}
	require.NoError(t, k.print("dev/\u202eapp\u009b", nil, changes))
	require.Contains(t, out.String(), `dev/\u202eapp\u009b: `)
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")))
	require.NotContains(t, out.String(), "\x1b")
	var errs bytes.Buffer
	require.Equal(t, 1, run(t.Context(), []string{"--registry", "r.example", "--anyone", "x\x1b\u202e"}, io.Discard, &errs))
	require.NotContains(t, errs.String(), "\u202e")
}
