package registryclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// A roundTripper sends requests at the pace of their host, again where that may
// help, and notes what failed. Whatever the client does, go-containerregistry's
// token exchange and pushes included, goes through it.
type roundTripper struct {
	hosts     *hosts
	retry     RetryOptions
	idle      time.Duration
	userAgent string
	log       *slog.Logger
}

// RoundTrip implements http.RoundTripper. The response of the last attempt is
// returned with its body, whatever its status.
func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.hosts.guardRedirect(req); err != nil {
		closeBody(req)
		return nil, err
	}
	host, err := t.hosts.get(req.URL)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		out, err := t.prepare(req, attempt)
		if err != nil {
			return nil, err
		}
		resp, err := t.once(host, out)
		wait, again := t.verdict(host, req, resp, err, attempt)
		if !again {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
		if err := sleep(req.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// prepare copies the request, with a body of its own if it is sent again.
func (t *roundTripper) prepare(req *http.Request, attempt int) (*http.Request, error) {
	out := req.Clone(req.Context())
	out.Header.Set("User-Agent", t.userAgent)
	out.Header.Del("Referer") // net/http sets it, with the signature of a URL that redirected here
	if leftHost(req) {
		out.Header.Del("Authorization")
	}
	if attempt > 1 && req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, fmt.Errorf("read the request's body again: %w", err)
		}
		out.Body = body
	}
	return out, nil
}

// once sends the request in its turn.
func (t *roundTripper) once(host *host, req *http.Request) (*http.Response, error) {
	k := kindOf(req)
	release, err := host.pace.acquire(req.Context(), k)
	if err != nil {
		closeBody(req)
		t.noteFailure(req, host, nil, err)
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	transport, sent := t.hosts.transportFor(host, req.WithContext(ctx))
	resp, err := transport.RoundTrip(sent)
	if err != nil {
		release()
		cancel(nil)
		err = withoutURL(err)
		t.noteFailure(req, host, nil, err)
		return nil, err
	}
	resp.Request = req
	if quota, ok := host.pace.observe(resp.Header); ok {
		trailOf(ctx).limited(quota)
	}
	if k != blobRequest {
		release()
	}
	resp.Body = &watchedBody{body: resp.Body, ctx: ctx, idle: t.idle, cancel: cancel, release: release}
	if resp.StatusCode >= 400 {
		bufferBody(resp)
		t.noteFailure(req, host, resp, nil)
	}
	return resp, nil
}

// bufferBody reads the body of an error, so that more than one can read it, and
// gives the slot back. What arrives is used: the status says enough without.
func bufferBody(resp *http.Response) {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
}

// peek reads the answer of a response whose body is in memory, and leaves it there.
func peek(resp *http.Response) answer {
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	copied := *resp
	copied.Body = io.NopCloser(bytes.NewReader(body))
	return readAnswer(&copied)
}

func (t *roundTripper) noteFailure(req *http.Request, host *host, resp *http.Response, err error) {
	a := Attempt{Time: time.Now(), Method: req.Method, URL: urlText(req.URL), Err: err}
	if resp != nil {
		said := peek(resp)
		a.StatusCode, a.Code = said.status, said.code
	}
	trailOf(req.Context()).note(a, host.name)
}

// verdict says whether to send the request again, and after what wait.
func (t *roundTripper) verdict(host *host, req *http.Request, resp *http.Response, err error, attempt int) (time.Duration, bool) {
	if req.Context().Err() != nil || !mayPass(req, resp, err) {
		return 0, false
	}
	wait, asked := t.retry.wait(attempt), false
	if resp != nil && limits(resp) {
		var after time.Duration
		if after, asked = parseRetryAfter(resp.Header.Get("Retry-After"), time.Now()); asked {
			wait = after
			host.pace.hush(min(after, t.retry.MaxRetryAfter))
			noteRetryAfter(req.Context(), resp, after)
		}
	}
	if attempt >= t.retry.Attempts || asked && wait > t.retry.MaxRetryAfter {
		return 0, false
	}
	if now := time.Now(); !endsInTime(req.Context(), now, now.Add(wait)) {
		return 0, false
	}
	trailOf(req.Context()).waited(wait)
	if t.log != nil {
		t.log.InfoContext(req.Context(), "request is sent again", "method", req.Method, "url", urlText(req.URL),
			"attempt", attempt, "wait", wait, "asked", asked, "status", statusOf(resp), "error", err)
	}
	return wait, true
}

func noteRetryAfter(ctx context.Context, resp *http.Response, after time.Duration) {
	limit, ok := parseRateLimit(resp.Header, time.Now())
	if !ok {
		limit = RateLimit{Limit: -1, Remaining: -1}
	}
	limit.RetryAfter = after
	trailOf(ctx).limited(limit)
}

func statusOf(resp *http.Response) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}

// limits reports whether the response asks for fewer requests.
func limits(resp *http.Response) bool {
	return resp.StatusCode == http.StatusServiceUnavailable || peek(resp).class == RateLimited
}

// mayPass reports whether the failure may pass by itself and the request may be
// sent again.
func mayPass(req *http.Request, resp *http.Response, err error) bool {
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return false
	}
	repeatable := req.Method != http.MethodPost && req.Method != http.MethodPatch
	if err != nil {
		var quota *quotaError
		if errors.As(err, &quota) {
			return false
		}
		switch classOf(err) {
		case Refused:
			return true // it was not sent
		case DNS:
			return temporaryDNS(err)
		case Timeout, Unavailable:
			return repeatable
		}
		return false
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true // it was not carried out
	case http.StatusRequestTimeout, 499, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusGatewayTimeout, 522: // 499 is nginx's, 522 Cloudflare's
		return repeatable
	}
	return resp.StatusCode >= 400 && peek(resp).class == RateLimited
}

func temporaryDNS(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && !dns.IsNotFound && (dns.IsTemporary || dns.IsTimeout)
}

// kindOf says what a request is for.
func kindOf(req *http.Request) kind {
	if req.Method != http.MethodGet {
		return plainRequest
	}
	if k, ok := req.Context().Value(kindKey{}).(kind); ok {
		return k
	}
	switch {
	case strings.Contains(req.URL.Path, "/manifests/"):
		return manifestRequest
	case strings.Contains(req.URL.Path, "/blobs/"):
		return blobRequest
	}
	return plainRequest
}

// kindKey marks the context of a request whose path may not tell, because it was
// redirected.
type kindKey struct{}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
