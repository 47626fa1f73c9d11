package registrylayout_test

import (
	"strings"
	"testing"

	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// A manifest whose every layer is wrong: the error stays small.
func TestAManifestOfNothingButFaults(t *testing.T) {
	tree := newTree(t)
	raw := `{"schemaVersion":2,"layers":[{}` + strings.Repeat(",{}", 5000) + `]}`
	_, err := tree.PutManifest(t.Context(), "a", []byte(raw), registrylayout.PutManifestOptions{})
	require.ErrorIs(t, err, registrylayout.ErrManifest)
	require.ErrorContains(t, err, "layers[0]")
	require.Less(t, len(err.Error()), 2000)
}
