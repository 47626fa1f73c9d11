package auth_test

import (
	"strings"
	"testing"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

func TestParseSecrets(t *testing.T) {
	const one = `{"kind": "Secret", "metadata": {"namespace": "dev", "name": "pull", "resourceVersion": "7", "annotations": {"a": "b"}},
		"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "e30=", "other": "AA=="}}`
	secrets, err := auth.ParseSecrets([]byte(one))
	require.NoError(t, err)
	require.Len(t, secrets, 1)
	s := secrets[0]
	require.Equal(t, []string{"dev", "pull", "7", "b", "kubernetes.io/dockerconfigjson", "{}"},
		[]string{s.Namespace, s.Name, s.ResourceVersion, s.Annotations["a"], s.Type, string(s.Data.Reveal(".dockerconfigjson"))})

	secrets, err = auth.ParseSecrets([]byte(`{"kind": "List", "items": [` + one + `,
		{"kind": "ConfigMap", "data": {"x": "y"}},
		{"kind": "Secret", "metadata": {"namespace": "dev", "name": "bad"}, "data": {".dockerconfigjson": "hunter2!"}},
		{"kind": "Secret", "metadata": {"name": "text"}, "stringData": {".dockercfg": "{}"}, "type": "kubernetes.io/dockercfg"}]}`))
	require.ErrorIs(t, err, auth.ErrMalformed)
	require.EqualError(t, err, "parse secret dev/bad: malformed: not laid out as a Secret, or its data is not base64")
	require.Len(t, secrets, 2)
	require.Equal(t, "{}", string(secrets[1].Data.Reveal(".dockercfg")))

	bad := `{"kind": "Secret", "metadata": {"namespace": "dev", "name": "bad"}, "data": 7}`
	secrets, err = auth.ParseSecrets([]byte(`{"kind": "List", "items": [` + strings.Repeat(bad+",", 30) + one + `]}`))
	require.Len(t, secrets, 1)
	require.Equal(t, 20, strings.Count(err.Error(), "parse secret dev/bad: malformed"), "each is told of, to a point")
	var typed *auth.Error
	require.ErrorAs(t, err, &typed)

	secrets, err = auth.ParseSecrets([]byte(`{"kind": "SecretList", "items": [{"metadata": {"name": "x"}}]}`))
	require.NoError(t, err)
	require.Len(t, secrets, 1)

	for text, reason := range map[string]string{
		``: "not JSON", `{"kind": "Pod"}`: `kind: malformed: "Pod" is neither Secret nor List`, `[]`: "neither a Secret nor a List", `{"kind": 1}`: "neither a Secret nor a List",
		`{"kind": "Secret", "metadata": {"name": "x"}, "data": 7}`: "parse secret x: malformed",
	} {
		secrets, err := auth.ParseSecrets([]byte(text))
		require.Empty(t, secrets)
		require.ErrorIs(t, err, auth.ErrMalformed)
		require.ErrorContains(t, err, reason)
	}
	_, err = auth.ParseSecrets([]byte(strings.Repeat(" ", auth.MaxSecretsBytes+1)))
	require.ErrorIs(t, err, auth.ErrTooLarge)
}

func TestSecretStore(t *testing.T) {
	store := auth.NewSecretStore(secret("a"), secret("b"), secret("a", e("quay.io", "later")))
	all, err := store.Secrets(t.Context(), "dev")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, []string{all[0].Name, all[1].Name})
	require.Contains(t, string(all[0].Data.Reveal(".dockerconfigjson")), "quay.io", "the later one holds")
	version := store.Version()
	store.Delete("dev", "absent")
	require.Equal(t, version, store.Version())
	store.Delete("dev", "a")
	require.NotEqual(t, version, store.Version())
	_, err = store.Secret(t.Context(), "dev", "a")
	require.ErrorIs(t, err, auth.ErrNotFound)
	_, err = store.Secret(t.Context(), "dev", "b")
	require.NoError(t, err)
}
