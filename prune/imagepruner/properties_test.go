package imagepruner_test

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

// someSpec is a spec with any of the fields, right or wrong.
func someSpec(r *rand.Rand) map[string]any {
	spec := map[string]any{}
	fields := map[string][]any{
		"schedule":                     {"", "@daily", "5 4 * * 1-5", "TZ=0", "0 0 30 2 *", nil},
		"suspend":                      {true, false, nil},
		"keepTagRevisions":             {0, 1, 3, -1, nil},
		"keepYoungerThan":              {0, 60, int64(2 * time.Hour), -1, nil},
		"keepYoungerThanDuration":      {"0s", "60m", "-1h", nil},
		"resources":                    {map[string]any{}, map[string]any{"limits": map[string]any{"cpu": "1"}}, nil},
		"affinity":                     {map[string]any{"nodeAffinity": map[string]any{}}, nil},
		"nodeSelector":                 {map[string]any{"a": "b"}, map[string]any{}, nil},
		"tolerations":                  {[]any{map[string]any{"operator": "Exists"}}, []any{}, nil},
		"successfulJobsHistoryLimit":   {0, 1, -1, nil},
		"failedJobsHistoryLimit":       {0, 7, -1, nil},
		"ignoreInvalidImageReferences": {true, false, nil},
		"logLevel":                     {"", "Normal", "Trace", "loud", nil},
		"new":                          {map[string]any{"field": 1.5}},
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		values := fields[field]
		if r.IntN(2) == 0 {
			spec[field] = values[r.IntN(len(values))]
		}
	}
	return spec
}

// someObserved is a state of the CronJob and its Jobs.
func someObserved(t *testing.T, r *rand.Rand) (o imagepruner.Observed) {
	t.Helper()
	o.NoDegraded = r.IntN(4) == 0
	if r.IntN(4) == 0 {
		o.SyncError = errors.New("forbidden")
	}
	if r.IntN(5) > 0 {
		o.CronJob = cronJob(t, []string{`{}`, `{"spec":{"suspend":true}}`, `{"status":{"active":[{"name":"a"}]}}`,
			`{"status":{"lastScheduleTime":"2026-11-01T00:00:00Z","lastSuccessfulTime":"2026-11-01T00:05:00Z"}}`}[r.IntN(4)])
	}
	for i := range r.IntN(4) {
		o.Jobs = append(o.Jobs, job(t, string(rune('a'+i)), r.IntN(24), []string{"", complete, failed}[r.IntN(3)]))
	}
	return o
}

// TestProperties: over many specs and states, defaults fill once and for all, and say
// nothing new of what is right; the status is a function of what is observed, and stays
// when nothing changes, through any number of calls and through the API server.
func TestProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2026))
	n, valid := 600, 0
	if testing.Short() {
		n = 150
	}
	for range n {
		text, err := json.Marshal(someSpec(r))
		require.NoError(t, err)
		s := spec(t, string(text))
		filled := s.WithDefaults()
		require.Equal(t, filled, filled.WithDefaults(), "%s", text)
		require.Equal(t, specJSON(t, filled), specJSON(t, spec(t, specJSON(t, filled)).WithDefaults()), "%s", text)
		require.Equal(t, s.Check().Err() == nil, filled.Check().Err() == nil, "%s", text)
		require.Equal(t, spec(t, string(text)), s, "the argument stays as it is")
		if s.Check().Err() == nil {
			valid++
			given, err := s.OpenShiftOptions(imagepruner.Registry{})
			require.NoError(t, err)
			defaulted, err := filled.OpenShiftOptions(imagepruner.Registry{})
			require.NoError(t, err)
			require.Equal(t, given, defaulted, "%s", text)
		}

		p := &imagepruner.ImagePruner{Spec: s}
		p.Generation = r.Int64N(9)
		at := documentedTime
		for range 3 { // states, one after the other
			o := someObserved(t, r)
			at = at.Add(time.Hour)
			p.Status = p.NextStatus(o, at)
			stored := asJSON(t, p)
			for i := range 3 {
				r.Shuffle(len(o.Jobs), func(i, j int) { o.Jobs[i], o.Jobs[j] = o.Jobs[j], o.Jobs[i] })
				if i == 1 { // as it is read again
					again := new(imagepruner.ImagePruner)
					require.NoError(t, json.Unmarshal([]byte(stored), again))
					p = again
				}
				p.Status = p.NextStatus(o, at.Add(time.Duration(i+1)*time.Minute))
				require.Equal(t, stored, asJSON(t, p))
			}
			types := map[imagepruner.ConditionType]bool{}
			for _, c := range p.Status.Conditions {
				require.False(t, types[c.Type], "one of each type")
				types[c.Type] = true
			}
		}
	}
	require.Greater(t, valid, n/12)
	require.Less(t, valid, n*5/6)
}
