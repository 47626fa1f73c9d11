package registrytest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Fault is something that a registry does wrong. The zero value does nothing.
type Fault struct {
	// Name says what it is.
	Name string
	// Match chooses the requests it happens to; nil is all but those of the ping
	// and the token service.
	Match func(*http.Request) bool
	// Times is how often it happens; 0 is until it is removed.
	Times int
	// Do answers the request. next is the registry without this fault.
	Do func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// For returns the fault for the requests of a method, or of any where it is empty,
// whose path contains part.
func (f Fault) For(method, part string) Fault {
	f.Match = func(r *http.Request) bool {
		return (method == "" || r.Method == method) && strings.Contains(r.URL.Path, part)
	}
	return f
}

// Once returns the fault for n requests.
func (f Fault) Once(n int) Fault {
	f.Times = n
	return f
}

type injected struct {
	Fault
	left atomic.Int64
}

// around puts the fault before a handler.
func (f *injected) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.Times > 0 && f.left.Add(-1) < 0 || f.Do == nil {
			next.ServeHTTP(w, r)
			return
		}
		f.Do(w, r, next)
	})
}

// Inject switches a fault on. What it returns switches it off.
func (s *Server) Inject(f Fault) (remove func()) {
	in := &injected{Fault: f}
	in.left.Store(int64(f.Times))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, in)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, other := range s.faults {
			if other == in {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
				return
			}
		}
	}
}

// active lists the faults that a request meets, the last injected outermost.
func (s *Server) active(r *http.Request) []*injected {
	s.mu.Lock()
	defer s.mu.Unlock()
	var active []*injected
	for _, f := range s.faults {
		match := f.Match
		if match == nil {
			match = notPing
		}
		if match(r) {
			active = append(active, f)
		}
	}
	return active
}

func notPing(r *http.Request) bool { return r.URL.Path != "/v2/" && r.URL.Path != tokenPath }

// Ping is a Match for the ping alone.
func Ping(r *http.Request) bool { return r.URL.Path == "/v2/" }

// Any is a Match for all requests.
func Any(*http.Request) bool { return true }

// Bodies of errors, by their media type: what registries and what is in front of
// them send with 429 and 503.
var bodies = map[string]string{
	"application/json": `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}`,
	"text/html":        "<!DOCTYPE html>\n<html><head><title>Too Many Requests</title></head><body><h1>slow down</h1></body></html>",
	"text/plain":       "Too Many Requests (HAP429).\n",
	"":                 "",
}

// TooManyRequests answers 429 with a body of a media type, "application/json",
// "text/html", "text/plain" or none, and a Retry-After if it is not empty.
func TooManyRequests(mediaType, retryAfter string) Fault {
	return Status("429 as "+mediaType, http.StatusTooManyRequests, mediaType, bodies[mediaType], header("Retry-After", retryAfter))
}

// Overloaded answers 503 with a body of a media type and a Retry-After if it is
// not empty.
func Overloaded(mediaType, retryAfter string) Fault {
	body := strings.NewReplacer("TOOMANYREQUESTS", "UNAVAILABLE", "Too Many Requests", "Service Unavailable").Replace(bodies[mediaType])
	return Status("503 as "+mediaType, http.StatusServiceUnavailable, mediaType, body, header("Retry-After", retryAfter))
}

// ErrorCode answers with a status and an error of the distribution specification.
func ErrorCode(status int, code, message string) Fault {
	return Status(fmt.Sprintf("%d %s", status, code), status, "application/json", fmt.Sprintf(`{"errors":[{"code":%q,"message":%q}]}`, code, message), nil)
}

// Status answers with a status, a body and headers.
func Status(name string, status int, mediaType, body string, headers http.Header) Fault {
	return Fault{Name: name, Do: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for key, values := range headers {
			w.Header()[key] = values
		}
		if mediaType != "" {
			w.Header().Set("Content-Type", mediaType)
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
	}}
}

func header(key, value string) http.Header {
	if value == "" {
		return nil
	}
	return http.Header{key: {value}}
}

// WebPage answers with 200 and a page for people.
func WebPage() Fault {
	return Status("a web page", http.StatusOK, "text/html", "<!DOCTYPE html>\n<html><head><title>Welcome</title></head></html>", nil)
}

// WrongContent answers with other bytes than those of the digest, of the same length.
func WrongContent() Fault {
	return Fault{Name: "other content", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := whole(r, next)
		body := answer.Body.Bytes()
		for i := range body {
			if body[i] >= 'a' && body[i] < 'z' {
				body[i]++ // a manifest stays JSON
				break
			}
		}
		forward(w, answer, body)
	}}
}

// WrongDigest answers with the digest of something else in its header.
func WrongDigest() Fault {
	return Fault{Name: "a wrong digest header", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := whole(r, next)
		answer.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))
		forward(w, answer, answer.Body.Bytes())
	}}
}

// Truncated cuts the connection after n bytes of the body.
func Truncated(n int) Fault {
	return Fault{Name: "a truncated body", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := whole(r, next)
		body := answer.Body.Bytes()
		copyHeader(w, answer)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(answer.Code)
		w.Write(body[:min(n, len(body))])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}}
}

// BrokenPipe cuts the connection before the answer.
func BrokenPipe() Fault {
	return Fault{Name: "a broken pipe", Do: func(http.ResponseWriter, *http.Request, http.Handler) {
		panic(http.ErrAbortHandler)
	}}
}

// Endless answers with a body that does not end.
func Endless(mediaType string) Fault {
	return Fault{Name: "an endless body", Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(http.StatusOK)
		chunk := []byte(`{"tags":["` + strings.Repeat("a", 32<<10))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
			chunk = chunk[:0:0]
			chunk = append(chunk, strings.Repeat("a", 32<<10)...)
		}
	}}
}

// Stalled sends the headers and n bytes of the body, and then nothing more until
// the client goes.
func Stalled(n int) Fault {
	return Fault{Name: "a body that stalls", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := whole(r, next)
		copyHeader(w, answer)
		w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes()[:min(n, answer.Body.Len())])
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}}
}

// Silent never answers.
func Silent() Fault {
	return Fault{Name: "no answer", Do: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		<-r.Context().Done()
	}}
}

// Slow sends the body in pieces of n bytes, each after a pause.
func Slow(n int, pause time.Duration) Fault {
	return Fault{Name: "a slow body", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := whole(r, next)
		copyHeader(w, answer)
		w.WriteHeader(answer.Code)
		for body := answer.Body.Bytes(); len(body) > 0; body = body[min(n, len(body)):] {
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-r.Context().Done():
				timer.Stop()
				return
			}
			w.Write(body[:min(n, len(body))])
			http.NewResponseController(w).Flush()
		}
	}}
}

// LinkTo answers as it should, with a Link to that page as the next.
func LinkTo(target string) Fault {
	return Fault{Name: "a Link to " + target, Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := whole(r, next)
		answer.Header().Set("Link", "<"+target+`>; rel="next"`)
		forward(w, answer, answer.Body.Bytes())
	}}
}

// RedirectTo redirects with 307 to the same path and query below a URL.
func RedirectTo(root string) Fault {
	return Fault{Name: "a redirect to " + root, Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, root+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	}}
}

// WithoutMediaType names neither the media type of a manifest nor its digest, as
// plain web servers do that serve one.
func WithoutMediaType() Fault {
	return Fault{Name: "no media type", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := whole(r, next)
		answer.Header().Set("Content-Type", "application/json")
		answer.Header().Del("Docker-Content-Digest")
		forward(w, answer, answer.Body.Bytes())
	}}
}

// IgnoredDelete answers 202 to a deletion and does nothing, as OpenShift's registry
// does for tags.
func IgnoredDelete() Fault {
	f := Status("a deletion without effect", http.StatusAccepted, "", "", nil)
	return f.For(http.MethodDelete, "")
}

// TagTakesManifest deletes, when a tag is deleted, its manifest with all of its tags.
func TagTakesManifest() Fault {
	return tagDeletion("a tag deletion that takes the manifest", func(int) bool { return true })
}

// LastTagTakesManifest deletes a manifest when its last tag is deleted.
func LastTagTakesManifest() Fault {
	return tagDeletion("a last tag's deletion that takes the manifest", func(tags int) bool { return tags == 1 })
}

// tagDeletion is a fault of deleting a tag whose manifest has a number of them.
func tagDeletion(name string, takes func(tags int) bool) Fault {
	f := Fault{Name: name, Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		repository, reference, ok := strings.Cut(r.URL.Path, "/manifests/")
		if !ok || strings.Contains(reference, ":") {
			next.ServeHTTP(w, r)
			return
		}
		ask := func(method, path string) *httptest.ResponseRecorder {
			in := r.Clone(r.Context())
			in.Method, in.URL.Path, in.URL.RawQuery = method, path, ""
			return whole(in, next)
		}
		digestOf := func(tag string) string {
			return ask(http.MethodHead, repository+"/manifests/"+tag).Header().Get("Docker-Content-Digest")
		}
		var listing struct {
			Tags []string `json:"tags"`
		}
		digest := digestOf(reference)
		if json.Unmarshal(ask(http.MethodGet, repository+"/tags/list").Body.Bytes(), &listing) != nil || digest == "" {
			next.ServeHTTP(w, r)
			return
		}
		var tags []string
		for _, tag := range listing.Tags {
			if digestOf(tag) == digest {
				tags = append(tags, tag)
			}
		}
		answer := whole(r, next) // afterwards the tag may be gone with the manifest
		if takes(len(tags)) {
			for _, also := range append(tags, digest) {
				if also != reference {
					ask(http.MethodDelete, repository+"/manifests/"+also)
				}
			}
		}
		forward(w, answer, answer.Body.Bytes())
	}}
	return f.For(http.MethodDelete, "/manifests/")
}

// Quota adds Docker Hub's headers of a rate limit to every answer.
func Quota(limit, remaining int, window time.Duration) Fault {
	return Fault{Name: "a quota", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set("Ratelimit-Limit", fmt.Sprintf("%d;w=%d", limit, int(window.Seconds())))
		w.Header().Set("Ratelimit-Remaining", fmt.Sprintf("%d;w=%d", remaining, int(window.Seconds())))
		next.ServeHTTP(w, r)
	}}
}

// whole lets the registry answer into memory.
func whole(r *http.Request, next http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	next.ServeHTTP(w, r)
	return w
}

func copyHeader(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for key, values := range answer.Header() {
		w.Header()[key] = values
	}
}

func forward(w http.ResponseWriter, answer *httptest.ResponseRecorder, body []byte) {
	copyHeader(w, answer)
	if answer.Header().Get("Content-Length") != "" && len(body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(answer.Code)
	w.Write(body)
}

// Late answers 202 to a deletion and does it only when the same path was asked for
// n times more.
func Late(n int) Fault {
	var mu sync.Mutex
	pending := map[string]*http.Request{}
	asked := map[string]int{}
	return Fault{Name: "a late deletion", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodDelete {
			pending[r.URL.Path] = r.Clone(context.WithoutCancel(r.Context()))
			w.WriteHeader(http.StatusAccepted)
			return
		}
		if deletion := pending[r.URL.Path]; deletion != nil {
			if asked[r.URL.Path]++; asked[r.URL.Path] > n {
				whole(deletion, next)
			}
		}
		next.ServeHTTP(w, r)
	}}
}
