package prune_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A conditionCase says which objects meet a condition: in a rule that keeps,
// where what is not known counts as met, and in one that deletes, where it does
// not. Objects are named by their image.
type conditionCase struct {
	name    string
	when    prune.Condition
	knobs   string // evidence, as in a planCase
	cluster string
	keeps   string
	deletes string
}

func ptr[T any](v T) *T { return &v }

func hours(n float64) *prune.Duration { return ptr(prune.Duration(n * float64(time.Hour))) }

// meets plans with one rule about tag items or images, and returns the names of
// those that the rule has matched.
func meets(t *testing.T, inv *inventory.Inventory, name func(string) string, rule prune.Rule, images, ancient bool) string {
	t.Helper()
	rule.ID = "tested"
	policy := prune.Policy{AbsentTimesAreAncient: ancient, AcceptUnknownImages: true}
	rest := prune.Rule{ID: "rest", Outcome: prune.Delete, When: prune.Condition{Always: true}}
	list := []prune.Rule{rule}
	if rule.Outcome == prune.Keep {
		list = append(list, rest)
	}
	kind := prune.TagItemVerdict
	if policy.TagItems = list; images {
		kind = prune.ImageVerdict
		policy.TagItems, policy.Images = []prune.Rule{rest}, list
	}
	if err := policy.Validate(); err != nil {
		require.Regexp(t, "would (decide otherwise once the plan was carried out|have what is in use deleted)", err)
		return "refused"
	}
	plan, err := prune.New(inv, policy, clusterTime)
	require.NoError(t, err)
	var names []string
	for v := range plan.Verdicts() {
		if v.Kind == kind && v.Reason.Rule == "tested" {
			require.Equal(t, rule.Outcome, v.Outcome)
			if images {
				names = append(names, name(v.Object))
			} else {
				names = append(names, name(v.Image))
			}
		}
	}
	return strings.Join(sorted(names), " ")
}

func runConditions(t *testing.T, images bool, cases []conditionCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			parsed, k := parseCluster(t, c.cluster), parseKnobs(t, c.knobs)
			inv, ancient := parsed.inventory(k), k.options.AbsentTimesAreAncient
			require.Equal(t, c.keeps, meets(t, inv, parsed.name, prune.Rule{Outcome: prune.Keep, When: c.when}, images, ancient), "keeps")
			require.Equal(t, c.deletes, meets(t, inv, parsed.name, prune.Rule{Outcome: prune.Delete, When: c.when}, images, ancient), "deletes")
		})
	}
}

func TestConditionsOnTagItems(t *testing.T) {
	const ages = `
		tag shop/web:t now~0s hour~1h day~24h dateless
		stream shop/web 2h
		tag shop/api:t old~48h
		stream shop/api 24h
		tag shop/db:t timeless~48h
	`
	const uses = `
		image head l1
		image idx type=index children=child
		image child l2
		image other l3
		tag shop/web:t head idx other
		tag shop/web:quiet other head
		pod shop/p Running reg.example/shop/web:t reg.example/shop/web@child
	`
	const sizes = `
		image big l1 size=101
		image just l2 size=100
		image unsized l3
		image idx type=index children=just size=500
		image free l4 size=9
		tag shop/web:t big just unsized idx gone
		tag open/web:t free
		limits shop/l 100
	`
	runConditions(t, false, []conditionCase{
		{
			name: "no condition", cluster: ages, when: prune.Condition{Always: true},
			keeps: "dateless day hour now old timeless", deletes: "dateless day hour now old timeless",
		},
		{
			name: "repositories", cluster: ages, when: prune.Condition{Repositories: []string{"shop/a*", "*/db"}},
			keeps: "old timeless", deletes: "old timeless",
		},
		{
			name: "an asterisk matches no slash", cluster: ages, when: prune.Condition{Repositories: []string{"*web", "sho?"}},
		},
		{
			name: "tags", when: prune.Condition{Tags: []string{"v[0-9]*", "release"}},
			cluster: "tag shop/web:v1 one \n tag shop/web:vx x \n tag shop/web:release rel \n tag shop/web:prerelease pre",
			keeps:   "one rel", deletes: "one rel",
		},
		{
			name: "younger than, strictly", cluster: ages, when: prune.Condition{YoungerThan: hours(1)},
			keeps: "dateless now", deletes: "now",
		},
		{
			name: "younger than, absent is ancient", knobs: "ancient", cluster: ages, when: prune.Condition{YoungerThan: hours(1)},
			keeps: "now", deletes: "now",
		},
		{
			name: "older than, or just so", cluster: ages, when: prune.Condition{OlderThan: hours(1)},
			keeps: "dateless day hour old timeless", deletes: "day hour old timeless",
		},
		{
			name: "older than, absent is ancient", knobs: "ancient", cluster: ages, when: prune.Condition{OlderThan: hours(48)},
			keeps: "dateless old timeless", deletes: "dateless old timeless",
		},
		{
			name: "older than the longest time", cluster: ages, when: prune.Condition{OlderThan: ptr(prune.Duration(1<<63 - 1))},
			keeps: "dateless",
		},
		{
			name: "stream younger than", cluster: ages, when: prune.Condition{StreamYoungerThan: hours(24)},
			keeps: "dateless day hour now timeless", deletes: "dateless day hour now",
		},
		{
			name: "revision below", cluster: ages, when: prune.Condition{RevisionBelow: ptr(2)},
			keeps: "hour now old timeless", deletes: "refused",
		},
		{
			name: "revision below none", cluster: ages, when: prune.Condition{RevisionBelow: ptr(0)},
			deletes: "refused",
		},
		{
			name: "revision from", cluster: ages, when: prune.Condition{RevisionFrom: ptr(2)},
			keeps: "refused", deletes: "dateless day",
		},
		{
			name: "tag in use: its newest", cluster: uses, when: prune.Condition{TagInUse: ptr(true)},
			keeps: "head", deletes: "refused",
		},
		{
			name: "tag in use, not all workloads are known", knobs: "unlisted=Job", cluster: uses, when: prune.Condition{TagInUse: ptr(true)},
			keeps: "head other", deletes: "refused",
		},
		{
			name: "tag not in use", cluster: uses, when: prune.Condition{TagInUse: ptr(false)},
			keeps: "refused", deletes: "head idx other other",
		},
		{
			name: "tag not in use, not all workloads are known", knobs: "incomplete=Pod", cluster: uses, when: prune.Condition{TagInUse: ptr(false)},
			keeps: "refused", deletes: "head idx other",
		},
		{
			name: "digest in use: a child's", cluster: uses, when: prune.Condition{DigestInUse: ptr(true)},
			keeps: "idx", deletes: "refused",
		},
		{
			name: "digest in use, not all workloads are known", knobs: "unlisted=CronJob", cluster: uses, when: prune.Condition{DigestInUse: ptr(true)},
			keeps: "head head idx other other", deletes: "refused",
		},
		{
			name: "digest not in use", cluster: uses, when: prune.Condition{DigestInUse: ptr(false)},
			keeps: "refused", deletes: "head head other other",
		},
		{
			name: "digest not in use, not all workloads are known", knobs: "unlisted=CronJob", cluster: uses, when: prune.Condition{DigestInUse: ptr(false)},
			keeps: "refused", deletes: "",
		},
		{
			name: "reference tag", cluster: "image a l1 \n tag shop/web:t - a", when: prune.Condition{ReferenceTag: ptr(true)},
			keeps: "", deletes: "", // the name of no image
		},
		{
			name: "no reference tag", cluster: "image a l1 \n tag shop/web:t - a", when: prune.Condition{ReferenceTag: ptr(false)},
			keeps: "a", deletes: "a",
		},
		{
			name: "known, of a reference tag", cluster: "image a l1 \n tag shop/web:t - a", when: prune.Condition{Known: ptr(true)},
			keeps: " a", deletes: "a",
		},
		{
			name: "known", cluster: sizes, when: prune.Condition{Known: ptr(true)},
			keeps: "big free idx just unsized", deletes: "big free idx just unsized",
		},
		{
			name: "known, Images before streams", knobs: "images-first", cluster: sizes, when: prune.Condition{Known: ptr(true)},
			keeps: "big free gone idx just unsized", deletes: "big free idx just unsized",
		},
		{
			name: "not known", cluster: sizes, when: prune.Condition{Known: ptr(false)},
			keeps: "gone", deletes: "gone",
		},
		{
			name: "not known, Images in part", knobs: "incomplete=Image", cluster: sizes, when: prune.Condition{Known: ptr(false)},
			keeps: "gone",
		},
		{
			name: "over the limit", cluster: sizes, when: prune.Condition{OverLimit: ptr(true)},
			keeps: "big gone unsized", deletes: "big",
		},
		{
			name: "over the limit, limits are not listed", knobs: "unlisted=LimitRange", cluster: sizes, when: prune.Condition{OverLimit: ptr(true)},
			keeps: "big free gone just unsized", deletes: "big",
		},
		{
			name: "within the limit", cluster: sizes, when: prune.Condition{OverLimit: ptr(false)},
			keeps: "free gone idx just unsized", deletes: "free idx just",
		},
		{
			name: "within the limit, limits are not listed", knobs: "unlisted=LimitRange", cluster: sizes, when: prune.Condition{OverLimit: ptr(false)},
			keeps: "free gone idx just unsized", deletes: "idx",
		},
		{
			name:    "managed",
			cluster: "image own l1 managed=true \n image theirs l2 \n tag shop/web:t own theirs gone",
			when:    prune.Condition{Managed: ptr(true)}, keeps: "gone own", deletes: "own",
		},
		{
			name:    "not managed",
			cluster: "image own l1 managed=true \n image theirs l2 \n tag shop/web:t own theirs gone",
			when:    prune.Condition{Managed: ptr(false)}, keeps: "gone theirs", deletes: "theirs",
		},
		{
			name: "labels and pulls of what is not known", cluster: "tag shop/web:t gone",
			when:  prune.Condition{Labels: map[string]string{"a": "b"}, PulledWithin: hours(1), NotPulledFor: hours(1)},
			keeps: "gone",
		},
		{
			name: "all that is set must hold", cluster: ages,
			when:  prune.Condition{YoungerThan: hours(30), RevisionFrom: ptr(1), Repositories: []string{"shop/web"}, Tags: []string{"t"}},
			keeps: "refused", deletes: "day hour",
		},
	})
}

func TestReferenceTagIsAnItemWithoutImage(t *testing.T) {
	inv := parseCluster(t, "image a l1 \n tag shop/web:t - a -").inventory(parseKnobs(t, ""))
	plan, err := prune.New(inv, prune.Policy{TagItems: []prune.Rule{
		{ID: "r", Outcome: prune.Delete, When: prune.Condition{ReferenceTag: ptr(true)}},
	}}, clusterTime)
	require.NoError(t, err)
	var dropped []int
	for a := range plan.Actions() {
		require.Empty(t, a.Image)
		dropped = append(dropped, a.Index)
	}
	require.Equal(t, []int{0, 2}, dropped)
}

func TestConditionsOnImages(t *testing.T) {
	const ages = `
		image now l1 age=0s
		image hour l2 age=1h
		image day l3 age=24h
		image dateless l4 age=?
	`
	const listed = `
		image one l1
		image both l2
		image loose l3
		tag shop/web:t one~9h both~9h
		tag shop/api:t both~9h
	`
	const uses = `
		image used l1
		image owned l2
		image idx type=index children=owned
		image loose l3
		pod shop/p Running quay.io/x@used other.example/a/b@idx
	`
	runConditions(t, true, []conditionCase{
		{
			name: "younger than", cluster: ages, when: prune.Condition{YoungerThan: hours(1)},
			keeps: "dateless now", deletes: "now",
		},
		{
			name: "younger than, absent is ancient", knobs: "ancient", cluster: ages, when: prune.Condition{YoungerThan: hours(1)},
			keeps: "now", deletes: "now",
		},
		{
			name: "older than", cluster: ages, when: prune.Condition{OlderThan: hours(1)},
			keeps: "dateless day hour", deletes: "day hour",
		},
		{
			name: "repositories: in one that matches, and in others", cluster: listed, when: prune.Condition{Repositories: []string{"shop/web"}},
			keeps: "both loose one", deletes: "one",
		},
		{
			name: "repositories, of which some may be missing", knobs: "incomplete=ImageStream", cluster: listed,
			when:  prune.Condition{Repositories: []string{"shop/web"}},
			keeps: "", deletes: "", // all stay, by no rule
		},
		{
			name: "repositories: both", cluster: listed, when: prune.Condition{Repositories: []string{"shop/*"}},
			keeps: "both loose one", deletes: "both one",
		},
		{
			name: "digest in use", cluster: uses, when: prune.Condition{DigestInUse: ptr(true)},
			keeps: "idx used", deletes: "refused", // not what the index owns
		},
		{
			name: "digest not in use", cluster: uses, when: prune.Condition{DigestInUse: ptr(false)},
			keeps: "refused", deletes: "loose", // what the index owns stays with it
		},
		{
			name: "dropped", cluster: listed, when: prune.Condition{Dropped: ptr(true)},
			keeps: "refused", deletes: "both one",
		},
		{
			name: "not dropped", cluster: listed, when: prune.Condition{Dropped: ptr(false)},
			keeps: "loose", deletes: "refused",
		},
		{
			name: "dropped through an index", when: prune.Condition{Dropped: ptr(true)},
			cluster: `
				image idx type=index children=mid
				image mid type=index children=leaf
				image leaf l1
				image loose l2
				tag shop/web:t idx`,
			keeps: "refused", deletes: "idx leaf mid", // the leaf is first met as owned
		},
		{
			name: "managed", cluster: "image own l1 managed=true \n image theirs l2", when: prune.Condition{Managed: ptr(true)},
			keeps: "own", deletes: "own",
		},
	})
}

func TestReferenceTagMissesNoImage(t *testing.T) {
	inv := parseCluster(t, "image a l1 \n tag shop/web:t - a gone").inventory(parseKnobs(t, ""))
	for _, known := range []bool{false, true} {
		plan, err := prune.New(inv, prune.Policy{TagItems: []prune.Rule{
			{ID: "r", Outcome: prune.Delete, When: prune.Condition{Known: &known}},
		}}, clusterTime)
		require.NoError(t, err)
		for a := range plan.Actions() {
			require.NotEmpty(t, a.Image, "known %t", known)
		}
		require.Equal(t, 1, plan.Summary.TagItems)
	}
}

// What only a Builder can say: labels and last pulls.
func TestConditionsOnLabelsAndPulls(t *testing.T) {
	var b inventory.Builder
	names := map[string]string{}
	add := func(name string, labels map[string]string, pulled time.Time) {
		names[digestOf(name)] = name
		require.NoError(t, b.AddManifest(inventory.Manifest{
			Digest: digestOf(name), Config: digestOf("c"), Labels: labels, LastPulled: pulled, Created: clusterTime.AddDate(-1, 0, 0),
		}))
	}
	add("nothing-known", nil, time.Time{})
	add("bare", map[string]string{}, clusterTime.Add(-time.Hour))
	add("team-a", map[string]string{"team": "a", "tier": "gold"}, clusterTime.Add(-time.Hour+time.Microsecond))
	add("team-b", map[string]string{"team": "b"}, clusterTime)
	b.Listed(inventory.Kinds()...)
	var items []inventory.TagItem
	for _, name := range []string{"nothing-known", "bare", "team-a", "team-b"} {
		items = append(items, inventory.TagItem{Image: digestOf(name)})
	}
	require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web", Tags: []inventory.Tag{{Name: "t", Items: items}}}))
	inv := b.Build()
	for _, c := range []conditionCase{
		{name: "label", when: prune.Condition{Labels: map[string]string{"team": "a"}}, keeps: "nothing-known team-a", deletes: "team-a"},
		{name: "any value", when: prune.Condition{Labels: map[string]string{"team": "*"}}, keeps: "nothing-known team-a team-b", deletes: "team-a team-b"},
		{name: "two labels", when: prune.Condition{Labels: map[string]string{"team": "*", "tier": "g*"}}, keeps: "nothing-known team-a", deletes: "team-a"},
		{name: "no such label", when: prune.Condition{Labels: map[string]string{"owner": "*"}}, keeps: "nothing-known"},
		{name: "pulled within", when: prune.Condition{PulledWithin: hours(1)}, keeps: "nothing-known team-a team-b", deletes: "team-a team-b"},
		{name: "not pulled for", when: prune.Condition{NotPulledFor: hours(1)}, keeps: "bare nothing-known", deletes: "bare"},
	} {
		for _, images := range []bool{false, true} {
			for _, ancient := range []bool{false, true} { // that nobody looked says nothing of when
				t.Run(fmt.Sprintf("%s images=%t ancient=%t", c.name, images, ancient), func(t *testing.T) {
					name := func(digest string) string { return names[digest] }
					require.Equal(t, c.keeps, meets(t, inv, name, prune.Rule{Outcome: prune.Keep, When: c.when}, images, ancient), "keeps")
					require.Equal(t, c.deletes, meets(t, inv, name, prune.Rule{Outcome: prune.Delete, When: c.when}, images, ancient), "deletes")
				})
			}
		}
	}
}
