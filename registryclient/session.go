package registryclient

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// A door is how a registry wants to be entered: what its /v2/ answered. A failed
// ping is not remembered.
type door struct {
	registry name.Registry

	lock        chan struct{} // held while pinging
	tagLock     chan struct{} // held while a tag is deleted, until tagDeletion is known
	mu          sync.Mutex
	open        bool
	scheme      string
	challenge   transport.Challenge
	tagDeletion tagDeletion
}

func newDoor(registry name.Registry) *door {
	return &door{registry: registry, lock: make(chan struct{}, 1), tagLock: make(chan struct{}, 1)}
}

// known returns what the last ping found.
func (d *door) known() (scheme string, challenge transport.Challenge, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.scheme, d.challenge, d.open
}

// knock returns how to enter, after a ping if there was none.
func (d *door) knock(ctx context.Context, c *Client) (string, transport.Challenge, error) {
	if scheme, challenge, ok := d.known(); ok {
		return scheme, challenge, nil
	}
	select {
	case d.lock <- struct{}{}:
		defer func() { <-d.lock }()
	case <-ctx.Done():
		return "", transport.Challenge{}, ctx.Err()
	}
	if scheme, challenge, ok := d.known(); ok {
		return scheme, challenge, nil
	}
	return d.ping(ctx, c.base, c.hosts.options(hostOf(d.registry)).PlainHTTP)
}

// ping asks /v2/, over the schemes that the policy allows.
func (d *door) ping(ctx context.Context, base http.RoundTripper, policy HTTPPolicy) (scheme string, challenge transport.Challenge, err error) {
	scheme = "https"
	if policy == HTTPOnly {
		scheme = "http"
	}
	probe, tr := withTrail(ctx)
	challenge, err = pingOver(probe, base, scheme, d.registry.RegistryStr())
	if policy == HTTPFallback && (classOf(err) == Refused || classOf(err) == PlainHTTP) {
		scheme = "http"
		challenge, err = pingOver(probe, base, scheme, d.registry.RegistryStr())
	}
	if err != nil {
		trailOf(ctx).join(tr)
		return "", transport.Challenge{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open, d.scheme, d.challenge = true, scheme, challenge
	return scheme, challenge, nil
}

// pingOver sends the request. 200 needs no credential; 401 says which, where it is the
// registry's own.
func pingOver(ctx context.Context, base http.RoundTripper, scheme, registry string) (transport.Challenge, error) {
	none := transport.Challenge{}
	u := &url.URL{Scheme: scheme, Host: registry, Path: "/v2/"}
	ctx = context.WithValue(ctx, originKey{}, hostKey(u))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return none, err
	}
	resp, err := (&http.Client{Transport: base, CheckRedirect: checkRedirect}).Do(req)
	if err != nil {
		return none, withoutURL(err)
	}
	defer resp.Body.Close()
	// What is asked afterwards goes over scheme, wherever a redirect of this led.
	insecure := scheme == "http" || resp.Request.URL.Scheme == "http"
	switch resp.StatusCode {
	case http.StatusOK:
		if err := notRegistry(resp); err != nil {
			return none, err
		}
		return transport.Challenge{Insecure: insecure}, nil
	case http.StatusUnauthorized:
		if !strings.EqualFold(resp.Request.URL.Hostname(), u.Hostname()) {
			// Whoever it is may not say where the credential goes.
			return none, responseError(resp, Integrity, fmt.Errorf("the ping of %s was redirected to another host, which asks for a credential", registry))
		}
		challenge, err := parseChallenges(resp.Header.Values("WWW-Authenticate"))
		if err != nil {
			return none, responseError(resp, Unauthorized, err)
		}
		challenge.Insecure = insecure
		return challenge, nil
	case http.StatusNotFound:
		return none, responseError(resp, NotRegistry, nil)
	}
	return none, responseError(resp, "", nil)
}

// notRegistry looks at the body of a ping's 200: a page for people is of something
// else. Registries answer with {}, nothing, or a short text.
func notRegistry(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return withoutURL(err)
	}
	lower := strings.ToLower(string(body))
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || strings.Contains(lower, "<html") {
		return responseError(resp, NotRegistry, errors.New("it answers with a page for people"))
	}
	return nil
}

// A session is a registry with a credential: the tokens that were given for it.
// Sessions are of one client, so that no caller sends what another was given.
type session struct {
	client *Client
	door   *door
	auth   authn.Authenticator
	plain  bool // auth was given for plain HTTP

	mu     sync.Mutex
	tokens map[string]*token
}

// A token is what the token service gave for a scope.
type token struct {
	lock chan struct{} // held by who reads or renews it

	value   string
	expires time.Time
	scopes  []string
}

// A tokenRequest marks the context of requests to a token service.
type tokenRequestKey struct{}

func isTokenRequest(ctx context.Context) bool { return ctx.Value(tokenRequestKey{}) != nil }

// leastTokenLife is how long a token is valid that says nothing or less, by the
// token specification of distribution.
const leastTokenLife = time.Minute

// maxScopes is how many scopes a token is asked for: a registry may ask for more
// than the client thought of, but not for ever.
const maxScopes = 16

// tokenSlack is how long before its end a token is renewed.
const tokenSlack = 5 * time.Second

// authorization returns the value of the header for a request of that scope. renew
// is a token that was refused; it is not used again. force is a further scope that
// the registry asked for.
func (s *session) authorization(ctx context.Context, scope, renew, force string) (header, bearer string, err error) {
	_, challenge, err := s.door.knock(ctx, s.client)
	if err == nil {
		err = s.exposes(challenge)
	}
	if err != nil {
		return "", "", err
	}
	switch challenge.Scheme {
	case "basic":
		config, err := authn.Authorization(ctx, s.auth)
		if err != nil {
			return "", "", noCredential(ctx, err)
		}
		return basicHeader(config), "", nil
	case "bearer":
		bearer, err = s.bearer(ctx, challenge, scope, renew, force)
		if err != nil || bearer == "" {
			return "", "", err
		}
		return "Bearer " + bearer, bearer, nil
	}
	return "", "", nil
}

func basicHeader(c *authn.AuthConfig) string {
	switch {
	case c.RegistryToken != "":
		return "Bearer " + c.RegistryToken
	case c.Username != "" && c.Password != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
	case c.Auth != "":
		return "Basic " + c.Auth
	}
	return ""
}

// bearer returns a token for the scope, one at a time per scope.
func (s *session) bearer(ctx context.Context, challenge transport.Challenge, scope, renew, force string) (string, error) {
	s.mu.Lock()
	t, ok := s.tokens[scope]
	if !ok {
		t = &token{lock: make(chan struct{}, 1), scopes: strings.Fields(scope)}
		s.tokens[scope] = t
	}
	s.mu.Unlock()
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if t.value != "" && t.value != renew && time.Now().Before(t.expires) {
		return t.value, nil
	}
	config, err := authn.Authorization(ctx, s.auth)
	if err != nil {
		return "", noCredential(ctx, err)
	}
	if config.RegistryToken != "" {
		return config.RegistryToken, nil
	}
	if force != "" && !slices.Contains(t.scopes, force) && len(t.scopes) < maxScopes {
		t.scopes = append([]string{force}, t.scopes...) // some services read the first one alone
	}
	given, err := s.exchange(ctx, challenge, t.scopes)
	if err != nil {
		return "", err
	}
	life := max(time.Duration(given.ExpiresIn)*time.Second, leastTokenLife)
	t.value, t.expires = cmp.Or(given.AccessToken, given.Token), time.Now().Add(life-tokenSlack)
	return t.value, nil
}

// exchange asks the token service.
func (s *session) exchange(ctx context.Context, challenge transport.Challenge, scopes []string) (*transport.Token, error) {
	ctx = context.WithValue(context.WithValue(ctx, tokenRequestKey{}, true), originKey{}, hostOf(s.door.registry))
	record := &recorder{base: s.client.base}
	given, err := transport.Exchange(ctx, s.door.registry, s.auth, record, scopes, &challenge)
	if err == nil {
		return given, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	// The texts of the other errors may repeat what the service sent.
	refusal := &Error{Class: NotRegistry, Endpoint: realmHost(challenge), Err: errors.New("it answers as a token service, but without a token")}
	switch {
	case record.err != nil:
		return nil, record.err
	case record.status == 0:
		refusal.Class, refusal.Err = Integrity, errors.New("the challenge names a token service that may not be asked")
	case record.status < 400 && record.status >= 300:
		refusal.Class, refusal.Err = Integrity, errors.New("the token service redirects to where it may not")
	}
	return nil, refusal
}

// realmHost is the host of the token service.
func realmHost(challenge transport.Challenge) string {
	u, err := url.Parse(challenge.Parameters["realm"])
	if err != nil {
		return ""
	}
	return clean(hostKey(u), 100)
}

// A recorder keeps what the last request came to.
type recorder struct {
	base   http.RoundTripper
	status int
	err    error
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.base.RoundTrip(req)
	r.status, r.err = statusOf(resp), err
	if err == nil && resp.StatusCode >= 400 {
		said := peek(resp)
		if !said.structured {
			said.message = "" // whatever it is
		}
		r.err = answerError(said, resp, "", errors.New("the token service refuses"))
	}
	return resp, err
}
