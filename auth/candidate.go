package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/google/go-containerregistry/pkg/authn"
)

// A Candidate is a credential that is for an image, with where it is from. As JSON
// it is {"source", "key", "username", "kind"}; printing one shows no secret.
type Candidate struct {
	// Source is the place, as in "secret dev/pull", "file /root/.docker/config.json"
	// or "helper docker-credential-pass (file /root/.docker/config.json)".
	Source string
	// Key as it is written there.
	Key string
	// Match says how the key is for the image, as in "namespace" or "host,
	// Docker Hub by another name".
	Match      string
	Credential Credential
	// Warning says what is wrong with using it, if anything is.
	Warning string
	// PlainHTTP says that it may be sent over plain HTTP: its source allows that
	// ([AllowPlainHTTP]), or the registry is on this machine.
	PlainHTTP bool

	place candidatePlace // to look there again
}

// String returns the candidate in one line, as in
// `secret dev/pull, key "quay.io/org": user "org+bot" (basic)`. The zero Candidate is
// "no candidate".
func (c Candidate) String() string {
	if c.Source == "" && c.Credential.IsZero() {
		return "no candidate"
	}
	return fmt.Sprintf("%s, key %q: %s", printable(c.Source), c.Key, c.Credential)
}

// GoString is String.
func (c Candidate) GoString() string { return c.String() }

// CandidateOf returns the candidate of an Authenticator that [Try] or
// [Resolver.Resolve] gave, as it was found then, and false for any other, such as
// authn.Anonymous: to say which credential is in use, or to hand it to a client of
// another kind.
func CandidateOf(a authn.Authenticator) (Candidate, bool) {
	switch a := a.(type) {
	case *fixedAuthenticator:
		return a.candidate, true
	case *authenticator:
		return a.found, true
	}
	return Candidate{}, false
}

type candidateJSON struct {
	Source   string `json:"source"`
	Key      string `json:"key"`
	Username string `json:"username"`
	Kind     Kind   `json:"kind"`
}

// MarshalJSON writes source, key, username and kind.
func (c Candidate) MarshalJSON() ([]byte, error) {
	return json.Marshal(candidateJSON{c.Source, c.Key, c.Credential.Username, c.Credential.Kind()})
}

// LogValue is for slog: the members of the JSON and the fingerprint.
func (c Candidate) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("source", c.Source),
		slog.String("key", c.Key),
		slog.String("username", c.Credential.Username),
		slog.String("kind", string(c.Credential.Kind())),
		slog.String("fingerprint", c.Credential.Fingerprint()),
	)
}

// Candidates returns every credential that is for a repository or registry, the one
// to try first first: by tier (documents that were given explicitly; Secrets; the
// node's; those of the host and its helpers), then from the most to the least
// specific key, then in the order of the sources and of what they hold. Of equal
// credentials there is the first alone. Those that would go over plain HTTP without
// leave are left out. [Resolver.Explain] tells of all that were not taken.
//
// The error is that of the context. What is wrong with a source or an entry is no
// error here.
func (r *Resolver) Candidates(ctx context.Context, resource authn.Resource) ([]Candidate, error) {
	l, _, err := r.look(ctx, targetOf(resource))
	if err != nil {
		return nil, err
	}
	var candidates []Candidate
	for c, err := range l.inOrder(ctx) {
		if err != nil {
			return nil, err
		}
		candidates = append(candidates, c)
	}
	return candidates, nil
}

func indexOfEqual(candidates []Candidate, c Credential) int {
	for i := range candidates {
		if candidates[i].Credential.Equal(c) {
			return i
		}
	}
	return -1
}
