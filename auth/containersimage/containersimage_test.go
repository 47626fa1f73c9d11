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

func resolver(document string) *auth.Resolver {
	return auth.NewResolver(auth.Options{}, auth.Document("test", []byte(document), auth.DocumentOptions{}))
}

// What a program built on containers/image uses for an image.
func ExampleSystemContext() {
	r := auth.NewResolver(auth.Options{}, auth.Document("auth.json",
		[]byte(`{"auths": {"quay.io/org": {"username": "org+bot", "password": "pw"}}}`), auth.DocumentOptions{}))
	for _, image := range []string{"quay.io/org/app", "quay.io/organization/app"} {
		sys, err := containersimage.SystemContext(context.Background(), r, nil, image)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %q\n", image, sys.DockerAuthConfig.Username)
	}
	// Output:
	// quay.io/org/app: "org+bot"
	// quay.io/organization/app: ""
}

func TestSystemContext(t *testing.T) {
	base := &types.SystemContext{
		AuthFilePath:              "/etc/elsewhere.json",
		DockerAuthConfig:          &types.DockerAuthConfig{Username: "old"},
		DockerBearerRegistryToken: "old",
	}
	cases := map[string]struct {
		entry    string
		base     *types.SystemContext
		image    string
		username string
		password string
		identity string
		registry string
	}{
		"a password":                          {`"quay.io": {"auth": "ZGV2OnB3"}`, nil, "quay.io/org/app", "dev", "pw", "", ""},
		"an identity token":                   {`"quay.io": {"identitytoken": "T"}`, nil, "quay.io/org/app", "", "", "T", ""},
		"a registry token":                    {`"quay.io": {"registrytoken": "R"}`, nil, "quay.io/org/app", "", "", "", "R"},
		"none hides what the base has":        {`"quay.io": {"auth": "ZGV2OnB3"}`, base, "ghcr.io/org/app", "", "", "", ""},
		"one replaces what the base has":      {`"quay.io": {"auth": "ZGV2OnB3"}`, base, "quay.io/org/app", "dev", "pw", "", ""},
		"withheld where plain HTTP may be":    {`"quay.io": {"auth": "ZGV2OnB3"}`, &types.SystemContext{DockerInsecureSkipTLSVerify: types.OptionalBoolTrue}, "quay.io/org/app", "", "", "", ""},
		"not withheld on this machine":        {`"localhost:5000": {"auth": "ZGV2OnB3"}`, &types.SystemContext{DockerInsecureSkipTLSVerify: types.OptionalBoolTrue}, "localhost:5000/app", "dev", "pw", "", ""},
		"Docker Hub by the name of an image":  {`"https://index.docker.io/v1/": {"auth": "ZGV2OnB3"}`, nil, "docker.io/library/busybox", "dev", "pw", "", ""},
		"Docker Hub by another name of a key": {`"registry-1.docker.io": {"auth": "ZGV2OnB3"}`, nil, "busybox", "dev", "pw", "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			sys, err := containersimage.SystemContext(t.Context(), resolver(`{"auths": {`+c.entry+`}}`), c.base, c.image)
			require.NoError(t, err)
			require.Equal(t, types.DockerAuthConfig{Username: c.username, Password: c.password, IdentityToken: c.identity}, *sys.DockerAuthConfig)
			require.Equal(t, c.registry, sys.DockerBearerRegistryToken)
			if c.base == base {
				require.Equal(t, "/etc/elsewhere.json", sys.AuthFilePath)
				require.Equal(t, "old", base.DockerAuthConfig.Username, "the base is not changed")
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	r := resolver(`{"auths": {"quay.io/org": {"registrytoken": "R"}, "quay.io": {"auth": "ZGV2OnB3"}}}`)
	config, from, err := containersimage.Credentials(t.Context(), r, "quay.io/org/app")
	require.NoError(t, err)
	require.Equal(t, types.DockerAuthConfig{Username: "dev", Password: "pw"}, config, "a registry token has no place there")
	require.Equal(t, "quay.io", from.Key)

	config, from, err = containersimage.Credentials(t.Context(), r, "ghcr.io/org/app")
	require.NoError(t, err)
	require.Equal(t, types.DockerAuthConfig{}, config)
	require.Empty(t, from.Source)

	_, _, err = containersimage.Credentials(t.Context(), r, "NOT AN IMAGE")
	require.ErrorIs(t, err, auth.ErrImage)
	_, err = containersimage.SystemContext(t.Context(), r, nil, "NOT AN IMAGE")
	require.ErrorIs(t, err, auth.ErrImage)
}

// TestTLSIsVerifiedWhereACredentialIsSent: registries.conf may say that a registry is
// insecure, and containers/image then falls back to plain HTTP.
func TestTLSIsVerifiedWhereACredentialIsSent(t *testing.T) {
	const undefined, yes, no = types.OptionalBoolUndefined, types.OptionalBoolTrue, types.OptionalBoolFalse
	document := auth.Document("d", []byte(`{"auths": {"quay.io": {"auth": "ZGV2OnB3"}, "localhost:5000": {"auth": "ZGV2OnB3"}}}`), auth.DocumentOptions{})
	strict, lax := auth.NewResolver(auth.Options{}, document), auth.NewResolver(auth.Options{}, auth.AllowPlainHTTP(document))
	for name, c := range map[string]struct {
		resolver   *auth.Resolver
		base, want types.OptionalBool
		image      string
		username   string
	}{
		"undefined":               {strict, undefined, no, "quay.io/app", "dev"},
		"undefined, with leave":   {lax, undefined, undefined, "quay.io/app", "dev"},
		"undefined, this machine": {strict, undefined, undefined, "localhost:5000/app", "dev"},
		"undefined, none":         {strict, undefined, undefined, "ghcr.io/app", ""},
		"insecure":                {strict, yes, yes, "quay.io/app", ""},
		"insecure, with leave":    {lax, yes, yes, "quay.io/app", "dev"},
		"secure":                  {strict, no, no, "quay.io/app", "dev"},
	} {
		t.Run(name, func(t *testing.T) {
			base := &types.SystemContext{DockerInsecureSkipTLSVerify: c.base}
			sys, err := containersimage.SystemContext(t.Context(), c.resolver, base, c.image)
			require.NoError(t, err)
			require.Equal(t, c.want, sys.DockerInsecureSkipTLSVerify)
			require.Equal(t, c.username, sys.DockerAuthConfig.Username)
			require.Equal(t, c.base, base.DockerInsecureSkipTLSVerify)
		})
	}
}
