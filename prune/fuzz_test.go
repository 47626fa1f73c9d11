package prune_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
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
	inv := parseCluster(f, shopToPrune+"pod shop/p Running reg.example/shop/web@old").inventory(parseKnobs(f, "ancient"))
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

// Whatever is read as a plan, with a digest that fits, is what a plan writes.
func FuzzPlanJSON(f *testing.F) {
	for _, words := range []string{"ancient revisions=1", "ancient over-size", "", "namespace=shop unlisted=Pod"} {
		k := parseKnobs(f, words)
		policy, err := prune.OpenShift(k.options)
		require.NoError(f, err)
		plan, err := prune.New(parseCluster(f, oneImage).inventory(k), policy, clusterTime)
		require.NoError(f, err)
		var b bytes.Buffer
		require.NoError(f, plan.WriteJSON(&b, false))
		body, _, _ := strings.Cut(b.String(), `,"digest":"`+plan.Digest())
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		text := fmt.Sprintf(`%s,"digest":"sha256:%x"}`, body, sha256.Sum256([]byte(body+"}")))
		var plan prune.Plan
		if plan.UnmarshalJSON([]byte(text)) != nil {
			return
		}
		again, err := plan.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, text, string(again))
		var b bytes.Buffer
		require.NoError(t, plan.WriteText(&b, 0))
	})
}
