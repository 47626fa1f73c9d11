package auth_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// leaky are the secrets that must not be seen, each as unlike other text as its
// purpose allows.
var leaky = []string{"Hunter2/+=&\"é", "IdTok3n_%%", "RegTok3n\n~"}

// forms are the ways in which a secret may show.
func forms() []string {
	var all []string
	for _, secret := range leaky {
		for _, plain := range []string{secret, "bob:" + secret} {
			quoted, _ := json.Marshal(plain)
			bytes := strings.Trim(fmt.Sprint([]byte(plain)), "[]")
			list := fmt.Sprintf("%#v", []byte(plain))
			all = append(all, plain, strings.Trim(string(quoted), `"`), strings.Trim(fmt.Sprintf("%q", plain), `"`),
				strings.Trim(fmt.Sprintf("%+q", plain), `"`), url.QueryEscape(plain), url.PathEscape(plain),
				base64.StdEncoding.EncodeToString([]byte(plain)), base64.RawStdEncoding.EncodeToString([]byte(plain)),
				base64.RawURLEncoding.EncodeToString([]byte(plain)), hex.EncodeToString([]byte(plain)),
				strings.ToUpper(hex.EncodeToString([]byte(plain))), bytes, list[len("[]byte{"):len(list)-1])
		}
		all = append(all, secret[:7]) // a piece of it in whatever form
	}
	return all
}

// TestTheFormsAreFound: the search itself works, on a type that leaks.
func TestTheFormsAreFound(t *testing.T) {
	leaks := 0
	for _, text := range renderings(t, authn.AuthConfig{Username: "bob", Password: leaky[0]}) {
		if _, leaked := leakIn(text); leaked {
			leaks++
		}
	}
	require.Greater(t, leaks, 10)
}

func leakIn(text string) (string, bool) {
	for _, form := range forms() {
		if strings.Contains(text, form) {
			return form, true
		}
	}
	return "", false
}

// TestNothingLeaks renders every kind of value, error and trace in every way.
func TestNothingLeaks(t *testing.T) {
	for name, value := range leakyValues(t) {
		for how, text := range renderings(t, value) {
			if form, leaked := leakIn(text); leaked {
				t.Errorf("%s by %s shows %q:\n%s", name, how, form, text)
			}
		}
	}
}

// renderings prints a value, what holds it in exported and unexported fields, maps
// and lists, and pointers to it.
func renderings(t *testing.T, value any) map[string]string {
	t.Helper()
	type wrapped struct {
		Exported   any
		unexported any
		pointer    *any
	}
	all := make(map[string]string)
	for shape, v := range map[string]any{
		"itself": value, "pointer": &value, "list": []any{value}, "map": map[string]any{"k": value},
		"struct": wrapped{value, value, &value},
	} {
		for _, flags := range []string{"", "+", "#", " ", "#+", "-40.60"} {
			for _, verb := range "vTtbcdoOqxXUeEfFgGsp" {
				all[shape+" %"+flags+string(verb)] = fmt.Sprintf("%"+flags+string(verb), v)
			}
		}
		all[shape+" Sprintln"] = fmt.Sprintln(v)
		all[shape+" Errorf"] = fmt.Errorf("%v %w", v, fmt.Errorf("%+v", v)).Error()
		data, err := json.Marshal(v)
		all[shape+" JSON"] = string(data) + fmt.Sprint(err)
		data, err = xml.Marshal(v)
		all[shape+" XML"] = string(data) + fmt.Sprint(err)

		var text, structured bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Error("m", "a", v, slog.Group("g", "b", v))
		slog.New(slog.NewJSONHandler(&structured, nil)).With("a", v).Error("m", "b", v)
		all[shape+" slog text"], all[shape+" slog JSON"] = text.String(), structured.String()

		printer := &printed{}
		assert.Equal(printer, v, "something else")
		assert.Equal(printer, []any{v, 1}, []any{v, 2})
		assert.Nil(printer, v)
		assert.Empty(printer, v)
		assert.Contains(printer, []any{v}, "x")
		assert.Len(printer, []any{v}, 7)
		assert.Zero(printer, v)
		if err, ok := v.(error); ok {
			assert.NoError(printer, err)
			assert.ErrorIs(printer, err, context.Canceled)
			assert.EqualError(printer, err, "x")
		}
		all[shape+" testify"] = printer.String()
	}
	return all
}

// printed collects what testify prints.
type printed struct{ strings.Builder }

func (p *printed) Errorf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// leakyValues are one of each exported kind, filled with secrets, in use.
func leakyValues(t *testing.T) map[string]any {
	t.Helper()
	entry := func(v any) string {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		return string(data)
	}
	good := entry(map[string]string{"username": "bob", "password": leaky[0], "identitytoken": leaky[1], "registrytoken": leaky[2]})
	text := `{"auths": {"quay.io": ` + good + `,
		"quay.io/no-colon": ` + entry(map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(leaky[0]))}) + `,
		"quay.io/no-base64": ` + entry(map[string]string{"auth": leaky[0]}) + `,
		"quay.io/list": {"auth": [` + entry(leaky[0]) + `]},
		` + entry("https://bob:"+leaky[0]+"@quay.io") + `: ` + good + `}, "credHelpers": {"quay.io": "leaks"}}`
	broken := strings.TrimSuffix(text, "}") + leaky[0]

	helperPath(t, map[string]string{"leaks": `cat <<'EOF'
` + leaky[0] + `
EOF
exit 1`})
	path := filepath.Join(t.TempDir(), "config.json")
	write(t, path, text)
	token := filepath.Join(t.TempDir(), "token")
	write(t, token, leaky[0])
	pull := &auth.PullSecret{Namespace: "dev", Name: "pull", Type: auth.TypeDockerConfigJSON,
		Data: auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte(text), ".dockercfg": []byte(text)})}
	bad := &auth.PullSecret{Namespace: "dev", Name: "bad", Type: auth.TypeDockerConfigJSON,
		Data: auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte(broken)})}
	store := auth.NewSecretStore(pull, bad)
	sources := map[string]auth.Source{
		"document": auth.Document("d", []byte(text), auth.DocumentOptions{}),
		"broken":   auth.Document("b", []byte(broken), auth.DocumentOptions{}),
		"file":     auth.File(path, auth.DocumentOptions{}),
		"secrets":  auth.NamespaceSecrets(store, "dev"),
		"token":    auth.IntegratedRegistry(token, "quay.io"),
		"host": auth.Host(auth.HostOptions{Getenv: func(name string) string {
			return map[string]string{"REGISTRY_AUTH_FILE": path, "DOCKER_AUTH_CONFIG": text}[name]
		}}),
	}
	r := auth.NewResolver(auth.Options{}, sources["document"], sources["broken"], sources["file"], sources["secrets"], sources["token"], sources["host"])
	image, err := auth.Image("quay.io/org/app")
	require.NoError(t, err)
	candidates, err := r.Candidates(t.Context(), image)
	require.NoError(t, err)
	require.Len(t, candidates, 2)
	explanation, err := r.Explain(t.Context(), "quay.io/org/app")
	require.NoError(t, err)
	authenticator, err := r.Resolve(image)
	require.NoError(t, err)
	var inTry authn.Authenticator
	_, denied := auth.Try(t.Context(), r, image, denying, func(ctx context.Context, a authn.Authenticator) (int, error) {
		config, err := authn.Authorization(ctx, a)
		require.NoError(t, err)
		if inTry == nil {
			inTry = a
		}
		return 0, fmt.Errorf("%w: %+v, %q, Authorization: Basic %s", errDenied, *config, config.Password,
			base64.StdEncoding.EncodeToString([]byte(config.Username+":"+config.Password)))
	})
	require.ErrorIs(t, denied, auth.ErrDenied)
	var deniedError *auth.DeniedError
	require.ErrorAs(t, denied, &deniedError)
	_, malformed := auth.ParseSecrets([]byte(`{"kind": "Secret", "data": {"x": ` + entry(leaky[0]) + `}}`))
	require.Error(t, malformed)

	// The kubelet uses a key that has a password before its host.
	compat := auth.NewResolver(auth.Options{KubeletCompat: true}, auth.Document("d",
		[]byte(`{"auths": {"https://bob:`+leaky[0][:7]+`@quay.io": `+good+`}}`), auth.DocumentOptions{Kubernetes: true}))
	compatible, err := compat.Candidates(t.Context(), image)
	require.NoError(t, err)
	require.Len(t, compatible, 1)
	remembered, err := auth.Try(t.Context(), compat, image, denying, func(_ context.Context, a authn.Authenticator) (auth.Candidate, error) {
		c, _ := auth.CandidateOf(a)
		return c, nil
	})
	require.NoError(t, err)
	compatExplanation, err := compat.Explain(t.Context(), "quay.io/org/app")
	require.NoError(t, err)

	values := map[string]any{
		"Resolver, compat": compat, "Candidates, compat": compatible, "Candidate of Try, compat": remembered, "Explanation, compat": compatExplanation,
		"SecretValue": auth.NewSecretValue(leaky[0]), "SecretData": pull.Data, "PullSecret": *pull, "*PullSecret": pull, "SecretStore": store,
		"Credential": candidates[0].Credential, "Candidate": candidates[0], "Candidates": candidates, "Resolver": r,
		"Explanation": *explanation, "*Explanation": explanation, "Authenticator": authenticator, "Authenticator of Try": inTry,
		"DeniedError": denied, "Attempt": deniedError.Attempts[0], "Attempt.Err": deniedError.Attempts[0].Err, "ParseSecrets": malformed,
	}
	for name, s := range sources {
		values["Source "+name] = s
	}
	for name, err := range leakyLogins(t, broken) {
		values[name] = err
	}
	for i, s := range explanation.Steps {
		values[fmt.Sprintf("Step %d", i)] = s
	}
	return values
}

// leakyLogins are the errors of logins that have secrets wherever there can be one: in
// the document, in the credential, in the registry's name, and in what a helper prints.
func leakyLogins(t *testing.T, broken string) map[string]error {
	t.Helper()
	ctx, o := t.Context(), auth.DocumentOptions{}
	dir := t.TempDir()
	good := auth.NewBasic("bob", leaky[0])
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, text)
		return path
	}
	ended, end := context.WithCancel(ctx)
	end()
	helper := file("helper.json", `{"credHelpers": {"quay.io": "leaks"}}`)
	document := func(text, registry string, c auth.Credential) error {
		_, err := auth.LoginDocument([]byte(text), registry, c, o)
		return err
	}
	_, _, secretErr := auth.LoginSecret(&auth.PullSecret{Name: "s", Type: auth.TypeDockercfg,
		Data: auth.NewSecretData(map[string][]byte{".dockercfg": []byte(broken)})}, "quay.io", good)
	_, logoutErr := auth.LogoutDocument([]byte(broken), "quay.io", o)
	all := map[string]error{
		"Login, broken file":       auth.Login(ctx, file("broken.json", broken), "quay.io", good, o),
		"Login, a string":          auth.Login(ctx, file("string.json", `"`+leaky[1]+`"`), "quay.io", good, o),
		"Login, helper":            auth.Login(ctx, helper, "quay.io", good, o),
		"Logout, helper":           auth.Logout(ctx, helper, "quay.io", o),
		"Login, helper and ended":  auth.Login(ended, helper, "quay.io", good, o),
		"Login, password in key":   auth.Login(ctx, helper, "https://bob:"+leaky[0]+"@quay.io", good, o),
		"Login, colon":             auth.Login(ctx, helper, "quay.io", auth.NewBasic("bob:"+leaky[0], leaky[0]), o),
		"Login, no directory":      auth.Login(ctx, filepath.Join(helper, "x"), "quay.io", good, o),
		"LoginDocument, auths":     document(`{"auths": ["`+leaky[1]+`"]}`, "quay.io", good),
		"LoginDocument, NUL":       document(`{}`, "quay.io", auth.NewBasic("bob", leaky[0]+"\x00")),
		"LoginDocument, token":     document(`{}`, "quay.io", auth.Credential{RegistryToken: auth.NewSecretValue(leaky[2] + "\xff")}),
		"LoginDocument, no user":   document(`{}`, "quay.io", auth.NewBasic("", leaky[0])),
		"LoginSecret, broken":      secretErr,
		"LogoutDocument, broken":   logoutErr,
		"Logout, not logged in":    auth.Logout(ctx, helper, "ghcr.io", o),
		"Logout, password in path": auth.Logout(ctx, helper, "quay.io/"+leaky[0], o),
	}
	for name, err := range all {
		require.Error(t, err, name)
	}
	return all
}

func TestSecretValue(t *testing.T) {
	a, same, b := auth.NewSecretValue("x"), auth.NewSecretValue("x"), auth.NewSecretValue("y")
	require.True(t, a.Equal(same))
	require.False(t, a.Equal(b))
	require.False(t, a.Equal(auth.SecretValue{}))
	require.True(t, auth.NewSecretValue("").IsZero())
	require.Equal(t, "x", a.Reveal())
	require.Equal(t, "[redacted]  [redacted]", fmt.Sprintf("%v %v %d", a, auth.SecretValue{}, b))
	data, err := json.Marshal(map[string]any{"a": a, "zero": auth.SecretValue{}})
	require.NoError(t, err)
	require.JSONEq(t, `{"a": "[redacted]", "zero": ""}`, string(data))
}

func TestFingerprint(t *testing.T) {
	a := auth.NewBasic("bob", "x")
	require.Equal(t, a.Fingerprint(), auth.NewBasic("bob", "x").Fingerprint())
	require.NotEqual(t, a.Fingerprint(), auth.NewBasic("bobx", "").Fingerprint())
	require.Len(t, a.Fingerprint(), 8)
	require.Empty(t, auth.Credential{}.Fingerprint())
}
