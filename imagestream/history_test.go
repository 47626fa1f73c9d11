package imagestream

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What becomes of a history, for every way in which the newest item and what is
// added can differ.
func TestRulesOfAHistory(t *testing.T) {
	type item struct {
		ref, image string
		generation int64
	}
	for _, tc := range []struct {
		name   string
		newest item
		added  item
		want   []item // newest first
	}{
		{"nothing new", item{"r/a", "A", 2}, item{"r/a", "A", 2}, []item{{"r/a", "A", 2}}},
		{"a new generation", item{"r/a", "A", 2}, item{"r/a", "A", 3}, []item{{"r/a", "A", 3}}},
		{"an image that moved", item{"r/a", "A", 2}, item{"q/a", "A", 2}, []item{{"q/a", "A", 2}}},
		{"an image that moved, in a new generation", item{"r/a", "A", 2}, item{"q/a", "A", 3}, []item{{"q/a", "A", 3}}},
		{"a bare reference that became an image", item{"r/a", "", 2}, item{"r/a", "A", 3}, []item{{"r/a", "A", 3}}},
		{"an image that became a bare reference", item{"r/a", "A", 2}, item{"r/a", "", 3}, []item{{"r/a", "", 3}, {"r/a", "A", 2}}},
		{"another bare reference", item{"r/a", "", 2}, item{"r/b", "", 3}, []item{{"r/b", "", 3}, {"r/a", "", 2}}},
		{"something else", item{"r/a", "A", 2}, item{"r/b", "B", 2}, []item{{"r/b", "B", 2}, {"r/a", "A", 2}}},
		// Defect 6: upstream overwrites A, which nothing keeps then.
		{"another image behind one reference", item{"r/a:1", "A", 2}, item{"r/a:1", "B", 2}, []item{{"r/a:1", "B", 2}, {"r/a:1", "A", 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := shop()
			old := TagEvent{NewTime(at(0)), tc.newest.ref, tc.newest.image, tc.newest.generation, extra{}}
			s.Status.Tags = []NamedTagEventList{{Tag: "a", Items: []TagEvent{old}, Conditions: []TagEventCondition{{Type: ImportSuccess, Status: ConditionFalse}}}}
			e, err := Applier{}.begin(s, push("a", 1), at(5))
			require.NoError(t, err)
			e.addEvent("a", TagEvent{NewTime(at(5)), tc.added.ref, tc.added.image, tc.added.generation, extra{}})

			var got []item
			for _, i := range e.s.StatusTag("a").Items {
				got = append(got, item{i.DockerImageReference, i.Image, i.Generation})
			}
			require.Equal(t, tc.want, got)
			changed := tc.name != "nothing new"
			require.Equal(t, changed, e.s.StatusTag("a").Conditions == nil, "a change clears the conditions")
			require.Equal(t, changed, len(e.changes) > 0)
			require.Equal(t, tc.newest.image, s.StatusTag("a").Items[0].Image, "the argument was modified")

			newest, oldest := e.s.StatusTag("a").Items[0], e.s.StatusTag("a").Items[len(got)-1]
			if became := tc.newest.image == "" && tc.added.image != ""; became {
				require.Equal(t, at(5), newest.Created.Time, "only now does the tag point to it")
			} else {
				require.Equal(t, at(0), oldest.Created.Time, "what was there keeps its time")
			}
		})
	}
}

func TestHistoryPolicies(t *testing.T) {
	// The ages of the items are 0, 1, 2, … hours; the one of 3 has no time.
	now := at(0)
	var items []TagEvent
	for i := range 6 {
		item := TagEvent{Image: digest(i), Created: NewTime(now.Add(-time.Duration(i) * time.Hour))}
		if i == 3 {
			item.Created = Time{}
		}
		items = append(items, item)
	}
	inUse := func(tag string, item *TagEvent) bool { return tag == "a" && item.Image == digest(4) }
	for _, tc := range []struct {
		name   string
		policy HistoryPolicy
		kept   []int
	}{
		{"everything", HistoryPolicy{}, []int{0, 1, 2, 3, 4, 5}},
		{"three", HistoryPolicy{MaxItems: 3}, []int{0, 1, 2}},
		{"more than there are", HistoryPolicy{MaxItems: 7}, []int{0, 1, 2, 3, 4, 5}},
		{"the newest", HistoryPolicy{MaxItems: 1}, []int{0}},
		{"up to two hours, and of unknown age", HistoryPolicy{MaxAge: 2 * time.Hour}, []int{0, 1, 2, 3}},
		{"the newest, however old", HistoryPolicy{MaxAge: time.Nanosecond}, []int{0, 3}},
		{"both limits", HistoryPolicy{MaxItems: 5, MaxAge: time.Hour}, []int{0, 1, 3}},
		{"in use", HistoryPolicy{MaxItems: 2, InUse: inUse}, []int{0, 1, 4}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			kept, forgotten := tc.policy.Trim("a", items, now)
			var got []int
			for _, item := range kept {
				for i := range items {
					if items[i].Image == item.Image {
						got = append(got, i)
					}
				}
			}
			require.Equal(t, tc.kept, got)
			require.Len(t, forgotten, len(items)-len(kept))
			require.Len(t, items, 6)
			require.Equal(t, digest(5), items[5].Image, "the argument was modified")
		})
	}
}

// Defect 5: upstream's histories grow without bound.
func TestAHistoryPolicyBoundsWhatIsWritten(t *testing.T) {
	a := Applier{History: HistoryPolicy{MaxItems: 3}}
	s := shop()
	var changes []Change
	for i := range 50 {
		s, changes = applyOne(t, a, s, push("a", i), at(i+1))
	}
	require.Equal(t, []string{"31", "30", "2f"}, images(s, "a"))
	require.Equal(t, []string{
		`EventAdded a: "` + local(48) + `" -> "` + local(49) + `"`,
		`EventRemoved a: "` + local(46) + `" -> ""`,
	}, texts(changes))
	require.Equal(t, digest(46), changes[1].Event.Image)
}

func TestForgetting(t *testing.T) {
	s := apply(t, shop(), push("a", 1), push("a", 2), push("a", 3), push("b", 1), push("b", 2))

	next, changes := applyOne(t, Applier{}, s, ForgetHistory{Keep: HistoryPolicy{MaxItems: 1}}, at(9))
	require.Equal(t, []string{"3"}, images(next, "a"))
	require.Equal(t, []string{"2"}, images(next, "b"))
	require.Len(t, changes, 3)
	next, _ = applyOne(t, Applier{}, s, ForgetHistory{Tag: "b", Keep: HistoryPolicy{MaxItems: 1}}, at(9))
	require.Equal(t, []string{"3", "2", "1"}, images(next, "a"))
	require.Equal(t, []string{"2"}, images(next, "b"))
	same, _ := applyOne(t, Applier{}, s, ForgetHistory{}, at(9))
	require.Same(t, s, same)
	_, _, err := Apply(s, ForgetHistory{Tag: "c"}, at(9))
	requireClass(t, err, ErrTagNotFound, "status.tags[c]")
	_, _, err = Apply(s, ForgetHistory{Keep: HistoryPolicy{MaxItems: -1}}, at(9))
	requireClass(t, err, ErrInvalidOperation, "keep")

	items := s.StatusTag("a").Items
	next, _ = applyOne(t, Applier{}, s, ForgetItems{"a", []TagEvent{items[0], items[2], {Image: digest(9)}}}, at(9))
	require.Equal(t, []string{"2"}, images(next, "a"))
	next, changes = applyOne(t, Applier{}, s, ForgetItems{"a", items}, at(9))
	require.Nil(t, next.StatusTag("a"))
	require.Equal(t, HistoryRemoved, changes[len(changes)-1].Kind)
	same, _ = applyOne(t, Applier{}, s, ForgetItems{"c", items}, at(9))
	require.Same(t, s, same)
	other := items[0]
	other.Created = NewTime(at(8))
	same, _ = applyOne(t, Applier{}, s, ForgetItems{"a", []TagEvent{other}}, at(9))
	require.Same(t, s, same, "an item of another time is another item")
	other = items[0]
	other.Created.Time = other.Created.In(time.FixedZone("", 3600))
	next, _ = applyOne(t, Applier{}, s, ForgetItems{"a", []TagEvent{other}}, at(9))
	require.Equal(t, []string{"2", "1"}, images(next, "a"), "but not one of another zone")
}

// What a prune finds in a history that grew for years goes in one go.
func TestForgettingManyItems(t *testing.T) {
	const n = 100_000
	list := NamedTagEventList{Tag: "a", Items: make([]TagEvent, n)}
	for i := range list.Items {
		list.Items[i] = TagEvent{Created: NewTime(at(-i)), Image: digest(i), DockerImageReference: local(i)}
	}
	s := shop()
	s.Status.Tags = []NamedTagEventList{list}
	next, changes, err := Apply(s, ForgetItems{"a", list.Items[1:]}, at(1))
	require.NoError(t, err)
	require.Len(t, changes, n-1)
	require.Len(t, next.Status.Tags[0].Items, 1)

	s.Status.Tags[0].Items = []TagEvent{list.Items[0], list.Items[0], list.Items[0]}
	next, _, err = Apply(s, ForgetItems{"a", []TagEvent{list.Items[0], list.Items[0]}}, at(1))
	require.NoError(t, err)
	require.Len(t, next.Status.Tags[0].Items, 1, "each given one removes one")
}

// What was forgotten of one tag says nothing of those that follow it.
func TestForgettingMovesNoFollower(t *testing.T) {
	s := apply(t, shop(), alias("b", "a"), push("a", 1), push("a", 2))
	s, _ = applyOne(t, Applier{}, s, ForgetItems{"a", s.StatusTag("a").Items[:1]}, at(9))
	require.Equal(t, []string{"1"}, images(s, "a"))
	require.Equal(t, []string{"2", "1"}, images(s, "b"))
	same, _ := applyOne(t, Applier{}, s, FollowAliases{}, at(10))
	require.Same(t, s, same)
}

func TestForgottenTagKeepsItsCondition(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), RecordImportFailure{Tag: "a"})
	s, _ = applyOne(t, Applier{}, s, ForgetItems{"a", s.StatusTag("a").Items}, at(9))
	require.Empty(t, images(s, "a"))
	require.Len(t, s.StatusTag("a").Conditions, 1)
}
