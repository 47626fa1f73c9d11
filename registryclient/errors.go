package registryclient

import (
	"fmt"
	"strings"
	"time"
)

// An Error says what was tried, on what, what became of it and what a person can
// do. Neither its text nor its causes hold a credential, a token or the query of
// a signed URL.
//
// errors.Is finds its Class, and its cause: context.DeadlineExceeded,
// syscall.ECONNREFUSED, a *net.DNSError. The 401 or 403 of a registry is in
// StatusCode, where auth.Try looks for it.
type Error struct {
	// Op is what was tried: "get manifest", "list tags", "delete tag".
	Op string
	// Object is what it was tried on: a reference, repository or registry.
	Object string
	// Class decides what to do next.
	Class Class
	// Endpoint is the host that gave the answer, or gave none: the registry, a
	// mirror, its token service or where it redirected to. Empty where no host
	// was asked.
	Endpoint string
	// StatusCode of the last response; 0 where there was none.
	StatusCode int
	// Code is the registry's own, such as MANIFEST_UNKNOWN, if it gave one.
	Code string
	// Message is the registry's own text, shortened and in one line.
	Message string
	// RateLimit has the figures, where the registry gave any.
	RateLimit *RateLimit
	// Attempts are the requests that failed, oldest first; at most
	// [MaxAttempts] of them are kept.
	Attempts []Attempt
	// Sources are the errors of the mirrors, in the order they were asked, where
	// there was more than one source. They are not among the causes: that a
	// mirror does not have an image does not mean that there is none.
	Sources []*Error
	// Hint is what a person can do about it.
	Hint string
	// Err is the cause; nil where the response says it all.
	Err error
}

// MaxAttempts is how many failed requests an [Error] keeps: the first ones and the
// last.
const MaxAttempts = 64

// An Attempt is one request that did not succeed.
type Attempt struct {
	// Time when it was sent.
	Time time.Time
	// Method and URL, without its query.
	Method, URL string
	// StatusCode of the response; 0 where there was none.
	StatusCode int
	// Code is the registry's, if it gave one.
	Code string
	// Wait is how long the client waited before it went on; 0 for the last one.
	Wait time.Duration
	// Err is why there was no response.
	Err error
}

// String returns the attempt in one line.
func (a Attempt) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", a.Method, a.URL)
	switch {
	case a.Err != nil:
		b.WriteString(a.Err.Error())
	case a.Code != "":
		fmt.Fprintf(&b, "%d %s", a.StatusCode, a.Code)
	default:
		fmt.Fprintf(&b, "%d", a.StatusCode)
	}
	if a.Wait > 0 {
		fmt.Fprintf(&b, " (then waited %s)", a.Wait.Round(time.Millisecond))
	}
	return b.String()
}

// Error returns the whole in one line, the hint included.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		fmt.Fprintf(&b, "%s %s: ", e.Op, e.Object)
	}
	b.WriteString(string(e.Class))
	if detail := e.detail(); detail != "" {
		fmt.Fprintf(&b, ": %s", detail)
	}
	if n := len(e.Attempts); n > 1 {
		fmt.Fprintf(&b, " (%d attempts)", n)
	}
	for _, s := range e.Sources {
		fmt.Fprintf(&b, "; %s: %s", s.Endpoint, s.Class)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, ". %s", e.Hint)
	}
	return b.String()
}

// detail is what the endpoint said.
func (e *Error) detail() string {
	var parts []string
	if e.Endpoint != "" {
		parts = append(parts, e.Endpoint)
	}
	if e.StatusCode != 0 {
		parts = append(parts, strings.TrimRight(fmt.Sprintf("status %d %s", e.StatusCode, e.Code), " "))
		if e.Message != "" {
			parts = append(parts, e.Message)
		}
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the class and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.Err}
}

// A RateLimit holds what a registry says about its limit. What it does not say is
// zero, or -1 for the counts.
type RateLimit struct {
	// Limit is how many requests, or pulls, there are per Window.
	Limit int
	// Remaining is how many of them are left.
	Remaining int
	// Window is the time that Limit is for.
	Window time.Duration
	// Reset is how long until the count begins anew.
	Reset time.Duration
	// RetryAfter is how long the registry asks to wait.
	RetryAfter time.Duration
}

// String returns the known figures, as in "0 of 100 left per 6h0m0s, retry after 30s".
func (r RateLimit) String() string {
	var parts []string
	if r.Remaining >= 0 && r.Limit >= 0 {
		s := fmt.Sprintf("%d of %d left", r.Remaining, r.Limit)
		if r.Window > 0 {
			s += " per " + r.Window.String()
		}
		parts = append(parts, s)
	}
	if r.Reset > 0 {
		parts = append(parts, "reset in "+r.Reset.String())
	}
	if r.RetryAfter > 0 {
		parts = append(parts, "retry after "+r.RetryAfter.Round(time.Second).String())
	}
	return strings.Join(parts, ", ")
}
