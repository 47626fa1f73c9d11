package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// An adversary carries plans out on ends that fail, lie and change at random, and
// watches what every single deletion takes away.
type adversary struct {
	*rand.Rand
	t       *testing.T
	name    string
	cluster *prunetest.Cluster
	live    *prunetest.Live
	blobs   map[string][]string // of images, by their names
	plan    *prune.Plan
	now     time.Time
	pods    int

	faults, changes int // one in so many calls; 0: none

	mu      sync.Mutex
	seen    map[string]bool // who was there at the last look
	missing map[string]bool
}

func newAdversary(t *testing.T, seed uint64) *adversary {
	a := &adversary{Rand: rand.New(rand.NewPCG(seed, 3)), t: t, cluster: prunetest.Random(seed)}
	policy := a.policy()
	plan, err := prune.New(a.cluster.Inventory(), policy, a.cluster.Now())
	require.NoError(t, err)
	if a.IntN(2) == 0 { // one that was read has no inventory
		var text bytes.Buffer
		require.NoError(t, plan.WriteJSON(&text, false))
		plan = new(prune.Plan)
		require.NoError(t, json.Unmarshal(text.Bytes(), plan))
	}
	a.plan, a.live, a.now = plan, a.cluster.Live(), a.cluster.Now()
	a.blobs = map[string][]string{}
	for _, i := range a.cluster.Images() {
		a.blobs[i.Name] = []string{i.Name}
		for _, layer := range i.DockerImageLayers {
			a.blobs[i.Name] = append(a.blobs[i.Name], layer.Name)
		}
	}
	a.name = fmt.Sprintf("seed %d", seed)
	a.missing = a.missingNow()
	return a
}

// policy is the preset in both modes, of one namespace or all, or rules of one's
// own.
func (a *adversary) policy() prune.Policy {
	revisions := a.IntN(2)
	options := prune.DefaultOpenShiftOptions()
	options.KeepTagRevisions = &revisions
	day := prune.Duration(24 * time.Hour)
	switch a.IntN(6) {
	case 0:
		options = prune.OpenShiftOptions{PruneOverSizeLimit: true, AllImages: true, PruneRegistry: true}
	case 1:
		options.Namespace = "dev"
	}
	policy := preset(a.t, func(o *prune.OpenShiftOptions) { *o = options })
	if a.IntN(5) == 0 {
		yes := true
		policy.TagItems = []prune.Rule{
			{ID: "used", Outcome: prune.Keep, When: prune.Condition{TagInUse: &yes}},
			{ID: "used-digest", Outcome: prune.Keep, When: prune.Condition{DigestInUse: &yes}},
			{ID: "old", Outcome: prune.Delete, When: prune.Condition{OlderThan: &day}},
		}
		policy.Images = []prune.Rule{
			{ID: "used", Outcome: prune.Keep, When: prune.Condition{DigestInUse: &yes}},
			{ID: "dropped", Outcome: prune.Delete, When: prune.Condition{Dropped: &yes}},
			{ID: "here", Outcome: prune.Delete, When: prune.Condition{Repositories: []string{"dev/*"}}},
		}
	}
	policy.IgnoreInvalidReferences = true
	policy.AcceptUnknownImages = a.IntN(3) == 0
	return policy
}

// missingNow returns what items and workloads need, and what Images are made of,
// and is not there.
func (a *adversary) missingNow() map[string]bool {
	set := map[string]bool{}
	for _, m := range a.live.Missing() {
		set[m] = true
	}
	blobs := a.live.Blobs()
	for _, name := range a.live.Images() {
		for _, blob := range a.blobs[name] {
			if _, there := blobs[blob]; !there {
				set["Image "+name+": blob "+blob] = true
			}
		}
	}
	return set
}

// who needs something is what stands before the last ": " of a missing thing.
func who(missing string) string { return missing[:strings.LastIndex(missing, ": ")] }

// before is ahead of each call: it may change the cluster, and fail the call.
func (a *adversary) before(c prunetest.Call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changes > 0 && a.IntN(a.changes) == 0 {
		a.change()
	}
	if c.Verb == "List" {
		a.look()
	}
	a.missing = a.missingNow()
	return a.fault()
}

// after is behind each call that succeeded: whoever was there at the last look
// misses nothing more than before.
func (a *adversary) after(c prunetest.Call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for m := range a.missingNow() {
		if !a.missing[m] && a.seen[who(m)] {
			assert.Fail(a.t, "a deletion that breaks something", "%s: %s %s took away %s", a.name, c.Verb, c.Object, m)
		}
	}
	return a.fault()
}

func (a *adversary) look() {
	a.seen = map[string]bool{}
	for _, item := range a.live.Items() {
		a.seen[item] = true
	}
	for _, name := range a.live.Images() {
		a.seen["Image "+name] = true
	}
	for n := range a.pods {
		a.seen[podName(n)+" spec.containers[0].image"] = true
	}
	if a.plan.Policy.AcceptUnknownImages {
		for m := range a.missingNow() { // what did not resolve may lose the rest
			delete(a.seen, who(m))
		}
	}
}

func podName(n int) string { return fmt.Sprintf("Pod late/pod%d", n) }

func (a *adversary) fault() error {
	if a.faults == 0 || a.IntN(a.faults) > 0 {
		return nil
	}
	return []error{
		errInjected, apply.ErrConflict, apply.ErrInUse, apply.ErrUnsupported, apply.ErrForbidden, apply.ErrUnavailable,
		apply.ErrNotFound, context.DeadlineExceeded,
	}[a.IntN(8)]
}

// change does what somebody may do meanwhile, to what the plan lets go.
func (a *adversary) change() {
	var images, streams []string
	for action := range a.plan.Actions() {
		switch action.Kind {
		case prune.DeleteTagItem:
			streams = append(streams, action.Stream)
			images = append(images, action.Image)
		case prune.DeleteImage:
			images = append(images, action.Image)
		}
	}
	if len(images) == 0 || len(streams) == 0 {
		return
	}
	digest, stream := images[a.IntN(len(images))], streams[a.IntN(len(streams))]
	if digest == "" || !slices.Contains(a.live.Images(), digest) {
		return
	}
	switch a.IntN(4) {
	case 0:
		a.live.Tag("late/new", "t"+strconv.Itoa(a.IntN(3)), host+"late/new@"+digest, digest, a.now)
	case 1:
		a.live.Tag(stream, []string{"again", "latest"}[a.IntN(2)], host+stream+"@"+digest, digest, a.now)
	case 2:
		a.live.Run(fmt.Sprintf("late/pod%d", a.pods), host+stream+"@"+digest)
		a.pods++
	case 3:
		a.live.DeleteStream(stream)
	}
}

// lyingStreams writes a status now and then without doing so.
type lyingStreams struct {
	*prunetest.Live
	a *adversary
}

func (l lyingStreams) UpdateStreamStatus(ctx context.Context, s *imagestream.ImageStream) error {
	l.a.mu.Lock()
	lie := l.a.IntN(4) == 0
	l.a.mu.Unlock()
	if lie {
		return nil
	}
	return l.Live.UpdateStreamStatus(ctx, s)
}

func (a *adversary) ends() apply.Ends {
	ends := a.live.Ends()
	if a.IntN(3) == 0 {
		ends.Streams = lyingStreams{a.live, a}
	}
	return ends
}

func (a *adversary) options() apply.Options {
	o := atOnce(a.now)
	o.Retry = apply.Retry{Attempts: 1 + a.IntN(2), Wait: 1, Most: 1}
	o.Grace = time.Duration(a.IntN(2)-1) * time.Hour
	if o.Grace == 0 {
		o.Grace = time.Hour
	}
	o.Workers = 1 + a.IntN(4)
	o.KeepLastTag = a.IntN(4) == 0
	return o
}

// TestAnythingAtOnce: several faults and changes in one run, which is resumed and
// begun anew, with later plans behind it.
func TestAnythingAtOnce(t *testing.T) {
	first, end := seeds(t, 80)
	for seed := first; seed < end; seed++ {
		synctest.Test(t, func(t *testing.T) { newAdversary(t, seed).carryOut() }) // which waits in no time
	}
}

func (a *adversary) carryOut() {
	a.faults, a.changes = []int{0, 4, 10, 30}[a.IntN(4)], []int{0, 5, 20}[a.IntN(3)]
	a.live.Before, a.live.After = a.before, a.after
	journal := &memoryJournal{}
	o, ends := a.options(), a.ends()
	for range 3 {
		if o.Journal = nil; a.IntN(3) > 0 {
			o.Journal = journal
		}
		var others sync.WaitGroup
		if a.changes == 0 && a.IntN(3) == 0 { // another run at once
			other := o
			other.Journal = nil
			others.Go(func() { _, _ = apply.Run(a.t.Context(), a.plan, ends, other) })
		}
		report, _ := apply.Run(a.t.Context(), a.plan, ends, o)
		others.Wait()
		checkReport(a.t, a.plan, report)
	}
	a.later(ends, o)
}

// later makes plans anew, and carries them out.
func (a *adversary) later(ends apply.Ends, o apply.Options) {
	for range 2 {
		a.now = a.now.Add(40 * time.Minute)
		inv, err := a.live.List(a.t.Context())
		if err != nil {
			continue
		}
		a.plan, err = prune.New(inv, a.plan.Policy, a.now)
		require.NoError(a.t, err)
		o.Now, o.Journal = at(a.now), nil
		report, _ := apply.Run(a.t.Context(), a.plan, ends, o)
		require.NotNil(a.t, report)
	}
}
