package auth_test

import (
	"strings"
	"testing"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// bot is base64 org+bot:pw.
var bot = auth.NewBasic("org+bot", "pw")

const botAuth = "b3JnK2JvdDpwdw=="

// documents are edits of documents, with every byte of the result.
var documents = []struct {
	name, before, registry, after string
	c                             auth.Credential // zero: log out
	o                             auth.DocumentOptions
}{
	{name: "no document", before: "", registry: "quay.io", c: bot,
		after: "{\n\t\"auths\": {\n\t\t\"quay.io\": {\n\t\t\t\"auth\": \"" + botAuth + "\"\n\t\t}\n\t}\n}"},
	{name: "white space", before: " \n", registry: "quay.io/org", c: bot,
		after: "{\n\t\"auths\": {\n\t\t\"quay.io/org\": {\n\t\t\t\"auth\": \"" + botAuth + "\"\n\t\t}\n\t}\n}"},
	{name: "an empty object", before: "{}\n", registry: "quay.io", c: bot,
		after: "{\n\t\"auths\": {\n\t\t\"quay.io\": {\n\t\t\t\"auth\": \"" + botAuth + "\"\n\t\t}\n\t}\n}\n"},
	{name: "null", before: "null", registry: "quay.io", c: bot,
		after: "{\n\t\"auths\": {\n\t\t\"quay.io\": {\n\t\t\t\"auth\": \"" + botAuth + "\"\n\t\t}\n\t}\n}"},
	{name: "after a logout of podman's", before: "{\n\t\"auths\": {}\n}", registry: "quay.io", c: bot,
		after: "{\n\t\"auths\": {\n\t\t\"quay.io\": {\n\t\t\t\"auth\": \"" + botAuth + "\"\n\t\t}\n\t}\n}"},
	{name: "auths is null", before: `{"auths":null}`, registry: "quay.io", c: bot,
		after: `{"auths":{"quay.io":{"auth":"` + botAuth + `"}}}`},
	{name: "on one line, as oc writes", before: `{"auths":{"ghcr.io":{"auth":"eDp5","email":"a@b"}}}`, registry: "quay.io", c: bot,
		after: `{"auths":{"ghcr.io":{"auth":"eDp5","email":"a@b"},"quay.io":{"auth":"` + botAuth + `"}}}`},
	{name: "on one line, as Python writes", before: `{"auths": {"ghcr.io": {"auth": "eDp5"}}}`, registry: "quay.io", c: bot,
		after: `{"auths": {"ghcr.io": {"auth": "eDp5"}, "quay.io": {"auth": "` + botAuth + `"}}}`},
	{name: "two spaces and unknown members",
		before:   "{\n  \"credsStore\": \"desktop\",\n  \"auths\": {\n    \"ghcr.io\": {\"username\": \"u\" ,  \"password\":\"p\", \"x\": [1 ,2]}\n  },\n  \"HttpHeaders\": {\"A\": \"b\"}, \"proxies\": 1.0e2\n}\n",
		registry: "quay.io", c: bot,
		after: "{\n  \"credsStore\": \"desktop\",\n  \"auths\": {\n    \"ghcr.io\": {\"username\": \"u\" ,  \"password\":\"p\", \"x\": [1 ,2]},\n    \"quay.io\": {\n      \"auth\": \"" + botAuth + "\"\n    }\n  },\n  \"HttpHeaders\": {\"A\": \"b\"}, \"proxies\": 1.0e2\n}\n"},
	{name: "no auths yet", before: "{\r\n  \"credsStore\": \"wincred\"\r\n}", registry: "quay.io", c: bot,
		after: "{\r\n  \"credsStore\": \"wincred\",\r\n  \"auths\": {\r\n    \"quay.io\": {\r\n      \"auth\": \"" + botAuth + "\"\r\n    }\r\n  }\r\n}"},
	{name: "in its place, its other members kept",
		before:   `{"auths":{"a.io":{},"quay.io":{"email":"a@b","username":"old","password":"old","auth":"b2xkOm9sZA==","identitytoken":"old","x":null},"z.io":7}}`,
		registry: "quay.io", c: bot,
		after: `{"auths":{"a.io":{},"quay.io":{"email":"a@b","auth":"` + botAuth + `","x":null},"z.io":7}}`},
	{name: "an entry without auth", before: `{"auths": {"quay.io": {"username": "old", "password": "old"}}}`, registry: "quay.io", c: bot,
		after: `{"auths": {"quay.io": {"auth": "` + botAuth + `"}}}`},
	{name: "docker's mark of a helper", before: `{"auths": {"quay.io": {}}}`, registry: "quay.io", c: bot,
		after: `{"auths": {"quay.io": {"auth": "` + botAuth + `"}}}`},
	{name: "over what is no entry", before: `{"auths": {"quay.io": ["x"]}}`, registry: "quay.io", c: bot,
		after: `{"auths": {"quay.io": {"auth": "` + botAuth + `"}}}`},
	{name: "an identity token", before: `{"auths":{"quay.io":{"auth":"b2xkOm9sZA=="}}}`, registry: "quay.io",
		c:     auth.Credential{Username: "u", IdentityToken: auth.NewSecretValue("T\"<&>")},
		after: `{"auths":{"quay.io":{"auth":"dTo=","identitytoken":"T\"\u003c\u0026\u003e"}}}`},
	{name: "a registry token", before: `{"auths":{"quay.io":{"auth":"b2xkOm9sZA=="}}}`, registry: "quay.io",
		c: auth.Credential{RegistryToken: auth.NewSecretValue("R")}, after: `{"auths":{"quay.io":{"registrytoken":"R"}}}`},

	{name: "docker's key for Docker Hub is kept", before: `{"auths":{"https://index.docker.io/v1/":{"auth":"eDp5"}}}`, registry: "docker.io", c: bot,
		after: `{"auths":{"https://index.docker.io/v1/":{"auth":"` + botAuth + `"}}}`},
	{name: "every spelling gets it", before: `{"auths":{"https://quay.io/v1/":{"auth":"eDp5"},"QUAY.io:443":{"auth":"eDp5"},"quay.io/org":{"auth":"eDp5"}}}`, registry: "quay.io", c: bot,
		after: `{"auths":{"https://quay.io/v1/":{"auth":"` + botAuth + `"},"QUAY.io:443":{"auth":"` + botAuth + `"},"quay.io/org":{"auth":"eDp5"}}}`},
	{name: "a spelling that podman does not find", before: `{"auths":{"quay.io:443":{"auth":"eDp5"}}}`, registry: "quay.io", c: bot,
		after: `{"auths":{"quay.io:443":{"auth":"` + botAuth + `"},"quay.io":{"auth":"` + botAuth + `"}}}`},
	{name: "a scheme that podman does not find", before: `{"auths":{"HTTPS://quay.io":{"auth":"eDp5"}}}`, registry: "quay.io", c: bot,
		after: `{"auths":{"HTTPS://quay.io":{"auth":"` + botAuth + `"},"quay.io":{"auth":"` + botAuth + `"}}}`},
	{name: "auths twice", before: `{"auths":{"quay.io":{"auth":"eDp5"}},"x":1,"Auths":{"quay.io":{"auth":"eDp5"}}}`, registry: "quay.io", c: bot,
		after: `{"auths":{"quay.io":{"auth":"` + botAuth + `"}},"x":1,"Auths":{"quay.io":{"auth":"` + botAuth + `"}}}`},
	{name: "a bad neighbour", before: `{"auths":{"":{"auth":1},"%zz":{"auth":"!"},"ghcr.io":null}}`, registry: "quay.io", c: bot,
		after: `{"auths":{"":{"auth":1},"%zz":{"auth":"!"},"ghcr.io":null,"quay.io":{"auth":"` + botAuth + `"}}}`},
	{name: "as a URL", before: `{}`, registry: "https://Quay.IO/v2/", c: bot,
		after: "{\n\t\"auths\": {\n\t\t\"quay.io\": {\n\t\t\t\"auth\": \"" + botAuth + "\"\n\t\t}\n\t}\n}"},
	{name: "legacy", before: `{"ghcr.io":{"auth":"eDp5","email":"a@b"}}`, registry: "quay.io", c: bot, o: auth.DocumentOptions{Format: auth.FormatLegacy},
		after: `{"ghcr.io":{"auth":"eDp5","email":"a@b"},"quay.io":{"auth":"` + botAuth + `"}}`},
	{name: "legacy, the first", before: ``, registry: "quay.io", c: bot, o: auth.DocumentOptions{Format: auth.FormatLegacy},
		after: "{\n\t\"quay.io\": {\n\t\t\"auth\": \"" + botAuth + "\"\n\t}\n}"},
	{name: "legacy, replaced", before: `{"https://quay.io":{"auth":"eDp5","email":"a@b"}}`, registry: "quay.io", c: bot, o: auth.DocumentOptions{Format: auth.FormatLegacy},
		after: `{"https://quay.io":{"auth":"` + botAuth + `","email":"a@b"}}`},

	{name: "logout, the first", before: `{"auths": {"quay.io": {"auth": "eDp5"}, "ghcr.io": {"auth":  "eDp5"}}, "x": 1}`, registry: "quay.io",
		after: `{"auths": {"ghcr.io": {"auth":  "eDp5"}}, "x": 1}`},
	{name: "logout, the last", before: "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {},\n\t\t\"quay.io\": {\n\t\t\t\"auth\": \"eDp5\"\n\t\t}\n\t}\n}", registry: "quay.io",
		after: "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {}\n\t}\n}"},
	{name: "logout, the only", before: "{\n\t\"auths\": {\n\t\t\"quay.io\": {}\n\t}\n}", registry: "quay.io", after: "{\n\t\"auths\": {}\n}"},
	{name: "logout, every spelling", before: `{"auths":{"docker.io":{},"https://index.docker.io/v1/":{},"registry-1.docker.io":{},"docker.io/library":{}}}`, registry: "docker.io",
		after: `{"auths":{"docker.io/library":{}}}`},
	{name: "logout of a namespace", before: `{"auths":{"quay.io":{},"quay.io/org":{},"quay.io/organization":{}}}`, registry: "quay.io/org",
		after: `{"auths":{"quay.io":{},"quay.io/organization":{}}}`},
	{name: "logout, legacy", before: `{"quay.io":{},"ghcr.io":{}}`, registry: "quay.io", o: auth.DocumentOptions{Format: auth.FormatLegacy}, after: `{"ghcr.io":{}}`},
}

func TestDocuments(t *testing.T) {
	for _, c := range documents {
		t.Run(c.name, func(t *testing.T) {
			before := []byte(c.before)
			edit := func() ([]byte, error) {
				if c.c.IsZero() {
					return auth.LogoutDocument(before, c.registry, c.o)
				}
				return auth.LoginDocument(before, c.registry, c.c, c.o)
			}
			after, err := edit()
			require.NoError(t, err)
			require.Equal(t, c.after, string(after))
			require.Equal(t, c.before, string(before))
			if c.c.IsZero() {
				_, err := auth.LogoutDocument(after, c.registry, c.o)
				require.ErrorIs(t, err, auth.ErrNotFound)
				return
			}
			before = after
			again, err := edit()
			require.NoError(t, err)
			require.Equal(t, c.after, string(again), "the second time changes nothing")
		})
	}
}

func TestRefusedDocuments(t *testing.T) {
	for name, c := range map[string]struct {
		text, message string
		class         error
	}{
		"cut off":        {`{"auths": {"quay.io": {"auth": "hunter2"`, "not JSON, at byte", auth.ErrMalformed},
		"a list":         {`["hunter2"]`, "not a JSON object", auth.ErrMalformed},
		"auths a string": {`{"auths": "hunter2"}`, "auths: malformed: not a JSON object", auth.ErrMalformed},
		"two values":     {`{} "hunter2"`, "not JSON", auth.ErrMalformed},
		"a mark":         {"\ufeff{}", "byte order mark", auth.ErrMalformed},
		"10 MB":          {`{"auths": {}, "x": "` + strings.Repeat("a", 10<<20) + `"}`, "more than 4194304 bytes", auth.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := auth.LoginDocument([]byte(c.text), "quay.io", bot, auth.DocumentOptions{})
			require.ErrorIs(t, err, c.class)
			require.ErrorContains(t, err, c.message)
			require.NotContains(t, err.Error(), "hunter2")
			_, err = auth.LogoutDocument([]byte(c.text), "quay.io", auth.DocumentOptions{})
			require.ErrorIs(t, err, c.class)
		})
	}
	full := `{"auths": {}, "x": "` + strings.Repeat("a", auth.MaxDocumentBytes-30) + `"}`
	_, err := auth.LoginDocument([]byte(full), "quay.io", bot, auth.DocumentOptions{})
	require.ErrorIs(t, err, auth.ErrTooLarge, "what cannot be read back is not written")
}

func TestRefusedRegistries(t *testing.T) {
	for registry, message := range map[string]string{
		"":                           "empty",
		"https://":                   "empty",
		" q.io":                      "space",
		"q.io\n":                     "space",
		"*.q.io":                     "wildcard",
		"bob:hunter2@q.io":           "before the host",
		"q.io/org/app:v1":            "without tag and digest",
		"q.io/org/app@sha256:00":     "without tag and digest",
		"q.io//org":                  "name of a namespace",
		"q.io/Org":                   "name of a namespace",
		"q.io/org?x":                 "query",
		"q.io:port":                  "port",
		"q..io":                      "empty part",
		"ü.io":                       "character",
		"q.io/" + string(rune(0x85)): "name of a namespace",
		strings.Repeat("a", 2000):    "too long",
	} {
		_, err := auth.LoginDocument(nil, registry, bot, auth.DocumentOptions{})
		require.ErrorIs(t, err, auth.ErrMalformed, registry)
		require.ErrorContains(t, err, message, registry)
		require.NotContains(t, err.Error(), "hunter2")
		_, err = auth.LogoutDocument([]byte(`{}`), registry, auth.DocumentOptions{})
		require.ErrorIs(t, err, auth.ErrMalformed, registry)
	}
	wildcard, err := auth.LoginDocument([]byte(`{"auths":{}}`), "*.Q.io", bot, auth.DocumentOptions{Kubernetes: true})
	require.NoError(t, err)
	require.Equal(t, `{"auths":{"*.q.io":{"auth":"`+botAuth+`"}}}`, string(wildcard))
}

// TestKeys: how what a person types is written.
func TestKeys(t *testing.T) {
	for registry, key := range map[string]string{
		"quay.io": "quay.io", "Quay.IO/org/app/": "quay.io/org/app", "localhost:5000": "localhost:5000", "[::1]:5000": "[::1]:5000",
		"quay.io:443": "quay.io:443", "http://quay.io/v1": "quay.io", "quay.io/v1/": "quay.io", "quay.io/v1": "quay.io/v1",
		"docker.io": "docker.io", "index.docker.io": "docker.io", "registry-1.docker.io/library": "docker.io/library",
		"https://index.docker.io/v1/": "https://index.docker.io/v1/", "https://index.docker.io/v1": "docker.io",
	} {
		text, err := auth.LoginDocument([]byte(`{"auths":{}}`), registry, bot, auth.DocumentOptions{})
		require.NoError(t, err)
		require.Equal(t, `{"auths":{"`+key+`":{"auth":"`+botAuth+`"}}}`, string(text), registry)
	}
}

func TestRefusedCredentials(t *testing.T) {
	secret := auth.NewSecretValue
	for message, c := range map[string]auth.Credential{
		"no credential":                   {},
		"with a colon":                    auth.NewBasic("hunter2:x", "hunter2"),
		"with a NUL":                      auth.NewBasic("u", "hunter2\x00"),
		"password without a user name":    {Password: secret("hunter2"), IdentityToken: secret("hunter2")},
		"user name without a password":    {Username: "hunter2"},
		"not UTF-8":                       {Username: "u", IdentityToken: secret("hunter2\xff")},
		"a token is not UTF-8, as JSON m": {RegistryToken: secret("hunter2\xff")},
	} {
		_, err := auth.LoginDocument(nil, "quay.io", c, auth.DocumentOptions{})
		require.ErrorIs(t, err, auth.ErrMalformed, message)
		require.ErrorContains(t, err, message)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestSecretsOfBothTypes(t *testing.T) {
	secret := func(kind, key, text string) *auth.PullSecret {
		return &auth.PullSecret{Namespace: "dev", Name: "pull", Type: kind, Data: auth.NewSecretData(map[string][]byte{key: []byte(text)})}
	}
	for name, c := range map[string]struct {
		before     *auth.PullSecret
		key, after string
	}{
		"dockerconfigjson":      {secret(auth.TypeDockerConfigJSON, ".dockerconfigjson", `{"auths":{"a.io":{"email":"e"}}}`), ".dockerconfigjson", `{"auths":{"a.io":{"email":"e"},"*.q.io":{"auth":"` + botAuth + `"}}}`},
		"dockercfg":             {secret(auth.TypeDockercfg, ".dockercfg", `{"a.io":{"email":"e"}}`), ".dockercfg", `{"a.io":{"email":"e"},"*.q.io":{"auth":"` + botAuth + `"}}`},
		"helpers do not matter": {secret(auth.TypeDockerConfigJSON, ".dockerconfigjson", `{"credHelpers":{"*.q.io":"x"},"auths":{}}`), ".dockerconfigjson", `{"credHelpers":{"*.q.io":"x"},"auths":{"*.q.io":{"auth":"` + botAuth + `"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			key, after, err := auth.LoginSecret(c.before, "*.q.io", bot)
			require.NoError(t, err)
			require.Equal(t, c.key, key)
			require.Equal(t, c.after, string(after))
			c.before.Data = auth.NewSecretData(map[string][]byte{key: after})
			image, err := auth.Image("reg.q.io/org/app")
			require.NoError(t, err)
			candidates, err := auth.NewResolver(auth.Options{}, auth.Secrets(auth.NewSecretStore(c.before), "dev", "pull")).Candidates(t.Context(), image)
			require.NoError(t, err)
			require.Len(t, candidates, 1)
			require.True(t, candidates[0].Credential.Equal(bot))
			key, after, err = auth.LogoutSecret(c.before, "*.q.io")
			require.NoError(t, err)
			require.Equal(t, c.key, key)
			require.NotContains(t, string(after), botAuth)
		})
	}
	for _, kind := range []string{auth.TypeDockerConfigJSON, auth.TypeDockercfg} {
		empty := &auth.PullSecret{Namespace: "dev", Name: "new", Type: kind}
		_, after, err := auth.LoginSecret(empty, "quay.io", bot)
		require.NoError(t, err)
		require.Contains(t, string(after), botAuth)
		_, _, err = auth.LogoutSecret(empty, "quay.io")
		require.ErrorIs(t, err, auth.ErrNotFound)
	}
	for name, s := range map[string]*auth.PullSecret{
		"another type":    secret("Opaque", ".dockerconfigjson", `{}`),
		"the other key":   secret(auth.TypeDockercfg, ".dockerconfigjson", `{}`),
		"broken":          secret(auth.TypeDockercfg, ".dockercfg", `{`),
		"no type, no key": {Namespace: "dev", Name: "pull"},
	} {
		_, _, err := auth.LoginSecret(s, "quay.io", bot)
		require.ErrorIs(t, err, auth.ErrMalformed, name)
		require.ErrorContains(t, err, "log in secret dev/pull: ", name)
		_, _, err = auth.LogoutSecret(s, "quay.io")
		require.ErrorIs(t, err, auth.ErrMalformed, name)
	}
}
