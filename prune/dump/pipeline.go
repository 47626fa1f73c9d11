package dump

import "sync"

// A pipeline carries objects from the tokenizer to the objects reader, many at
// a time, so that both work at once. The texts are copied into the buffers of a
// batch; two batches are under way at most, so memory stays small whatever the
// size of the dump.
type pipeline struct {
	objects *objects
	batch   *batch
	full    chan *batch
	empty   chan *batch
	done    sync.WaitGroup

	mu  sync.Mutex
	err error
}

// A batch is a run of objects and ends of documents.
type batch struct {
	text  []byte
	steps []step
}

// A step is one object, or the end of a document.
type step struct {
	end    int // of the text; it starts where that of the step before ends
	offset int64
	of     list
	ends   bool    // the document: the text is that of its members but for the items
	places []place // of those members
}

const (
	batches    = 3
	batchBytes = 1 << 18
)

func newPipeline(o *objects) *pipeline {
	p := &pipeline{objects: o, full: make(chan *batch, batches), empty: make(chan *batch, batches)}
	for range batches - 1 {
		p.empty <- &batch{}
	}
	p.batch = &batch{}
	p.done.Add(1)
	go p.work()
	return p
}

func (p *pipeline) work() {
	defer p.done.Done()
	for b := range p.full {
		if p.failure() == nil {
			p.fail(p.objects.batch(b))
		}
		b.text, b.steps = b.text[:0], b.steps[:0]
		if cap(b.text) > 4*batchBytes {
			b.text = nil // one huge object is no reason to keep its memory
		}
		p.empty <- b
	}
}

func (p *pipeline) fail(err error) {
	if err != nil {
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
	}
}

func (p *pipeline) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// item hands on an object that stands in a list. The error is one of an object
// before it.
func (p *pipeline) item(of list, text []byte, offset int64) error {
	return p.add(text, step{offset: offset, of: of})
}

// end closes a document, with the text of its members other than items.
func (p *pipeline) end(of list, header []byte, offset int64, places []place) error {
	return p.add(header, step{offset: offset, of: of, ends: true, places: places})
}

func (p *pipeline) add(text []byte, s step) error {
	b := p.batch
	b.text = append(b.text, text...)
	s.end = len(b.text)
	b.steps = append(b.steps, s)
	if len(b.text) < batchBytes {
		return nil
	}
	p.full <- b
	p.batch = <-p.empty
	return p.failure()
}

// close waits until everything is read, and returns the error, if there was
// one.
func (p *pipeline) close() error {
	p.full <- p.batch
	close(p.full)
	p.done.Wait()
	return p.err
}
