package notification

import (
	"crypto/sha256"
	"sync"
)

// seen remembers the ids of events: those that are being received, and the last ones
// that were.
type seen struct {
	mu    sync.Mutex
	state map[hash]state
	// ring holds the ids that were received, the oldest at next once it is full.
	ring []hash
	next int
	size int
}

// A hash is that of an id: an id may be as long as an envelope, and is remembered after it.
type hash [sha256.Size]byte

func hashOf(id string) hash { return sha256.Sum256([]byte(id)) }

type state int

const (
	unknown state = iota
	underWay
	received
)

func newSeen(size int) *seen { return &seen{state: map[hash]state{}, size: max(size, 0)} }

// begin says what is known of an id. Where nothing is, it is under way from now on.
func (s *seen) begin(id string) state {
	if id == "" || s.size == 0 {
		return unknown
	}
	key := hashOf(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.state[key]
	if known == unknown {
		s.state[key] = underWay
	}
	return known
}

// end says whether the event was received.
func (s *seen) end(id string, ok bool) {
	if id == "" || s.size == 0 {
		return
	}
	key := hashOf(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok {
		delete(s.state, key)
		return
	}
	s.state[key] = received
	if len(s.ring) < s.size {
		s.ring = append(s.ring, key)
		return
	}
	delete(s.state, s.ring[s.next])
	s.ring[s.next] = key
	s.next = (s.next + 1) % s.size
}
