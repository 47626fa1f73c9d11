package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// TestQuickstart runs the program as main does. What it prints is in the README, too.
func TestQuickstart(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	before := goroutines()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out))
	ended := time.Now()

	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
	// Both ends of a connection that was closed end a moment later.
	for tick := range time.Tick(time.Millisecond) {
		left := started(before)
		if len(left) == 0 {
			break
		}
		require.Less(t, tick.Sub(ended), 10*time.Second, "goroutines that are left:\n%s", strings.Join(left, "\n\n"))
	}
}

// TestReadme compares the README's first output with the golden file.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)
	require.True(t, strings.Contains(string(readme), "```\n"+string(want)+"```\n"), "README.md does not hold testdata/output.txt")
}

// goroutines counts all goroutines by the function that started each.
func goroutines() map[string]int {
	n := map[string]int{}
	for _, stack := range stacks() {
		n[origin(stack)]++
	}
	return n
}

// neverEnds starts the goroutine that spreads a registry's events. Distribution starts
// one with every registry and has no way to end it.
const neverEnds = "github.com/docker/go-events.NewBroadcaster"

// started returns the stacks of goroutines that were not there before.
func started(before map[string]int) []string {
	var left []string
	n := map[string]int{}
	for _, stack := range stacks() {
		at := origin(stack)
		if n[at]++; n[at] > before[at] && at != neverEnds {
			left = append(left, stack)
		}
	}
	return left
}

func stacks() []string {
	buffer := make([]byte, 1<<20)
	return strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n")
}

// origin is where a goroutine was started; "" of the first.
func origin(stack string) string {
	_, created, _ := strings.Cut(stack, "\ncreated by ")
	function, _, _ := strings.Cut(created, " in goroutine")
	return function
}

// pruned runs a show up to its proofs.
func pruned(t *testing.T) *show {
	t.Helper()
	s, err := newShow(t.Context(), t.TempDir(), io.Discard)
	require.NoError(t, err)
	t.Cleanup(s.close)
	require.NoError(t, s.replay(t.Context()))
	require.NoError(t, s.plan(t.Context()))
	require.NoError(t, s.carryOut(t.Context()))
	require.NoError(t, s.collect(t.Context()))
	return s
}

// TestProofsFail damages what the proofs are about: each finds it, and names it.
func TestProofsFail(t *testing.T) {
	s := pruned(t)
	require.NoError(t, s.prove(t.Context()))

	s.before.bytes++
	require.EqualError(t, s.prove(t.Context()), "proof failed: the volume shrank by 24 blobs of 1660023 bytes, the plans promised 24 of 1660022")
	s.before.bytes--

	ref, err := name.NewTag(s.registry.host + "/shop/api:v1")
	require.NoError(t, err)
	require.NoError(t, s.client.Push(t.Context(), ref, empty.Image, registryclient.PushOptions{}))
	require.ErrorContains(t, s.prove(t.Context()), "proof failed: shop/api:v1: item 0: the registry has sha256:")
	_, err = s.proveSignature(t.Context())
	require.EqualError(t, err, "shop/api:v1 has 0 signatures")

	layer := s.cluster.images[s.cluster.streams["shop/api"].StatusTag("latest").Items[2].Image].DockerImageLayers[2].Name
	key, err := registrylayout.BlobKey(digest.Digest(layer))
	require.NoError(t, err)
	require.NoError(t, s.registry.store.Delete(t.Context(), key, storage.DeleteOptions{}))
	err = s.prove(t.Context())
	require.ErrorContains(t, err, "proof failed: shop/api:latest: item 2: ")
	require.ErrorContains(t, err, layer)
	_, err = s.proveSound(t.Context())
	require.ErrorContains(t, err, layer)
}

// TestPassword: nobody gets in without.
func TestPassword(t *testing.T) {
	s, err := newShow(t.Context(), t.TempDir(), io.Discard)
	require.NoError(t, err)
	t.Cleanup(s.close)
	host, err := name.NewRegistry(s.registry.host)
	require.NoError(t, err)
	_, err = s.client.Ping(t.Context(), host)
	require.NoError(t, err)
	anonymous := s.client.WithKeychain(nil)
	_, err = registryclient.Collect(anonymous.Catalog(t.Context(), host, registryclient.ListOptions{}))
	require.ErrorIs(t, err, registryclient.Unauthorized)
}

// TestNoPlaceToWrite: there is no directory for temporary files.
func TestNoPlaceToWrite(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, run(t.Context(), io.Discard), os.ErrNotExist)
}

// TestInterrupted: a context that is done ends the program, and nothing is left.
func TestInterrupted(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, run(ctx, io.Discard), context.Canceled)
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestNobodyReads: the output cannot be written.
func TestNobodyReads(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	reader, writer := io.Pipe()
	require.NoError(t, reader.Close())
	require.ErrorIs(t, run(t.Context(), writer), io.ErrClosedPipe)
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
}
