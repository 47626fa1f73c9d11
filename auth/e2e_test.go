package auth_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// TestEndToEndPodmanLogins: what podman writes is read back here, and accepted by the
// registry when go-containerregistry uses it.
func TestEndToEndPodmanLogins(t *testing.T) {
	h := newE2EHost(t)
	for user, password := range e2eUsers {
		for _, key := range []string{h.registry, h.registry + "/team", h.registry + "/team/app"} {
			path := filepath.Join(t.TempDir(), "auth.json")
			h.podmanLogin(t, path, key, user)
			got := stored(t, path, h.registry+"/team/app")
			require.True(t, got.Equal(auth.NewBasic(user, password)), "%s for %s in %s", got, key, read(t, path))
			require.NoError(t, h.push(t, auth.NewResolver(auth.Options{}, auth.File(path, auth.DocumentOptions{})), "team/app"))

			require.NoError(t, auth.Logout(t.Context(), path, key, auth.DocumentOptions{}))
			_, err := h.run(t, "", "podman", "login", "--get-login", "--authfile", path, key)
			require.Error(t, err, "podman sees that it is logged out")
			_, err = h.tags(t, path, "team/app")
			require.ErrorContains(t, err, "authentication required")
		}
	}
	require.Error(t, h.push(t, auth.NewResolver(auth.Options{}), "team/app"), "the registry asks for a password")
}

// TestEndToEndLogins: what is written here skopeo and podman use, log out of, and leave
// alone where it is none of theirs.
func TestEndToEndLogins(t *testing.T) {
	h := newE2EHost(t)
	resolver := auth.NewResolver(auth.Options{}, auth.Document("e2e", []byte(`{"auths": {"`+h.registry+`": {"username": "org+bot", "password": "pw"}}}`), auth.DocumentOptions{}))
	require.NoError(t, h.push(t, resolver, "team/app"))
	for name, before := range map[string]string{
		"new file":       "",
		"podman's":       "{\n\t\"auths\": {\n\t\t\"other.io\": {\n\t\t\t\"auth\": \"eDp5\"\n\t\t}\n\t}\n}",
		"docker's":       `{"auths": {"https://index.docker.io/v1/": {"auth": "eDp5"}}, "credsStore": "", "HttpHeaders": {"A": "b"}}`,
		"a wrong one":    `{"auths":{"` + h.registry + `":{"auth":"eDp5"},"` + h.registry + `/team":{"auth":"eDp5"}}}`,
		"another's form": `{"auths":{"http://` + h.registry + `/v1/":{"username":"x","password":"y"}}}`,
	} {
		for user, password := range e2eUsers {
			for _, key := range []string{h.registry, h.registry + "/team"} {
				t.Run(name+" "+user+strings.TrimPrefix(key, h.registry), func(t *testing.T) {
					path := filepath.Join(t.TempDir(), "auth.json")
					if before != "" {
						write(t, path, before)
					}
					keys := []string{key}
					if name == "a wrong one" {
						keys = []string{h.registry, h.registry + "/team"}
						_, err := h.tags(t, path, "team/app")
						require.ErrorContains(t, err, "authentication required")
					}
					for _, key := range keys {
						require.NoError(t, auth.Login(t.Context(), path, key, auth.NewBasic(user, password), auth.DocumentOptions{}))
					}
					listed, err := h.tags(t, path, "team/app")
					require.NoError(t, err)
					require.Equal(t, []string{"v1"}, listed)
					_, err = h.run(t, "", "skopeo", "inspect", "--tls-verify=false", "--authfile", path, "docker://"+h.registry+"/team/app:v1")
					require.NoError(t, err)
					who, err := h.run(t, "", "podman", "login", "--get-login", "--authfile", path, key)
					require.NoError(t, err)
					require.Equal(t, user, who)

					for _, key := range keys {
						_, err = h.run(t, "", "podman", "logout", "--authfile", path, key)
						if name == "another's form" && key == h.registry {
							require.ErrorContains(t, err, "not logged into", "podman logs out of its own spelling alone")
							err = auth.Logout(t.Context(), path, key, auth.DocumentOptions{})
						}
						require.NoError(t, err)
					}
					require.False(t, stored(t, path, h.registry+"/team/app").Equal(auth.NewBasic(user, password)))
				})
			}
		}
	}
}

// TestEndToEndPullSecret: the document of a pull secret serves as an auth file.
func TestEndToEndPullSecret(t *testing.T) {
	h := newE2EHost(t)
	secret := &auth.PullSecret{Namespace: "dev", Name: "pull", Type: auth.TypeDockerConfigJSON,
		Data: auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte(`{"auths":{"quay.io":{"auth":"eDp5","email":"e"}}}`)})}
	_, document, err := auth.LoginSecret(secret, h.registry, auth.NewBasic("org+bot", "pw"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "auth.json")
	write(t, path, string(document))
	secret.Data = auth.NewSecretData(map[string][]byte{".dockerconfigjson": document})
	require.NoError(t, h.push(t, auth.NewResolver(auth.Options{}, auth.Secrets(auth.NewSecretStore(secret), "dev", "pull")), "team/app"))
	listed, err := h.tags(t, path, "team/app")
	require.NoError(t, err)
	require.Equal(t, []string{"v1"}, listed)

	_, document, err = auth.LogoutSecret(secret, h.registry)
	require.NoError(t, err)
	write(t, path, string(document))
	_, err = h.tags(t, path, "team/app")
	require.ErrorContains(t, err, "authentication required")
}

// TestEndToEndTry: the registry denies the first credential and accepts the second.
func TestEndToEndTry(t *testing.T) {
	h := newE2EHost(t)
	dir := t.TempDir()
	for i, password := range []string{"last year's", "pw"} {
		require.NoError(t, auth.Login(t.Context(), filepath.Join(dir, fmt.Sprint(i)), h.registry, auth.NewBasic("org+bot", password), auth.DocumentOptions{}))
	}
	resolver := auth.NewResolver(auth.Options{}, auth.File(filepath.Join(dir, "0"), auth.DocumentOptions{}), auth.File(filepath.Join(dir, "1"), auth.DocumentOptions{}))
	repository, err := name.NewRepository(h.registry + "/team/app")
	require.NoError(t, err)
	tries := 0
	_, err = auth.Try(t.Context(), resolver, repository, auth.TryOptions{}, func(ctx context.Context, a authn.Authenticator) (int, error) {
		tries++
		return 0, pushAs(ctx, repository, a)
	})
	require.NoError(t, err)
	require.Equal(t, 2, tries)
	_, err = h.tags(t, filepath.Join(dir, "0"), "team/app")
	require.ErrorContains(t, err, "authentication required", "the first was wrong indeed")
}
