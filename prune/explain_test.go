package prune_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
)

// named replaces digests by their names, long or cut short.
func (c *cluster) named(text string) string {
	for _, d := range slices.Sorted(maps.Keys(c.names)) {
		text = strings.ReplaceAll(text, d, c.names[d])
		text = strings.ReplaceAll(text, d[:len("sha256:")+12], c.names[d])
	}
	return text
}

// An explainCase explains one object of a cluster, by its name.
type explainCase struct {
	name, policy, cluster string
	what                  string // a digest's name, or ns/name:tag
	want                  string
}

func runExplainCases(t *testing.T, words string, cases []explainCase) {
	t.Helper()
	for _, e := range cases {
		t.Run(e.name, func(t *testing.T) {
			p := planCase{policy: words + " " + e.policy, cluster: e.cluster}
			c, plan := p.plan(t)
			what := e.what
			if !strings.Contains(what, "/") {
				what = digestOf(what)
			}
			explanations, err := plan.Explain(what)
			require.NoError(t, err)
			text := ""
			for _, e := range explanations {
				text += e.String()
			}
			require.Equal(t, lines(e.want), lines(c.named(text)))
		})
	}
}

// Policies of one's own are explained by their rules, as far as these decide.
func TestExplainOwnRules(t *testing.T) {
	used, known := prune.Condition{DigestInUse: ptr(true)}, prune.Condition{Known: ptr(true)}
	for _, e := range []struct {
		name  string
		rules []prune.Rule
		want  string
	}{
		{
			"kept by no rule", []prune.Rule{{ID: "young", Outcome: prune.Delete, When: prune.Condition{YoungerThan: hours(1)}}},
			"stays: no-rule \n it would go if all of these held: \n - the policy had a rule that deletes it",
		},
		{
			"kept by a rule, and by none that deletes", []prune.Rule{{ID: "known", Outcome: prune.Keep, When: known}},
			"stays: known: its Image is in the inventory \n it would go if all of these held: \n - a rule of the policy deleted it",
		},
		{
			"deleted by the first, so that the second does not matter", []prune.Rule{always("all", prune.Delete), {ID: "used", Outcome: prune.Keep, When: used}},
			"goes: all",
		},
		{
			"what keeps behind a rule that deletes does not matter",
			[]prune.Rule{{ID: "tag", Outcome: prune.Keep, When: prune.Condition{Tags: []string{"l*"}}}, always("all", prune.Delete), {ID: "known", Outcome: prune.Keep, When: known}},
			`stays: tag: tag "latest" matches "l*"
				it would go if all of these held:
				- its tag did not match "l*"`,
		},
		{
			"conditions that have no words of their own",
			[]prune.Rule{{ID: "many", Outcome: prune.Keep, When: prune.Condition{
				Repositories: []string{"prod/*"}, Tags: []string{"v*"}, Labels: map[string]string{"a": "b"}, OlderThan: hours(1), PulledWithin: hours(1), NotPulledFor: hours(1),
			}}, always("all", prune.Delete)},
			"goes: all \n it would stay if any of these held: \n - it were at least 1h0m0s old, and its repository matched \"prod/*\", and its tag matched \"v*\", and it had a label a that matches \"b\", and it had been pulled within 1h0m0s, and it had not been pulled for 1h0m0s",
		},
		{
			"a use that is passed over is none of its reasons", []prune.Rule{{ID: "used", Outcome: prune.Keep, When: used}, always("all", prune.Delete)},
			"goes: all \n it would stay if any of these held: \n - a workload used its image, or what that owns, by digest through shop/50%off",
		},
		{
			"an age", []prune.Rule{{ID: "old", Outcome: prune.Delete, When: prune.Condition{OlderThan: hours(2)}}},
			"goes: old: age 3h0m0s >= 2h0m0s",
		},
		{
			"a revision", []prune.Rule{{ID: "old", Outcome: prune.Delete, When: prune.Condition{RevisionFrom: ptr(0)}}},
			"goes: old: revision 1 > 0",
		},
	} {
		t.Run(e.name, func(t *testing.T) {
			_, plan := rulePlan(t, "image web l1 \n tag shop/50%off:latest web~3h", prune.Policy{TagItems: e.rules})
			explanations, err := plan.Explain("shop/50%off:latest#0")
			require.NoError(t, err)
			require.Len(t, explanations, 1)
			require.Equal(t, lines("TagItem shop/50%off:latest#0 "+e.want), lines(explanations[0].String()))
		})
	}
}

func TestExplainFindsWhatIsNamed(t *testing.T) {
	p := planCase{policy: "ancient", cluster: `
		json {"apiVersion":"image.openshift.io/v1","kind":"Image","metadata":{"name":"sha256:aa11"},"dockerImageLayers":[{"name":"sha256:aa12"},{"name":"sha256:bb"}],"dockerImageMetadata":{"Id":"sha256:cc"}}
		json {"apiVersion":"image.openshift.io/v1","kind":"Image","metadata":{"name":"sha256:aa"},"dockerImageLayers":[{"name":"sha512:dd"},{"name":"tarsum.dev+sha256:ee"}]}
		tag shop/web:latest web gone
		image web l1
		tag shop/web:v1.2_x-3 web
		tag shop/web:empty
		pod shop/p Running quay.io/x@elsewhere`}
	c, plan := p.plan(t)
	objects := func(what string) string {
		explanations, err := plan.Explain(what)
		require.NoError(t, err, what)
		var list []string
		for _, e := range explanations {
			list = append(list, string(e.Kind)+" "+c.name(e.Object))
		}
		return strings.Join(list, ", ")
	}
	for what, want := range map[string]string{
		"shop/web:latest":      "TagItem shop/web:latest#0, TagItem shop/web:latest#1",
		"shop/web:latest#1":    "TagItem shop/web:latest#1",
		"shop/web:v1.2_x-3":    "TagItem shop/web:v1.2_x-3#0",
		"sha256:aa":            "Image sha256:aa, Blob sha256:aa", // it is the beginning of others
		"aa11":                 "Image sha256:aa11, Blob sha256:aa11",
		"sha256:aa12":          "Blob sha256:aa12",
		"b":                    "Blob sha256:bb",
		"cc":                   "Blob sha256:cc",
		"sha512:d":             "Blob sha512:dd",
		"tarsum.dev+sha256:ee": "Blob tarsum.dev+sha256:ee",
		digestOf("web")[:20]:   "Image web, Blob web",
		digestOf("web")[7:20]:  "Image web, Blob web",
		digestOf("l1"):         "Blob l1",
		"tarsum.dev+sha256:":   "Blob tarsum.dev+sha256:ee",
	} {
		require.Equal(t, want, objects(what), what)
	}
	for what, want := range map[string]string{
		"":                    `image or blob ""`,
		"nothing":             `image or blob "nothing"`,
		digestOf("elsewhere"): `image or blob`, // it is used, but neither an image nor a blob here
		digestOf("gone"):      `image or blob`,
		"shop/web":            `"shop/web" is not namespace/name:tag`,
		"shop/nix:latest":     "image stream shop/nix",
		"nix/web:latest":      "image stream nix/web",
		"shop/web:nix":        `image stream shop/web has no tag "nix"`,
		"shop/web:":           `image stream shop/web has no tag ""`,
		"shop/web:empty":      "shop/web:empty has no items",
		"shop/web:empty#0":    "shop/web:empty has 0 items",
		"shop/web:latest#2":   "shop/web:latest has 2 items, numbered from 0",
		"shop/web:latest#-1":  "shop/web:latest has 2 items",
		"shop/web:latest#":    "shop/web:latest has 2 items",
		"shop/web:latest#x":   "shop/web:latest has 2 items",
		"/:":                  "image stream /",
	} {
		_, err := plan.Explain(what)
		require.ErrorIs(t, err, prune.ErrNotFound, what)
		require.ErrorContains(t, err, want)
	}
	for _, what := range []string{"a", "aa", "aa1", "sha256:", "sha256:aa1"} {
		_, err := plan.Explain(what)
		require.ErrorIs(t, err, prune.ErrAmbiguous, what)
		require.ErrorContains(t, err, `begins with "`+what+`": sha256:`)
	}
}

// Every verdict of a plan can be explained by the name that it gives.
func TestExplainEveryVerdict(t *testing.T) {
	p := planCase{policy: "ancient revisions=1 accept-unknown", cluster: shopToPrune + used[strings.Index(used, "pod"):] + `
		image idx type=index children=leaf,gone
		image leaf ll
		tag shop/multi:latest idx -`}
	_, plan := p.plan(t)
	n := 0
	for v := range plan.Verdicts() {
		n++
		explanations, err := plan.Explain(v.Object)
		require.NoError(t, err, v.Object)
		found := false
		for _, e := range explanations {
			if e.Kind == v.Kind {
				require.Equal(t, v, e.Verdict)
				found = true
			}
		}
		require.True(t, found, v.Object)
	}
	require.Equal(t, 4+5+13, n)
}
