package importer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/stretchr/testify/require"
)

// cluster is streams, a registry and a clock, with a schedule that is kept to.
type cluster struct {
	t        *testing.T
	registry *fake
	importer importer.Importer
	schedule importer.Schedule
	state    importer.State
	streams  []*imagestream.ImageStream
	now      time.Time
	// looks are when each tag was asked for.
	looks map[string][]time.Time
}

func newCluster(t *testing.T) *cluster {
	f := newFake()
	return &cluster{t: t, registry: f, importer: importer.Importer{Registry: f}, now: now, looks: map[string][]time.Time{}}
}

// add adds a stream with n scheduled tags, which are imported already.
func (c *cluster) add(namespace, name, repository string, n int) *imagestream.ImageStream {
	s := imagestream.New(namespace, name)
	for i := range n {
		tag := fmt.Sprintf("t%d", i)
		c.registry.tag(repository, tag, c.registry.image("linux", "amd64", tag))
		s.Spec.Tags = append(s.Spec.Tags, imagestream.TagReference{
			Name: tag, From: &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: repository + ":" + tag},
			ImportPolicy: imagestream.TagImportPolicy{Scheduled: true},
		})
	}
	result, err := c.importer.Import(c.t.Context(), s, importer.Request{}, c.now)
	require.NoError(c.t, err)
	c.state = c.schedule.Record(c.state, s, result, c.now)
	c.streams = append(c.streams, result.Stream)
	return result.Stream
}

// step does what is due.
func (c *cluster) step() importer.Plan {
	plan := c.schedule.Next(c.streams, c.state, c.now)
	for s, tags := range plan.ByStream() {
		result, err := c.importer.Import(c.t.Context(), s, importer.Request{Tags: tags, Heads: c.state.Heads(s)}, c.now)
		require.NoError(c.t, err)
		c.state = c.schedule.Record(c.state, s, result, c.now)
		c.streams[slices.Index(c.streams, s)] = result.Stream
		for _, tag := range tags {
			key := s.Namespace + "/" + s.Name + ":" + tag
			c.looks[key] = append(c.looks[key], c.now)
		}
	}
	return plan
}

// run goes on for a time, and never sleeps past a wake.
func (c *cluster) run(d time.Duration) {
	end := c.now.Add(d)
	for steps := 0; c.now.Before(end); steps++ {
		require.Less(c.t, steps, 100000)
		plan := c.step()
		switch {
		case len(plan.Due) > 0:
			c.now = c.now.Add(time.Millisecond)
		case plan.Wake.IsZero():
			return
		default:
			require.True(c.t, plan.Wake.After(c.now), "awake for nothing")
			c.now = plan.Wake
		}
	}
}

func TestScheduledTagsAreAskedForInTime(t *testing.T) {
	c := newCluster(t)
	c.add("dev", "app", repo, 60)
	require.Empty(t, c.step().Due, "just imported")
	c.run(2 * time.Hour)
	require.Len(t, c.looks, 60)
	for tag, looks := range c.looks {
		last := now
		for _, at := range looks {
			require.LessOrEqual(t, at.Sub(last), importer.DefaultInterval, tag)
			require.GreaterOrEqual(t, at.Sub(last), importer.DefaultInterval*9/10, tag)
			last = at
		}
	}
}

// TestNoTagIsSkipped: OpenShift drops what does not fit its limiter for a whole interval,
// the same ones each time.
func TestNoTagIsSkipped(t *testing.T) {
	c := newCluster(t)
	c.schedule.Limit = 15
	c.add("dev", "app", repo, 100)
	c.run(90 * time.Minute)
	require.Len(t, c.looks, 100)
	for tag, looks := range c.looks {
		require.GreaterOrEqual(t, len(looks), 5, tag)
	}
}

// TestNoNamespaceWaitsForAnother with many tags.
func TestNoNamespaceWaitsForAnother(t *testing.T) {
	c := newCluster(t)
	c.schedule.Limit = 2
	c.add("big", "app", "quay.example/big/app", 300)
	c.add("small", "app", "quay.example/small/app", 1)
	c.state = importer.State{}
	c.now = c.now.Add(time.Hour)
	c.step()
	require.Contains(t, c.looks, "small/app:t0")
	require.Len(t, c.looks, 2)
}

// TestBusyStreamsAreAskedForInTime: in OpenShift each update of a stream puts it off.
func TestBusyStreamsAreAskedForInTime(t *testing.T) {
	c := newCluster(t)
	c.add("dev", "app", repo, 1)
	for range 100 {
		c.now = c.now.Add(time.Minute)
		s, _, err := imagestream.Apply(c.streams[0], imagestream.RecordPush{Tag: "other", Image: digestOf([]byte(c.now.String())), DockerImageReference: "r.example/dev/app@" + digestOf(nil)}, c.now)
		require.NoError(t, err)
		c.streams[0] = s
		c.step()
	}
	require.GreaterOrEqual(t, len(c.looks["dev/app:t0"]), 6)
}

// TestBackoffOfATag: failed imports are tried again, scheduled or not, less and less often.
func TestBackoffOfATag(t *testing.T) {
	c := newCluster(t)
	c.registry.fail = func(string, importer.Target) error { return &importer.Error{Class: importer.Unavailable} }
	c.streams = []*imagestream.ImageStream{stream("", "one="+repo+":v1")}
	c.run(24 * time.Hour)
	looks := c.looks["dev/app:one"]
	require.Equal(t, now, looks[0], "a new stream is imported at once")
	var waits []time.Duration
	for n := range looks[1:] {
		waits = append(waits, looks[n+1].Sub(looks[n]))
	}
	require.Equal(t, []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute}, waits[:3])
	require.Equal(t, importer.DefaultMaxBackoff, waits[len(waits)-1])
	require.Less(t, len(looks), 16)

	// Somebody asks again: at once, and the count begins anew.
	zero := int64(0)
	tag := c.streams[0].SpecTag("one").Clone()
	tag.Generation = &zero
	s, _, err := imagestream.Apply(c.streams[0], imagestream.SetTag{Tag: *tag}, c.now)
	require.NoError(t, err)
	c.streams[0] = s
	require.Len(t, c.step().Due, 1)
	require.Equal(t, c.now.Add(time.Minute), c.step().Wake)
	// It is there at last.
	c.registry.fail = nil
	c.registry.tag(repo, "v1", c.registry.image("linux", "amd64", "one"))
	c.now = c.now.Add(time.Minute)
	c.step()
	require.Zero(t, c.step().Wake, "it is imported, and not scheduled")
}

func TestWhatOnlyAPersonCanMendWaitsLonger(t *testing.T) {
	c := newCluster(t)
	c.streams = []*imagestream.ImageStream{stream("", "one="+repo+":v1")}
	c.step()
	require.Equal(t, now.Add(importer.DefaultInterval), c.step().Wake)
}

// TestBackoffOfARegistry: none of its tags is asked for until it lets in again, others are.
func TestBackoffOfARegistry(t *testing.T) {
	c := newCluster(t)
	c.importer.Workers = 1
	c.add("dev", "app", repo, 20)
	c.add("dev", "other", "other.example/org/app", 1)
	c.registry.fail = func(_ string, target importer.Target) error {
		if target.Registry == "quay.example" {
			return &importer.Error{Class: importer.RateLimited, Scope: importer.WholeHost, RetryAfter: 2 * time.Hour}
		}
		return nil
	}
	c.registry.asked = nil
	begin := c.now
	c.now = c.now.Add(importer.DefaultInterval)
	require.Len(t, c.step().Due, 21)
	c.run(begin.Add(2*time.Hour + importer.DefaultInterval).Sub(c.now))
	asked := 0
	for _, a := range c.registry.asked {
		if a[:len("HEAD quay")] == "HEAD quay" {
			asked++
		}
	}
	require.Equal(t, 1, asked)
	require.GreaterOrEqual(t, len(c.looks["dev/other:t0"]), 8)
	// It is asked with one tag whether it is back, and then with the others.
	c.registry.fail, c.looks = nil, map[string][]time.Time{}
	require.Len(t, c.step().Due, 1)
	c.run(time.Second)
	c.run(importer.DefaultInterval)
	require.Len(t, c.looks, 21)
}

// TestDigestsAreAskedForUntilTheyAreThere and not after that.
func TestDigestsAreAskedForUntilTheyAreThere(t *testing.T) {
	c := newCluster(t)
	digest := c.registry.image("linux", "amd64", "one")
	s := stream("", "one="+repo+"@"+digest)
	s.Spec.Tags[0].ImportPolicy.Scheduled = true
	c.streams = []*imagestream.ImageStream{s}
	c.registry.fail = func(string, importer.Target) error { return errors.New("no") }
	c.run(3 * time.Minute)
	require.Len(t, c.looks["dev/app:one"], 2)
	c.registry.fail = nil
	c.run(24 * time.Hour)
	require.Len(t, c.looks["dev/app:one"], 3)
}

func TestQuotaIsKept(t *testing.T) {
	c := newCluster(t)
	c.schedule.Quotas = map[string]importer.Quota{"quay.example": {Requests: 100, Window: 6 * time.Hour}}
	c.add("dev", "app", repo, 150)
	c.state = importer.State{}
	c.now = c.now.Add(time.Hour)
	c.registry.asked = nil
	begin := c.now
	c.run(6*time.Hour - time.Second)
	require.Len(t, c.registry.asked, 100)
	c.run(begin.Add(13 * time.Hour).Sub(c.now))
	require.Len(t, c.looks, 150, "every tag has its turn")
	require.LessOrEqual(t, len(c.registry.asked), 300)
}

func TestWarning(t *testing.T) {
	c := newCluster(t)
	c.add("dev", "app", "docker.io/org/app", 5)
	c.schedule.Quotas = map[string]importer.Quota{"docker.io": {Requests: 100, Window: 6 * time.Hour}}
	warnings := c.schedule.Next(c.streams, c.state, c.now).Warnings
	require.Len(t, warnings, 1)
	require.Equal(t, 120, warnings[0].Needed)
	require.Equal(t, "docker.io: 5 scheduled tags need 120 requests in 6h0m0s, and it allows 100; an interval of 18m1s or more fits, or fewer tags", warnings[0].String())
	c.schedule.Interval = warnings[0].Interval
	require.Empty(t, c.schedule.Next(c.streams, c.state, c.now).Warnings)
	c.schedule.Interval = 0
	c.schedule.Quotas = map[string]importer.Quota{"docker.io": {Requests: 100, Window: 6 * time.Hour, HeadsAreFree: true}}
	require.Empty(t, c.schedule.Next(c.streams, c.state, c.now).Warnings)
}

func TestStateIsAValue(t *testing.T) {
	c := newCluster(t)
	c.add("dev", "app", repo, 3)
	kept, err := json.Marshal(c.state)
	require.NoError(t, err)
	var read importer.State
	require.NoError(t, json.Unmarshal(kept, &read))
	before := c.state
	c.now = c.now.Add(time.Hour)
	plan := c.schedule.Next(c.streams, read, c.now)
	require.Equal(t, plan, c.schedule.Next(c.streams, before, c.now))
	reversed := slices.Clone(c.streams)
	slices.Reverse(reversed[0].Clone().Spec.Tags)
	require.Equal(t, plan, c.schedule.Next(reversed, before, c.now))
	c.step()
	again, err := json.Marshal(before)
	require.NoError(t, err)
	require.Equal(t, string(kept), string(again), "it is not changed")
	require.Len(t, c.state.Heads(c.streams[0]), 3)
	s := c.streams[0].Clone()
	s.Spec.Tags = s.Spec.Tags[:1]
	require.Len(t, c.state.Forget(slices.Values([]*imagestream.ImageStream{s})).Tags, 1)
}

// TestNotStored: a controller whose write failed is not sent round and round.
func TestNotStored(t *testing.T) {
	c := newCluster(t)
	c.registry.tag(repo, "v1", c.registry.image("linux", "amd64", "one"))
	s, _, err := imagestream.Apply(imagestream.New("dev", "app"), imagestream.SetSpec{Spec: stream("", "one="+repo+":v1").Spec}, now)
	require.NoError(t, err)
	c.streams = []*imagestream.ImageStream{s}
	c.step()
	c.streams = []*imagestream.ImageStream{s}
	require.Equal(t, now.Add(time.Minute), c.step().Wake)
}

func TestNothingToSchedule(t *testing.T) {
	s := imagestream.New("dev", "app")
	s.Spec.Tags = []imagestream.TagReference{{Name: "pushed"}, {Name: "alias", From: &imagestream.ObjectReference{Kind: imagestream.KindImageStreamTag, Name: "pushed"}}}
	plan := importer.Schedule{}.Next([]*imagestream.ImageStream{nil, s}, importer.State{}, now)
	require.Equal(t, importer.Plan{}, plan)
}

func ExampleSchedule() {
	registry := newFake()
	registry.tag(repo, "v1", registry.image("linux", "amd64", "one"))
	i := importer.Importer{Registry: registry}
	s := stream("", "one="+repo+":v1")
	s.Spec.Tags[0].ImportPolicy.Scheduled = true

	schedule := importer.Schedule{Interval: time.Hour}
	var state importer.State
	plan := schedule.Next([]*imagestream.ImageStream{s}, state, now)
	for stream, tags := range plan.ByStream() {
		result, err := i.Import(context.Background(), stream, importer.Request{Tags: tags, Heads: state.Heads(stream)}, now)
		if err != nil {
			panic(err)
		}
		fmt.Println(result.Tags[0].Status)
		state = schedule.Record(state, stream, result, now)
		s = result.Stream
	}
	plan = schedule.Next([]*imagestream.ImageStream{s}, state, now)
	fmt.Println(len(plan.Due), plan.Wake.Sub(now).Round(time.Hour))
	// Output:
	// imported
	// 0 1h0m0s
}
