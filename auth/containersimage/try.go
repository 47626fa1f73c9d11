package containersimage

import (
	"context"
	"fmt"
	"reflect"

	"github.com/containers/image/v5/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/registrykit/registrykit/auth"
)

// Try is [auth.Try] for programs built on containers/image: it calls f with a copy of
// base for each candidate in turn, as [SystemContext] makes it, until the answer is not
// a denial. Where o.Denied is nil, it is [Denied].
//
// The error is [auth.ErrImage], or as of auth.Try.
func Try[T any](ctx context.Context, r *auth.Resolver, base *types.SystemContext, image string, o auth.TryOptions, f func(context.Context, *types.SystemContext) (T, error)) (T, error) {
	resource, err := resourceFor(base, image)
	if err != nil {
		var zero T
		return zero, err
	}
	if o.Denied == nil {
		o.Denied = Denied
	}
	return auth.Try(ctx, r, resource, o, func(ctx context.Context, a authn.Authenticator) (T, error) {
		candidate, _ := auth.CandidateOf(a) // the zero one is to go without
		return f(ctx, withCandidate(base, candidate))
	})
}

// Denied reports whether an error of containers/image says that the registry, or its
// token service, did not accept the credential. Its package docker has several errors
// for that: ErrUnauthorizedForCredentials, an errcode.Error whose code is UNAUTHORIZED
// or DENIED, and two with a StatusCode, of which 401 and 403 count.
//
// The types are recognised by their form, so that this package need not link that one.
func Denied(err error) bool {
	if err == nil {
		return false
	}
	if auth.Denied(err) || isDenial(err) {
		return true
	}
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return Denied(wrapper.Unwrap())
	case interface{ Unwrap() []error }:
		for _, cause := range wrapper.Unwrap() {
			if Denied(cause) {
				return true
			}
		}
	}
	return false
}

// isDenial looks at the error itself.
func isDenial(of error) bool {
	v := reflect.Indirect(reflect.ValueOf(of))
	if v.Kind() != reflect.Struct {
		return false
	}
	if v.Type().Name() == "ErrUnauthorizedForCredentials" {
		return true
	}
	field, ok := v.Type().FieldByName("Code")
	if !ok {
		return false
	}
	code, err := v.FieldByIndexErr(field.Index)
	if err != nil || !code.CanInt() || !code.CanInterface() {
		return false
	}
	name, ok := code.Interface().(fmt.Stringer)
	return ok && (name.String() == "UNAUTHORIZED" || name.String() == "DENIED")
}
