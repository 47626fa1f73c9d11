package apply_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// A dry run says what a real one does, object by object, and writes nothing.
func TestDryRunSaysWhatARunDoes(t *testing.T) {
	for cluster, plan := range plans(t, 50) {
		for _, grace := range []int{-1, 0} {
			live := cluster.Live()
			before := stateOf(live)
			live.Before = func(c prunetest.Call) error {
				require.Contains(t, []string{"ReadStream", "List"}, c.Verb)
				return nil
			}
			journal := &memoryJournal{}
			o := atOnce(cluster.Now())
			o.Grace, o.DryRun, o.Journal = apply.Options{}.Grace*0, true, journal
			if grace < 0 {
				o.Grace = -1
			}
			dry, err := apply.Run(t.Context(), plan, live.Ends(), o)
			require.NoError(t, err)
			require.Equal(t, before, stateOf(live))
			require.Empty(t, journal.records)
			condemned, err := live.Ends().Condemned.LoadCondemned(t.Context())
			require.NoError(t, err)
			require.Zero(t, condemned.Len())

			live.Before, o.DryRun, o.Journal = nil, false, nil
			real, err := apply.Run(t.Context(), plan, live.Ends(), o)
			require.NoError(t, err)
			require.Equal(t, lines(real), lines(dry))
			require.Equal(t, real.FreedBytes, dry.FreedBytes)
			for _, line := range strings.Split(strings.TrimSpace(dry.String()), "\n") {
				require.True(t, strings.HasPrefix(line, "dry run: "), line)
			}
		}
	}
}

// Whatever an end's error looks like, every line says that it was a dry run, and a
// result is one.
func TestDryRunSaysSoInEveryLine(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	live.Before = on("ReadStream", fmt.Errorf("one\n\n%w\r\x1b[2J", errors.Join(errInjected, errInjected)))
	var log bytes.Buffer
	report, err := f.run(t, live, func(o *apply.Options) {
		o.DryRun, o.Logger = true, slog.New(slog.NewTextHandler(&log, nil))
		o.OnEvent = func(e apply.Event) { require.True(t, e.Result == nil || e.Result.DryRun) }
	})
	require.ErrorIs(t, err, errInjected)
	for result := range report.Results() {
		require.True(t, strings.HasPrefix(result.String(), "dry run: "), result)
		require.False(t, strings.ContainsFunc(result.String(), unicode.IsControl), result)
	}
	for line := range strings.Lines(report.String()) {
		require.True(t, strings.HasPrefix(line, "dry run: "), line)
	}
	require.NotEmpty(t, log.String())
	for line := range strings.Lines(log.String()) {
		require.Contains(t, line, "dryRun=true")
	}
}

func lines(r *apply.Report) (list []string) {
	for result := range r.Results() {
		list = append(list, strings.TrimPrefix(result.String(), "dry run: "))
	}
	return list
}

// A dry run deletes nothing, so nothing can happen between a look and a deletion.
func TestDryRunHasNoWindow(t *testing.T) {
	f := newFixture(t)
	for _, dry := range []bool{false, true} {
		now := f.cluster.Now()
		report, err := f.run(t, f.cluster.Live(), func(o *apply.Options) {
			o.Now = func() time.Time { now = now.Add(time.Second); return now }
			o.DryRun = dry
		})
		require.NoError(t, err)
		require.Equal(t, dry, report.Window == 0)
		require.Equal(t, dry, !strings.Contains(report.String(), "passed between"))
	}
}
