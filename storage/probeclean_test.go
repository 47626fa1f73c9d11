package storage_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
)

func keysOf(t *testing.T, s *storage.Store) (keys []string) {
	for e, err := range s.List(t.Context(), storage.ListOptions{}) {
		require.NoError(t, err)
		keys = append(keys, e.Key)
	}
	return keys
}

// TestCleanProbes: a probe that dies at any of its calls leaves objects, which go once they
// are old, whatever their names, and nothing else does.
func TestCleanProbes(t *testing.T) {
	died := errors.New("died")
	left := map[string]bool{}
	for n := range 60 {
		d := new(memory.Driver)
		store := storage.New(d, storage.Options{})
		dying := middleware.Faults(d, middleware.Fault{Nth: n + 1, Err: died}) // from then on, and so does not clean up
		_, err := storage.Probe(t.Context(), dying, storage.DefaultProbePrefix)
		if err == nil {
			break
		}
		for _, key := range keysOf(t, store) {
			left[key[strings.LastIndexByte(key, '/')+1:]] = true
		}
		cleaned, err := store.CleanProbes(t.Context(), time.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.Zero(t, cleaned, "a probe may be under way")
		want := len(keysOf(t, store))
		cleaned, err = store.CleanProbes(t.Context(), time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, want, cleaned)
		require.Empty(t, keysOf(t, store))
	}
	require.GreaterOrEqual(t, len(left), 5, "%v", left)
}

// TestCleanProbesLeavesTheRest: what somebody keeps below the prefix is not a probe's.
func TestCleanProbesLeavesTheRest(t *testing.T) {
	store := storage.New(new(memory.Driver), storage.Options{ProbePrefix: "probes"})
	id := strings.Repeat("A2", 13)
	for _, key := range []string{
		"docker/registry/v2/x", "probes/" + id + "/other", "probes/" + id + "/absent/more", "probes/absent",
		"probes/readme/absent", "probes/" + id[:20] + "/absent", "probes2/" + id + "/absent",
		storage.DefaultProbePrefix + "/" + id + "/absent",
	} {
		_, err := store.WriteFile(t.Context(), key, []byte("x"), storage.CreateOptions{})
		require.NoError(t, err)
	}
	before := keysOf(t, store)
	_, err := store.WriteFile(t.Context(), "probes/"+id+"/same", []byte("x"), storage.CreateOptions{})
	require.NoError(t, err)
	cleaned, err := store.CleanProbes(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, cleaned)
	require.Equal(t, before, keysOf(t, store))
}
