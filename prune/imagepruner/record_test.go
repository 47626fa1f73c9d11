package imagepruner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/imagepruner"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// carriedOut makes a cluster with an old image and carries its plan out.
func carriedOut(t testing.TB, fault func(prunetest.Call) error) (*prune.Plan, *apply.Report, error) {
	t.Helper()
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	for i := range 6 {
		app.Push("latest", c.Image(), time.Duration(100-i)*time.Hour)
	}
	policy, err := imagepruner.ImagePrunerSpec{}.Policy(imagepruner.Registry{ManagementState: imagepruner.Managed})
	require.NoError(t, err)
	plan, err := prune.New(c.Inventory(), policy, c.Now())
	require.NoError(t, err)
	live := c.Live()
	live.Before = fault
	report, err := apply.Run(context.Background(), plan, live.Ends(), apply.Options{Now: c.Now, Grace: -1, Retry: apply.Retry{Attempts: 1}})
	return plan, report, err
}

func TestRunRecord(t *testing.T) {
	plan, report, err := carriedOut(t, nil)
	require.NoError(t, err)
	r := imagepruner.NewRunRecord(report, err, time.Time{}, time.Time{})
	s := plan.Summary
	require.Equal(t, imagepruner.RunCounts{TagItems: s.TagItems, ManifestLinks: s.ManifestLinks, LayerLinks: s.LayerLinks, Images: s.Images, Blobs: s.Blobs}, r.Deleted)
	require.NotZero(t, r.Deleted.Blobs)
	require.Equal(t, s.FreedBytes, r.FreedBytes)
	require.Equal(t, plan.Digest(), r.Plan)
	require.Empty(t, r.Errors)
	require.Equal(t, fmt.Sprintf("Deleted %d tag items, %d manifest links, %d layer links, %d images and %d blobs (%d bytes and %d blobs of unknown size) in 0s, plan %s.",
		s.TagItems, s.ManifestLinks, s.LayerLinks, s.Images, s.Blobs, s.FreedBytes, s.UnknownBlobs, plan.Digest()), r.String())
	requireRecordRoundTrips(t, r)
}

func TestRunRecordOfFailures(t *testing.T) {
	_, report, err := carriedOut(t, func(c prunetest.Call) error {
		if c.Verb == "DeleteImage" {
			return fmt.Errorf("%w: %s\nBearer", apply.ErrForbidden, strings.Repeat("é", 1000))
		}
		return nil
	})
	require.ErrorIs(t, err, apply.ErrIncomplete)
	r := imagepruner.NewRunRecord(report, err, time.Time{}, time.Time{})
	require.Zero(t, r.Deleted.Images)
	require.Equal(t, 3, r.Kept.Failed)
	require.Len(t, r.Errors, 1)
	require.True(t, strings.HasPrefix(r.Errors[0], "3 × forbidden: "), r.Errors[0])
	require.LessOrEqual(t, len(r.Errors[0]), 256)
	require.Contains(t, r.String(), "3 failed")
	require.NotContains(t, r.String(), "\n")
	requireRecordRoundTrips(t, r)
}

func TestRunRecordWithoutAPlan(t *testing.T) {
	start := instant(t, "2026-11-01T00:00:00Z")
	r := imagepruner.NewRunRecord(nil, errors.New("no\nlist\xff"), start, start.Add(90*time.Second+time.Millisecond))
	require.Equal(t, "Deleted 0 tag items, 0 manifest links, 0 layer links, 0 images and 0 blobs (0 bytes) in 1m30s. Errors: no list\ufffd", r.String())
	requireRecordRoundTrips(t, r)

	for range 20 {
		r.Errors = append(r.Errors, strings.Repeat("x", 256))
	}
	require.LessOrEqual(t, len(r.String()), 1024)
	for _, bad := range []string{"", "[]", `{"plan":1}`, strings.Repeat(" ", 16<<10+1)} {
		_, err := imagepruner.ParseRunRecord(bad)
		require.Error(t, err)
	}
}

func requireRecordRoundTrips(t *testing.T, r imagepruner.RunRecord) {
	t.Helper()
	text, err := r.Annotation()
	require.NoError(t, err)
	require.LessOrEqual(t, len(text), 4096)
	back, err := imagepruner.ParseRunRecord(text)
	require.NoError(t, err)
	require.Equal(t, r, back)
}
