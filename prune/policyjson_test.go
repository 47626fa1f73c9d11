package prune_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
)

// everyCondition is a policy of rules that uses every field.
func everyCondition() prune.Policy {
	yes, no := ptr(true), ptr(false)
	return prune.Policy{
		TagItems: []prune.Rule{
			{ID: "a", Outcome: prune.Keep, When: prune.Condition{
				Repositories: []string{"shop/*", "a?/b"}, Tags: []string{"v*"}, YoungerThan: hours(1), OlderThan: hours(2),
				StreamYoungerThan: hours(3), PulledWithin: hours(4), NotPulledFor: hours(5), RevisionBelow: ptr(0),
				TagInUse: yes, DigestInUse: yes, ReferenceTag: no, Known: yes, OverLimit: no, Managed: yes,
				Labels: map[string]string{"team": "a*", "<tier>": "&"},
			}},
			{ID: "b", Outcome: prune.Keep},
			{ID: "old", Outcome: prune.Delete, When: prune.Condition{RevisionFrom: ptr(7)}},
			{ID: "c", Outcome: prune.Delete, When: prune.Condition{Always: true}},
		},
		Images:               []prune.Rule{{ID: "d", Outcome: prune.Delete, When: prune.Condition{Dropped: yes, DigestInUse: no}}},
		Namespace:            "shop",
		PruneRegistry:        true,
		FinishedPodsCountFor: ptr(prune.Duration(90 * time.Minute)),

		IgnoreInvalidReferences: true,
		AcceptUnknownImages:     true,
		PeerReferencesOnly:      true,
		AbsentTimesAreAncient:   true,
		IgnoreSources:           []string{"trigger", "spec-tag"},
		Lifetime:                prune.Duration(30 * time.Second),
	}
}

func TestPolicyJSONForms(t *testing.T) {
	overSize := prune.OpenShiftOptions{PruneOverSizeLimit: true, Namespace: "shop", IgnoreSources: []string{"table"}, Lifetime: *hours(2)}
	overSizePolicy, err := prune.OpenShift(overSize)
	require.NoError(t, err)
	preset, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	require.NoError(t, err)
	zeroDurations, err := prune.OpenShift(prune.OpenShiftOptions{KeepYoungerThan: hours(0), KeepTagRevisions: ptr(0)})
	require.NoError(t, err)
	changed := preset
	changed.TagItems = preset.TagItems[1:2:2]
	changed.Images = nil
	for _, f := range []struct {
		name   string
		policy prune.Policy
		want   string
	}{
		{
			"the preset's knobs", preset,
			`{"keepYoungerThan":"1h0m0s","keepTagRevisions":3,"pruneOverSizeLimit":false,"allImages":true,"pruneRegistry":true,"ignoreInvalidRefs":false,` +
				`"acceptUnknownImages":false,"peerReferencesOnly":false,"ignoreSources":[],"absentTimesAreAncient":false,"lifetime":"1h0m0s"}`,
		},
		{
			"over-size mode has no ages", overSizePolicy,
			`{"pruneOverSizeLimit":true,"allImages":false,"pruneRegistry":false,"ignoreInvalidRefs":false,"namespace":"shop",` +
				`"acceptUnknownImages":false,"peerReferencesOnly":false,"ignoreSources":["table"],"absentTimesAreAncient":false,"lifetime":"2h0m0s"}`,
		},
		{
			"zeros are not left out", zeroDurations,
			`{"keepYoungerThan":"0s","keepTagRevisions":0,"pruneOverSizeLimit":false,"allImages":false,"pruneRegistry":false,"ignoreInvalidRefs":false,` +
				`"acceptUnknownImages":false,"peerReferencesOnly":false,"ignoreSources":[],"absentTimesAreAncient":false,"lifetime":"1h0m0s"}`,
		},
		{
			"the zero policy", prune.Policy{},
			`{"tagItems":[],"images":[],"pruneRegistry":false,"ignoreInvalidRefs":false,` +
				`"acceptUnknownImages":false,"peerReferencesOnly":false,"ignoreSources":[],"absentTimesAreAncient":false,"lifetime":"1h0m0s"}`,
		},
		{
			"a preset that was changed has rules", changed,
			`{"tagItems":[{"id":"reference-tag","outcome":"keep","when":{"referenceTag":true}}],"images":[],"finishedPodsCountFor":"1h0m0s","pruneRegistry":true,"ignoreInvalidRefs":false,` +
				`"acceptUnknownImages":false,"peerReferencesOnly":false,"ignoreSources":[],"absentTimesAreAncient":false,"lifetime":"1h0m0s"}`,
		},
	} {
		t.Run(f.name, func(t *testing.T) {
			text, err := json.Marshal(f.policy)
			require.NoError(t, err)
			require.Equal(t, f.want, string(text))
			require.Equal(t, f.want, f.policy.String())
			back := parsedPolicy(t, f.want)
			require.True(t, back.Equal(&f.policy))
			require.Equal(t, f.want, back.String())
		})
	}
}

func TestPolicyRoundTrips(t *testing.T) {
	every := everyCondition()
	require.NoError(t, every.Validate())
	policies := []prune.Policy{every}
	for _, mutate := range []func(*prune.OpenShiftOptions){
		func(*prune.OpenShiftOptions) {},
		func(o *prune.OpenShiftOptions) { o.KeepYoungerThan = hours(0.001) },
		func(o *prune.OpenShiftOptions) { o.KeepTagRevisions = ptr(1 << 40) },
		func(o *prune.OpenShiftOptions) {
			o.PruneOverSizeLimit, o.KeepTagRevisions, o.KeepYoungerThan = true, nil, nil
		},
		func(o *prune.OpenShiftOptions) { o.AllImages, o.PruneRegistry = false, false },
		func(o *prune.OpenShiftOptions) { o.Namespace, o.IgnoreInvalidRefs = "shop", true },
		func(o *prune.OpenShiftOptions) { o.AcceptUnknownImages, o.AbsentTimesAreAncient = true, true },
		func(o *prune.OpenShiftOptions) { o.PeerReferencesOnly, o.IgnoreSources = true, []string{"a", "b"} },
		func(o *prune.OpenShiftOptions) { o.Lifetime = 1 },
	} {
		o := prune.DefaultOpenShiftOptions()
		mutate(&o)
		policy, err := prune.OpenShift(o)
		require.NoError(t, err)
		policies = append(policies, policy)
	}
	policies = append(policies, prune.Policy{TagItems: []prune.Rule{{ID: "d", Outcome: prune.Delete, When: prune.Condition{
		OlderThan: hours(1),
	}}}, Images: []prune.Rule{}, IgnoreSources: []string{}})
	for i := range policies {
		back := parsedPolicy(t, policies[i].String())
		require.True(t, back.Equal(&policies[i]), "%s", policies[i])
		require.Equal(t, policies[i].String(), back.String())
		for k := range policies {
			require.Equal(t, i == k, policies[i].Equal(&policies[k]), "%d %d", i, k)
		}
	}

	// What went through JSON decides as before.
	for _, policy := range policies {
		back := parsedPolicy(t, policy.String())
		c := parseCluster(t, shopToPrune)
		inv := c.inventory(parseKnobs(t, "unlisted=Image"))
		plan, err := prune.New(inv, policy, clusterTime)
		require.NoError(t, err)
		again, err := prune.New(inv, back, clusterTime)
		require.NoError(t, err)
		require.True(t, plan.Equal(again), "%s", policy)
		require.Equal(t, c.deletionLines(plan), c.deletionLines(again))
	}
}

func TestPolicyEqual(t *testing.T) {
	base := everyCondition()
	for name, change := range map[string]func(*prune.Policy){
		"a rule":       func(p *prune.Policy) { p.TagItems[0].When.RevisionBelow = ptr(1) },
		"a missing":    func(p *prune.Policy) { p.TagItems[0].When.Labels = nil },
		"an image's":   func(p *prune.Policy) { p.Images = nil },
		"namespace":    func(p *prune.Policy) { p.Namespace = "" },
		"registry":     func(p *prune.Policy) { p.PruneRegistry = false },
		"pods":         func(p *prune.Policy) { p.FinishedPodsCountFor = nil },
		"invalid refs": func(p *prune.Policy) { p.IgnoreInvalidReferences = false },
		"unknown":      func(p *prune.Policy) { p.AcceptUnknownImages = false },
		"peer":         func(p *prune.Policy) { p.PeerReferencesOnly = false },
		"sources":      func(p *prune.Policy) { p.IgnoreSources = nil },
		"times":        func(p *prune.Policy) { p.AbsentTimesAreAncient = false },
		"lifetime":     func(p *prune.Policy) { p.Lifetime = 0 },
	} {
		changed := everyCondition()
		change(&changed)
		require.False(t, changed.Equal(&base), name)
		require.False(t, base.Equal(&changed), name)
	}
	same := everyCondition()
	require.True(t, same.Equal(&base))
	require.True(t, (&prune.Policy{}).Equal(&prune.Policy{Lifetime: prune.Duration(prune.DefaultLifetime)}))
}

func TestPolicyJSONIsRefused(t *testing.T) {
	for _, r := range []struct{ name, text, want string }{
		{"a list", `[]`, "cannot unmarshal array"},
		{"a text", `"all"`, "cannot unmarshal string"},
		{"misspelt knob", `{"keepYoungerThan":"1h","keepTagRevisions":3,"alImages":true}`, `unknown field "alImages"`},
		{"no revisions", `{"keepYoungerThan":"1h"}`, "keepTagRevisions is missing"},
		{"revisions that are null", `{"keepYoungerThan":"1h","keepTagRevisions":null}`, "keepTagRevisions: it is null"},
		{"no age", `{"keepTagRevisions":3,"allImages":true}`, "keepYoungerThan is missing"},
		{"over-size misspelt", `{"pruneOverSize":true}`, `unknown field "pruneOverSize"`},
		{"over-size false", `{"pruneOverSizeLimit":false}`, "keepYoungerThan is missing"},
		{"over-size with an age", `{"pruneOverSizeLimit":true,"keepYoungerThan":"0s"}`, "must not be set with it"},
		{"only switches", `{"pruneRegistry":true}`, "keepYoungerThan is missing"},
		{"an age in numbers", `{"keepYoungerThan":3600,"keepTagRevisions":3}`, `want a duration such as "1h30m", got 3600`},
		{"an age in days", `{"keepYoungerThan":"30d","keepTagRevisions":3}`, `unknown unit "d"`},
		{"no age at all in it", `{"keepYoungerThan":"","keepTagRevisions":3}`, "invalid duration"},
		{"a lifetime that is null", `{"keepYoungerThan":"1h","keepTagRevisions":3,"lifetime":null}`, "invalid duration"},
		{"revisions as text", `{"keepYoungerThan":"1h","keepTagRevisions":"3"}`, "cannot unmarshal string"},
		{"half a revision", `{"keepYoungerThan":"1h","keepTagRevisions":2.5}`, "cannot unmarshal number"},
		{"negative", `{"keepYoungerThan":"-1h","keepTagRevisions":3}`, "keepYoungerThan is negative"},
		{"knobs and rules", `{"keepYoungerThan":"1h","keepTagRevisions":3,"tagItems":[]}`, `unknown field "keepYoungerThan"`},
		{"rules misspelt", `{"tagitem":[{"id":"a","outcome":"delete","when":{"always":true}}]}`, `unknown field "tagitem"`},
		{"a rule's misspelt condition", `{"tagItems":[{"id":"a","outcome":"delete","when":{"olderThen":"1h"}}]}`, `unknown field "olderThen"`},
		{"a rule without a condition", `{"tagItems":[{"id":"a","outcome":"delete"}]}`, "say always"},
		{"a rule's condition is null", `{"tagItems":[{"id":"a","outcome":"delete","when":null}]}`, "it is null"},
		{"a rule's condition is of nothing", `{"images":[{"id":"a","outcome":"delete","when":{"repositories":[],"managed":null}}]}`, "managed: it is null"},
		{"an outcome that is none", `{"images":[{"id":"a","outcome":"drop","when":{"always":true}}]}`, `outcome is "drop"`},
		{"without an outcome", `{"images":[{"id":"a","when":{"always":true}}]}`, `outcome is ""`},
		{"more than one value", `{"keepYoungerThan":"1h","keepTagRevisions":3}{}`, "invalid character"},
	} {
		t.Run(r.name, func(t *testing.T) {
			policy := everyCondition()
			err := json.Unmarshal([]byte(r.text), &policy)
			require.ErrorContains(t, err, r.want)
			require.True(t, policy.Equal(ptr(everyCondition())), "an error leaves the policy as it was")
			if r.name != "more than one value" { // the caller's decoder sees that first
				require.ErrorIs(t, err, prune.ErrPolicy)
			}
			require.ErrorIs(t, policy.UnmarshalJSON([]byte(r.text)), prune.ErrPolicy)
		})
	}
}

// A key that is missing is an error, or deletes no more than it would have.
// The namespace alone is what a policy cannot be missing.
func TestMissingKeysDeleteNoMore(t *testing.T) {
	for _, words := range []string{"ancient revisions=1", "ancient revisions=1 managed-only", "ancient over-size", "ancient revisions=1 ignore-invalid"} {
		cluster := parseCluster(t, shopToPrune+`
			image big lb size=300
			tag shop/web:big big
			limits shop/l 200
			pod shop/p Failed~30m reg.example/shop/web@old
			build shop/b source ImageStreamTag bad`)
		k := parseKnobs(t, words)
		inv := cluster.inventory(k)
		policy, err := prune.OpenShift(k.options)
		require.NoError(t, err)
		var keys map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(policy.String()), &keys))
		full, _ := prune.New(inv, policy, clusterTime)
		for _, missing := range slices.Sorted(maps.Keys(keys)) {
			some := maps.Clone(keys)
			delete(some, missing)
			text, err := json.Marshal(some)
			require.NoError(t, err)
			var less prune.Policy
			if json.Unmarshal(text, &less) != nil {
				continue
			}
			plan, err := prune.New(inv, less, clusterTime)
			if err == nil && plan.Summary.Actions() > 0 {
				require.NotNil(t, full, "without %s", missing)
				require.Subset(t, deletions(full), deletions(plan), "without %s", missing)
			}
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`"1h"`: time.Hour, `"90m"`: 90 * time.Minute, `"0"`: 0, `"-1.5s"`: -1500 * time.Millisecond, `"1ns"`: 1, `"\u0031h"`: time.Hour,
	} {
		var d prune.Duration
		require.NoError(t, json.Unmarshal([]byte(text), &d), text)
		require.Equal(t, prune.Duration(want), d)
		back, err := json.Marshal(d)
		require.NoError(t, err)
		require.Equal(t, `"`+want.String()+`"`, string(back))
	}
	for _, text := range []string{`1`, `true`, `{}`, `[]`, `"1"`, `"h"`, `"1 h"`, `"9999999h"`} {
		require.Error(t, json.Unmarshal([]byte(text), new(prune.Duration)), text)
	}
}
