package auth_test

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// TestEveryNameOfDockerHub: each way to write the key with each way to write the
// image.
func TestEveryNameOfDockerHub(t *testing.T) {
	hosts := []string{"docker.io", "index.docker.io", "registry-1.docker.io", "Docker.IO", "index.docker.io:443"}
	var keys []string
	for _, host := range hosts {
		keys = append(keys, host, host+"/", host+"/v1/", host+"/v2/", host+"/library", host+"/library/busybox")
		for _, path := range []string{"", "/", "/v1", "/v1/", "/v2", "/v2/", "/library", "/v1/library"} {
			keys = append(keys, "https://"+host+path, "http://"+host+path)
		}
	}
	images := []string{"busybox", "library/busybox", "docker.io/busybox", "docker.io/library/busybox:v1", "index.docker.io/library/busybox", "registry-1.docker.io/library/busybox", "docker://busybox"}
	for _, key := range keys {
		for _, image := range images {
			require.Equal(t, "u", chosen(t, auth.Options{}, image, document(e(key, "u"))), "%s for %s", key, image)
		}
		require.Empty(t, chosen(t, auth.Options{}, app, document(e(key, "u"))), "%s for %s", key, app)
	}
	for _, key := range []string{"docker.io/lib", "docker.io/acme", "docker.com", "hub.docker.com", "io", "docker.io:5000", "auth.docker.io", "xdocker.io"} {
		require.Empty(t, chosen(t, auth.Options{}, "busybox", document(e(key, "u"))), key)
	}
}

// TestKeychainOfGoContainerregistry: the same through its own types of names.
func TestKeychainOfGoContainerregistry(t *testing.T) {
	r := auth.NewResolver(auth.Options{}, document(e("docker.io", "hub"), e("quay.io:443", "q"), e("reg.example.com:5000/team", "team")))
	for image, want := range map[string]string{
		"busybox": "hub", "index.docker.io/acme/x": "hub", "quay.io/org/app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": "q",
		"reg.example.com:5000/team/app:v1": "team", "reg.example.com:5000/teams/app": "", "reg.example.com/team/app": "",
	} {
		ref, err := name.ParseReference(image)
		require.NoError(t, err)
		candidates, err := r.Candidates(t.Context(), ref.Context())
		require.NoError(t, err)
		got := ""
		if len(candidates) > 0 {
			got = candidates[0].Credential.Username
		}
		require.Equal(t, want, got, image)
	}
	registry, err := name.NewRegistry("index.docker.io")
	require.NoError(t, err)
	candidates, err := r.Candidates(t.Context(), registry)
	require.NoError(t, err)
	require.Len(t, candidates, 1)
}
