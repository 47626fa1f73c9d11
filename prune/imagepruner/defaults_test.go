package imagepruner_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

func spec(t testing.TB, text string) imagepruner.ImagePrunerSpec {
	t.Helper()
	var s imagepruner.ImagePrunerSpec
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	return s
}

func specJSON(t testing.TB, s imagepruner.ImagePrunerSpec) string {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	return string(text)
}

const allDefaults = `{"schedule":"0 0 * * *","suspend":false,"keepTagRevisions":3,"keepYoungerThanDuration":"60m",` +
	`"resources":{"requests":{"cpu":"100m","memory":"256Mi"}},"affinity":{},"nodeSelector":{},"tolerations":[],` +
	`"successfulJobsHistoryLimit":3,"failedJobsHistoryLimit":3,"logLevel":"Normal"}`

func TestDefaults(t *testing.T) {
	for given, want := range map[string]string{
		`{}`:              allDefaults,
		`{"schedule":""}`: allDefaults,
		`{"schedule":null,"suspend":null,"keepYoungerThan":null,"resources":null,"affinity":null,"nodeSelector":null,"tolerations":null}`:                                                                                                                     allDefaults,
		`{"schedule":"@daily","suspend":true,"keepTagRevisions":0,"keepYoungerThanDuration":"0s","resources":{},"affinity":{"a":1},"nodeSelector":{"a":"b"},"tolerations":[{}],"successfulJobsHistoryLimit":0,"failedJobsHistoryLimit":0,"logLevel":"Debug"}`: `{"schedule":"@daily","suspend":true,"keepTagRevisions":0,"keepYoungerThanDuration":"0s","resources":{},"affinity":{"a":1},"nodeSelector":{"a":"b"},"tolerations":[{}],"successfulJobsHistoryLimit":0,"failedJobsHistoryLimit":0,"logLevel":"Debug"}`,
	} {
		s := spec(t, given)
		require.JSONEq(t, want, specJSON(t, s.WithDefaults()), given)
		require.Equal(t, s.WithDefaults(), s.WithDefaults().WithDefaults(), "it is idempotent")
		require.Equal(t, spec(t, given), s, "the argument stays as it is")
	}
}

// TestWhichAgeCounts: keepYoungerThanDuration before keepYoungerThan before 60m.
func TestWhichAgeCounts(t *testing.T) {
	for given, want := range map[string]struct {
		age  time.Duration
		flag string
	}{
		`{}`:                                {time.Hour, "--keep-younger-than=60m"},
		`{"keepYoungerThan":7200000000000}`: {2 * time.Hour, "--keep-younger-than=2h0m0s"},
		`{"keepYoungerThan":0}`:             {0, "--keep-younger-than=0s"},
		`{"keepYoungerThanDuration":"60m"}`: {time.Hour, "--keep-younger-than=1h0m0s"},
		`{"keepYoungerThanDuration":"0s"}`:  {0, "--keep-younger-than=0s"},
		`{"keepYoungerThan":60}`:            {60, "--keep-younger-than=60ns"},
		`{"keepYoungerThan":60,"keepYoungerThanDuration":"90m"}`: {90 * time.Minute, "--keep-younger-than=1h30m0s"},
	} {
		s := spec(t, given)
		require.Equal(t, want.age, s.WithDefaults().KeepYoungerThanDuration.Duration, given)
		flags, err := s.Flags(imagepruner.Registry{})
		require.NoError(t, err)
		require.Contains(t, flags, want.flag, given)
		o, err := s.OpenShiftOptions(imagepruner.Registry{})
		require.NoError(t, err)
		require.Equal(t, want.age, time.Duration(*o.KeepYoungerThan), given)
	}
}
