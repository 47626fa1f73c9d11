package prune_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
)

// A condition that says nothing any more, or says it in a way that a decoder
// passes over, is refused: without it the rule would delete more.
func TestNoConditionIsLost(t *testing.T) {
	deleting := func(list, condition string) string {
		return `{"` + list + `":[{"id":"d","outcome":"delete","when":{"notPulledFor":"1h",` + condition + `}}]}`
	}
	for _, r := range []struct{ condition, want string }{
		{`"repositories":[]`, "repositories is empty"},
		{`"tags":[]`, "tags is empty"},
		{`"labels":{}`, "labels is empty"},
		{`"labels":{"team":null}`, "labels: team: it is null"},
		{`"tags":[null]`, "tags: [0]: it is null"},
		{`"repositories":["a",null]`, "repositories: [1]: it is null"},
		{`"labels":{"team":"a","team":"*"}`, `"team" stands twice`},
		{`"labels":{"team":"a","te\u0061m":"*"}`, `"team" stands twice`},
		{`"labels":{"\ud800":"a","\udfff":"*"}`, "stands twice"},
		{`"tags":["v*"],"tags":["*"]`, `"tags" stands twice`},
		{`"olderThan":"9h","olderThan":"1h"`, `"olderThan" stands twice`},
		{`"olderThan":"9h","OlderThan":"1h"`, `unknown field "OlderThan"`},
		{`"OLDERTHAN":"1h"`, `unknown field "OLDERTHAN"`},
		{`"label\u017f":{"team":"a"}`, "unknown field"}, // ſ, which folds to s
		{`"labels":{"te` + "\xff" + `am":"a"}`, "not UTF-8"},
	} {
		for _, list := range []string{"tagItems", "images"} {
			text := deleting(list, r.condition)
			policy := everyCondition()
			err := policy.UnmarshalJSON([]byte(text))
			require.ErrorContains(t, err, r.want, text)
			require.ErrorIs(t, err, prune.ErrPolicy)
			require.Equal(t, everyCondition(), policy, "an error leaves the policy as it was")
			require.Error(t, json.Unmarshal([]byte(text), &policy))
		}
	}
	for _, field := range []string{
		"always", "repositories", "tags", "youngerThan", "olderThan", "streamYoungerThan", "pulledWithin", "notPulledFor", "revisionBelow",
		"revisionFrom", "tagInUse", "digestInUse", "referenceTag", "known", "overLimit", "managed", "labels", "dropped",
	} {
		condition := strings.TrimPrefix(deleting("tagItems", `"`+field+`":null`), `{"tagItems":[`)
		condition = strings.TrimSuffix(condition, "]}")
		if field == "notPulledFor" {
			condition = `{"id":"d","outcome":"delete","when":{"managed":true,"notPulledFor":null}}`
		}
		for _, text := range []string{`{"tagItems":[` + condition + `]}`, `{"images":[` + condition + `]}`} {
			require.ErrorContains(t, new(prune.Policy).UnmarshalJSON([]byte(text)), field+": it is null")
		}
		rule := always("was", prune.Keep)
		require.ErrorContains(t, json.Unmarshal([]byte(condition), &rule), field+": it is null", "a rule by itself")
		require.Equal(t, always("was", prune.Keep), rule)
	}
}

// Outside conditions as well: what is null, twice there or in another case was
// meant to say something.
func TestNothingOfAPolicyIsLost(t *testing.T) {
	for _, r := range []struct{ text, want string }{
		{`null`, "it is null"},
		{`{"tagItems":null}`, "tagItems: it is null"},
		{`{"images":null,"tagItems":[]}`, "images: it is null"},
		{`{"tagItems":[null]}`, "it is null"},
		{`{"tagItems":[{"id":"a","outcome":"keep"},{"id":"a","Outcome":"delete","when":{"always":true}}]}`, `unknown field "Outcome"`},
		{`{"tagItems":[{"id":"a","outcome":"keep","outcome":"delete","when":{"always":true}}]}`, `"outcome" stands twice`},
		{`{"tagItems":[{"id":"a","outcome":"delete","when":{"always":true},"when":{"managed":true}}]}`, `"when" stands twice`},
		{`{"tagItems":[{"id":"keep","outcome":"keep"}],"tagItems":[]}`, `"tagItems" stands twice`},
		{`{"tagItems":[],"namespace":null}`, "namespace: it is null"},
		{`{"tagItems":[],"nameSpace":"shop"}`, `unknown field "nameSpace"`},
		{`{"tagItems":[],"namespace":"shop","namespace":""}`, `"namespace" stands twice`},
		{`{"tagItems":[],"finishedPodsCountFor":null}`, "finishedPodsCountFor: it is null"},
		{`{"tagItems":[],"ignoreSources":null}`, "ignoreSources: it is null"},
		{`{"tagItems":[],"ignoreSources":[null]}`, "ignoreSources: [0]: it is null"},
		{`{"keepYoungerThan":"1h","keepTagRevisions":3,"namespace":null}`, "namespace: it is null"},
		{`{"keepYoungerThan":"1h","keepTagRevisions":3,"keepTagRevisions":0}`, `"keepTagRevisions" stands twice`},
		{`{"keepYoungerThan":"1h","keepTagRevisions":3,"KeepTagRevisions":0}`, `unknown field "KeepTagRevisions"`},
		{`{"tagItems":[]} {}`, "after top-level value"},
		{`{"tagItems":[]}]`, "after top-level value"},
	} {
		policy := everyCondition()
		err := policy.UnmarshalJSON([]byte(r.text))
		require.ErrorContains(t, err, r.want, r.text)
		require.ErrorIs(t, err, prune.ErrPolicy)
		require.Equal(t, everyCondition(), policy)
	}
}

// A Plan is of the policy as it was: what the caller does to the slices and
// pointers, its own or the plan's, changes no action, reason or digest.
func TestPlanKeepsItsOwnPolicy(t *testing.T) {
	policy := prune.Policy{
		TagItems: []prune.Rule{
			{ID: "old", Outcome: prune.Delete, When: prune.Condition{
				Repositories: []string{"shop/*"}, Tags: []string{"*"}, OlderThan: hours(1), RevisionFrom: ptr(0),
			}},
			{ID: "labelled", Outcome: prune.Keep, When: prune.Condition{Labels: map[string]string{"team": "a"}, Known: ptr(true)}},
		},
		Images: []prune.Rule{always("rest", prune.Delete)}, PruneRegistry: true,
		FinishedPodsCountFor: hours(2), IgnoreSources: []string{"trigger"},
	}
	_, plan := rulePlan(t, "image new l1 \n image old l2 \n tag shop/web:latest new~3h old~4h", policy)
	text := func() string {
		var b strings.Builder
		require.NoError(t, plan.WriteJSON(&b, true))
		return b.String()
	}
	before, explained := text(), plan.Digest()
	require.Positive(t, plan.Summary.TagItems)
	spoil := func(p *prune.Policy) {
		for i := range p.TagItems {
			p.TagItems[i].ID, p.TagItems[i].Outcome = "changed", prune.Keep
		}
		p.TagItems[1].When.Labels["team"], *p.TagItems[1].When.Known = "b", false
		when := &p.TagItems[0].When
		when.Repositories[0], when.Tags[0], *when.OlderThan, *when.RevisionFrom = "", "", 0, 7
		p.Images[0] = always("changed", prune.Keep)
		*p.FinishedPodsCountFor, p.IgnoreSources[0] = 0, "table"
	}
	spoil(&policy)
	require.Equal(t, before, text())
	require.Equal(t, explained, plan.Digest())
	actions := func() (all []prune.Action) {
		for a := range plan.Actions() {
			all = append(all, a)
		}
		return all
	}
	was := actions()
	spoil(&plan.Policy)
	require.Equal(t, was, actions(), "nor by way of the plan")
}
