package containersimage

import (
	"context"

	"github.com/containers/image/v5/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/registrykit/registrykit/auth"
)

// Try is [auth.Try] for programs built on containers/image: it calls f with a copy of
// base for each candidate in turn, as [SystemContext] makes it, until the answer is not
// a denial. [auth.Denied], the default of o.Denied, knows the errors of containers/image.
//
// The error is [auth.ErrImage], or as of auth.Try.
func Try[T any](ctx context.Context, r *auth.Resolver, base *types.SystemContext, image string, o auth.TryOptions, f func(context.Context, *types.SystemContext) (T, error)) (T, error) {
	resource, err := resourceFor(base, image)
	if err != nil {
		var zero T
		return zero, err
	}
	return auth.Try(ctx, r, resource, o, func(ctx context.Context, a authn.Authenticator) (T, error) {
		candidate, _ := auth.CandidateOf(a) // the zero one is to go without
		return f(ctx, withCandidate(base, candidate))
	})
}
