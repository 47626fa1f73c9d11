package fromregistry

import (
	"context"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient"
)

// A candidater is a keychain that has several credentials for a resource, such as
// *auth.Resolver.
type candidater interface {
	authn.Keychain
	Candidates(ctx context.Context, resource authn.Resource) ([]auth.Candidate, error)
}

// Candidates implements importer.CandidateRegistry. Where the keychain of the options is an
// *auth.Resolver, or has its method Candidates, these are the credentials for the target's
// repository; any other keychain has but the one that is in use already. They are for the
// registry itself: mirrors are asked with what the keychain resolves for them, and where
// the mirror policy leaves the registry out there is nothing to try.
func (r *Registry) Candidates(ctx context.Context, t importer.Target) (used string, others []importer.Candidate, err error) {
	keychain, ok := r.clients.o.Keychain.(candidater)
	if !ok || r.anonymous || r.one != nil {
		return "", nil, nil
	}
	repository, err := repository(t)
	if err != nil {
		return "", nil, err
	}
	if !r.asksItself(t, repository) {
		return "", nil, nil
	}
	candidates, err := keychain.Candidates(ctx, repository)
	if err != nil {
		return "", nil, err
	}
	authenticator, err := authn.Resolve(ctx, keychain, repository)
	if err != nil {
		return "", nil, err
	}
	first, known := auth.CandidateOf(authenticator)
	if known {
		used = first.String()
	}
	client := r.client(t)
	for _, c := range candidates {
		if known && c.Credential.Equal(first.Credential) {
			continue
		}
		with := client.WithKeychain(&oneCandidate{candidater: keychain, repository: repository, credential: c.Credential})
		others = append(others, importer.Candidate{Name: c.String(), Registry: &Registry{clients: r.clients, one: with}})
	}
	return used, others, nil
}

// asksItself says whether the registry is among the sources that a target is read from.
func (r *Registry) asksItself(t importer.Target, repository name.Repository) bool {
	if r.clients.o.Mirrors == nil {
		return true
	}
	sources, err := r.sources(t, repository)
	if err != nil {
		return false
	}
	for _, s := range sources {
		if s.Ref != nil && s.Ref.Context().Name() == repository.Name() {
			return true
		}
	}
	return false
}

// sources are where a target is read, or, where it has neither tag nor digest, listed.
func (r *Registry) sources(t importer.Target, repository name.Repository) ([]registryclient.Source, error) {
	if t.Tag == "" && t.ID == "" {
		return r.client(t).TagSources(repository)
	}
	ref, err := reference(t)
	if err != nil {
		return nil, err
	}
	return r.clients.o.Mirrors.Sources(ref)
}

// oneCandidate is a keychain that has one credential for one repository, and for all else
// what the other keychain has.
type oneCandidate struct {
	candidater
	repository name.Repository
	credential auth.Credential
}

// Resolve implements authn.Keychain.
func (k *oneCandidate) Resolve(resource authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), resource)
}

// ResolveContext implements authn.ContextKeychain. The keychain is asked once more, since
// what it may give depends on whether the connection is encrypted.
func (k *oneCandidate) ResolveContext(ctx context.Context, resource authn.Resource) (authn.Authenticator, error) {
	if resource.String() != k.repository.String() {
		return authn.Resolve(ctx, k.candidater, resource)
	}
	candidates, err := k.Candidates(ctx, resource)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(candidates, func(c auth.Candidate) bool { return c.Credential.Equal(k.credential) }) {
		return authn.Anonymous, nil
	}
	return authn.FromConfig(k.credential.AuthConfig()), nil
}
