package prunetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A broken planner changes what the planner decides. It is told the inventory
// and the policy, so that it can be right at first and wrong on variants.
type broken func(d *decisions, inv *inventory.Inventory, policy *prune.Policy)

// scene is a cluster whose plan has every kind of action.
type scene struct {
	*Cluster
	old, kept, index, used *Image
	policy                 prune.Policy
}

func newScene(t *testing.T) *scene {
	s := &scene{Cluster: NewCluster(Options{Seed: 3})}
	app := s.Stream("dev/app")
	s.old = app.Push("latest", s.Image(), 48*time.Hour)
	s.kept = app.Push("latest", s.Image(), 2*time.Hour)
	app.Push("stable", s.ImageOn(s.kept), 50*time.Hour)
	s.index = app.Push("stable", s.Index(), 3*time.Hour)
	app.Push(s.kept.SignatureTag(), s.Signature(s.kept), 3*time.Hour)
	other := s.Stream("test/web")
	other.Push("latest", s.Index(s.Index(), s.Image()), 30*time.Hour)
	other.Push("latest", s.Image(), 20*time.Hour)
	other.Push("v1", s.old, 40*time.Hour)
	other.Push("v1", s.Image(), 20*time.Hour)
	s.used = s.Image()
	other.Push("v2", s.used, 40*time.Hour)
	other.Push("v2", s.Image(), 20*time.Hour)
	s.Pod("dev/web", other.Digest(s.used), app.Tag("latest"))
	o := prune.DefaultOpenShiftOptions()
	o.KeepTagRevisions = ptr(1)
	var err error
	s.policy, err = prune.OpenShift(o)
	require.NoError(t, err)
	return s
}

func (s *scene) check(wrong broken) error {
	return check(s.Inventory(), s.policy, s.Now(),
		func(inv *inventory.Inventory, policy prune.Policy, now time.Time) (*decisions, error) {
			d, err := newPlan(inv, policy, now)
			if err == nil {
				wrong(d, inv, &policy)
			}
			return d, err
		})
}

// violated returns the invariants that an error says are violated.
func violated(err error) (list []Invariant) {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return nil
	}
	for _, err := range joined.Unwrap() {
		var v *Violation
		if _, more := err.(interface{ Unwrap() []error }); more {
			list = append(list, violated(err)...)
		} else if errors.As(err, &v) {
			list = append(list, v.Invariant)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// at returns where the n-th action of a kind is, or -1. The next plan, for one,
// has none.
func at(d *decisions, kind prune.ActionKind, n int) int {
	for i := range d.actions {
		if d.actions[i].Kind == kind {
			if n--; n < 0 {
				return i
			}
		}
	}
	return -1
}

func drop(kind prune.ActionKind) broken {
	return func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) {
		if i := at(d, kind, 0); i >= 0 {
			d.actions = slices.Delete(d.actions, i, i+1)
		}
	}
}

func change(kind prune.ActionKind, f func(*prune.Action)) broken {
	return func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) {
		if i := at(d, kind, 0); i >= 0 {
			f(&d.actions[i])
		}
	}
}

func insert(a prune.Action) broken {
	return func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) { d.actions = append(d.actions, a) }
}

func swap(kind prune.ActionKind) broken {
	return func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) {
		if i, j := at(d, kind, 0), at(d, kind, 1); j >= 0 {
			d.actions[i], d.actions[j] = d.actions[j], d.actions[i]
		}
	}
}

func first(kind prune.ActionKind) broken {
	return func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) {
		if i := at(d, kind, 0); i >= 0 {
			a := d.actions[i]
			d.actions = slices.Insert(slices.Delete(d.actions, i, i+1), 0, a)
		}
	}
}

func verdicts(f func([]prune.Verdict) []prune.Verdict) broken {
	return func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) {
		list := d.verdicts()
		d.verdicts = func() []prune.Verdict { return f(list) }
	}
}

func text(f func([]byte) []byte) broken {
	return func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) {
		write := d.text
		d.text = func() ([]byte, error) {
			b, err := write()
			return f(b), err
		}
	}
}

// onlyIf is broken where the condition holds: it deletes a blob more.
func onlyIf(digest string, condition func(*inventory.Inventory, *prune.Policy) bool) broken {
	return func(d *decisions, inv *inventory.Inventory, policy *prune.Policy) {
		if condition(inv, policy) {
			insert(prune.Action{Kind: prune.DeleteBlob, Digest: digest})(d, inv, policy)
		}
	}
}

// The checks find what is wrong: each invariant is violated in every way that
// its check looks for, and that invariant is told.
func TestBrokenPlanners(t *testing.T) {
	s := newScene(t)
	require.NoError(t, Check(s.Inventory(), s.policy, s.Now()))
	require.NoError(t, s.check(func(*decisions, *inventory.Inventory, *prune.Policy) {}))
	keptLayer := s.kept.Layers()[0]
	child := s.index.Children()[0]
	calls := 0

	for name, c := range map[string]struct {
		want  Invariant
		wrong broken
	}{
		"an item less":            {Agreement, drop(prune.DeleteTagItem)},
		"a manifest link less":    {Agreement, drop(prune.DeleteManifestLink)},
		"a layer link less":       {Agreement, drop(prune.DeleteLayerLink)},
		"an image less":           {Agreement, drop(prune.DeleteImage)},
		"a blob less":             {Agreement, drop(prune.DeleteBlob)},
		"an image twice":          {Agreement, insert(prune.Action{Kind: prune.DeleteImage, Image: s.old.Digest()})},
		"no such image":           {Agreement, insert(prune.Action{Kind: prune.DeleteImage, Image: unknownDigest})},
		"no such item":            {Agreement, insert(prune.Action{Kind: prune.DeleteTagItem, Stream: "dev/app", Tag: "latest", Index: 7})},
		"no such stream":          {Agreement, insert(prune.Action{Kind: prune.DeleteTagItem, Stream: "dev/none", Tag: "latest"})},
		"no such repository":      {Agreement, insert(prune.Action{Kind: prune.DeleteLayerLink, Repository: "dev/none", Digest: keptLayer})},
		"no such kind":            {Agreement, insert(prune.Action{Kind: "DeleteStream"})},
		"another uid":             {Agreement, change(prune.DeleteTagItem, func(a *prune.Action) { a.UID = "x" })},
		"another version":         {Agreement, change(prune.DeleteImage, func(a *prune.Action) { a.ResourceVersion = "x" })},
		"another image":           {Agreement, change(prune.DeleteTagItem, func(a *prune.Action) { a.Image = "x" })},
		"another time":            {Agreement, change(prune.DeleteTagItem, func(a *prune.Action) { a.Created = a.Created.Add(1) })},
		"another size":            {Agreement, change(prune.DeleteBlob, func(a *prune.Action) { a.Bytes++ })},
		"a verdict less":          {Agreement, verdicts(func(l []prune.Verdict) []prune.Verdict { return l[1:] })},
		"a verdict twice":         {Agreement, verdicts(func(l []prune.Verdict) []prune.Verdict { return append(l, l[0]) })},
		"a verdict without kind":  {Agreement, verdicts(func(l []prune.Verdict) []prune.Verdict { return append(l, prune.Verdict{Object: "x"}) })},
		"a verdict of nothing":    {Agreement, verdicts(func(l []prune.Verdict) []prune.Verdict { l[0].Object = "dev/none:a#0"; return l })},
		"a verdict undecided":     {Agreement, verdicts(func(l []prune.Verdict) []prune.Verdict { l[0].Outcome = ""; return l })},
		"everything kept":         {Agreement, func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) { d.actions = nil }},
		"images miscounted":       {Agreement, func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) { d.summary.Images++ }},
		"layer links miscounted":  {Agreement, func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) { d.summary.LayerLinks-- }},
		"too much freed":          {FreedBytes, func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) { d.summary.FreedBytes++ }},
		"too few unknown blobs":   {FreedBytes, func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) { d.summary.UnknownBlobs-- }},
		"the kept image":          {Closure, insert(prune.Action{Kind: prune.DeleteImage, Image: s.kept.Digest()})},
		"the manifest of a child": {Closure, insert(prune.Action{Kind: prune.DeleteBlob, Digest: child.Digest()})},
		"the child of an index":   {Closure, insert(prune.Action{Kind: prune.DeleteImage, Image: child.Digest()})},
		"a layer of a child":      {Closure, insert(prune.Action{Kind: prune.DeleteBlob, Digest: child.Layers()[0]})},
		"a shared layer":          {Closure, insert(prune.Action{Kind: prune.DeleteBlob, Digest: keptLayer})},
		"a config":                {Closure, insert(prune.Action{Kind: prune.DeleteBlob, Digest: s.kept.Config()})},
		"a layer link":            {Closure, insert(prune.Action{Kind: prune.DeleteLayerLink, Repository: "dev/app", Digest: keptLayer})},
		"a config link":           {Closure, insert(prune.Action{Kind: prune.DeleteLayerLink, Repository: "dev/app", Digest: s.kept.Config()})},
		"a child's manifest link": {Closure, insert(prune.Action{Kind: prune.DeleteManifestLink, Repository: "dev/app", Digest: child.Digest()})},
		"a used link":             {Closure, insert(prune.Action{Kind: prune.DeleteManifestLink, Repository: "test/web", Digest: s.used.Digest()})},
		"a signature":             {Closure, insert(prune.Action{Kind: prune.DeleteTagItem, Stream: "dev/app", Tag: s.kept.SignatureTag()})},
		"items swapped":           {ActionOrder, swap(prune.DeleteTagItem)},
		"manifest links swapped":  {ActionOrder, swap(prune.DeleteManifestLink)},
		"layer links swapped":     {ActionOrder, swap(prune.DeleteLayerLink)},
		"images swapped":          {ActionOrder, swap(prune.DeleteImage)},
		"blobs swapped":           {ActionOrder, swap(prune.DeleteBlob)},
		"an image at first":       {ActionOrder, first(prune.DeleteImage)},
		"a link before its item":  {EveryCommit, first(prune.DeleteLayerLink)},
		"a manifest link first":   {EveryCommit, first(prune.DeleteManifestLink)},
		"an Image before items":   {EveryCommit, first(prune.DeleteImage)},
		"a blob before its item":  {EveryCommit, first(prune.DeleteBlob)},
		"a needed link":           {EveryCommit, insert(prune.Action{Kind: prune.DeleteLayerLink, Repository: "dev/app", Digest: keptLayer})},
		"never done":              {Settled, drop(prune.DeleteImage)},
		"not JSON":                {RoundTrip, text(func(b []byte) []byte { return b[1:] })},
		"not canonical":           {RoundTrip, text(func(b []byte) []byte { return bytes.Replace(b, []byte(`":`), []byte(`": `), 1) })},
		"actions not written":     {RoundTrip, drop(prune.DeleteBlob)},
		"actions written badly":   {RoundTrip, change(prune.DeleteBlob, func(a *prune.Action) { a.Reason.Image = "x" })},
		"another fingerprint": {AnyOrder, func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) {
			calls++
			d.fingerprint += string(rune('a' + calls%7))
		}},
		"another text each time": {AnyOrder, func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) {
			calls++
			n := byte(calls)
			d.withKept = func() ([]byte, error) { return []byte{n}, nil }
		}},
		"a root too many": {MoreRoots, onlyIf(keptLayer, func(inv *inventory.Inventory, _ *prune.Policy) bool { return inv.Workloads() > 1 })},
		"a rule too many": {MoreRules, onlyIf(keptLayer, func(_ *inventory.Inventory, p *prune.Policy) bool {
			return len(p.TagItems) > len(s.policy.TagItems)
		})},
		"an image rule too many": {MoreRules, onlyIf(keptLayer, func(_ *inventory.Inventory, p *prune.Policy) bool {
			return len(p.Images) > len(s.policy.Images)
		})},
		"too old": {LongerAges, onlyIf(keptLayer, func(_ *inventory.Inventory, p *prune.Policy) bool {
			return *p.FinishedPodsCountFor > *s.policy.FinishedPodsCountFor
		})},
		"not listed": {LessEvidence, onlyIf(keptLayer, func(inv *inventory.Inventory, _ *prune.Policy) bool {
			return !inv.Complete(inventory.KindJob)
		})},
		"missing": {LessEvidence, onlyIf(keptLayer, func(inv *inventory.Inventory, _ *prune.Policy) bool { return inv.Workloads() == 0 })},
		"too early": {LessEvidence, onlyIf(keptLayer, func(inv *inventory.Inventory, _ *prune.Policy) bool {
			return !inv.ImagesAfterStreams()
		})},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, violated(s.check(c.wrong)), c.want)
		})
	}
}

// A plan may err on one thing only, and then only that is told.
func TestOneViolation(t *testing.T) {
	s := newScene(t)
	err := s.check(func(d *decisions, _ *inventory.Inventory, _ *prune.Policy) { d.summary.UnknownBlobs++ })
	require.Equal(t, []Invariant{FreedBytes, RoundTrip}, violated(err))
	err = s.check(text(func(b []byte) []byte { return b[1:] }))
	require.Equal(t, []Invariant{RoundTrip}, violated(err))
	require.ErrorContains(t, err, "round-trip: plan: its JSON cannot be read")
}

func TestManyViolations(t *testing.T) {
	s := newScene(t)
	err := s.check(verdicts(func([]prune.Verdict) []prune.Verdict { return nil }))
	require.Equal(t, []Invariant{Agreement}, violated(err))
	require.ErrorContains(t, err, "violations more")
}

func TestNoPlan(t *testing.T) {
	s := newScene(t)
	require.ErrorIs(t, Check(s.Inventory(), s.policy, time.Time{}), prune.ErrNoInstant)
	require.ErrorIs(t, Check(s.Inventory(), prune.Policy{TagItems: []prune.Rule{{}}}, s.Now()), prune.ErrPolicy)
	fails := errors.New("out of ideas")
	calls := 0
	for _, n := range []int{0, 1, 2, 3, 6, 12, 25, 40, 60} {
		calls = 0
		err := check(s.Inventory(), s.policy, s.Now(),
			func(inv *inventory.Inventory, p prune.Policy, now time.Time) (*decisions, error) {
				if calls++; calls > n {
					return nil, fails
				}
				return newPlan(inv, p, now)
			})
		require.ErrorIs(t, err, fails, "after %d calls", n)
	}
}

// A plan that fails deletes nothing, and holds every invariant.
func TestInvalidReferences(t *testing.T) {
	s := newScene(t)
	s.Pod("dev/broken", "{{image}}")
	require.NoError(t, Check(s.Inventory(), s.policy, s.Now()))
}
