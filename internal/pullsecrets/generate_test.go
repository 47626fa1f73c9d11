package pullsecrets_test

import (
	"encoding/json"
	"testing"

	"github.com/registrykit/registrykit/internal/pullsecrets"
	"github.com/stretchr/testify/require"
)

func TestGenerate(t *testing.T) {
	secrets := pullsecrets.Generate("dev", 3, 4)
	require.Equal(t, secrets, pullsecrets.Generate("dev", 3, 4))
	require.Len(t, secrets, 3)
	var document struct{ Auths map[string]pullsecrets.Auth }
	require.NoError(t, json.Unmarshal(secrets[2].DockerConfigJSON, &document))
	require.Equal(t, secrets[2].Auths, document.Auths)
	require.Equal(t, "user-2-1", document.Auths["quay.io/team-2-1"].Username)
	require.Equal(t, "quay.io/team-2-1/app", pullsecrets.Image(2, 1))
	require.Equal(t, "registry-2-0.example.com/app", pullsecrets.Image(2, 0))
}
