package importer

import (
	"cmp"
	"container/heap"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// The defaults of a Schedule.
const (
	DefaultInterval   = 15 * time.Minute
	DefaultMaxBackoff = 4 * time.Hour
)

// A Schedule says which tags to ask for, and when. It is a pure function of the streams,
// what happened before, and an instant: it has no clock and starts nothing.
//
//	plan := schedule.Next(streams, state, now)
//	for stream, tags := range plan.ByStream() {
//		result, err := i.Import(ctx, stream, importer.Request{Tags: tags, Heads: state.Heads(stream)}, now)
//		…
//		state = schedule.Record(state, stream, result, now)
//	}
//	if len(plan.Due) == 0 {
//		wait until plan.Wake, or until a stream changes
//	}
//
// Three kinds of tags are asked for: those whose import is pending, at once; those that
// are scheduled (importPolicy.scheduled), every Interval; and those whose last import
// failed, scheduled or not, after a backoff. Of a tag that names a digest only what is
// pending or failed is: a digest stays what it is.
//
// The zero value asks every 15 minutes, without any limit.
type Schedule struct {
	// Interval between two looks at a scheduled tag; 0 is [DefaultInterval]. A tenth
	// of it, different for each tag, is taken off at random (the same for the same
	// tag), so that tags made at once do not stay together.
	Interval time.Duration
	// Backoff is the wait after the first failure of a tag, doubled with each further
	// one; 0 is [DefaultRetryAfter]. What only a person can mend is tried again no
	// sooner than after Interval. A longer wait that a registry asks for is kept to.
	Backoff time.Duration
	// MaxBackoff is the longest such wait; 0 is [DefaultMaxBackoff].
	MaxBackoff time.Duration
	// Limit is how many tags one plan may have; 0 or less is no limit. The others
	// stay due and come first in the next one.
	Limit int
	// Quotas are what registries allow, by host as in docker.io.
	Quotas map[string]Quota
}

// A Quota is how many requests a registry answers. Docker Hub counts pulls, which are
// GETs of manifests, and no HEADs.
type Quota struct {
	// Requests that are allowed in each Window. Both above 0, or there is no quota.
	Requests int
	Window   time.Duration
	// HeadsAreFree says that a tag which did not change costs nothing.
	HeadsAreFree bool
}

func (q Quota) known() bool { return q.Requests > 0 && q.Window > 0 }

// A Plan is what to ask for now.
type Plan struct {
	// Due are the tags, in the order in which to ask: in turns for each host and
	// namespace, so that none waits for the many tags of another, and of each the
	// longest overdue first.
	Due []Due
	// Wake is when there is more to do, though nothing changes, once what is due has been
	// done and recorded; zero: never. What is due comes due again some time: only a
	// plan with nothing due says for how long to wait.
	Wake time.Time
	// Waiting is how many tags are due and not in the plan: for the Limit, or since
	// their registry lets nobody in just now.
	Waiting  int
	Warnings []Warning
}

// A Due is a tag to ask for.
type Due struct {
	Stream *imagestream.ImageStream
	Tag    string
	// Host of its registry.
	Host string
	// Since is when it became due; zero where an import is pending.
	Since time.Time

	namespace string
}

// A Warning says that a schedule cannot be kept.
type Warning struct {
	Host string
	// Tags that are scheduled there.
	Tags  int
	Quota Quota
	// Needed are the requests that they take in each window, one for each look.
	Needed int
	// Interval that would fit.
	Interval time.Duration
}

// Next says what is due. The streams are only read, and kept in the plan.
func (s Schedule) Next(streams []*imagestream.ImageStream, state State, now time.Time) Plan {
	var plan Plan
	var due []Due
	scheduled := map[string]int{}
	wake := func(t time.Time) {
		if plan.Wake.IsZero() || t.Before(plan.Wake) {
			plan.Wake = t
		}
	}
	for _, stream := range streams {
		if stream == nil {
			continue
		}
		for n := range stream.Spec.Tags {
			tag := &stream.Spec.Tags[n]
			d, at, ok := s.look(stream, tag, state)
			if !ok {
				continue
			}
			if isScheduled(tag) {
				scheduled[d.Host]++
			}
			if at.After(now) {
				wake(at)
				continue
			}
			due = append(due, d)
		}
	}
	order(due)
	left := map[string]int{}
	for _, d := range due {
		open, until := s.open(d.Host, state, left, now)
		switch {
		case !open:
			plan.Waiting++
			wake(until)
		case s.Limit > 0 && len(plan.Due) >= s.Limit:
			plan.Waiting++
			wake(now)
		default:
			left[d.Host]--
			plan.Due = append(plan.Due, d)
		}
	}
	plan.Warnings = s.warnings(scheduled)
	return plan
}

// look says when a tag is due; ok is false where it never is.
func (s Schedule) look(stream *imagestream.ImageStream, tag *imagestream.TagReference, state State) (d Due, at time.Time, ok bool) {
	if !isImported(tag) {
		return d, at, false
	}
	t, err := target(tag.From.Name, false)
	if err != nil && !pending(stream, tag) {
		return d, at, false
	}
	d = Due{Stream: stream, Tag: tag.Name, Host: t.Registry, namespace: stream.Namespace}
	known := state.Tags[tagKey(stream, tag.Name)]
	if known.From != tag.From.Name || known.Generation != generationOf(tag) {
		// What happened before is about something else.
		known = TagState{}
	}
	switch {
	case pending(stream, tag) && known.Failures == 0:
		if !known.Checked.IsZero() {
			// It was imported, and whoever did so has not stored it.
			at = known.Checked.Add(s.backoff(1))
		}
	case known.Failures > 0:
		at = known.RetryAt
	case known.Checked.IsZero() && failed(stream, tag.Name):
	case !isScheduled(tag):
		return d, at, false
	case !known.Checked.IsZero():
		at = known.Checked.Add(s.interval(stream, tag.Name))
	default:
		// Nobody remembers when it was asked for. That is as good as long ago.
	}
	d.Since = at
	return d, at, true
}

// isScheduled says whether somebody wants a tag to be looked at from time to time, and
// it can change at all.
func isScheduled(tag *imagestream.TagReference) bool {
	if !tag.ImportPolicy.Scheduled || !isImported(tag) {
		return false
	}
	ref, err := imagestream.ParsePullSpec(tag.From.Name)
	return err == nil && ref.ID == ""
}

// pending says whether an import of a tag is asked for and not answered.
func pending(stream *imagestream.ImageStream, tag *imagestream.TagReference) bool {
	requested := generationOf(tag)
	return requested == 0 || requested > stream.ObservedGeneration(tag.Name)
}

func generationOf(tag *imagestream.TagReference) int64 {
	if tag.Generation == nil {
		return 0
	}
	return *tag.Generation
}

// failed says whether the last import of a tag failed.
func failed(stream *imagestream.ImageStream, tag string) bool {
	list := stream.StatusTag(tag)
	if list == nil {
		return false
	}
	return slices.ContainsFunc(list.Conditions, func(c imagestream.TagEventCondition) bool {
		return c.Type == imagestream.ImportSuccess && c.Status == imagestream.ConditionFalse
	})
}

// interval is the time between two looks at a tag.
func (s Schedule) interval(stream *imagestream.ImageStream, tag string) time.Duration {
	interval := s.baseInterval()
	hash := fnv.New32a()
	hash.Write([]byte(tagKey(stream, tag)))
	return interval - time.Duration(float64(interval)/10*float64(hash.Sum32())/math.MaxUint32)
}

func (s Schedule) baseInterval() time.Duration {
	if s.Interval > 0 {
		return s.Interval
	}
	return DefaultInterval
}

// open says whether a host may be asked for one more tag, and when again if not. left
// counts what the plan took, below zero.
func (s Schedule) open(host string, state State, left map[string]int, now time.Time) (bool, time.Time) {
	h := state.Hosts[host]
	if h.RetryAt.After(now) {
		return false, h.RetryAt
	}
	if h.Failures > 0 && left[host] < 0 {
		// One tag finds out whether the host is back. The others are next.
		return false, now
	}
	q := s.Quotas[host]
	if !q.known() {
		return true, time.Time{}
	}
	used, end := h.used(q, now)
	if used-left[host] < q.Requests {
		return true, time.Time{}
	}
	return false, end
}

// warnings are about the hosts whose quota cannot be kept to.
func (s Schedule) warnings(scheduled map[string]int) []Warning {
	var warnings []Warning
	for host, tags := range scheduled {
		q := s.Quotas[host]
		if !q.known() || q.HeadsAreFree || tags == 0 {
			continue
		}
		needed := math.Ceil(float64(tags) * float64(q.Window) / float64(s.baseInterval()))
		if needed <= float64(q.Requests) {
			continue
		}
		interval := math.Ceil(float64(tags) * float64(q.Window) / float64(q.Requests))
		warnings = append(warnings, Warning{
			Host: host, Tags: tags, Quota: q,
			Needed:   int(min(needed, math.MaxInt32)),
			Interval: time.Duration(min(interval, math.MaxInt64/2)).Round(time.Second) + time.Second,
		})
	}
	slices.SortFunc(warnings, func(a, b Warning) int { return cmp.Compare(a.Host, b.Host) })
	return warnings
}

// order puts what is due in turns: host by host, and for each namespace by namespace.
func order(due []Due) {
	slices.SortFunc(due, func(a, b Due) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.namespace, b.namespace),
			cmp.Compare(a.Stream.Name, b.Stream.Name), cmp.Compare(a.Tag, b.Tag))
	})
	type key struct{ host, namespace string }
	queues := map[key]*queue{}
	var heads turns
	for _, d := range due {
		k := key{d.Host, d.namespace}
		q := queues[k]
		if q == nil {
			q = &queue{host: d.Host, namespace: d.namespace}
			queues[k] = q
			heads = append(heads, q)
		}
		q.due = append(q.due, d)
	}
	heap.Init(&heads)
	for n := range due {
		q := heads[0]
		due[n] = q.due[0]
		q.due, q.turn = q.due[1:], q.turn+1
		if len(q.due) == 0 {
			heap.Pop(&heads)
		} else {
			heap.Fix(&heads, 0)
		}
	}
}

// A queue holds what is due of one namespace at one host.
type queue struct {
	host, namespace string
	due             []Due
	turn            int
}

// turns are queues, that whose turn it is first.
type turns []*queue

func (t turns) Len() int      { return len(t) }
func (t turns) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *turns) Push(x any)   { *t = append(*t, x.(*queue)) }
func (t *turns) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

func (t turns) Less(i, j int) bool {
	a, b := t[i], t[j]
	return cmp.Or(cmp.Compare(a.turn, b.turn), a.due[0].Since.Compare(b.due[0].Since),
		cmp.Compare(a.host, b.host), cmp.Compare(a.namespace, b.namespace)) < 0
}
