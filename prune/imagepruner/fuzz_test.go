package imagepruner_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

// FuzzImagePruner: whatever is read, nothing panics, defaults are idempotent and
// keep what is right, what is written reads the same, the status is stable, and what
// passes the check can be followed.
func FuzzImagePruner(f *testing.F) {
	f.Add(testdata(f, "cluster.json"))
	f.Add(testdata(f, "cluster.yaml"))
	f.Add(whole)
	f.Add(`{"spec":{"schedule":"TZ=0","tolerations":[null]}}`)
	f.Add(`{"spec":{"schedule":"@every 1ns","keepYoungerThan":-9223372036854775808}}`)
	f.Add(`{"spec":{"nodeSelector":{"\u0085":"\u2028","\u007f":" "}},"x":1e400}`)
	f.Add(`{"\u0001\u007f":1,"spec":{"\\\"":2}}`)
	f.Add(`{"` + strings.Repeat("k", 1025) + `":1}`)
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 {
			return
		}
		p, err := imagepruner.Read(strings.NewReader(text))
		if p == nil {
			require.Error(t, err)
			return
		}
		written := asJSON(t, p)
		again, err := imagepruner.Read(strings.NewReader(written))
		require.NoError(t, err)
		require.Equal(t, written, asJSON(t, again))
		var inYAML strings.Builder
		require.NoError(t, p.WriteYAML(&inYAML))
		again, err = imagepruner.Read(strings.NewReader(inYAML.String()))
		require.NoError(t, err, inYAML.String())
		require.Equal(t, value(t, written), value(t, asJSON(t, again))) // bytes that are no UTF-8 are U+FFFD in both

		filled := p.Spec.WithDefaults()
		require.Equal(t, filled, filled.WithDefaults())
		require.Equal(t, p.Spec.Check().Err() == nil, filled.Check().Err() == nil)

		p.Status = p.NextStatus(imagepruner.Observed{CronJob: new(imagepruner.CronJob)}, now)
		require.Equal(t, p.Status, p.NextStatus(imagepruner.Observed{CronJob: new(imagepruner.CronJob)}, now.Add(time.Hour)))
		if p.Spec.Check().Err() != nil {
			return
		}
		_, err = p.Spec.Policy(imagepruner.Registry{})
		require.NoError(t, err)
		_, err = p.Spec.CronJob(imagepruner.CronJobOptions{})
		require.NoError(t, err)
	})
}

// value is that of a JSON text, with numbers as they stand there.
func value(t testing.TB, text string) (v any) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&v), text)
	return v
}

// FuzzSchedule: whatever is a schedule, runs go forward, and looking back from one
// finds it.
func FuzzSchedule(f *testing.F) {
	for _, text := range append(manySchedules, "TZ=0", "CRON_TZ=", "@every 1h", "@every -1h", ", * * * *", "0/7 9223372036854775807 * * *", "*/9223372036854775807 * * * *") {
		f.Add(text, int64(1_793_491_200))
	}
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		s, err := imagepruner.ParseSchedule(text, nil)
		if err != nil {
			return
		}
		at := time.Unix(seconds, 0)
		s = s.Since(at.Add(-time.Hour))
		run := s.Next(at)
		if run.IsZero() {
			return
		}
		require.True(t, run.After(at))
		require.Equal(t, run, s.Previous(run))
		require.False(t, s.Previous(run.Add(-time.Nanosecond)).After(at))
		s.Due(at, run, time.Hour)
	})
}
