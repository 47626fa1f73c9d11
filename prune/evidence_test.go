package prune_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A shop of everything that can go: an item, an image that no stream lists, and
// what both have in the registry.
const shopToPrune = `
	image new base l1 config=c1
	image old base l2 config=c2
	image loose base l3 config=c3
	tag shop/web:latest new old
`

const shopPruned = `
	items shop/web:latest#1=old
	manifests shop/web old
	layers shop/web c2 l2
	images loose old
	blobs c2 c3 l2 l3 loose old
`

// What a kind could protect stays where the kind was not listed, or only in part.
func TestMissingEvidenceKeeps(t *testing.T) {
	type missing struct {
		kind inventory.Kind
		want string
	}
	cases := []missing{
		{inventory.KindImageStream, ""},
		// Images that are not known may own others, and need any link and blob.
		{inventory.KindImage, "items shop/web:latest#1=old"},
	}
	for _, kind := range inventory.WorkloadKinds() {
		cases = append(cases, missing{kind, ""})
	}
	for _, m := range cases {
		for _, word := range []string{"unlisted", "incomplete"} {
			for _, more := range []string{"", " accept-unknown"} {
				p := planCase{policy: "ancient revisions=1 " + word + "=" + string(m.kind) + more, cluster: shopToPrune}
				t.Run(p.policy, func(t *testing.T) {
					c, plan := p.plan(t)
					require.Equal(t, lines(m.want), c.deletionLines(plan))
					require.Equal(t, []inventory.Kind{m.kind}, plan.Missing())
					e := evidenceOf(t, plan, m.kind)
					require.Equal(t, word != "unlisted", e.Listed)
					require.False(t, e.Complete)
				})
			}
		}
	}
	p := planCase{policy: "ancient revisions=1 unlisted=LimitRange", cluster: shopToPrune}
	c, plan := p.plan(t)
	require.Equal(t, lines(shopPruned), c.deletionLines(plan), "limits play no part")
	require.Empty(t, plan.Missing())
}

func evidenceOf(t *testing.T, plan *prune.Plan, kind inventory.Kind) prune.Evidence {
	t.Helper()
	for _, e := range plan.Evidence {
		if e.Kind == kind {
			return e
		}
	}
	require.Fail(t, "no evidence of that kind", kind)
	return prune.Evidence{}
}

func TestMissingNamesEveryKind(t *testing.T) {
	all := planCase{policy: "unlisted=Pod,ReplicationController,DeploymentConfig,ReplicaSet,Deployment,DaemonSet,StatefulSet," +
		"Job,CronJob,Build,BuildConfig,LimitRange,ImageStream,Image"}
	_, plan := all.plan(t)
	require.Equal(t, append(inventory.WorkloadKinds(), inventory.KindImageStream, inventory.KindImage), plan.Missing())

	all.policy += " over-size"
	_, plan = all.plan(t)
	require.Equal(t, inventory.Kinds(), plan.Missing())

	plan, err := prune.New(parseCluster(t, shopToPrune).inventory(parseKnobs(t, all.policy)), prune.Policy{}, clusterTime)
	require.NoError(t, err)
	require.Empty(t, plan.Missing(), "what deletes nothing needs nothing")
}

func TestEvidenceOfLimits(t *testing.T) {
	const overSize = `
		image big lb size=300
		image small ls size=100
		tag shop/web:latest big small
	`
	const bigPruned = "items shop/web:latest#0=big \n manifests shop/web big \n layers shop/web lb \n images big \n blobs big lb"
	runPlanCases(t, "ancient over-size", []planCase{
		{name: "listed", cluster: overSize + "limits shop/l 200", want: bigPruned},
		{name: "not listed, none known", policy: "unlisted=LimitRange", cluster: overSize},
		{name: "not listed, and above one that is known", policy: "unlisted=LimitRange", cluster: overSize + "limits shop/l 200", want: bigPruned},
		{name: "in part, and above one that is known", policy: "incomplete=LimitRange", cluster: overSize + "limits shop/l 200", want: bigPruned},
		{
			name:    "of an image of unknown size nothing is known",
			cluster: "image unsized lu \n tag shop/web:latest unsized \n limits shop/l 1",
		},
	})
}

func TestImagesNotAfterStreams(t *testing.T) {
	const pushedBetween = shopToPrune + "tag shop/new:latest pushed"
	runPlanCases(t, "ancient revisions=1", []planCase{
		{
			name: "after: what is not there is gone", cluster: pushedBetween,
			want: strings.Replace(shopPruned, "items ", "items shop/new:latest#0=pushed ", 1),
		},
		{
			name: "before: it may be new, own any image and need any blob", policy: "images-first", cluster: pushedBetween,
			want: "items shop/web:latest#1=old \n manifests shop/web old \n layers shop/web c2 l2",
		},
		{
			name: "before: its item stays, even where unknown images are accepted", policy: "images-first accept-unknown",
			cluster: pushedBetween, want: shopPruned,
		},
		{
			name: "before: all that is listed is known", policy: "images-first", cluster: shopToPrune, want: shopPruned,
		},
	})
}

func TestAbsentTimes(t *testing.T) {
	// Each has a time for everything but one object.
	const stream = "stream shop/web 9h\n"
	runPlanCases(t, "revisions=1", []planCase{
		{
			name: "all times are known",
			cluster: stream + `
				image new l1
				image old l2
				tag shop/web:latest new~3h old~3h`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web l2
				images old
				blobs l2 old`,
		},
		{
			name: "of the stream",
			cluster: `
				image new l1
				image old l2
				tag shop/web:latest new~3h old~3h`,
		},
		{
			name: "of the item",
			cluster: stream + `
				image new l1
				image old l2
				tag shop/web:latest new~3h old`,
		},
		{
			name: "of the image",
			cluster: stream + `
				image new l1
				image old l2 age=?
				image twin l2
				tag shop/web:latest new~3h old~3h`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web l2
				images twin
				blobs twin`,
		},
		{
			name: "of a pod that has ended",
			cluster: stream + `
				image new l1
				image old l2
				tag shop/web:latest new~3h old~3h
				pod shop/x Failed reg.example/shop/web@old`,
		},
		{
			name: "of a pod whose phase is not known either", policy: "ancient",
			cluster: stream + `
				image new l1
				image old l2
				tag shop/web:latest new~3h old~3h
				pod shop/x - reg.example/shop/web@old`,
		},
		{
			name: "of all of these, taken for ancient", policy: "ancient",
			cluster: `
				image new l1 age=?
				image old l2 age=?
				tag shop/web:latest new old
				pod shop/x Failed reg.example/shop/web@old`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web l2
				images old
				blobs l2 old`,
		},
	})
}

func TestUnknownImages(t *testing.T) {
	const itemsAndLinks = "items shop/web:latest#1=old \n manifests shop/web old \n layers shop/web c2 l2"
	for _, u := range []struct {
		name, objects string
		image, need   string // what is unknown, and what needs it
		want          string // without accept-unknown
	}{
		{
			"listed by a young item of this stream", "tag shop/web:v2 x~1m",
			"x", "shop/web:v2#0", "items shop/web:latest#1=old",
		},
		{
			"listed by a young item of another stream", "tag shop/api:v2 x~1m",
			"x", "shop/api:v2#0", itemsAndLinks,
		},
		{
			"named by an item of another stream, in this repository", "image y ly config=cy \n tag shop/api:v2 y~1m>reg.example/shop/web@x",
			"x", "shop/api:v2#0", "items shop/web:latest#1=old",
		},
		{
			"used by digest through this stream", "pod shop/p Running reg.example/shop/web@x",
			"x", "Pod shop/p spec.containers[0].image", "items shop/web:latest#1=old",
		},
		{
			"used by digest through another stream", "pod shop/p Running reg.example/shop/api@x \n tag shop/api:v2 new",
			"x", "Pod shop/p spec.containers[0].image", itemsAndLinks,
		},
		{
			"used by digest, no stream is named", "pod shop/p Running quay.io/x@x",
			"x", "Pod shop/p spec.containers[0].image", itemsAndLinks,
		},
		{
			"owned by what an item of this stream lists", "image idx type=index children=x \n tag shop/web:multi idx",
			"x", "shop/web:multi#0", "items shop/web:latest#1=old",
		},
		{
			"owned, at depth, by what is used", "image top type=index children=mid \n image mid type=index children=x \n pod shop/p Running quay.io/x@top",
			"x", "Pod shop/p spec.containers[0].image", itemsAndLinks,
		},
	} {
		t.Run(u.name, func(t *testing.T) {
			p := planCase{policy: "ancient revisions=1", cluster: shopToPrune + u.objects}
			c, plan := p.plan(t)
			require.Equal(t, lines(u.want), c.deletionLines(plan))
			unknown := evidenceOf(t, plan, inventory.KindImage).Unknown
			require.Equal(t, []prune.UnknownImage{{Image: digestOf(u.image), NeededBy: u.need}}, unknown)

			p.policy += " accept-unknown"
			c, plan = p.plan(t)
			require.Equal(t, lines(shopPruned), c.deletionLines(plan))
			require.Empty(t, evidenceOf(t, plan, inventory.KindImage).Unknown)
		})
	}
}

// An item's index may own what is in use, where its own manifests are not known.
func TestItemsOfIndexesInPart(t *testing.T) {
	const cluster = `
		image new l1
		image idx type=index children=x
		tag shop/web:latest new idx
	`
	runPlanCases(t, "ancient revisions=1", []planCase{
		{name: "kept while its child is not known", cluster: cluster},
		{
			name: "dropped where that is accepted", policy: "accept-unknown", cluster: cluster,
			want: "items shop/web:latest#1=idx \n manifests shop/web idx \n images idx \n blobs idx",
		},
		{
			name: "dropped where its child is known", cluster: cluster + "image x lx",
			want: `
				items shop/web:latest#1=idx
				manifests shop/web idx x
				layers shop/web lx
				images idx x
				blobs idx lx x`,
		},
	})
}

// An image of which it is not known what it is made of is there, but may own and
// need anything.
func TestPartialImages(t *testing.T) {
	const partial = `json {"apiVersion":"image.openshift.io/v1","kind":"Image","metadata":{"name":"sha256:aa","creationTimestamp":"2020-01-01T00:00:00Z"}}` + "\n"
	const item = `json {"apiVersion":"image.openshift.io/v1","kind":"ImageStream","metadata":{"namespace":"shop","name":"part"},` +
		`"status":{"tags":[{"tag":"latest","items":[{"image":"sha256:aa","dockerImageReference":"","created":null}]}]}}` + "\n"
	runPlanCases(t, "ancient revisions=1", []planCase{
		{
			name: "needed: no image and no blob goes", cluster: shopToPrune + partial + item,
			want: "items shop/web:latest#1=old \n manifests shop/web old \n layers shop/web c2 l2",
		},
		{
			name: "needed, and accepted", policy: "accept-unknown", cluster: shopToPrune + partial + item, want: strings.NewReplacer("blobs c2 c3 ", "blobs ").Replace(shopPruned), // their configs may be its own,
		},
		{
			name: "an index of which only layers are known", cluster: shopToPrune + `
				image idx l7 type=index
				tag shop/multi:latest idx`,
			want: "items shop/web:latest#1=old \n manifests shop/web old \n layers shop/web c2 l2",
		},
		{
			name: "not needed: it goes with its manifest", cluster: partial,
			want: "images sha256:aa \n blobs sha256:aa",
		},
	})
	p := planCase{policy: "ancient revisions=1", cluster: shopToPrune + partial + item}
	_, plan := p.plan(t)
	require.Equal(t, []prune.UnknownImage{{Image: "sha256:aa", NeededBy: "shop/part:latest#0", Partial: true}},
		evidenceOf(t, plan, inventory.KindImage).Unknown)
}

// Evidence of each kind, and of those that a plan knows nothing of.
func TestEvidence(t *testing.T) {
	p := planCase{
		policy: "unlisted=Job incomplete=Pod images-first",
		cluster: shopToPrune + `
			pod shop/a Running reg.example/shop/web
			pod shop/b Running reg.example/shop/web
			limits shop/l 100
			json {"apiVersion":"acme.example/v1","kind":"Gadget","metadata":{"namespace":"shop","name":"g"}}
			json {"apiVersion":"v1","kind":"Secret","metadata":{"namespace":"shop","name":"s"}}`,
	}
	_, plan := p.plan(t)
	var got []string
	for _, e := range plan.Evidence {
		got = append(got, fmt.Sprintf("%s %d %t %t", e.Kind, e.Count, e.Listed, e.Complete))
	}
	require.Equal(t, []string{ // count, listed, complete
		"Pod 2 true false", "ReplicationController 0 true true", "DeploymentConfig 0 true true", "ReplicaSet 0 true true",
		"Deployment 0 true true", "DaemonSet 0 true true", "StatefulSet 0 true true", "Job 0 false false", "CronJob 0 true true",
		"Build 0 true true", "BuildConfig 0 true true", "LimitRange 1 true true", "ImageStream 1 true true", "Image 3 true true",
		"Gadget 1 false false", "Secret 1 false false",
	}, got)
	require.Equal(t, new(bool), evidenceOf(t, plan, inventory.KindImage).AfterImageStreams)
	require.Nil(t, evidenceOf(t, plan, inventory.KindPod).AfterImageStreams)
}
