package prune_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
)

// Whatever JSON is read as a policy can be followed, says the same once it was
// written, and decides the same.
func FuzzPolicyJSON(f *testing.F) {
	preset, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	require.NoError(f, err)
	every := everyCondition()
	for _, text := range []string{
		preset.String(), every.String(), "{}", "null", `{"tagItems":null}`, `{"pruneOverSizeLimit":true,"allImages":true,"pruneRegistry":true}`,
		`{"images":[{"id":"a","outcome":"delete","when":{"olderThan":"1h","labels":{},"repositories":[]}}],"lifetime":"1ns"}`,
		`{"KeepYoungerThan":"2562047h47m16.854775807s","keepTagRevisions":9223372036854775807}`,
	} {
		f.Add(text)
	}
	inv := parseCluster(f, shopToPrune+used[len(used)/2:]).inventory(parseKnobs(f, "ancient"))
	f.Fuzz(func(t *testing.T, text string) {
		var policy prune.Policy
		if json.Unmarshal([]byte(text), &policy) != nil {
			require.True(t, policy.Equal(&prune.Policy{}), "an error leaves the policy as it was")
			return
		}
		require.NoError(t, policy.Validate())
		back := parsedPolicy(t, policy.String())
		require.True(t, back.Equal(&policy), "%s and %s", policy, back)
		require.Equal(t, policy.String(), back.String())
		plan, err := prune.New(inv, policy, clusterTime)
		require.NoError(t, err)
		again, err := prune.New(inv, back, clusterTime)
		require.NoError(t, err)
		require.True(t, plan.Equal(again))
	})
}

// Whatever JSON is read as a plan is what a plan writes, but for space.
func FuzzPlanJSON(f *testing.F) {
	for _, words := range []string{"ancient revisions=1", "ancient over-size", "", "namespace=shop unlisted=Pod"} {
		k := parseKnobs(f, words)
		policy, err := prune.OpenShift(k.options)
		require.NoError(f, err)
		plan, err := prune.New(parseCluster(f, oneImage).inventory(k), policy, clusterTime)
		require.NoError(f, err)
		for _, verdicts := range []bool{false, true} {
			var b bytes.Buffer
			require.NoError(f, plan.WriteJSON(&b, verdicts))
			f.Add(b.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var plan prune.Plan
		if plan.UnmarshalJSON(text) != nil {
			return
		}
		var compact, written bytes.Buffer
		require.NoError(t, json.Compact(&compact, text))
		body, _, _ := bytes.Cut(compact.Bytes(), []byte(`,"kept":[`))
		require.NoError(t, plan.WriteJSON(&written, false))
		require.Equal(t, string(bytes.TrimSuffix(body, []byte("}"))), string(bytes.TrimSuffix(written.Bytes(), []byte("}\n"))))
	})
}
