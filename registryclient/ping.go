package registryclient

import (
	"context"

	"github.com/google/go-containerregistry/pkg/name"
)

// Access is how a registry is entered.
type Access struct {
	// Scheme is https or http.
	Scheme string
	// Challenge is what the registry asks for: "basic", "bearer", or "" where it
	// lets everyone in.
	Challenge string
	// Realm is the token service of "bearer".
	Realm string
}

// Ping asks a registry anew whether it is one, and how it is entered, and then, if
// it asks for a credential, whether it lets the keychain's in. What the credential
// may do there is another question.
//
// The error is an *Error, of the classes [NotRegistry], [TLS], [DNS], [Refused],
// [Timeout], [PlainHTTP] and [Unauthorized] before all; [Blocked] where Options.Mirrors
// forbid to contact the registry as a whole.
func (c *Client) Ping(ctx context.Context, registry name.Registry) (Access, error) {
	traced, tr := withTrail(ctx)
	access, err := c.ping(traced, registry)
	return access, failure("ping", registry.String(), tr, err)
}

func (c *Client) ping(ctx context.Context, registry name.Registry) (Access, error) {
	s, err := c.whole(registry)
	if err != nil {
		return Access{}, err
	}
	c = c.through(s)
	d := c.doorOf(registry)
	scheme, challenge, err := d.ping(ctx, c.base, c.hosts.options(hostOf(registry)).PlainHTTP)
	if err != nil {
		return Access{}, err
	}
	found := Access{Scheme: scheme, Challenge: challenge.Scheme, Realm: challenge.Parameters["realm"]}
	if challenge.Scheme == "" {
		return found, nil
	}
	a, err := c.enter(ctx, registry, registry, "")
	if err != nil {
		return found, err
	}
	resp, err := a.send(ctx, call{method: "GET", path: "/v2/"}, 200)
	if err != nil {
		return found, err
	}
	return found, resp.Body.Close()
}
