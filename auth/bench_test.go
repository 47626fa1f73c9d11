package auth_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/internal/pullsecrets"
	"github.com/stretchr/testify/require"
)

const benchSecrets, benchEntries = 1000, 10

// benchStore holds 1,000 Secrets of 10 entries.
func benchStore(secrets int) *auth.SecretStore {
	store := auth.NewSecretStore()
	for _, s := range pullsecrets.Generate("dev", secrets, benchEntries) {
		store.Put(&auth.PullSecret{Namespace: s.Namespace, Name: s.Name, ResourceVersion: "1", Type: auth.TypeDockerConfigJSON,
			Data: auth.NewSecretData(map[string][]byte{".dockerconfigjson": s.DockerConfigJSON})})
	}
	return store
}

// benchImages are for a registry of its own, for one of 5,000 namespaces of quay.io,
// and for nothing.
func benchImages(t testing.TB) map[string]authn.Resource {
	images := make(map[string]authn.Resource)
	for name, text := range map[string]string{
		"registry":  pullsecrets.Image(benchSecrets/2, 0),
		"namespace": pullsecrets.Image(benchSecrets/2, 1),
		"none":      "ghcr.io/org/app",
	} {
		image, err := auth.Image(text)
		require.NoError(t, err)
		images[name] = image
	}
	return images
}

// BenchmarkResolve asks a warm resolver over 1,000 Secrets of 10 entries.
func BenchmarkResolve(b *testing.B) {
	store := benchStore(benchSecrets)
	listed, err := store.Secrets(b.Context(), "dev")
	require.NoError(b, err)
	lister := auth.SecretListerFunc(func(context.Context, string) ([]*auth.PullSecret, error) { return listed, nil })
	for source, r := range map[string]*auth.Resolver{
		"store":   auth.NewResolver(auth.Options{}, auth.NamespaceSecrets(store, "dev")),
		"lister":  auth.NewResolver(auth.Options{}, auth.NamespaceSecrets(lister, "dev")),
		"kubelet": auth.NewResolver(auth.Options{KubeletCompat: true}, auth.NamespaceSecrets(store, "dev")),
	} {
		for name, image := range benchImages(b) {
			b.Run(source+"/"+name, func(b *testing.B) {
				_, err := r.Resolve(image)
				require.NoError(b, err)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := r.Resolve(image); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkFirstUse parses and indexes all of them.
func BenchmarkFirstUse(b *testing.B) {
	store := benchStore(benchSecrets)
	image := benchImages(b)["registry"]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := auth.NewResolver(auth.Options{}, auth.NamespaceSecrets(store, "dev")).Resolve(image); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDefaultKeychain is go-containerregistry's keychain with the same entries
// in one config.json, beside this package with the same file.
func BenchmarkDefaultKeychain(b *testing.B) {
	auths := make(map[string]pullsecrets.Auth)
	for _, s := range pullsecrets.Generate("dev", benchSecrets, benchEntries) {
		for key, entry := range s.Auths {
			auths[key] = entry
		}
	}
	document, err := json.Marshal(map[string]any{"auths": auths})
	require.NoError(b, err)
	dir := b.TempDir()
	path := filepath.Join(dir, "config.json")
	require.NoError(b, os.WriteFile(path, document, 0o600))
	old := time.Now().Add(-time.Hour) // a file of this moment is read again
	require.NoError(b, os.Chtimes(path, old, old))
	b.Setenv("DOCKER_CONFIG", dir)
	b.Setenv("HOME", b.TempDir())
	image := benchImages(b)["registry"]
	for name, keychain := range map[string]authn.Keychain{
		"go-containerregistry": authn.DefaultKeychain,
		"registrykit":          auth.NewResolver(auth.Options{}, auth.Host(auth.HostOptions{})),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := keychain.Resolve(image); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAllocationsDoNotGrowWithTheSecrets compares 10 Secrets with 1,000.
func TestAllocationsDoNotGrowWithTheSecrets(t *testing.T) {
	image, err := auth.Image(pullsecrets.Image(5, 1)) // among the namespaces of one host
	require.NoError(t, err)
	allocations := func(secrets int) float64 {
		listed, err := benchStore(secrets).Secrets(t.Context(), "dev")
		require.NoError(t, err)
		lister := auth.SecretListerFunc(func(context.Context, string) ([]*auth.PullSecret, error) { return listed, nil })
		r := auth.NewResolver(auth.Options{}, auth.NamespaceSecrets(benchStore(secrets), "dev"), auth.NamespaceSecrets(lister, "dev"))
		return testing.AllocsPerRun(20, func() {
			if a, err := r.Resolve(image); err != nil || a == authn.Anonymous {
				t.Errorf("%v %v", a, err)
			}
		})
	}
	few, many := allocations(10), allocations(1000)
	require.Equal(t, few, many)
	require.Less(t, many, 20.0)
}
