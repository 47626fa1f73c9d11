package imagestream

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The clock of these tests: minute n.
func at(n int) time.Time { return time.Date(2026, 11, 1, 0, n, 0, 0, time.UTC) }

func digest(n int) string { return fmt.Sprintf("sha256:%064x", n) }

const home = "registry.example.com:5000/shop/web"

func local(n int) string { return home + "@" + digest(n) }

// shop returns a stored stream shop/web without tags, at generation 1.
func shop() *ImageStream {
	s := New("shop", "web")
	s.Generation, s.UID, s.ResourceVersion = 1, "u1", "7"
	s.Status.DockerImageRepository = home
	return s
}

// apply applies operations one by one, a minute each, and checks that none
// modifies its argument.
func apply(t testing.TB, s *ImageStream, operations ...Operation) *ImageStream {
	t.Helper()
	for i, o := range operations {
		s, _ = applyOne(t, Applier{}, s, o, at(i+1))
	}
	return s
}

func applyOne(t testing.TB, a Applier, s *ImageStream, o Operation, now time.Time) (*ImageStream, []Change) {
	t.Helper()
	before, err := json.Marshal(s)
	require.NoError(t, err)
	next, changes, err := a.Apply(s, o, now)
	require.NoError(t, err)
	after, err := json.Marshal(s)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "the argument was modified")
	return next, changes
}

func images(s *ImageStream, tag string) (names []string) {
	list := s.StatusTag(tag)
	if list == nil {
		return nil
	}
	for _, item := range list.Items {
		names = append(names, strings.TrimLeft(strings.TrimPrefix(item.Image, "sha256:"), "0"))
	}
	return names
}

func texts(changes []Change) (lines []string) {
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	return lines
}

func push(tag string, n int) RecordPush { return RecordPush{Tag: tag, Image: digest(n)} }

func imported(tag string, n int) RecordImport {
	return RecordImport{Tag: tag, Image: digest(n), DockerImageReference: "quay.io/shop/web@" + digest(n)}
}

func fromDocker(tag, spec string) SetTag {
	return SetTag{TagReference{Name: tag, From: &ObjectReference{Kind: KindDockerImage, Name: spec}}}
}

func alias(tag, target string) SetTag {
	return SetTag{TagReference{Name: tag, From: &ObjectReference{Kind: KindImageStreamTag, Name: target}}}
}

func requireClass(t testing.TB, err, class error, field string) {
	t.Helper()
	require.ErrorIs(t, err, class)
	var e *Error
	require.True(t, errors.As(err, &e), "%T", err)
	require.Equal(t, field, e.Field, err.Error())
}

func TestPushes(t *testing.T) {
	s := apply(t, New("shop", "web"), RecordPush{Tag: "dev", Image: digest(1), DockerImageReference: local(1)})
	require.Equal(t, int64(1), s.Generation)
	require.Equal(t, at(1), s.CreationTimestamp.Time)
	require.Equal(t, []string{"1"}, images(s, "dev"))
	require.Equal(t, local(1), s.LatestEvent("dev").DockerImageReference)

	s = apply(t, shop(), push("dev", 1), push("dev", 2), push("dev", 2), push("dev", 1))
	require.Equal(t, []string{"1", "2", "1"}, images(s, "dev"))
	same, changes, err := Apply(s, push("dev", 1), at(9))
	require.NoError(t, err)
	require.Empty(t, changes)
	require.Same(t, s, same)
}

// Defect 1: upstream lets an alias, and a push, mask a pending import.
func TestNothingMasksAPendingImport(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), fromDocker("a", "quay.io/shop/web:2"))
	require.Equal(t, []PendingImport{{Tag: "a", Requested: 3, Observed: 2, From: "quay.io/shop/web:2"}}, pending(s))

	s = apply(t, s, alias("b", "a"))
	require.Equal(t, []string{"1"}, images(s, "b"))
	require.Len(t, pending(s), 1, "an alias masks it")
	s = apply(t, s, push("a", 2))
	require.Equal(t, []string{"2", "1"}, images(s, "a"))
	require.Len(t, pending(s), 1, "a push masks it")
	s = apply(t, s, RollBack{Tag: "a"})
	require.Len(t, pending(s), 1, "a rollback masks it")
	s = apply(t, s, imported("a", 3))
	require.Empty(t, pending(s))
	require.Equal(t, []string{"3", "1", "2", "1"}, images(s, "a"))
}

func pending(s *ImageStream) (all []PendingImport) {
	for p := range s.PendingImports() {
		all = append(all, p)
	}
	return all
}

// Defect 2: upstream follows one level, in the order of a map.
func TestAliasesFollowToAnyDepth(t *testing.T) {
	s := apply(t, shop(), alias("b", "web:a"), alias("c", "b"), alias("a0", "c"), push("a", 1))
	for _, tag := range []string{"a", "b", "c", "a0"} {
		require.Equal(t, []string{"1"}, images(s, tag), tag)
	}
	s = apply(t, s, push("a", 2))
	require.Equal(t, []string{"2", "1"}, images(s, "a0"))
}

func TestApplyRefuses(t *testing.T) {
	for _, tc := range []struct {
		name      string
		stream    *ImageStream
		operation Operation
		now       time.Time
		class     error
		field     string
	}{
		{"no stream", nil, push("a", 1), at(1), ErrInvalidOperation, ""},
		{"no operation", shop(), nil, at(1), ErrInvalidOperation, ""},
		{"no instant", shop(), push("a", 1), time.Time{}, ErrInvalidOperation, ""},
		{"no tag", shop(), push("", 1), at(1), ErrInvalidOperation, "tag"},
		{"bad tag", shop(), push("a:b", 1), at(1), ErrInvalidOperation, "tag"},
		{"no digest", shop(), RecordPush{Tag: "a", Image: "latest"}, at(1), ErrInvalidOperation, "status.tags[a].image"},
		{"an import of what has no spec", shop(), imported("a", 1), at(1), ErrTagNotFound, "spec.tags[a]"},
		{"a tag that follows itself", shop(), alias("a", "a"), at(1), ErrAliasCycle, "spec.tags[a].from.name"},
		{"nothing to delete", shop(), DeleteTag{Tag: "a"}, at(1), ErrTagNotFound, "spec.tags[a]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, changes, err := Apply(tc.stream, tc.operation, tc.now)
			require.Nil(t, s)
			require.Nil(t, changes)
			requireClass(t, err, tc.class, tc.field)
		})
	}
}

func TestChangesSayWhichFieldAsksForTheImport(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"))
	o := fromDocker("a", "quay.io/shop/web:1")
	o.Tag.ImportPolicy.Scheduled = true
	_, changes := applyOne(t, Applier{}, s, o, at(2))
	require.Equal(t, []string{
		`StreamChanged metadata.generation: "2" -> "3"`,
		`SpecTagChanged a importPolicy.scheduled: "false" -> "true" (import)`,
		`SpecTagChanged a generation: "2" -> "3" (import)`,
	}, texts(changes))
}

func TestPushesOfInvalidPullSpecs(t *testing.T) {
	for _, class := range []error{ErrInvalidOperation, ErrInvalidPullSpec} {
		_, _, err := Apply(shop(), push("a", 1).at("Not a pull spec"), at(1))
		requireClass(t, err, class, "status.tags[a].dockerImageReference")
	}
}
