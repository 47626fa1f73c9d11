package auth

import (
	"context"
	"slices"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Options of a [Resolver]. The zero value is right.
type Options struct {
	// KubeletCompat chooses and orders the keys of Secrets and of the node's file
	// as the kubelet does, to the letter: a path matches by its first bytes, so
	// that quay.io/org is for quay.io/organization too; hosts are compared with
	// their case, and ports as written; what https://index.docker.io/v1/ holds is
	// for Docker Hub only where nothing else is; and the order is that of the
	// keys, backwards. What a document holds is read as without it: a bad entry
	// spoils no other, and tokens count.
	KubeletCompat bool
	// Helpers say how credential helpers are run.
	Helpers HelperOptions
}

// A Resolver finds the credentials for an image in its sources. It is an
// authn.Keychain and an authn.ContextKeychain. It is safe for concurrent use, and
// starts nothing that outlives a call but a credential helper that another call
// waits for.
type Resolver struct {
	options Options
	sources []Source
	helpers *helpers

	mu      sync.Mutex
	winners map[string]winner // by repository, what Try found accepted
}

var (
	_ authn.Keychain             = (*Resolver)(nil)
	_ authn.ContextKeychain      = (*Resolver)(nil)
	_ authn.Authenticator        = (*authenticator)(nil)
	_ authn.ContextAuthenticator = (*authenticator)(nil)
)

// NewResolver returns a Resolver of the sources. It reads none of them yet.
func NewResolver(o Options, sources ...Source) *Resolver {
	return &Resolver{
		options: o,
		sources: slices.Clone(sources),
		helpers: newHelpers(o.Helpers),
		winners: make(map[string]winner),
	}
}

// String says what the resolver is made of, for debuggers; no secret is in it.
func (r *Resolver) String() string { return "credentials resolver" }

// GoString is String.
func (r *Resolver) GoString() string { return r.String() }

// Resolve is [Resolver.ResolveContext] without a context.
func (r *Resolver) Resolve(resource authn.Resource) (authn.Authenticator, error) {
	return r.ResolveContext(context.Background(), resource)
}

// ResolveContext returns the credential that [Try] last found to be accepted for
// the repository, else the first candidate. It returns authn.Anonymous itself where
// there is none. The only error is that of the context: what is wrong with a source
// never keeps a public image from being pulled, and [Resolver.Explain] tells of it.
// Helpers that rank behind it are not started.
//
// The Authenticator looks again each time it is asked, so that one that lives long
// follows a rotated Secret or token; where its place has no credential any more it
// returns the one it had.
func (r *Resolver) ResolveContext(ctx context.Context, resource authn.Resource) (authn.Authenticator, error) {
	t := targetOf(resource)
	l, _, err := r.look(ctx, t)
	if err != nil {
		return nil, err
	}
	for c, err := range l.inTurn(ctx) {
		if err != nil {
			return nil, err
		}
		return &authenticator{r, t, c}, nil
	}
	return authn.Anonymous, nil
}

// An authenticator gives a candidate's credential as it is now.
type authenticator struct {
	resolver *Resolver
	target   *target
	found    Candidate
}

// Authorization returns the credential in plain text.
func (a *authenticator) Authorization() (*authn.AuthConfig, error) {
	return a.AuthorizationContext(context.Background())
}

// AuthorizationContext returns the credential in plain text.
func (a *authenticator) AuthorizationContext(ctx context.Context) (*authn.AuthConfig, error) {
	c, _, err := a.resolver.current(ctx, a.target, a.found)
	if err != nil {
		return nil, err
	}
	config := c.Credential.AuthConfig()
	return &config, nil
}

// String returns the candidate without its secret.
func (a *authenticator) String() string { return a.found.String() }

// GoString is String.
func (a *authenticator) GoString() string { return a.String() }
