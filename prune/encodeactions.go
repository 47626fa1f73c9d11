package prune

import "sync"

// A span is a run of actions that are encoded by themselves.
type span struct {
	phase    *phase
	from, to int
	first    bool // no comma before it
	done     chan []byte
}

const (
	spanActions = 256
	encoders    = 2 // of which one is hashing and writing most of the time
)

// actions writes all actions. There may be hundreds of thousands, so spans of
// them are encoded at the same time, and put in order again.
func (e *encoder) actions(p *Plan) {
	e.flush()
	phases := p.phases()
	work, order := make(chan *span, 2*encoders), make(chan *span, 2*encoders)
	go func() {
		first := true
		for i := range phases {
			for from := 0; from < phases[i].n; from += spanActions {
				s := &span{&phases[i], from, min(from+spanActions, phases[i].n), first, make(chan []byte, 1)}
				first = false
				work <- s
				order <- s
			}
		}
		close(work)
		close(order)
	}()
	var all sync.WaitGroup
	for range encoders {
		all.Go(func() { encodeSpans(p.newNames(), e.sink, work) })
	}
	for s := range order {
		e.sink.put(<-s.done)
	}
	all.Wait()
}

func encodeSpans(n *names, from *sink, work <-chan *span) {
	var e encoder
	for s := range work {
		e.buf = from.buffer()
		var a Action
		for i := s.from; i < s.to; i++ {
			s.phase.at(i, n, &a)
			if i > s.from || !s.first {
				e.raw(",")
			}
			e.action(&a)
		}
		s.done <- e.buf
	}
}
