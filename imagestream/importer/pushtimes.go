package importer

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/registryclient/notification"
)

// maxPushTimes is how many tags and digests PushTimes remembers.
const maxPushTimes = 20_000

// PushTimes remembers when the events of registries said that tags and digests were
// pushed, which streams do not tell: they keep whole seconds, and nothing of a push of
// the image that the tag pointed to already. With it, a deletion takes what was pushed
// before it in the same second, and leaves what was pushed again after it, in whatever
// order the events come.
//
// It is for a process that gets all events of its registries. The zero value has seen
// none. 20,000 tags and digests are remembered, in up to 7 MB; then those first heard of
// are forgotten first, however often they were pushed. Deletions of others that are not
// later than everything that was forgotten stay without effect, which keeps too much. It
// may be used by many goroutines at once, and is not copied.
type PushTimes struct {
	mu sync.Mutex
	by map[nameKey]pushTime
	// ring holds the names, the one first heard of at next once it is full.
	ring []nameKey
	next int
	// forgotten is the latest time that was forgotten.
	forgotten time.Time
}

// A nameKey is the hash of a host, a repository and a tag or digest.
type nameKey [sha256.Size]byte

func nameKeyOf(host, repository, name string) nameKey {
	return sha256.Sum256([]byte(host + "\x00" + repository + "\x00" + name))
}

// A pushTime is the last push under a name.
type pushTime struct {
	at     time.Time
	digest string
}

// OperationsOf is the function of that name, for one who remembers the events before. The
// event is remembered as soon as it is given, whether the operations are then applied or
// not.
func (p *PushTimes) OperationsOf(e notification.Event, host string, stream *imagestream.ImageStream) []imagestream.Operation {
	operations := event{e, host, stream, p}.operations()
	if p != nil && e.Kind == notification.ManifestPushed && !e.Time.IsZero() && imagestream.ValidDigest(e.Digest) {
		p.note(nameKeyOf(host, e.Repository, e.Digest), pushTime{e.Time, e.Digest})
		if imagestream.ValidTag(e.Tag) {
			p.note(nameKeyOf(host, e.Repository, e.Tag), pushTime{e.Time, e.Digest})
		}
	}
	return operations
}

// note remembers a push, unless a later one under that name is known.
func (p *PushTimes) note(key nameKey, push pushTime) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.by[key]
	switch {
	case ok && !push.at.After(known.at):
		return
	case ok:
		p.by[key] = push
		return
	case p.by == nil:
		p.by = map[nameKey]pushTime{}
	}
	p.by[key] = push
	if len(p.ring) < maxPushTimes {
		p.ring = append(p.ring, key)
		return
	}
	if at := p.by[p.ring[p.next]].at; at.After(p.forgotten) {
		p.forgotten = at
	}
	delete(p.by, p.ring[p.next])
	p.ring[p.next] = key
	p.next = (p.next + 1) % maxPushTimes
}

// of returns the last push under a name that is remembered.
func (p *PushTimes) of(host, repository, name string) (pushTime, bool) {
	if p == nil {
		return pushTime{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.by[nameKeyOf(host, repository, name)]
	return known, ok
}

// remembers says whether all pushes up to a time, as far as they were seen, are.
func (p *PushTimes) remembers(t time.Time) bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.forgotten.IsZero() || isLater(t, p.forgotten)
}
