package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/stretchr/testify/require"
)

// TestEndToEnd has Debian's docker-registry tell of pushes and deletions. It runs where
// that is installed; where REGISTRYKIT_E2E is set, it is a failure if it is not.
func TestEndToEnd(t *testing.T) {
	if _, err := exec.LookPath("docker-registry"); err != nil {
		if os.Getenv("REGISTRYKIT_E2E") != "" {
			t.Fatal(err)
		}
		t.Skip("docker-registry is not installed")
	}
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("hunter2"), 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host := listener.Addr().String()
	require.NoError(t, listener.Close())
	s := start(t, build(t), "--registry", host, "--token-file", token)
	startRegistry(t, host, s.url)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	registry, err := name.NewRegistry(host)
	require.NoError(t, err)
	c := registryclient.New(registryclient.Options{Retry: registryclient.RetryOptions{Attempts: 500, Backoff: 20 * time.Millisecond, MaxBackoff: 100 * time.Millisecond}})
	defer c.Close()
	_, err = c.Ping(ctx, registry)
	require.NoError(t, err)

	first, second := randomImage(t), randomImage(t)
	repo := registry.Repo("dev/app")
	require.NoError(t, c.Push(ctx, repo.Tag("v1"), first, registryclient.PushOptions{}))
	require.Equal(t, hash(t, first), s.stream().LatestEvent("v1").Image)
	require.NoError(t, c.Push(ctx, repo.Tag("v1"), second, registryclient.PushOptions{}))
	stream := s.stream()
	require.Len(t, stream.StatusTag("v1").Items, 2)
	require.Equal(t, host+"/dev/app@"+hash(t, second), stream.LatestEvent("v1").DockerImageReference)
	// An index: its images are pushed by digest, and only the tag is told of.
	index, err := random.Index(50, 1, 2)
	require.NoError(t, err)
	require.NoError(t, c.Push(ctx, repo.Tag("v2"), index, registryclient.PushOptions{}))
	require.Equal(t, hash(t, index), s.stream().LatestEvent("v2").Image)
	require.NoError(t, c.DeleteManifest(ctx, repo.Digest(hash(t, first))))
	require.Len(t, s.stream().StatusTag("v1").Items, 1)
	require.NoError(t, c.DeleteManifest(ctx, repo.Digest(hash(t, second))))
	require.Nil(t, s.stream().StatusTag("v1"))
	require.Zero(t, s.end())
}

func randomImage(t *testing.T) v1.Image {
	image, err := random.Image(100, 1)
	require.NoError(t, err)
	return image
}

func hash(t *testing.T, of interface{ Digest() (v1.Hash, error) }) string {
	h, err := of.Digest()
	require.NoError(t, err)
	return h.String()
}

// startRegistry starts a registry that tells the webhook, and ends it with the test.
func startRegistry(t *testing.T, host, url string) {
	config := filepath.Join(t.TempDir(), "config.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {inmemory: {}, delete: {enabled: true}}
http: {addr: %q, secret: s}
notifications:
  endpoints:
    - name: webhook
      url: %q
      headers: {Authorization: [Bearer hunter2]}
      timeout: 5s
      threshold: 3
      backoff: 100ms
`, host, url), 0o600))
	registry := exec.Command("docker-registry", "serve", config)
	require.NoError(t, registry.Start())
	t.Cleanup(func() {
		_ = registry.Process.Kill() // it may have ended
		_ = registry.Wait()
	})
}
