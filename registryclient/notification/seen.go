package notification

import "sync"

// seen remembers the ids of events: those that are being received, and the last ones
// that were.
type seen struct {
	mu    sync.Mutex
	state map[string]state
	// ring holds the ids that were received, the oldest at next once it is full.
	ring []string
	next int
	size int
}

type state int

const (
	unknown state = iota
	underWay
	received
)

func newSeen(size int) *seen { return &seen{state: map[string]state{}, size: max(size, 0)} }

// begin says what is known of an id. Where nothing is, it is under way from now on.
func (s *seen) begin(id string) state {
	if id == "" || s.size == 0 {
		return unknown
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.state[id]
	if known == unknown {
		s.state[id] = underWay
	}
	return known
}

// end says whether the event was received.
func (s *seen) end(id string, ok bool) {
	if id == "" || s.size == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok {
		delete(s.state, id)
		return
	}
	s.state[id] = received
	if len(s.ring) < s.size {
		s.ring = append(s.ring, id)
		return
	}
	delete(s.state, s.ring[s.next])
	s.ring[s.next] = id
	s.next = (s.next + 1) % s.size
}
