// Package containersimage gives the credentials of package auth to programs that
// are built on github.com/containers/image/v5, such as skopeo, podman and buildah.
// Of that module it links the package types and what that needs: no cgo, no build
// tag.
//
// [SystemContext] is for most of them:
//
//	sys, err := containersimage.SystemContext(ctx, resolver, base, "quay.io/org/app")
//	img, err := ref.NewImage(ctx, sys)
//
// A SystemContext holds one credential. A program that copies between registries
// makes one for each side. [Try] uses one credential after the other while the
// registry denies them.
package containersimage

import (
	"context"

	"github.com/containers/image/v5/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/registrykit/registrykit/auth"
)

// DockerAuthConfig returns a credential in the form of containers/image. It has no
// place for a registry token: [SystemContext] puts that where it belongs. The
// result is in plain text and prints its secrets.
func DockerAuthConfig(c auth.Credential) types.DockerAuthConfig {
	return types.DockerAuthConfig{
		Username:      c.Username,
		Password:      c.Password.Reveal(),
		IdentityToken: c.IdentityToken.Reveal(),
	}
}

// Credentials returns the best credential for an image, by its name as
// [auth.Image] reads it, and where it is from. Where there is none, the zero
// DockerAuthConfig comes back, as containers/image's own lookup does it. A candidate
// that is a registry token is passed over.
//
// The error is [auth.ErrImage], or that of the context.
func Credentials(ctx context.Context, r *auth.Resolver, image string) (types.DockerAuthConfig, auth.Candidate, error) {
	explanation, err := r.Explain(ctx, image)
	if err != nil {
		return types.DockerAuthConfig{}, auth.Candidate{}, err
	}
	for _, c := range explanation.Candidates {
		if c.Credential.Kind() != auth.RegistryToken {
			return DockerAuthConfig(c.Credential), c, nil
		}
	}
	return types.DockerAuthConfig{}, auth.Candidate{}, nil
}

// SystemContext returns a copy of base with the best credential for an image. Where
// there is none, containers/image is kept from looking for one itself. base may be
// nil and is not changed.
//
// containers/image falls back to plain HTTP where it does not verify TLS. A credential
// is withheld where base sets DockerInsecureSkipTLSVerify, unless the source allows
// that ([auth.AllowPlainHTTP]) or the registry is on this machine. Where base leaves it
// undefined and there is such a credential, it is set to false, so that registries.conf
// cannot change it.
//
// The error is [auth.ErrImage], or that of the context.
func SystemContext(ctx context.Context, r *auth.Resolver, base *types.SystemContext, image string) (*types.SystemContext, error) {
	resource, err := resourceFor(base, image)
	if err != nil {
		return nil, err
	}
	authenticator, err := r.ResolveContext(ctx, resource)
	if err != nil {
		return nil, err
	}
	candidate, _ := auth.CandidateOf(authenticator)
	return withCandidate(base, candidate), nil
}

// resourceFor says how base has the image's registry asked for.
func resourceFor(base *types.SystemContext, image string) (authn.Resource, error) {
	resource, err := auth.Image(image)
	if err != nil {
		return nil, err
	}
	if base != nil && base.DockerInsecureSkipTLSVerify == types.OptionalBoolTrue {
		return auth.OverPlainHTTP(resource), nil
	}
	return auth.OverTLS(resource), nil
}

// withCandidate is WithCredential, but keeps a credential that must not go over plain
// HTTP from it.
func withCandidate(base *types.SystemContext, c auth.Candidate) *types.SystemContext {
	sys := WithCredential(base, c.Credential)
	if !c.Credential.IsZero() && !c.PlainHTTP && sys.DockerInsecureSkipTLSVerify == types.OptionalBoolUndefined {
		sys.DockerInsecureSkipTLSVerify = types.OptionalBoolFalse
	}
	return sys
}

// WithCredential returns a copy of base that uses this credential and no other, as
// its caller has it from [auth.Resolver.Candidates]. The zero Credential means to go
// without one. base may be nil and is not changed. Nothing is withheld: [SystemContext]
// and [Try] see to that.
func WithCredential(base *types.SystemContext, c auth.Credential) *types.SystemContext {
	sys := types.SystemContext{}
	if base != nil {
		sys = *base
	}
	config := DockerAuthConfig(c)
	sys.DockerAuthConfig = &config
	sys.DockerBearerRegistryToken = c.RegistryToken.Reveal()
	return &sys
}
