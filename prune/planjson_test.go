package prune_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// written returns a plan's JSON, after checking that it is canonical: it ends
// with the digest of what stands before it, and reads and writes as itself.
func written(t *testing.T, plan *prune.Plan) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, plan.WriteJSON(&b, false))
	text := b.String()

	body, digest, ok := strings.Cut(text, `,"digest":"sha256:`+plan.Digest()[len("sha256:"):]+`"}`+"\n")
	require.True(t, ok, text)
	require.Empty(t, digest)
	require.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(body+"}"))), plan.Digest())

	marshalled, err := json.Marshal(plan)
	require.NoError(t, err)
	require.JSONEq(t, text, string(marshalled))

	var back prune.Plan
	require.NoError(t, json.Unmarshal([]byte(text), &back))
	require.True(t, back.Equal(plan))
	var again bytes.Buffer
	require.NoError(t, back.WriteJSON(&again, false))
	require.Equal(t, text, again.String())
	require.Equal(t, plan.Now, back.Now)
	require.Equal(t, plan.Expires, back.Expires)
	require.Equal(t, plan.Summary, back.Summary)
	require.Equal(t, actionsOf(plan), actionsOf(&back))
	require.Equal(t, plan.Missing(), back.Missing())
	return text
}

func actionsOf(plan *prune.Plan) []prune.Action {
	var all []prune.Action
	for a := range plan.Actions() {
		all = append(all, a)
	}
	return all
}

// TestPlanJSON is the whole document, key by key.
func TestPlanJSON(t *testing.T) {
	p := planCase{policy: "revisions=1 unlisted=Job,LimitRange", cluster: `
		image new l1 config=c1
		image old l2 config=c2
		tag shop/web:latest new~3h old~3h
		stream shop/web 9h
		json {"kind":"Widget","metadata":{"namespace":"shop","name":"w"},"spec":{"containers":[{"name":"a","image":"{{x}}"}]}}
	`}
	_, plan := p.plan(t)
	require.Empty(t, actionsOf(plan))

	p.policy = "revisions=1 ignore-invalid"
	p.cluster += "build shop/b source ImageStreamTag bad"
	c, plan := p.plan(t)
	text := written(t, plan)
	for digest, name := range c.names {
		text = strings.ReplaceAll(text, digest, "<"+name+">")
	}
	text = strings.ReplaceAll(text, plan.Digest(), "<digest>")
	text = strings.ReplaceAll(text, plan.InvalidReferences[0].Error, "<error>")
	text = strings.ReplaceAll(text, plan.UnreadReferences[0].Error, "<error>")
	text = strings.ReplaceAll(text, plan.Inventory, "<inventory>")
	complete := regexp.MustCompile(`\{"kind":"(\w+)","count":0,"listed":true,"complete":true\},`).ReplaceAllString(text, "$1,")
	require.Equal(t, strings.Join([]string{
		`{"schema":"registrykit/plan/v1","now":"2026-11-01T12:00:00Z","expires":"2026-11-01T13:00:00Z","inventory":"<inventory>",`,
		`"policy":{"keepYoungerThan":"1h0m0s","keepTagRevisions":1,"pruneOverSizeLimit":false,"allImages":true,"pruneRegistry":true,"ignoreInvalidRefs":true,`,
		`"acceptUnknownImages":false,"peerReferencesOnly":false,"ignoreSources":[],"absentTimesAreAncient":false,"lifetime":"1h0m0s"},`,
		`"invalidReferences":[{"object":"Build shop/b","field":"spec.strategy.sourceStrategy.from.name","value":"bad","error":"<error>"}],`,
		`"unreadReferences":[{"object":"Widget shop/w","field":"spec.containers[0].image","value":"{{x}}","error":"<error>"}],`,
		`"evidence":[Pod,ReplicationController,DeploymentConfig,ReplicaSet,Deployment,DaemonSet,StatefulSet,Job,CronJob,`,
		`{"kind":"Build","count":1,"listed":true,"complete":true},BuildConfig,LimitRange,{"kind":"ImageStream","count":1,"listed":true,"complete":true},`,
		`{"kind":"Image","count":2,"listed":true,"complete":true,"afterImageStreams":true},{"kind":"Widget","count":1,"listed":false,"complete":false}],`,
		`"actions":[`,
		`{"kind":"DeleteTagItem","stream":"shop/web","tag":"latest","index":1,"image":"<old>","created":"2026-11-01T09:00:00Z",`,
		`"dockerImageReference":"image-registry.openshift-image-registry.svc:5000/shop/web@<old>","uid":"uid-shop/web","resourceVersion":"42",`,
		`"reason":{"rule":"old-revision","age":"3h0m0s","youngerThan":"1h0m0s","revision":2,"revisions":1}},`,
		`{"kind":"DeleteManifestLink","repository":"shop/web","digest":"<old>","reason":{"rule":"dropped-item","item":"shop/web:latest#1"}},`,
		`{"kind":"DeleteLayerLink","repository":"shop/web","digest":"<l2>","reason":{"rule":"dropped-item","item":"shop/web:latest#1"}},`,
		`{"kind":"DeleteLayerLink","repository":"shop/web","digest":"<c2>","reason":{"rule":"dropped-item","item":"shop/web:latest#1"}},`,
		`{"kind":"DeleteImage","image":"<old>","uid":"uid-old","resourceVersion":"42","reason":{"rule":"nothing-needs-it","age":"2h0m0s","youngerThan":"1h0m0s"}},`,
		`{"kind":"DeleteBlob","digest":"<l2>","bytes":10,"reason":{"rule":"image-deleted","image":"<old>"}},`,
		`{"kind":"DeleteBlob","digest":"<c2>","bytes":0,"reason":{"rule":"image-deleted","image":"<old>"}},`,
		`{"kind":"DeleteBlob","digest":"<old>","bytes":0,"reason":{"rule":"image-deleted","image":"<old>"}}],`,
		`"summary":{"tagItems":1,"manifestLinks":1,"layerLinks":2,"images":1,"blobs":3,"freedBytes":10,"unknownBlobs":2},`,
		`"digest":"<digest>"}`,
	}, "\n")+"\n", strings.NewReplacer(
		`"policy"`, "\n\"policy\"", `"acceptUnknownImages"`, "\n\"acceptUnknownImages\"", `"invalidReferences"`, "\n\"invalidReferences\"",
		`"unreadReferences"`, "\n\"unreadReferences\"", `"evidence"`, "\n\"evidence\"", `{"kind":"Build"`, "\n{\"kind\":\"Build\"",
		`{"kind":"Image"`, "\n{\"kind\":\"Image\"", `"actions"`, "\n\"actions\"", `{"kind":"Delete`, "\n{\"kind\":\"Delete",
		`"dockerImageReference"`, "\n\"dockerImageReference\"", `"reason":{"rule":"old`, "\n\"reason\":{\"rule\":\"old",
		`"summary"`, "\n\"summary\"", `"digest":"<digest>"`, "\n\"digest\":\"<digest>\"",
	).Replace(complete))
}

// An empty plan has empty lists, not null.
func TestEmptyPlanJSON(t *testing.T) {
	plan, err := prune.New(new(inventory.Builder).Build(), prune.Policy{}, clusterTime)
	require.NoError(t, err)
	text := written(t, plan)
	for _, list := range []string{"invalidReferences", "unreadReferences", "actions", "tagItems", "images", "ignoreSources"} {
		require.Contains(t, text, `"`+list+`":[]`)
	}
	require.NotContains(t, text, "null")
	require.Contains(t, text, `"evidence":[{"kind":"Pod","count":0,"listed":false,"complete":false},`)

	var b bytes.Buffer
	require.NoError(t, plan.WriteJSON(&b, true))
	require.True(t, strings.HasSuffix(b.String(), `"digest":"`+plan.Digest()+`","kept":[]}`+"\n"))
}

func TestPlanJSONRoundTrips(t *testing.T) {
	const cluster = shopToPrune + `
		image idx type=index children=leaf,gone
		image leaf ll size=400
		image sig ls subject=leaf
		tag shop/multi:latest idx~1h -~2h new
		pod shop/p Running reg.example/shop/multi@leaf
		deployment shop/d UPPER
		limits shop/l 100
	`
	for _, words := range []string{
		"", "peer revisions=0", "ancient ignore-invalid revisions=1", "ancient ignore-invalid revisions=1 accept-unknown", "over-size ancient ignore-invalid",
		"namespace=shop ignore-invalid ancient revisions=0", "unlisted=Pod,Image images-first", "ignore-invalid api-only ancient",
	} {
		p := planCase{policy: words, cluster: cluster}
		_, plan := p.plan(t)
		written(t, plan)
	}
	policy := everyCondition()
	_, plan := rulePlan(t, cluster, policy)
	written(t, plan)
}

// nastyTexts are what a name may hold in a dump or a program's facts.
var nastyTexts = []string{
	"plain", `quote " backslash \ slash /`, "\x00\x01\x1f\x7f", "\b\f\n\r\t", "<script>&amp;</script>", "\u2028\u2029", "Grüße 世界 🚀",
	"\ufeff", "\ufffd", "half \xe4\xb8", "\xff\xfe", "\xed\xa0\x80", strings.Repeat("long ", 15_000),
}

func TestPlanJSONOfAnyText(t *testing.T) {
	for _, text := range nastyTexts {
		t.Run(fmt.Sprintf("%.20q", text), func(t *testing.T) {
			var b inventory.Builder
			require.NoError(t, b.AddManifest(inventory.Manifest{
				Digest: text, Config: "c" + text, Layers: []inventory.Blob{{Digest: "l" + text, Size: 3}}, UID: text, ResourceVersion: text,
				MediaType: "application/vnd.oci.image.manifest.v1+json",
			}))
			require.NoError(t, b.AddStream(inventory.Stream{Namespace: text, Name: text, UID: text, ResourceVersion: text, Tags: []inventory.Tag{
				{Name: text, Items: []inventory.TagItem{{Image: text, DockerImageReference: text}}},
			}}))
			require.NoError(t, b.AddWorkload(inventory.Workload{Group: text, Kind: inventory.Kind(text), Namespace: text, Name: text, References: []inventory.Reference{
				{Field: text, Value: text, Err: text}, {Field: "f" + text, Source: "table", Value: text, Err: text}, {Field: "used", Digest: "used" + text},
			}}))
			b.AddOther("o" + text)
			b.Listed(inventory.Kinds()...)
			b.ImagesAfterStreams(true)
			o := prune.DefaultOpenShiftOptions()
			o.IgnoreInvalidRefs, o.AbsentTimesAreAncient = true, true
			*o.KeepTagRevisions = 0
			policy, err := prune.OpenShift(o)
			require.NoError(t, err)
			inv := b.Build()
			for range 2 {
				plan, err := prune.New(inv, policy, clusterTime)
				require.NoError(t, err)
				require.NotEmpty(t, actionsOf(plan))
				require.True(t, json.Valid([]byte(plan.Policy.String())))
				text := writtenLossy(t, plan)
				require.NotContains(t, text, "\x00")
				policy.AcceptUnknownImages = true
			}
		})
	}
}

// writtenLossy is written of a plan whose texts need not be UTF-8: JSON cannot
// hold them, so what is read has the sign for that instead.
func writtenLossy(t *testing.T, plan *prune.Plan) string {
	t.Helper()
	for _, verdicts := range []bool{false, true} {
		var b bytes.Buffer
		require.NoError(t, plan.WriteJSON(&b, verdicts))
		require.True(t, json.Valid(b.Bytes()))
		var back prune.Plan
		require.NoError(t, json.Unmarshal(b.Bytes(), &back))
		require.True(t, back.Equal(plan))
		var again bytes.Buffer
		require.NoError(t, back.WriteJSON(&again, verdicts))
		require.Equal(t, b.String(), again.String())
	}
	return plan.Digest()
}

func TestPolicyTextsMustBeUTF8(t *testing.T) {
	bad := "a\xffb"
	for name, policy := range map[string]prune.Policy{
		"id":         {TagItems: []prune.Rule{always(bad, prune.Keep)}},
		"repository": {TagItems: []prune.Rule{{ID: "r", Outcome: prune.Keep, When: prune.Condition{Repositories: []string{bad}}}}},
		"tag":        {TagItems: []prune.Rule{{ID: "r", Outcome: prune.Keep, When: prune.Condition{Tags: []string{bad}}}}},
		"label":      {Images: []prune.Rule{{ID: "r", Outcome: prune.Keep, When: prune.Condition{Labels: map[string]string{bad: "x"}}}}},
		"value":      {Images: []prune.Rule{{ID: "r", Outcome: prune.Keep, When: prune.Condition{Labels: map[string]string{"x": bad}}}}},
		"namespace":  {Namespace: bad},
		"source":     {IgnoreSources: []string{bad}},
	} {
		err := policy.Validate()
		require.ErrorIs(t, err, prune.ErrPolicy, name)
		require.ErrorContains(t, err, `"a\xffb" is not UTF-8`, name)
	}
}

func TestPlanJSONOfAnyTime(t *testing.T) {
	year := func(y int) time.Time { return time.Date(y, 7, 1, 2, 3, 4, 123456789, time.FixedZone("", 3600)) }
	for _, times := range []struct{ now, created time.Time }{
		{clusterTime, time.Time{}},
		{clusterTime, year(2025)},
		{clusterTime, year(1)},
		{year(1), year(0)},
		{time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), year(9999)},
		{clusterTime, year(-5)},
		{year(2999), time.Unix(-1<<62, 0)},
		{year(20000), year(10000)},
		{time.Unix(1<<62, 0), time.Unix(1<<61, 0)},
		{time.Unix(-1<<62, 0), time.Unix(-1<<61, 0)},
	} {
		t.Run(times.now.String()+" "+times.created.String(), func(t *testing.T) {
			var b inventory.Builder
			require.NoError(t, b.AddManifest(inventory.Manifest{Digest: "sha256:a", Config: "sha256:c", Created: times.created}))
			require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web", Tags: []inventory.Tag{
				{Name: "t", Items: []inventory.TagItem{{Image: "sha256:a", Created: times.created}}},
			}}))
			b.Listed(inventory.Kinds()...)
			policy := prune.Policy{TagItems: []prune.Rule{always("d", prune.Delete)}, Images: []prune.Rule{always("d", prune.Delete)}}
			plan, err := prune.New(b.Build(), policy, times.now)
			if errors.Is(err, prune.ErrNoInstant) {
				return // RFC 3339 cannot write it
			}
			require.NoError(t, err)
			text := written(t, plan)
			if times.created.IsZero() {
				require.Contains(t, text, `"created":null`)
			}
		})
	}
}

// Whatever byte of a plan is changed, it is read as what it was or not at all.
func TestChangedPlansAreRefused(t *testing.T) {
	p := planCase{policy: "ancient revisions=1 ignore-invalid", cluster: oneImage + "tag shop/web:v1 web web \n deployment shop/d UPPER"}
	_, plan := p.plan(t)
	require.NotEmpty(t, actionsOf(plan))
	var b bytes.Buffer
	require.NoError(t, plan.WriteJSON(&b, false))
	text := b.Bytes()
	read := func(changed []byte) (*prune.Plan, error) {
		var back prune.Plan
		err := json.Unmarshal(changed, &back)
		return &back, err
	}
	step := 1
	if testing.Short() {
		step = 5
	}
	for i := 0; i < len(text)-1; i += step { // but the line's end
		for _, c := range []byte{text[i] ^ 1, text[i] ^ 0x20} { // a neighbour, the other case
			changed := bytes.Clone(text)
			changed[i] = c
			_, err := read(changed)
			require.Error(t, err, "%s", changed[max(0, i-20):min(len(changed), i+20)])
		}
		_, err := read(append(bytes.Clone(text[:i]), text[i+1:]...))
		require.Error(t, err, "without byte %d, %s", i, text[max(0, i-20):min(len(text), i+20)])
	}
	for _, change := range []struct{ name, from, to string }{
		{"a field of another kind", `{"kind":"DeleteTagItem",`, `{"kind":"DeleteTagItem","repository":"shop/web",`},
		{"bytes of an item", `"index":1,`, `"index":1,"bytes":7,`},
		{"a key twice, the last as it was", `"tag":"v1"`, `"tag":"v2","tag":"v1"`},
		{"a list twice", `"actions":[`, `"actions":[],"Actions":[`},
		{"an unknown key", `"schema"`, `"x":1,"schema"`},
		{"an unknown key of an action", `{"kind":"DeleteTagItem",`, `{"kind":"DeleteTagItem","force":true,`},
		{"an unknown key of a reason", `"reason":{`, `"reason":{"because":"I say so",`},
		{"an evidence that is empty", `"afterImageStreams":true`, `"afterImageStreams":true,"unknown":[]`},
		{"another schema", `registrykit/plan/v1`, `registrykit/plan/v2`},
		{"the policy", `"keepTagRevisions":1`, `"keepTagRevisions":2`},
		{"a policy that cannot be", `"keepTagRevisions":1`, `"keepTagRevisions":-1`},
		{"an action's kind", `"kind":"DeleteTagItem"`, `"kind":"DeleteAll"`},
		{"an action fewer", `{"kind":"DeleteTagItem"`, `{"kind":"DeleteBlob"},{"kind":"DeleteTagItem"`},
		{"the digest", `"digest":"` + plan.Digest(), `"digest":"` + digestOf("x")},
		{"no digest", `,"digest":"` + plan.Digest() + `"`, ``},
		{"later", `"expires":"2026-11-01T13:00:00Z"`, `"expires":"2026-12-01T13:00:00Z"`},
		{"null", `"summary":{`, `"summary":null,"Summary":{`},
		{"an escape that says the same", `"tag":"v1"`, `"tag":"\u00761"`},
		{"another zone's time", `"expires":"2026-11-01T13:00:00Z"`, `"expires":"2026-11-01T14:00:00+01:00"`},
		{"a number's other form", `"index":1,`, `"index":1e0,`},
		{"more behind it", "}\n", "}{}\n"},
	} {
		changed := strings.Replace(string(text), change.from, change.to, 1)
		require.NotEqual(t, string(text), changed, change.name)
		_, err := read([]byte(changed))
		require.Error(t, err, change.name)
		require.ErrorIs(t, new(prune.Plan).UnmarshalJSON([]byte(changed)), prune.ErrPlan, change.name)
	}
	for _, other := range []string{"", "null", "[]", "{}", "7", `"sha256:"`, "{", string(text[:len(text)/2])} {
		require.ErrorIs(t, new(prune.Plan).UnmarshalJSON([]byte(other)), prune.ErrPlan, other)
	}

	// Where there is space between the tokens says nothing.
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, text, "\t", "  "))
	back, err := read(indented.Bytes())
	require.NoError(t, err)
	require.True(t, back.Equal(plan))

	// A plan that could not be read is as it was.
	require.Error(t, json.Unmarshal([]byte("{}"), back))
	require.True(t, back.Equal(plan))
}

func TestKeptIsNoPartOfTheDigest(t *testing.T) {
	p := planCase{policy: "ancient revisions=1", cluster: shopToPrune + "pod shop/p Running reg.example/shop/web"}
	_, plan := p.plan(t)
	var without, with bytes.Buffer
	require.NoError(t, plan.WriteJSON(&without, false))
	require.NoError(t, plan.WriteJSON(&with, true))
	body, kept, ok := strings.Cut(with.String(), `,"kept":[`)
	require.True(t, ok)
	require.Equal(t, without.String(), body+"}\n")
	require.True(t, strings.HasPrefix(kept, `{"kind":"TagItem","object":"shop/web:latest#0","image":"`+digestOf("new")+
		`","reason":{"rule":"tag-in-use","path":["Pod shop/p spec.containers[0].image","shop/web:latest","shop/web:latest#0"]}},{"kind":"Image","object":"`), kept)

	var back prune.Plan
	require.NoError(t, json.Unmarshal(with.Bytes(), &back))
	require.True(t, back.Equal(plan))
	var stays []prune.Verdict
	for v := range plan.Verdicts() {
		if v.Outcome == prune.Keep {
			stays = append(stays, v)
		}
	}
	var read []prune.Verdict
	for v := range back.Verdicts() {
		read = append(read, v)
	}
	require.Equal(t, stays, read)
	var again bytes.Buffer
	require.NoError(t, back.WriteJSON(&again, true))
	require.Equal(t, with.String(), again.String())

	require.NoError(t, json.Unmarshal([]byte(strings.Replace(with.String(), `"tag-in-use"`, `"other"`, 1)), &back))
	require.NoError(t, json.Unmarshal(without.Bytes(), &back))
	for v := range back.Verdicts() {
		require.Fail(t, "a verdict of a plan that was read without any", v)
	}
}

func TestReadPlanHasNoInventory(t *testing.T) {
	p := planCase{policy: "ancient revisions=1", cluster: shopToPrune}
	_, plan := p.plan(t)
	text, err := json.Marshal(plan)
	require.NoError(t, err)
	var back prune.Plan
	require.NoError(t, json.Unmarshal(text, &back))
	for _, what := range []string{"shop/web:latest", digestOf("new"), "", "x"} {
		_, err := back.Explain(what)
		require.ErrorIs(t, err, prune.ErrNoInventory)
	}
	var own, read bytes.Buffer
	require.NoError(t, plan.WriteText(&own, 0))
	require.NoError(t, back.WriteText(&read, 0))
	require.Equal(t, own.String(), read.String())
}

// failingWriter takes so many bytes.
type failingWriter struct{ room int }

var errFull = errors.New("the disk is full")

func (w *failingWriter) Write(b []byte) (int, error) {
	if len(b) > w.room {
		n := w.room
		w.room = 0
		return n, errFull
	}
	w.room -= len(b)
	return len(b), nil
}

func TestWritersThatFail(t *testing.T) {
	var names strings.Builder
	for i := range 3000 { // some buffers full
		fmt.Fprintf(&names, "image i%d l%d\n", i, i)
	}
	p := planCase{policy: "ancient", cluster: names.String()}
	_, plan := p.plan(t)
	for _, room := range []int{0, 1, 70_000, 300_000} {
		require.ErrorIs(t, plan.WriteJSON(&failingWriter{room}, false), errFull)
		require.ErrorIs(t, plan.WriteJSON(&failingWriter{room}, true), errFull)
		require.ErrorIs(t, plan.WriteText(&failingWriter{room}, 0), errFull)
	}
	require.NoError(t, plan.WriteJSON(io.Discard, true))
	written(t, plan)
}
