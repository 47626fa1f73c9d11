package auth

import (
	"context"
	"errors"
	"sync"
	"time"
)

// helpers runs credential helpers: each question by one process at a time, however
// many ask it, and not again while its answer is fresh.
type helpers struct {
	options HelperOptions

	mu      sync.Mutex
	running map[question]*helperCall
	answers map[question]helperAnswer
}

type question struct{ helper, server string }

type helperAnswer struct {
	cred    Credential
	err     error
	expires time.Time
}

// A helperCall is a running helper.
type helperCall struct {
	done    chan struct{}
	waiting int
	cancel  context.CancelFunc
	answer  helperAnswer // once done is closed
}

// maxAnswers bounds the cache: a registry's name may come from anywhere.
const maxAnswers = 1024

func newHelpers(o HelperOptions) *helpers {
	return &helpers{
		options: o.withDefaults(),
		running: make(map[question]*helperCall),
		answers: make(map[question]helperAnswer),
	}
}

// ask returns the credential for a registry. Docker Hub is asked for by each of
// its names, the one first that docker login uses. server is the name that had one.
func (h *helpers) ask(ctx context.Context, helper, host string) (c Credential, server string, err error) {
	if h.options.Disabled {
		return Credential{}, host, &Error{Op: "run", Object: "helper docker-credential-" + helper, Err: &problem{ErrHelper, "helpers are disabled"}}
	}
	servers := []string{host}
	if host == dockerHub {
		servers = []string{"https://index.docker.io/v1/", "index.docker.io", dockerHub}
	}
	for _, server = range servers {
		c, err = h.answer(ctx, question{helper, server})
		if !errors.Is(err, errNoCredential) {
			return c, server, err
		}
	}
	return Credential{}, host, errNoCredential
}

// forget makes the next question for a registry start the helper again.
func (h *helpers) forget(helper, host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for q := range h.answers {
		if q.helper == helper && (q.server == host || host == dockerHub) {
			delete(h.answers, q)
		}
	}
}

func (h *helpers) answer(ctx context.Context, q question) (Credential, error) {
	h.mu.Lock()
	if a, ok := h.answers[q]; ok {
		if h.options.Now().Before(a.expires) {
			h.mu.Unlock()
			return a.cred, a.err
		}
		delete(h.answers, q)
	}
	call := h.running[q]
	if call == nil {
		call = h.start(ctx, q)
	}
	call.waiting++
	h.mu.Unlock()

	select {
	case <-call.done:
		return call.answer.cred, call.answer.err
	case <-ctx.Done():
		h.mu.Lock()
		defer h.mu.Unlock()
		if call.waiting--; call.waiting == 0 {
			call.cancel() // nobody wants the answer any more
			if h.running[q] == call {
				delete(h.running, q)
			}
		}
		return Credential{}, context.Cause(ctx)
	}
}

// start runs the helper until it answers, it times out, or nobody waits for it.
// h.mu is held.
func (h *helpers) start(ctx context.Context, q question) *helperCall {
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	call := &helperCall{done: make(chan struct{}), cancel: cancel}
	h.running[q] = call
	go func() {
		defer cancel()
		c, err := runHelper(runCtx, q.helper, q.server, h.options.Timeout)
		h.mu.Lock()
		defer h.mu.Unlock()
		ttl := h.options.TTL
		if err != nil {
			ttl = h.options.NegativeTTL
		}
		call.answer = helperAnswer{c, err, h.options.Now().Add(ttl)}
		if h.running[q] == call {
			delete(h.running, q)
			h.keep(q, call.answer)
		}
		close(call.done)
	}()
	return call
}

func (h *helpers) keep(q question, a helperAnswer) {
	if len(h.answers) >= maxAnswers {
		clear(h.answers)
	}
	h.answers[q] = a
}
