package registryclient

import (
	"context"
	"net/http"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// A Client talks to registries. It may be used by many goroutines at once. Close
// it when it is no longer needed.
type Client struct {
	o        Options
	hosts    *hosts
	base     http.RoundTripper
	keychain authn.Keychain
	doors    *doors

	sessions *sessions

	mu       sync.Mutex
	insecure map[string]*Client // by the host that each trusts more
}

// sessions are those of one keychain, by repository.
type sessions struct {
	mu    sync.Mutex
	known map[string]*session
}

func newSessions() *sessions { return &sessions{known: map[string]*session{}} }

// doors are the pings that succeeded. They hold no credential, so that clients of
// different credentials share them.
type doors struct {
	mu    sync.Mutex
	known map[string]*door
}

// libraryAgent ends the User-Agent of every request.
const libraryAgent = "registrykit"

// New returns a client. It keeps o.
func New(o Options) *Client {
	if o.PageSize <= 0 {
		o.PageSize = DefaultPageSize
	}
	if o.HeaderTimeout <= 0 {
		o.HeaderTimeout = DefaultHeaderTimeout
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = DefaultIdleTimeout
	}
	return newClient(o, newHosts(o))
}

// newClient returns a client of options that are complete.
func newClient(o Options, h *hosts) *Client {
	agent := libraryAgent
	if o.UserAgent != "" {
		agent = o.UserAgent + " " + libraryAgent
	}
	return &Client{
		o:        o,
		hosts:    h,
		base:     &roundTripper{hosts: h, retry: o.Retry.withDefaults(), idle: o.IdleTimeout, userAgent: agent, log: o.Log},
		keychain: o.Keychain,
		doors:    &doors{known: map[string]*door{}},
		sessions: newSessions(),
		insecure: map[string]*Client{},
	}
}

// WithKeychain returns a client that has other credentials, nil for none, and
// shares the pace and the connections, but no token, with c. With auth.Try:
//
//	tags, err := auth.Try(ctx, resolver, repo, auth.TryOptions{},
//		func(ctx context.Context, a authn.Authenticator) ([]string, error) {
//			return registryclient.Collect(client.WithKeychain(registryclient.Fixed(a)).Tags(ctx, repo, registryclient.ListOptions{}))
//		})
func (c *Client) WithKeychain(k authn.Keychain) *Client {
	o := c.o
	o.Keychain = k
	return &Client{o: o, hosts: c.hosts, base: c.base, keychain: k, doors: c.doors, sessions: newSessions(), insecure: map[string]*Client{}}
}

// Close closes the connections that are not in use, of c and of all clients that
// share them.
func (c *Client) Close() {
	c.hosts.closeIdle()
}

func (c *Client) doorOf(registry name.Registry) *door {
	c.doors.mu.Lock()
	defer c.doors.mu.Unlock()
	key := registry.RegistryStr()
	found, ok := c.doors.known[key]
	if !ok {
		found = newDoor(registry)
		c.doors.known[key] = found
	}
	return found
}

// repository enters a repository for the actions: "pull", "pull,push", "pull,delete".
func (c *Client) repository(ctx context.Context, repo name.Repository, actions string) (*access, error) {
	return c.enter(ctx, repo, repo.Registry, repo.Scope(actions))
}

// Fixed is a keychain that has one credential for everything.
func Fixed(a authn.Authenticator) authn.Keychain { return fixed{a} }

type fixed struct{ authn.Authenticator }

// Resolve implements authn.Keychain.
func (f fixed) Resolve(authn.Resource) (authn.Authenticator, error) { return f.Authenticator, nil }
