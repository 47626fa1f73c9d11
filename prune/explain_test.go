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

func TestExplainTagItems(t *testing.T) {
	runExplainCases(t, "age=2h", []explainCase{
		{
			name: "in use by its tag", cluster: "image a l1 \n tag shop/web:latest a~3h \n stream shop/web 9h \n deployment shop/d reg.example/shop/web",
			what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: tag-in-use
				Deployment shop/d spec.template.spec.containers[0].image
				-> shop/web:latest
				-> shop/web:latest#0
				it would go if all of these held:
				- no workload uses shop/web:latest
				- at least 3 items of its tag are newer`,
		},
		{
			name: "in use by a digest deep in its index",
			cluster: `
				image top type=index children=mid,x
				image mid type=index children=leaf
				image leaf l1
				image x l2
				stream shop/web 9h
				tag shop/web:latest top~3h
				pod shop/p Running reg.example/shop/web@leaf`,
			policy: "revisions=0", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: digest-in-use
				Pod shop/p spec.containers[0].image
				-> leaf
				-> index mid
				-> index top
				-> shop/web:latest#0
				it would go if all of these held:
				- no workload uses its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "young, and of the newest", cluster: "image a l1 \n tag shop/web:latest a~30m \n stream shop/web 9h", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: young: age 30m0s < 2h0m0s
				it would go if all of these held:
				- it is not younger than 2h0m0s (in 1h30m0s)
				- at least 3 items of its tag are newer`,
		},
		{
			name: "an old revision", cluster: "image a l1 \n tag shop/web:latest a~3h a~3h \n stream shop/web 72h", policy: "revisions=1", what: "shop/web:latest#1",
			want: `
				TagItem shop/web:latest#1 goes: old-revision: age 3h0m0s >= 2h0m0s; revision 2 > 1
				it would stay if any of these held:
				- the stream were younger than 2h0m0s
				- it were younger than 2h0m0s
				- a workload used its image, or what that owns, by digest through shop/web
				- it were among the newest 1 of its tag`,
		},
		{
			name: "a first revision, none are kept", cluster: "image a l1 \n tag shop/web:latest a~720h \n stream shop/web 720h", policy: "revisions=0", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 goes: old-revision: age 30d >= 2h0m0s; revision 1 > 0
				it would stay if any of these held:
				- the stream were younger than 2h0m0s
				- it were younger than 2h0m0s
				- a workload used shop/web:latest
				- a workload used its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "a new revision", cluster: "image a l1 \n tag shop/web:latest a~3h \n stream shop/web 72h", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: revision: revision 1 <= 3
				it would go if all of these held:
				- at least 3 items of its tag are newer`,
		},
		{
			name: "of a young stream", cluster: "image a l1 \n tag shop/web:latest a~3h \n stream shop/web 1h", policy: "revisions=0", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: young-stream: age 1h0m0s < 2h0m0s
				it would go if all of these held:
				- the stream is not younger than 2h0m0s (in 1h0m0s)`,
		},
		{
			name: "of a stream of unknown age", cluster: "image a l1 \n tag shop/web:latest a", policy: "revisions=0", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: young-stream: unknown: when the stream was made
				it would go if all of these held:
				- the stream is not younger than 2h0m0s
				- it is not younger than 2h0m0s`,
		},
		{
			name: "of unknown age", cluster: "image a l1 \n tag shop/web:latest a \n stream shop/web 9h", policy: "revisions=0", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: young: unknown: when the item was made
				it would go if all of these held:
				- it is not younger than 2h0m0s`,
		},
		{
			name: "of no age that is known, and ancient", cluster: "image a l1 \n tag shop/web:latest a", policy: "revisions=0 ancient", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 goes: old-revision: revision 1 > 0
				it would stay if any of these held:
				- the stream were younger than 2h0m0s
				- it were younger than 2h0m0s
				- a workload used shop/web:latest
				- a workload used its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "a reference tag", cluster: "tag shop/web:there -~3h \n stream shop/web 9h", policy: "revisions=0", what: "shop/web:there#0",
			want: `
				TagItem shop/web:there#0 stays: reference-tag
				it would go if all of these held:
				- it had an image of its own: a reference tag is never dropped`,
		},
		{
			name: "its image is gone", cluster: "tag shop/web:latest gone~3h \n stream shop/web 9h", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 goes: image-missing: age 3h0m0s >= 2h0m0s
				it would stay if any of these held:
				- the stream were younger than 2h0m0s
				- it were younger than 2h0m0s
				- a workload used shop/web:latest
				- a workload used its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "its image may be there", cluster: "tag shop/web:latest gone~3h \n stream shop/web 9h", policy: "images-first revisions=0 accept-unknown", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: image-unknown: unknown: whether its Image exists: Images were not listed completely, after the streams
				it would go if all of these held:
				- its Image is known, or Images were listed completely and after the streams`,
		},
		{
			name: "its image may be there, and own what is used", cluster: "tag shop/web:latest gone~3h \n stream shop/web 9h", policy: "images-first revisions=0", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: digest-in-use: unknown: whether its Image exists, and owns what is in use: Images were not listed completely, after the streams
				it would go if all of these held:
				- no workload uses its image, or what that owns, by digest through shop/web
				- its Image is known, or Images were listed completely and after the streams`,
		},
		{
			name: "it may own what is used", cluster: "image idx type=index children=x \n tag shop/web:latest idx~3h \n stream shop/web 9h", policy: "revisions=0", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: digest-in-use: unknown: whether it owns what is in use: what it owns is not known, or not all of it
				it would go if all of these held:
				- no workload uses its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "workloads were not listed", cluster: "image a l1 \n tag shop/web:latest a~3h \n stream shop/web 9h", policy: "revisions=0 unlisted=Pod incomplete=Job", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: tag-in-use: unknown: Pod, Job not listed completely, and may use it
				it would go if all of these held:
				- no workload uses shop/web:latest (which is not known: Pod, Job not listed completely)
				- no workload uses its image, or what that owns, by digest through shop/web (which is not known: Pod, Job not listed completely)`,
		},
		{
			name: "of another namespace", cluster: "image a l1 \n tag shop/web:latest a~3h", policy: "namespace=prod", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: out-of-scope
				it would go if all of these held:
				- the policy planned all namespaces, or this one, and all else let it go`,
		},
		{
			name: "the plan failed", cluster: "image a l1 \n tag shop/web:latest a~3h \n deployment shop/d UPPER", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: invalid-references
				it would go if all of these held:
				- every reference parsed, or the policy ignored those that do not, and all else let it go`,
		},
		{
			name: "a signature", cluster: used + "image sig ls subject=web \n tag shop/web:sig sig", policy: "ancient revisions=0", what: "shop/web:sig",
			want: `
				TagItem shop/web:sig#0 stays: referrer
				Pod shop/p spec.containers[0].image
				-> web
				-> shop/web:latest#0
				-> web
				-> shop/web:sig#0
				it would go if all of these held:
				- what it refers to went`,
		},
	})
}

func TestExplainOverSize(t *testing.T) {
	const overSize = `
		image big lb size=400
		image small ls size=1
		image unsized lu
		tag shop/web:t big small unsized
		limits shop/l 100
		image loose lo`
	runExplainCases(t, "over-size", []explainCase{
		{
			name: "over", cluster: overSize, what: "shop/web:t#0",
			want: `
				TagItem shop/web:t#0 goes: over-limit: size 400, limit 100 bytes
				it would stay if any of these held:
				- a workload used shop/web:t
				- a workload used its image, or what that owns, by digest through shop/web
				- its image were not above the limit of namespace shop`,
		},
		{
			name: "within", cluster: overSize, what: "shop/web:t#1",
			want: `
				TagItem shop/web:t#1 stays: within-limit: size 1, limit 100 bytes
				it would go if all of these held:
				- its image is above a limit of namespace shop`,
		},
		{
			name: "of unknown size", cluster: overSize, what: "shop/web:t#2",
			want: `
				TagItem shop/web:t#2 stays: within-limit: size 0, limit 100 bytes; unknown: whether it is over a limit
				it would go if all of these held:
				- its image is above a limit of namespace shop`,
		},
		{
			name: "not known", cluster: "tag shop/web:t gone", what: "shop/web:t",
			want: `
				TagItem shop/web:t#0 stays: image-unknown
				it would go if all of these held:
				- its Image is known
				- its image is above a limit of namespace shop`,
		},
		{
			name: "an image that no item has dropped", cluster: overSize, what: "loose",
			want: `
				Image loose stays: not-dropped
				it would go if all of these held:
				- an item that goes lists it, itself or through an index
				Blob loose stays: in-use
				loose
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "an image that an item has dropped", cluster: overSize, what: "big",
			want: `
				Image big goes: nothing-needs-it
				it would stay if any of these held:
				- a remaining tag item listed it, itself or through an index
				- a workload used it by digest
				- no item that goes had listed it
				Blob big goes: image-deleted: of image big
				it would stay if any of these held:
				- an image that stays had it`,
		},
	})
}

func TestExplainImagesAndBlobs(t *testing.T) {
	const index = `
		image idx type=index children=leaf age=1m
		image leaf l1 config=c1
		image twin l1`
	runExplainCases(t, "ancient", []explainCase{
		{
			name: "nothing needs it", cluster: shopToPrune, what: "loose",
			want: `
				Image loose goes: nothing-needs-it: age 2h0m0s >= 1h0m0s
				it would stay if any of these held:
				- a remaining tag item listed it, itself or through an index
				- a workload used it by digest
				- it were younger than 1h0m0s
				Blob loose goes: image-deleted: of image loose
				it would stay if any of these held:
				- an image that stays had it`,
		},
		{
			name: "listed", cluster: shopToPrune, what: "old",
			want: `
				Image old stays: listed
				shop/web:latest#1
				-> old
				it would go if all of these held:
				- no remaining item listed or named it: shop/web:latest#1 does
				- no rule for images kept it
				Blob old stays: in-use
				shop/web:latest#1
				-> old
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "named", cluster: "image a l1 \n image b l2 \n tag shop/web:latest a>reg.example/shop/api@b", what: "b",
			want: `
				Image b stays: named
				shop/web:latest#0
				-> b
				it would go if all of these held:
				- no remaining item listed or named it: shop/web:latest#0 does
				- no rule for images kept it
				Blob b stays: in-use
				shop/web:latest#0
				-> b
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "young", cluster: index, what: "idx",
			want: `
				Image idx stays: young: age 1m0s < 1h0m0s
				it would go if all of these held:
				- it is not younger than 1h0m0s (in 59m0s)
				Blob idx stays: in-use
				index idx
				-> idx
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "owned", cluster: index, what: "leaf",
			want: `
				Image leaf stays: owned
				index idx
				-> leaf
				it would go if all of these held:
				- every index that owns it went: index idx stays
				- no rule for images kept it
				Blob leaf stays: in-use
				index idx
				-> leaf
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "a layer", cluster: index, what: "l1",
			want: `
				Blob l1 stays: in-use
				index idx
				-> leaf
				-> l1
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "a layer of several", cluster: shopToPrune, what: "base",
			want: `
				Blob base stays: in-use
				shop/web:latest#0
				-> new
				-> base
				it would go if all of these held:
				- every image that has it went: 2 stay`,
		},
		{
			name: "used by digest, through a tag's item", cluster: used, what: "c1",
			want: `
				Blob c1 stays: in-use
				Pod shop/p spec.containers[0].image
				-> web
				-> shop/web:latest#0
				-> web
				-> c1
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "used by digest", cluster: "image a l1 \n pod shop/p Running quay.io/x@a", what: "a",
			want: `
				Image a stays: digest-in-use
				Pod shop/p spec.containers[0].image
				-> a
				it would go if all of these held:
				- no workload uses it by digest
				Blob a stays: in-use
				Pod shop/p spec.containers[0].image
				-> a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "workloads were not listed", policy: "unlisted=CronJob", cluster: "image a l1", what: "a",
			want: `
				Image a stays: digest-in-use: unknown: CronJob not listed completely, and may use it
				it would go if all of these held:
				- no workload uses it by digest (which is not known: CronJob not listed completely)
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "streams were not listed", policy: "unlisted=ImageStream", cluster: "image a l1", what: "a",
			want: `
				Image a stays: streams-not-listed
				it would go if all of these held:
				- ImageStreams were listed completely, and none listed it
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "Images were not listed", policy: "incomplete=Image", cluster: "image a l1", what: "a",
			want: `
				Image a stays: images-not-listed
				it would go if all of these held:
				- Images were listed completely, and none that stays owned it
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "an unknown image may own it", cluster: "image a l1 \n pod shop/p Running quay.io/x@x", what: "a",
			want: `
				Image a stays: unknown-image: unknown: x, needed by Pod shop/p spec.containers[0].image
				it would go if all of these held:
				- every image that something needs were known, or the policy accepted unknown images
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "imported", policy: "managed-only", cluster: "image a l1", what: "a",
			want: `
				Image a stays: not-managed
				it would go if all of these held:
				- its image were managed, that is, pushed to the integrated registry
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "managed, and the registry stays", policy: "managed-only api-only", cluster: "image a l1 managed=true", what: "a",
			want: `
				Image a goes: nothing-needs-it: age 2h0m0s >= 1h0m0s
				it would stay if any of these held:
				- a remaining tag item listed it, itself or through an index
				- a workload used it by digest
				- it were younger than 1h0m0s
				- its image were not managed, that is, imported
				Blob a stays: registry-kept: of image a
				it would go if all of these held:
				- the policy pruned the registry`,
		},
		{
			name: "what may be no config", cluster: "image a l1 type=v1 config=c1", what: "c1",
			want: `
				Blob c1 stays: config-uncertain: of image a
				it would go if all of these held:
				- the image were an OCI or Docker schema 2 image, which has its config for certain`,
		},
		{
			name: "a signature", cluster: "image web l1 age=1m \n image sig ls subject=web", what: "ls",
			want: `
				Blob ls stays: in-use
				web
				-> sig
				-> ls
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "another namespace is planned", policy: "namespace=prod", cluster: "image a l1", what: "a",
			want: `
				Image a stays: out-of-scope
				it would go if all of these held:
				- the policy planned all namespaces, or this one, and all else let it go
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
	})
	runExplainCases(t, "", []explainCase{{
		name: "of unknown age", cluster: "image a l1 age=?", what: "a",
		want: `
			Image a stays: young: unknown: when the image was made
			it would go if all of these held:
			- it is not younger than 1h0m0s
			Blob a stays: in-use
			a
			it would go if all of these held:
			- every image that has it went: one stays`,
	}})
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
			"stays: known \n it would go if all of these held: \n - a rule of the policy deleted it",
		},
		{
			"deleted by the first, so that the second does not matter", []prune.Rule{always("all", prune.Delete), {ID: "used", Outcome: prune.Keep, When: used}},
			"goes: all",
		},
		{
			"what keeps behind a rule that deletes does not matter",
			[]prune.Rule{{ID: "tag", Outcome: prune.Keep, When: prune.Condition{Tags: []string{"l*"}}}, always("all", prune.Delete), {ID: "known", Outcome: prune.Keep, When: known}},
			"stays: tag \n it would go if all of these held: \n - the rule's condition on tags no longer matched",
		},
		{
			"conditions that have no words of their own",
			[]prune.Rule{{ID: "many", Outcome: prune.Keep, When: prune.Condition{
				Repositories: []string{"prod/*"}, Tags: []string{"v*"}, Labels: map[string]string{"a": "b"}, OlderThan: hours(1), PulledWithin: hours(1), NotPulledFor: hours(1),
			}}, always("all", prune.Delete)},
			"goes: all: age 3h0m0s \n it would stay if any of these held: \n - the rule's condition on labels, notPulledFor, olderThan, pulledWithin, repositories, tags matched",
		},
		{
			"a use that is passed over is none of its reasons", []prune.Rule{{ID: "used", Outcome: prune.Keep, When: used}, always("all", prune.Delete)},
			"goes: all \n it would stay if any of these held: \n - a workload used its image, or what that owns, by digest through shop/50%off",
		},
		{
			"an age", []prune.Rule{{ID: "old", Outcome: prune.Delete, When: prune.Condition{OlderThan: hours(2)}}},
			"goes: old: age 3h0m0s",
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
