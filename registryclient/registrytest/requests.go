package registrytest

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// A Request is one that came in, with what it was answered.
type Request struct {
	Method string
	// Path and Query of its URL.
	Path, Query string
	// Host it was sent to.
	Host string
	// Authorization as it was sent.
	Authorization string
	// Range and UserAgent are headers.
	Range, UserAgent string
	// Status it was answered with; 0 where the connection was cut.
	Status int
	// Time when it came.
	Time time.Time
}

// record is of all requests.
type record struct {
	mu  sync.Mutex
	all []Request
}

func (r *record) add(req *http.Request, status int, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, Request{
		Method: req.Method, Path: req.URL.Path, Query: req.URL.RawQuery, Host: req.Host,
		Authorization: req.Header.Get("Authorization"), Range: req.Header.Get("Range"), UserAgent: req.UserAgent(),
		Status: status, Time: at,
	})
}

// Requests returns what came in, in the order it was answered.
func (s *Server) Requests() []Request {
	s.requests.mu.Lock()
	defer s.requests.mu.Unlock()
	return append([]Request(nil), s.requests.all...)
}

// Count returns how many requests of a method, or of any where it is empty, had a
// path that contains part.
func (s *Server) Count(method, part string) int {
	n := 0
	for _, r := range s.Requests() {
		if (method == "" || r.Method == method) && strings.Contains(r.Path, part) {
			n++
		}
	}
	return n
}

// Forget empties the record.
func (s *Server) Forget() {
	s.requests.mu.Lock()
	defer s.requests.mu.Unlock()
	s.requests.all = nil
}
