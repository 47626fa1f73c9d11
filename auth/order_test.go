package auth_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// TestTiers: whatever the order of the arguments and the specificity of the keys.
func TestTiers(t *testing.T) {
	home := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(home, ".docker"), 0o700))
	write(t, filepath.Join(home, ".docker", "config.json"), auths(e("quay.io/org/img", "host"))[0])
	node := filepath.Join(t.TempDir(), "config.json")
	write(t, node, auths(e("quay.io/org", "node"))[0])
	pull := secret("pull-secret", e("quay.io/org", "cluster"))
	pull.Namespace = "openshift-config"
	store := auth.NewSecretStore(pull, secret("a", e("quay.io", "a")), secret("b", e("quay.io/org", "b")), secret("c", e("quay.io", "c")))

	require.Equal(t, "explicit > b > c > a > cluster > node > host", chosen(t, auth.Options{}, app,
		auth.Host(auth.HostOptions{Home: home, Getenv: func(string) string { return "" }, UID: "no such"}),
		auth.ClusterPullSecret(store),
		auth.Node(node),
		auth.Secrets(store, "dev", "c", "b", "a"),
		document(e("quay.io", "explicit"))))
}

// TestServiceAccount: its own list of names, in its order, and nothing else.
func TestServiceAccount(t *testing.T) {
	store := auth.NewSecretStore(secret("a", e("quay.io", "a")), secret("b", e("quay.io", "b")), secret("c", e("quay.io", "c")))
	accounts := auth.ServiceAccountReaderFunc(func(_ context.Context, namespace, name string) ([]string, error) {
		if namespace != "dev" || name != "builder" {
			return nil, auth.ErrNotFound
		}
		return []string{"c", "absent", "a"}, nil
	})
	require.Equal(t, "c > a", chosen(t, auth.Options{}, app, auth.ServiceAccount(accounts, store, "dev", "builder")))
	steps := explain(t, auth.Options{}, app, auth.ServiceAccount(accounts, store, "dev", "default")).Steps
	require.Equal(t, []auth.Step{{Source: "service account dev/default", Outcome: auth.Missing}}, steps)
}

// TestEqualCredentialsAreOne, where they are equal in all they hold.
func TestEqualCredentialsAreOne(t *testing.T) {
	require.Equal(t, "a > a/x > a/+id:T", chosen(t, auth.Options{}, app, document(
		e("quay.io", "a"), e("https://quay.io", "a"), `"quay.io/": {"username": "a", "password": "x"}`,
		`"quay.io/v1/": {"username": "a", "identitytoken": "T"}`, `"https://quay.io/v2/": {"username": "a", "identitytoken": "T"}`)))
}

// TestRegistryAsAWhole: what is for a namespace alone is not shown to list a catalog.
func TestRegistryAsAWhole(t *testing.T) {
	r := auth.NewResolver(auth.Options{}, document(e("quay.io/org", "ns"), e("quay.io", "h")))
	candidates, err := r.Candidates(t.Context(), registryOnly("quay.io"))
	require.NoError(t, err)
	require.Len(t, candidates, 1)
	require.Equal(t, "h", candidates[0].Credential.Username)
	e, err := r.ExplainResource(t.Context(), registryOnly("quay.io"))
	require.NoError(t, err)
	require.Equal(t, "it is for org alone, not for the registry as a whole", e.Steps[1].Detail)
}

// registryOnly is a registry, or a reference with a tag, as other callers of a
// Keychain pass them.
type registryOnly string

func (r registryOnly) String() string      { return string(r) }
func (r registryOnly) RegistryStr() string { return "quay.io" }

func TestResourceWithATag(t *testing.T) {
	r := auth.NewResolver(auth.Options{}, document(e("quay.io/org/img", "r")))
	for _, text := range []string{"quay.io/org/img:v1", "quay.io/org/img@sha256:abc", "quay.io/org/img:v1@sha256:abc", "quay.io/org/img"} {
		candidates, err := r.Candidates(t.Context(), registryOnly(text))
		require.NoError(t, err)
		require.Len(t, candidates, 1, text)
	}
}

// TestKubeletFallback: Docker Hub's old key serves where a tier has nothing else.
func TestKubeletFallback(t *testing.T) {
	compat := auth.Options{KubeletCompat: true}
	store := auth.NewSecretStore(secret("v1", e("https://index.docker.io/v1/", "v1")), secret("hub", e("docker.io", "hub")), secret("org", e("docker.io/acme", "org")))
	node := filepath.Join(t.TempDir(), "config.json")
	write(t, node, auths(e("https://index.docker.io/v1/", "node"))[0])
	require.Equal(t, "v1", chosen(t, compat, "busybox", auth.Secrets(store, "dev", "v1")))
	require.Equal(t, "hub", chosen(t, compat, "busybox", auth.Secrets(store, "dev", "v1"), auth.Secrets(store, "dev", "hub")))
	require.Equal(t, "org > hub", chosen(t, compat, "acme/x", auth.Secrets(store, "dev", "v1", "hub", "org")))
	require.Equal(t, "hub > node", chosen(t, compat, "busybox", auth.Node(node), auth.Secrets(store, "dev", "hub")))
	require.Equal(t, "", chosen(t, compat, app, auth.Secrets(store, "dev", "v1")))
	require.Equal(t, "f > v1", chosen(t, compat, "busybox", document(e("registry-1.docker.io", "f")), auth.Secrets(store, "dev", "v1")), "files go by our rules")
}
