package containersimage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/containers/image/v5/types"
	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/auth/containersimage"
	"github.com/stretchr/testify/require"
)

// The errors of containers/image's package docker, by their form.
type (
	ErrUnauthorizedForCredentials struct{ Err error }
	UnexpectedHTTPStatusError     struct{ StatusCode int }
	errorCode                     int
	registryError                 struct{ Code errorCode }
)

func (ErrUnauthorizedForCredentials) Error() string { return "invalid username/password" }
func (UnexpectedHTTPStatusError) Error() string     { return "unexpected status" }
func (registryError) Error() string                 { return "registry" }

func (c errorCode) String() string { return []string{"UNKNOWN", "UNAUTHORIZED", "DENIED"}[c] }

type codeless struct{ *registryError }

func (codeless) Error() string { return "an embedded nil" }

func TestDenied(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"none":             {nil, false},
		"another":          {errors.New("x"), false},
		"unauthorized":     {ErrUnauthorizedForCredentials{}, true},
		"wrapped":          {fmt.Errorf("fetching: %w", ErrUnauthorizedForCredentials{}), true},
		"joined":           {errors.Join(errors.New("x"), &registryError{1}), true},
		"status 401":       {&UnexpectedHTTPStatusError{401}, true},
		"status 403":       {UnexpectedHTTPStatusError{403}, true},
		"status 500":       {UnexpectedHTTPStatusError{500}, false},
		"code, denied":     {fmt.Errorf("x: %w", registryError{2}), true},
		"code, unknown":    {registryError{0}, false},
		"a nil pointer":    {(*UnexpectedHTTPStatusError)(nil), false},
		"an embedded nil":  {codeless{}, false},
		"a denied Try":     {&auth.DeniedError{Attempts: []auth.Attempt{{Err: registryError{1}}}}, true},
		"a DeniedError of": {&auth.DeniedError{}, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, containersimage.Denied(c.err)) })
	}
}

// A registry that accepts the second of two credentials.
func ExampleTry() {
	r := auth.NewResolver(auth.Options{},
		auth.Document("old", []byte(`{"auths": {"quay.io": {"username": "dev", "password": "last year's"}}}`), auth.DocumentOptions{}),
		auth.Document("new", []byte(`{"auths": {"quay.io": {"username": "dev", "password": "this year's"}}}`), auth.DocumentOptions{}))
	tags, err := containersimage.Try(context.Background(), r, nil, "quay.io/org/app", auth.TryOptions{},
		func(_ context.Context, sys *types.SystemContext) ([]string, error) { // docker.GetRepositoryTags(ctx, sys, ref)
			if sys.DockerAuthConfig.Password != "this year's" {
				return nil, ErrUnauthorizedForCredentials{}
			}
			return []string{"v1"}, nil
		})
	fmt.Println(tags, err)
	// Output: [v1] <nil>
}

func TestTry(t *testing.T) {
	r := resolver(`{"auths": {"quay.io/org": {"registrytoken": "R"}, "quay.io": {"auth": "ZGV2OnB3"}}}`)
	base := &types.SystemContext{OSChoice: "linux"}
	var seen []string
	see := func(_ context.Context, sys *types.SystemContext) (int, error) {
		seen = append(seen, fmt.Sprintf("%s %q %q %v", sys.OSChoice, sys.DockerAuthConfig.Username, sys.DockerBearerRegistryToken, sys.DockerInsecureSkipTLSVerify == types.OptionalBoolFalse))
		return 1, ErrUnauthorizedForCredentials{}
	}
	n, err := containersimage.Try(t.Context(), r, base, "quay.io/org/app", auth.TryOptions{Anonymous: true}, see)
	require.ErrorIs(t, err, auth.ErrDenied)
	require.Zero(t, n)
	require.Equal(t, []string{`linux "" "R" true`, `linux "dev" "" true`, `linux "" "" false`}, seen)

	_, err = containersimage.Try(t.Context(), r, base, "NOT AN IMAGE", auth.TryOptions{}, see)
	require.ErrorIs(t, err, auth.ErrImage)

	// What Try found accepted is what SystemContext begins with.
	_, err = containersimage.Try(t.Context(), r, base, "quay.io/org/app", auth.TryOptions{}, func(_ context.Context, sys *types.SystemContext) (int, error) {
		if sys.DockerBearerRegistryToken != "" {
			return 0, ErrUnauthorizedForCredentials{}
		}
		return 0, nil
	})
	require.NoError(t, err)
	sys, err := containersimage.SystemContext(t.Context(), r, base, "quay.io/org/app")
	require.NoError(t, err)
	require.Equal(t, "dev", sys.DockerAuthConfig.Username)
}
