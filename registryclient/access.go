package registryclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// maxSessions is how many sessions a client holds; then it begins anew.
const maxSessions = 4096

// An access is a session with what it is wanted for: it is an http.RoundTripper
// that enters the registry.
type access struct {
	*session
	scope string
}

// enter finds the session for a repository, or a registry as a whole. The keychain
// is asked once per client and repository.
func (c *Client) enter(ctx context.Context, resource authn.Resource, registry name.Registry, scope string) (*access, error) {
	door := c.doorOf(registry)
	_, challenge, err := door.knock(ctx, c)
	if err != nil {
		return nil, err
	}
	plain := isPlain(challenge, registry)
	key := resource.String()
	if plain {
		key += " in plain text" // what a keychain gives for HTTPS is not for this
	}
	if found := c.sessions.get(key); found != nil {
		return &access{found, scope}, nil
	}
	auth := authn.Anonymous
	if c.keychain != nil {
		if plain {
			resource = plainResource{resource}
		}
		if auth, err = authn.Resolve(ctx, c.keychain, resource); err != nil {
			return nil, noCredential(ctx, err)
		}
	}
	return &access{c.sessions.add(key, &session{client: c, door: door, auth: auth, plain: plain, tokens: map[string]*token{}}), scope}, nil
}

// noCredential is the error of a keychain that failed, or that withholds what it has.
func noCredential(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Error{Class: Unauthorized, Err: fmt.Errorf("the keychain: %w", err)}
}

func (s *sessions) get(key string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[key]
}

// add returns the session that was there first.
func (s *sessions) add(key string, made *session) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.known[key]; ok {
		return found
	}
	if len(s.known) >= maxSessions {
		clear(s.known)
	}
	s.known[key] = made
	return made
}

// hostOf is the registry's host as HostOptions know it.
func hostOf(registry name.Registry) string {
	return hostKey(&url.URL{Host: registry.RegistryStr()})
}

// plainResource tells a keychain that the connection is not encrypted, so that it
// can withhold the credential.
type plainResource struct{ authn.Resource }

// Scheme returns http.
func (plainResource) Scheme() string { return "http" }

// RoundTrip implements http.RoundTripper: it adds the credential where the request
// is for the registry itself, and renews a token that has expired.
func (a *access) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.WithContext(context.WithValue(req.Context(), originKey{}, hostOf(a.door.registry)))
	if !a.isFor(req.URL) || leftHost(req) {
		return a.client.base.RoundTrip(req)
	}
	header, bearer, err := a.authorization(req.Context(), a.scope, "", "")
	if err != nil {
		closeBody(req)
		return nil, err
	}
	first, err := a.authorized(req, header)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := a.client.base.RoundTrip(first)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !a.learn(resp, bearer) {
		return resp, err
	}
	again := req.Clone(req.Context())
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return resp, nil
		}
		if again.Body, err = req.GetBody(); err != nil {
			return resp, nil
		}
	}
	resp.Body.Close()
	header, _, err = a.authorization(req.Context(), a.scope, bearer, wantedScope(resp))
	if err == nil {
		again, err = a.authorized(again, header)
	}
	if err != nil {
		closeBody(again)
		return nil, err
	}
	return a.client.base.RoundTrip(again)
}

// isFor reports whether a URL is of the registry itself.
func (a *access) isFor(u *url.URL) bool {
	return strings.EqualFold(hostKey(u), hostOf(a.door.registry))
}

// authorized copies a request with the header and the scheme that the registry was
// found to speak: go-containerregistry guesses it from the name. After an error the
// request is as it was.
func (a *access) authorized(req *http.Request, header string) (*http.Request, error) {
	out := req.Clone(req.Context())
	if scheme, challenge, ok := a.door.known(); ok {
		if err := a.exposes(challenge); header != "" && err != nil {
			return req, err
		}
		out.URL.Scheme = scheme
	}
	if header != "" {
		out.Header.Set("Authorization", header)
	}
	return out, nil
}

// learn reports whether a 401 is a reason to ask for a token: one was refused, or
// none was wanted before.
func (a *access) learn(resp *http.Response, bearer string) bool {
	if bearer != "" {
		return true
	}
	_, challenge, _ := a.door.known()
	if challenge.Scheme != "" {
		return false
	}
	wanted, err := parseChallenges(resp.Header.Values("WWW-Authenticate"))
	if err != nil {
		return false
	}
	wanted.Insecure = challenge.Insecure
	a.door.mu.Lock()
	defer a.door.mu.Unlock()
	a.door.challenge = wanted
	return true
}

// wantedScope is the scope that a 401 asks for.
func wantedScope(resp *http.Response) string {
	challenge, err := parseChallenges(resp.Header.Values("WWW-Authenticate"))
	if err != nil {
		return ""
	}
	return challenge.Parameters["scope"]
}

// wrapper makes the access the transport of go-containerregistry's functions,
// which then neither ping nor exchange nor retry by themselves.
func (a *access) wrapper() (http.RoundTripper, error) {
	return transport.FromToken(a.door.registry, authn.Anonymous, a, &transport.Challenge{}, nil)
}

// A call is one request to a registry.
type call struct {
	method string
	path   string // below the registry's root
	url    *url.URL
	query  url.Values
	header http.Header
	body   io.Reader
	kind   kind
}

// send sends a call and returns the response, if its status is among those
// accepted. Otherwise the error is an *Error without its operation.
func (a *access) send(ctx context.Context, k call, accepted ...int) (*http.Response, error) {
	scheme, _, _ := a.door.known()
	u := &url.URL{Scheme: scheme, Host: a.door.registry.RegistryStr(), Path: k.path, RawQuery: k.query.Encode()}
	if k.url != nil {
		u = k.url
	}
	ctx = context.WithValue(ctx, kindKey{}, k.kind)
	req, err := http.NewRequestWithContext(ctx, k.method, u.String(), k.body)
	if err != nil {
		return nil, err
	}
	for key, values := range k.header {
		req.Header[key] = values
	}
	resp, err := (&http.Client{Transport: a, CheckRedirect: checkRedirect}).Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	for _, status := range accepted {
		if resp.StatusCode != status {
			continue
		}
		if got := resp.Request.Method; got != k.method {
			resp.Body.Close()
			return nil, lie(resp, fmt.Errorf("a redirect made a %s of the %s", got, k.method))
		}
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, responseError(resp, "", nil)
}
