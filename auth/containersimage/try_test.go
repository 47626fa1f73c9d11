package containersimage_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/containers/image/v5/types"
	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/auth/containersimage"
	"github.com/stretchr/testify/require"
)

// An ErrUnauthorizedForCredentials is the error of containers/image's package docker.
type ErrUnauthorizedForCredentials struct{ Err error }

func (ErrUnauthorizedForCredentials) Error() string { return "invalid username/password" }

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
