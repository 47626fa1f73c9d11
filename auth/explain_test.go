package auth_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

func document(entries ...string) auth.Source {
	return auth.Document("d", []byte(auths(entries...)[0]), auth.DocumentOptions{})
}

func secret(name string, entries ...string) *auth.PullSecret {
	return &auth.PullSecret{
		Namespace: "dev", Name: name, Type: auth.TypeDockerConfigJSON,
		Data: auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte(auths(entries...)[0])}),
	}
}

func explain(t *testing.T, o auth.Options, image string, sources ...auth.Source) *auth.Explanation {
	t.Helper()
	e, err := auth.NewResolver(o, sources...).Explain(t.Context(), image)
	require.NoError(t, err)
	return e
}

// TestNearMisses: what a person would take for a match, and why it is none.
func TestNearMisses(t *testing.T) {
	const image = "quay.io/org/app"
	cases := []struct{ key, image, detail string }{
		{"quay.io:5000", image, "it is for port 5000, the image is at the default port"},
		{"reg.example.com", "reg.example.com:5000/x", "it is for the default port, the image is at port 5000"},
		{"quay.io/organization", image, "it is for organization, another repository or namespace"},
		{"quay.io/org", "quay.io/organization/app", "whole segments of a path are compared: org is not a namespace of organization/app"},
		{"quay.io/org/app/sub", image, "it is for what is below the repository"},
		{"quay.io/org/app:v1", image + ":v1", "a key has no tag and no digest"},
		{"quay.io/Org", image, "repositories are in lower case"},
		{"quay.oi", image, "the host differs from quay.io by one slip of a key"},
		{"hub.docker.com", "busybox", "that is not a name of Docker Hub's registry: docker.io, index.docker.io and registry-1.docker.io are"},
		{"*.example.com", "reg.example.com/x", "wildcards count in Secrets and the kubelet's file alone"},
	}
	for _, c := range cases {
		e := explain(t, auth.Options{}, c.image, document(e(c.key, "u")))
		require.Empty(t, e.Candidates, c.key)
		require.Equal(t, []auth.Step{{Source: "document d", Key: c.key, Outcome: auth.NearMiss, Detail: c.detail}}, e.Steps)
	}
	inSecrets := []struct {
		key, image, detail string
		kubelet            bool
	}{
		{"*.example.com", "a.b.example.com/x", "a * stands for one part of a host name", false},
		{"*.example.com", "a.example.com:5000/x", "it is for the default port, the image is at port 5000", false},
		{"quay.io:443", image, "the kubelet compares host, case, port and version path as they are written", true},
		{"Quay.io", image, "the kubelet compares host, case, port and version path as they are written", true},
		{"registry-1.docker.io", "busybox", "the kubelet uses this name of Docker Hub only where nothing else matches, or not at all", true},
	}
	for _, c := range inSecrets {
		s := auth.NewSecretStore(secret("s", e(c.key, "u")))
		e := explain(t, auth.Options{KubeletCompat: c.kubelet}, c.image, auth.Secrets(s, "dev", "s"))
		require.Empty(t, e.Candidates, c.key)
		require.Equal(t, []auth.Step{{Source: "secret dev/s", Key: c.key, Outcome: auth.NearMiss, Detail: c.detail}}, e.Steps)
	}
}

// TestExplainNamesEveryPlace: in order, and each with its outcome.
func TestExplainNamesEveryPlace(t *testing.T) {
	opaque := secret("opaque")
	opaque.Type = "Opaque"
	mixed := secret("mixed")
	mixed.Type = auth.TypeDockercfg
	excluded := secret("excluded", e("quay.io", "x"))
	excluded.Annotations = map[string]string{auth.ExcludeSecretAnnotation: "true"}
	broken := secret("broken")
	broken.Data = auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte("{")})
	store := auth.NewSecretStore(opaque, mixed, broken, excluded,
		secret("host", e("quay.io", "h")), secret("ns", e("quay.io/org", "ns"), e("ghcr.io", "g")), secret("again", e("quay.io", "h")),
		secret("elsewhere", e("ghcr.io", "g")), secret("marker", `"quay.io": {}`), secret("bad", `"quay.io": {"auth": "!"}`))

	e := explain(t, auth.Options{}, "quay.io/org/app",
		auth.Secrets(store, "dev", "opaque", "mixed", "absent"),
		auth.NamespaceSecrets(store, "dev"), auth.NamespaceSecrets(store, "empty"))
	var got []string
	for _, s := range e.Steps {
		got = append(got, s.String())
	}
	require.Equal(t, []string{
		`secret dev/opaque: wrong type (read secret dev/opaque: malformed: type "Opaque" is not that of a pull secret)`,
		`secret dev/mixed: wrong type (read secret dev/mixed: malformed: type kubernetes.io/dockercfg without .dockercfg in its data)`,
		`secret dev/absent: missing`,
		`secret dev/mixed: wrong type (read secret dev/mixed: malformed: type kubernetes.io/dockercfg without .dockercfg in its data)`,
		`secret dev/broken: malformed (parse secret dev/broken: malformed: not JSON, at byte 1 of 1)`,
		`secret dev/excluded: excluded`,
		`secret dev/host, key "quay.io": candidate (by host, user "h", basic)`,
		`secret dev/ns, key "quay.io/org": chosen (by namespace, user "ns", basic)`,
		`secret dev/again, key "quay.io": duplicate (by host, user "h", basic, the credential of secret dev/host, key "quay.io")`,
		`secret dev/elsewhere: no match (1 key, none for quay.io)`,
		`secret dev/marker, key "quay.io": empty (the entry holds no credential)`,
		`secret dev/bad, key "quay.io": malformed (auth: malformed: not base64)`,
		`secrets of namespace empty: no match (no pull secrets)`,
	}, got)
	c, ok := e.Chosen()
	require.True(t, ok)
	require.Equal(t, "ns", c.Credential.Username)
	require.Len(t, e.Candidates, 2)
}

func TestExplanationJSON(t *testing.T) {
	explanation := explain(t, auth.Options{}, "busybox", document(e("docker.io", "d"), `"index.docker.io": {"identitytoken": "T"}`))
	data, err := json.Marshal(explanation)
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(data, &got))
	require.Equal(t, "busybox", got["image"])
	require.Equal(t, []any{
		map[string]any{"source": "document d", "key": "docker.io", "username": "d", "kind": "basic"},
		map[string]any{"source": "document d", "key": "index.docker.io", "username": "", "kind": "identityToken"},
	}, got["candidates"])
	require.Len(t, got["steps"], 2)
	require.Len(t, got, 3)

	data, err = json.Marshal(explain(t, auth.Options{}, "busybox"))
	require.NoError(t, err)
	require.JSONEq(t, `{"image":"busybox","candidates":[],"steps":[]}`, string(data))
}

func TestExplanationInSlog(t *testing.T) {
	e := explain(t, auth.Options{}, "quay.io/org/app", document(e("quay.io", "h"), e("quay.io:5000", "p")))
	var text bytes.Buffer
	slog.New(slog.NewJSONHandler(&text, nil)).Info("denied", "credentials", e)
	var got struct {
		Credentials struct {
			Image  string
			Chosen struct{ Source, Key, Username, Kind string }
			Steps  []string
		}
	}
	require.NoError(t, json.Unmarshal(text.Bytes(), &got))
	require.Equal(t, "quay.io/org/app", got.Credentials.Image)
	require.Equal(t, "h", got.Credentials.Chosen.Username)
	require.Contains(t, got.Credentials.Steps[1], "near miss")
}

func TestRedHatWebUser(t *testing.T) {
	cases := map[string]struct {
		key, image, entry string
		warned            bool
	}{
		"a person":                         {"registry.redhat.io", "registry.redhat.io/ubi9", `{"username": "bob@example.com", "password": "x"}`, true},
		"a service account":                {"registry.redhat.io", "registry.redhat.io/ubi9", `{"username": "12345678|robot", "password": "eyJ"}`, false},
		"an identity token":                {"registry.redhat.io", "registry.redhat.io/ubi9", `{"identitytoken": "T"}`, false},
		"a person at another registry":     {"quay.io", "quay.io/org/app", `{"username": "bob", "password": "x"}`, false},
		"by port and case":                 {"Registry.RedHat.io:443", "registry.redhat.io/ubi9", `{"username": "bob", "password": "x"}`, true},
		"a namespace of Red Hat's, person": {"registry.redhat.io/rhel9", "registry.redhat.io/rhel9/x", `{"username": "bob", "password": "x"}`, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e := explain(t, auth.Options{}, c.image, document(`"`+c.key+`": `+c.entry))
			require.Len(t, e.Candidates, 1)
			require.Equal(t, c.warned, len(e.Warnings()) == 1)
			require.Equal(t, c.warned, strings.Contains(e.String(), "warning: "))
			require.Equal(t, c.warned, e.Steps[0].Warning != "")
		})
	}
}

func TestPlainHTTP(t *testing.T) {
	source := document(e("reg.example.com", "u"), e("10.0.0.5:5000", "ip"), e("localhost:5000", "l"), e("127.0.0.1:5000", "l4"), e("[::1]:5000", "l6"))
	cases := []struct {
		image    string
		options  []name.Option
		withheld bool
	}{
		{"reg.example.com/x", nil, false},
		{"reg.example.com/x", []name.Option{name.Insecure}, true},
		{"10.0.0.5:5000/x", nil, true}, // go-containerregistry tries HTTP too
		{"localhost:5000/x", []name.Option{name.Insecure}, false},
		{"127.0.0.1:5000/x", nil, false},
		{"[::1]:5000/x", nil, false},
	}
	for _, c := range cases {
		repository, err := name.NewRepository(c.image, c.options...)
		require.NoError(t, err)
		r := auth.NewResolver(auth.Options{}, source)
		e, err := r.ExplainResource(t.Context(), repository)
		require.NoError(t, err)
		require.Equal(t, c.withheld, len(e.Candidates) == 0, c.image)
		if c.withheld {
			require.Equal(t, auth.Withheld, e.Steps[0].Outcome)
			require.Equal(t, "withheld from plain HTTP", e.Steps[0].Detail)
		}
		allowed, err := auth.NewResolver(auth.Options{}, auth.AllowPlainHTTP(source)).Candidates(t.Context(), repository)
		require.NoError(t, err)
		require.Len(t, allowed, 1)
	}
}

// TestPlainHTTPOfAnImage: the resource of Image is for go-containerregistry, which may
// ask a private address, or a name below localhost, over plain HTTP.
func TestPlainHTTPOfAnImage(t *testing.T) {
	r := auth.NewResolver(auth.Options{}, document(e("10.0.0.5:5000", "ip"), e("dev.localhost:5000", "name"), e("quay.io", "q"), e("localhost:5000", "l")))
	for image, want := range map[string]string{"10.0.0.5:5000/x": "", "dev.localhost:5000/x": "", "quay.io/x": "q", "localhost:5000/x": "l"} {
		resource, err := auth.Image(image)
		require.NoError(t, err)
		require.Equal(t, want, chosenBy(t, r, image), image)
		candidates, err := r.Candidates(t.Context(), auth.OverTLS(resource))
		require.NoError(t, err)
		require.Len(t, candidates, 1, image)
		candidates, err = r.Candidates(t.Context(), auth.OverPlainHTTP(auth.OverTLS(resource)))
		require.NoError(t, err)
		require.Equal(t, want == "l", len(candidates) == 1, image)
		explanation, err := r.Explain(t.Context(), image)
		require.NoError(t, err)
		require.Len(t, explanation.Candidates, 1, image)
	}
}

// TestExplanationIsFitForATerminal: no document can move the cursor or turn the text
// around.
func TestExplanationIsFitForATerminal(t *testing.T) {
	const nasty = "\x1b[2J\u202e\u2028"
	text := `{"auths": {"quay.io/x` + "\u202e" + `y": {"username": "` + "\u202eu" + `", "password": "p"}, "quay.io": {"username": "\u001b[2J` + "\u202e" + `", "password": "p"}}}`
	e := explain(t, auth.Options{}, app, auth.Document(nasty, []byte(text), auth.DocumentOptions{}))
	require.Contains(t, e.String(), "near miss")
	for _, r := range "\x1b\u202e\u2028" {
		require.NotContains(t, e.String(), string(r))
	}
}

func TestManyNearMissesAndBadEntriesAreCut(t *testing.T) {
	var entries []string
	for i := range 30 {
		entries = append(entries, e("quay.io/other"+strings.Repeat("x", i), "u"), `"bad`+strings.Repeat(" ", i+1)+`": {}`)
	}
	steps := explain(t, auth.Options{}, "quay.io/org/app", document(entries...)).Steps
	require.Len(t, steps, 32)
	require.Equal(t, "and 10 entries more", steps[30].Detail)
	require.Equal(t, "and 20 keys more", steps[31].Detail)
}

func TestExplainRefusesWhatIsNoImage(t *testing.T) {
	_, err := auth.NewResolver(auth.Options{}).Explain(t.Context(), "Not An Image")
	require.ErrorIs(t, err, auth.ErrImage)
	require.EqualError(t, err, `parse image "Not An Image": not an image name`)
	for image, shown := range map[string]string{
		"bob:hunter2@quay.io/app":          "[redacted]@quay.io/app",
		"docker://bob:hunter2@quay.io/app": "docker://[redacted]@quay.io/app",
		"https://bob:hunter2@quay.io/app":  "https://[redacted]@quay.io/app",
		"bob:h@nter2@quay.io/app@sha256:0": "[redacted]@quay.io/app@sha256:0",
		"bob:h/nter2@quay.io:5000/app":     "[redacted]@quay.io:5000/app",
		"quay.io/app@sha256:0":             "quay.io/app@sha256:0",
		"@":                                "[redacted]@",
		"docker://@quay.io":                "docker://[redacted]@quay.io",
	} {
		_, err := auth.Image(image)
		require.EqualError(t, err, `parse image "`+shown+`": not an image name`)
	}
}
