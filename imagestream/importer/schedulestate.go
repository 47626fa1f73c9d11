package importer

import (
	"fmt"
	"iter"
	"maps"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// A State is what a Schedule remembers. It is a value: Record returns a new one. It can
// be stored as JSON; where it is lost, every scheduled tag is due once. The zero value
// remembers nothing.
type State struct {
	// Tags are by namespace/stream:tag.
	Tags map[string]TagState `json:"tags,omitempty"`
	// Hosts are by the registry's host.
	Hosts map[string]HostState `json:"hosts,omitempty"`
}

// A TagState is what is remembered of a tag.
type TagState struct {
	// From and Generation are what the tag was made from then: what is remembered of
	// another source or request does not count.
	From       string `json:"from"`
	Generation int64  `json:"generation,omitempty"`
	// Checked is when it was asked for last.
	Checked time.Time `json:"checked"`
	// Failures in a row, and when to try again.
	Failures int       `json:"failures,omitempty"`
	RetryAt  time.Time `json:"retryAt,omitzero"`
	Head     Head      `json:"head,omitzero"`
}

// A HostState is what is remembered of a registry.
type HostState struct {
	// Failures in a row that concerned the whole host, and when to try again.
	Failures int       `json:"failures,omitempty"`
	RetryAt  time.Time `json:"retryAt,omitzero"`
	// Used requests of the quota since WindowStart.
	WindowStart time.Time `json:"windowStart,omitzero"`
	Used        int       `json:"used,omitempty"`
}

// used returns how much of a quota is used at an instant, and when its window ends.
func (h HostState) used(q Quota, now time.Time) (int, time.Time) {
	end := h.WindowStart.Add(q.Window)
	if h.WindowStart.IsZero() || !end.After(now) || h.WindowStart.After(now) {
		return 0, now.Add(q.Window)
	}
	return h.Used, end
}

func tagKey(stream *imagestream.ImageStream, tag string) string {
	return imagestream.TagName{Namespace: stream.Namespace, Stream: stream.Name, Tag: tag}.String()
}

// Heads returns what is remembered of the tags of a stream, for [Request.Heads].
func (s State) Heads(stream *imagestream.ImageStream) map[string]Head {
	heads := map[string]Head{}
	for n := range stream.Spec.Tags {
		tag := &stream.Spec.Tags[n]
		known, ok := s.Tags[tagKey(stream, tag.Name)]
		if ok && known.Head != (Head{}) && tag.From != nil && tag.From.Name == known.From {
			heads[tag.Name] = known.Head
		}
	}
	return heads
}

// Record returns the state with what an import brought. stream is what was imported
// into, before or after. Tags that were not tried stay as they were. state is not
// changed.
func (s Schedule) Record(state State, stream *imagestream.ImageStream, result *Result, now time.Time) State {
	next := State{Tags: maps.Clone(state.Tags), Hosts: maps.Clone(state.Hosts)}
	if next.Tags == nil {
		next.Tags = map[string]TagState{}
	}
	if next.Hosts == nil {
		next.Hosts = map[string]HostState{}
	}
	hosts := map[string]*Error{}
	for n := range result.Tags {
		t := &result.Tags[n]
		if t.Status == NotTried || t.Status == Changed || t.Tag == "" {
			continue
		}
		host := t.target.Registry
		if !answeredAsHost(hosts[host]) {
			hosts[host] = t.Err
		}
		s.count(next.Hosts, host, t, now)
		next.Tags[tagKey(stream, t.Tag)] = s.recordTag(next.Tags[tagKey(stream, t.Tag)], result.Stream, t, now)
	}
	for host, err := range hosts {
		s.recordHost(next.Hosts, host, err, now)
	}
	return next
}

// answeredAsHost says whether a failure concerns a whole host.
func answeredAsHost(err *Error) bool { return err != nil && err.Scope == WholeHost }

// recordTag returns the state of one tag.
func (s Schedule) recordTag(before TagState, stream *imagestream.ImageStream, t *TagResult, now time.Time) TagState {
	after := TagState{From: t.From, Generation: t.spec.generation, Checked: now, Head: t.Head}
	if spec := stream.SpecTag(t.Tag); spec != nil {
		after.Generation = generationOf(spec)
	}
	if t.Err == nil {
		return after
	}
	after.Head = before.Head
	after.Failures = 1
	if before.From == after.From && before.Generation == after.Generation {
		after.Failures = before.Failures + 1
	}
	if t.Err.NotAsked {
		// It did not fail by itself: it is next when its host is back.
		after.Failures = max(before.Failures, 1)
	}
	wait := s.backoff(after.Failures)
	if !t.Err.Class.Temporary() {
		wait = max(wait, s.baseInterval())
	}
	after.RetryAt = now.Add(max(wait, t.Err.RetryAfter))
	return after
}

// recordHost remembers whether a host lets anybody in.
func (s Schedule) recordHost(hosts map[string]HostState, host string, err *Error, now time.Time) {
	h := hosts[host]
	if !answeredAsHost(err) {
		h.Failures, h.RetryAt = 0, time.Time{}
	} else {
		h.Failures++
		h.RetryAt = now.Add(max(s.backoff(h.Failures), err.RetryAfter))
	}
	if h == (HostState{}) {
		delete(hosts, host)
		return
	}
	hosts[host] = h
}

// count counts what a tag took of its host's quota.
func (s Schedule) count(hosts map[string]HostState, host string, t *TagResult, now time.Time) {
	q := s.Quotas[host]
	if !q.known() || t.Err != nil && t.Err.NotAsked {
		return
	}
	h := hosts[host]
	used, _ := h.used(q, now)
	if used == 0 {
		h.WindowStart = now
	}
	if !q.HeadsAreFree {
		used++
	}
	if t.Status == Imported {
		used += 1 + len(t.Platforms)
	}
	h.Used = used
	hosts[host] = h
}

// backoff is the wait after so many failures in a row.
func (s Schedule) backoff(failures int) time.Duration {
	wait, most := s.Backoff, s.MaxBackoff
	if wait <= 0 {
		wait = DefaultRetryAfter
	}
	if most <= 0 {
		most = DefaultMaxBackoff
	}
	for range min(failures-1, 62) {
		if wait >= most/2 {
			return most
		}
		wait *= 2
	}
	return min(wait, most)
}

// Forget returns the state without tags that no stream has any more. state is not
// changed.
func (s State) Forget(streams iter.Seq[*imagestream.ImageStream]) State {
	there := map[string]TagState{}
	for stream := range streams {
		for n := range stream.Spec.Tags {
			key := tagKey(stream, stream.Spec.Tags[n].Name)
			if known, ok := s.Tags[key]; ok {
				there[key] = known
			}
		}
	}
	return State{Tags: there, Hosts: maps.Clone(s.Hosts)}
}

// ByStream yields the tags of the plan, stream by stream, in the order of their first.
func (p Plan) ByStream() iter.Seq2[*imagestream.ImageStream, []string] {
	return func(yield func(*imagestream.ImageStream, []string) bool) {
		var streams []*imagestream.ImageStream
		tags := map[*imagestream.ImageStream][]string{}
		for _, d := range p.Due {
			if tags[d.Stream] == nil {
				streams = append(streams, d.Stream)
			}
			tags[d.Stream] = append(tags[d.Stream], d.Tag)
		}
		for _, s := range streams {
			if !yield(s, tags[s]) {
				return
			}
		}
	}
}

// String says what does not fit, and what would.
func (w Warning) String() string {
	return fmt.Sprintf("%s: %d scheduled tags need %d requests in %s, and it allows %d; an interval of %s or more fits, or fewer tags",
		w.Host, w.Tags, w.Needed, w.Quota.Window, w.Quota.Requests, w.Interval)
}
