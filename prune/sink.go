package prune

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"
)

// A sink hashes and writes buffers, in the order in which they are put, behind
// the back of who fills the next.
type sink struct {
	out     io.Writer
	hash    hash.Hash // nil behind the digest
	full    chan []byte
	written sync.WaitGroup // buffers
	pool    sync.Pool
	done    chan struct{}
	err     error
}

const flushAt = 64 << 10

func newSink(w io.Writer) *sink {
	s := &sink{out: w, hash: sha256.New(), full: make(chan []byte, 2), done: make(chan struct{})}
	s.pool.New = func() any { b := make([]byte, 0, flushAt+flushAt/4); return &b }
	go s.run()
	return s
}

func (s *sink) run() {
	defer close(s.done)
	for b := range s.full {
		if s.hash != nil {
			s.hash.Write(b) // never fails
		}
		if s.err == nil {
			_, s.err = s.out.Write(b)
		}
		b = b[:0]
		s.pool.Put(&b)
		s.written.Done()
	}
}

// buffer returns an empty buffer, which put takes back.
func (s *sink) buffer() []byte {
	b, ok := s.pool.Get().(*[]byte)
	if !ok {
		return nil
	}
	return *b
}

func (s *sink) put(b []byte) {
	s.written.Add(1)
	s.full <- b
}

// digest returns the digest of what was put, and of end, and ends the hashing.
func (s *sink) digest(end string) string {
	s.written.Wait()
	s.hash.Write([]byte(end))
	sum := s.hash.Sum(nil)
	s.hash = nil
	return "sha256:" + hex.EncodeToString(sum)
}

// close waits until all is written, and returns the writer's error.
func (s *sink) close() error {
	close(s.full)
	<-s.done
	return s.err
}
