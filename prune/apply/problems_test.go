package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// TestClassesOfErrors: each error of an end is told in its class.
func TestClassesOfErrors(t *testing.T) {
	for class, err := range map[apply.Class]error{
		apply.ClassConflict:    apply.ErrConflict,
		apply.ClassInUse:       apply.ErrInUse,
		apply.ClassForbidden:   fmt.Errorf("images: %w", apply.ErrForbidden),
		apply.ClassUnsupported: apply.ErrUnsupported,
		apply.ClassTimeout:     context.DeadlineExceeded,
		apply.ClassUnavailable: errors.Join(errors.New("503"), apply.ErrUnavailable),
		apply.ClassOther:       errInjected,
	} {
		f := newFixture(t)
		live := f.cluster.Live()
		live.Before = on("DeleteImage", err)
		report, _ := f.run(t, live, func(o *apply.Options) { o.Retry.Attempts = 1 })
		problems := report.Problems()
		require.Len(t, problems, 1, class)
		require.Equal(t, class, problems[0].Class)
		require.Equal(t, 2, problems[0].Count, class)
		require.ErrorIs(t, problems[0].First.Err, err)
		require.Equal(t, prune.DeleteImage, problems[0].First.Action.Kind)
		require.Contains(t, report.String(), fmt.Sprintf("2 x %s, first: ", class))
	}
}

// TestProblemsByFrequency: the class of most errors comes first.
func TestProblemsByFrequency(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	live.Before = func(c prunetest.Call) error {
		switch {
		case c.Verb == "DeleteImage" && c.Object == f.oldest.Digest():
			return apply.ErrForbidden
		case c.Verb == "DeleteBlob":
			return errInjected
		}
		return nil
	}
	report, err := f.run(t, live, nil)
	require.ErrorIs(t, err, errInjected)
	problems := report.Problems()
	require.Len(t, problems, 2)
	require.Equal(t, apply.ClassOther, problems[0].Class)
	require.Greater(t, problems[0].Count, 1)
	require.Equal(t, apply.Problem{Class: apply.ClassForbidden, Count: 1, First: problems[1].First}, problems[1])
}

// TestLogger: what does not go as planned is a record, and nothing else is.
func TestLogger(t *testing.T) {
	f := newFixture(t)
	var log bytes.Buffer
	logged := func(o *apply.Options) { o.Logger = slog.New(slog.NewJSONHandler(&log, nil)) }
	_, err := f.run(t, f.cluster.Live(), logged)
	require.NoError(t, err)
	require.Empty(t, log.String())

	live := f.cluster.Live()
	live.Before = func(c prunetest.Call) error {
		if c.Verb == "DeleteImage" && c.Object == f.oldest.Digest() || c.Verb == "ForgetBlobs" {
			return errInjected
		}
		return nil
	}
	report, err := f.run(t, live, logged)
	require.ErrorIs(t, err, errInjected)
	require.True(t, report.RestartRegistries)
	var records []map[string]any
	for d := json.NewDecoder(&log); d.More(); {
		var r map[string]any
		require.NoError(t, d.Decode(&r))
		records = append(records, r)
	}
	require.Len(t, records, 2)
	require.Equal(t, []any{"WARN", "DeleteImage", f.oldest.Digest(), string(apply.Failed)},
		[]any{records[0]["level"], records[0]["action"], records[0]["object"], records[0]["status"]})
	require.Contains(t, records[0]["err"], errInjected.Error())
	require.Contains(t, records[1]["msg"], "caches were not told")
	require.NotZero(t, records[1]["blobs"])
}
