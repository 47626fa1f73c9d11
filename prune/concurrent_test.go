package prune_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
)

// Several goroutines ask one plan everything at once, from its first moment on;
// under the race detector this shows what they share.
func TestConcurrentUse(t *testing.T) {
	const cluster = shopToPrune + `
		image idx type=index children=mid
		image mid type=index children=leaf,new
		image leaf ll
		image sig ls subject=leaf
		tag shop/multi:latest idx old
		tag shop/multi:` + "sha256-x" + ` sig
		pod shop/p Running reg.example/shop/multi@leaf
	`
	for _, p := range []planCase{
		{policy: "ancient revisions=0", cluster: cluster},
		{policy: "ancient revisions=0", cluster: cluster + "deployment shop/d UPPER"}, // a plan that failed
	} {
		_, plan := p.plan(t)
		var group sync.WaitGroup
		texts := make([][]string, 4)
		for i := range texts {
			group.Go(func() { texts[i] = everythingOf(plan) })
		}
		group.Wait()
		for i := range texts {
			require.Equal(t, texts[0], texts[i])
		}
	}
}

// everythingOf returns all that a plan says.
func everythingOf(plan *prune.Plan) []string {
	var all []string
	for a := range plan.Actions() {
		all = append(all, string(a.Kind)+a.Digest+a.Reason.String())
	}
	for v := range plan.Verdicts() {
		all = append(all, v.Object+v.Reason.String())
	}
	for _, what := range []string{"shop/multi:latest", "shop/web:latest#1", digestOf("leaf"), digestOf("ll"), digestOf("old")} {
		explanations, err := plan.Explain(what)
		if err != nil {
			all = append(all, err.Error())
		}
		for _, e := range explanations {
			all = append(all, e.String())
		}
	}
	var b bytes.Buffer
	for _, verdicts := range []bool{false, true} {
		if err := plan.WriteJSON(&b, verdicts); err != nil {
			all = append(all, err.Error())
		}
	}
	if err := plan.WriteText(&b, 0); err != nil {
		all = append(all, err.Error())
	}
	for _, kind := range plan.Missing() {
		all = append(all, string(kind))
	}
	return append(all, b.String(), plan.Digest(), plan.Policy.String())
}

// Plans of one inventory may be made at once, too.
func TestConcurrentPlanning(t *testing.T) {
	k := parseKnobs(t, "ancient revisions=1")
	inv := parseCluster(t, shopToPrune).inventory(k)
	policy, err := prune.OpenShift(k.options)
	require.NoError(t, err)
	digests := make([]string, 4)
	var group sync.WaitGroup
	for i := range digests {
		group.Go(func() {
			if plan, err := prune.New(inv, policy, clusterTime); err == nil {
				digests[i] = plan.Digest()
			}
		})
	}
	group.Wait()
	for _, d := range digests {
		require.Equal(t, digests[0], d)
		require.NotEmpty(t, d)
	}
}
