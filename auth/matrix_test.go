package auth_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// A row is one document, or several Secrets, asked for one image.
type row struct {
	name  string
	docs  []string // several are several Secrets, or several files
	image string
	// want are the candidates: "h" is the user h with the password pw, "h/x" has
	// the password x, "+id:T" and "+reg:R" are tokens; "" is none.
	want string
	// secret is what differs where the document is in a Secret; "=" for nothing.
	secret string
	// kubelet is what differs from secret under KubeletCompat; "=" for nothing.
	kubelet string
	format  auth.Format
}

// e is an entry with the user name and the password pw.
func e(key, user string) string {
	return fmt.Sprintf("%q: {%q: %q}", key, "auth", base64.StdEncoding.EncodeToString([]byte(user+":pw")))
}

// auths is a document of these entries.
func auths(entries ...string) []string {
	return []string{`{"auths": {` + strings.Join(entries, ", ") + `}}`}
}

// raw is an entry with this text before the base64.
func raw(key, text string) string {
	return fmt.Sprintf("%q: {%q: %q}", key, "auth", base64.StdEncoding.EncodeToString([]byte(text)))
}

const (
	app   = "quay.io/org/img"
	other = "reg.example.com/x/y"
)

// matrix holds the cases that the libraries of this field were compared by
// (research of credentials, section 2), with what this package does in each.
var matrix = []row{
	// Hosts and namespaces.
	{"exact host", auths(e("quay.io", "h")), app, "h", "=", "=", 0},
	{"namespace and host", auths(e("quay.io", "h"), e("quay.io/org", "ns")), app, "ns > h", "=", "=", 0},
	{"repository only", auths(e("quay.io/org/img", "r")), app, "r", "=", "=", 0},
	{"namespace only", auths(e("quay.io/org", "ns")), app, "ns", "=", "=", 0},
	{"segment, not bytes", auths(e("quay.io/org", "ns")), "quay.io/organization/img", "", "=", "ns", 0},
	{"segment, not bytes, with a host", auths(e("quay.io/org", "ns"), e("quay.io", "h")), "quay.io/organization/img", "h", "=", "ns > h", 0},
	{"deeper than the repository", auths(e("quay.io/org/img/x", "x")), app, "", "=", "=", 0},
	{"key with a tag", auths(e("quay.io/org/img:v1", "x")), "quay.io/org/img:v1", "", "=", "=", 0},
	{"trailing slash after a host", auths(e("quay.io/", "h")), app, "h", "=", "=", 0},
	{"trailing slash after a namespace", auths(e("quay.io/org/", "ns")), app, "ns", "=", "=", 0},

	// URLs.
	{"https", auths(e("https://quay.io", "h")), app, "h", "=", "=", 0},
	{"http", auths(e("http://quay.io", "h")), app, "h", "=", "=", 0},
	{"https and a slash", auths(e("https://quay.io/", "h")), app, "h", "=", "=", 0},
	{"https and v1", auths(e("https://quay.io/v1/", "h")), app, "h", "=", "=", 0},
	{"https and v2", auths(e("https://quay.io/v2/", "h")), app, "h", "=", "=", 0},
	{"https and v1 without a slash", auths(e("https://quay.io/v1", "h")), app, "h", "=", "", 0},
	{"v1 without a scheme", auths(e("quay.io/v1/", "h")), app, "h", "=", "=", 0},
	{"https and the namespace", auths(e("https://quay.io/org", "ns")), app, "ns", "=", "=", 0},
	{"https and another namespace", auths(e("https://quay.io/other", "ns")), app, "", "=", "=", 0},
	{"another namespace", auths(e("quay.io/other", "ns")), app, "", "=", "=", 0},
	{"two other namespaces", auths(e("quay.io/o1", "o1"), e("quay.io/o2", "o2")), app, "", "=", "=", 0},
	{"one registry by three keys", auths(e("quay.io", "a"), e("https://quay.io/v1/", "b"), e("https://quay.io", "c")), app, "a > b > c", "=", "=", 0},
	{"one registry by three keys, otherwise ordered", auths(e("https://quay.io/v1/", "b"), e("https://quay.io", "c"), e("quay.io", "a")), app, "b > c > a", "=", "=", 0},

	// Wildcards.
	{"wildcard", auths(e("*.example.com", "w")), other, "", "w", "=", 0},
	{"wildcard and exact", auths(e("*.example.com", "w"), e("reg.example.com", "e")), other, "e", "e > w", "=", 0},
	{"wildcard with path and exact host", auths(e("*.example.com/x", "wp"), e("reg.example.com", "e")), other, "e", "wp > e", "e > wp", 0},
	{"wildcard and two labels", auths(e("*.example.com", "w")), "a.b.example.com/x", "", "=", "=", 0},
	{"character class", auths(e("[a-z]eg.example.com", "w"), e("reg.example.com", "e")), other, "e", "=", "=", 0},

	// Ports, addresses, case.
	{"port in the key", auths(e("reg.example.com:5000", "p")), other, "", "=", "=", 0},
	{"port in the image", auths(e("reg.example.com", "p")), "reg.example.com:5000/x/y", "", "=", "=", 0},
	{"port 443 in the key", auths(e("reg.example.com:443", "p")), other, "p", "=", "", 0},
	{"port 443 in the image", auths(e("reg.example.com", "p")), "reg.example.com:443/x/y", "p", "=", "", 0},
	{"port and path", auths(e("reg.example.com:5000/x", "p")), "reg.example.com:5000/x/y", "p", "=", "=", 0},
	{"localhost", auths(e("localhost:5000", "p")), "localhost:5000/x", "p", "=", "=", 0},
	{"IPv6", auths(e("[::1]:5000", "p")), "[::1]:5000/x", "p", "=", "=", 0},
	{"upper case in the key", auths(e("QUAY.io", "h")), app, "h", "=", "", 0},
	{"upper case in the image", auths(e("quay.io", "h")), "QUAY.io/org/img", "h", "=", "", 0},
	{"leading space", auths(e(" quay.io", "h")), app, "", "=", "=", 0},

	// Docker Hub.
	{"hub docker.io", auths(e("docker.io", "d")), "busybox", "d", "=", "=", 0},
	{"hub index.docker.io", auths(e("index.docker.io", "d")), "busybox", "d", "=", "=", 0},
	{"hub registry-1.docker.io", auths(e("registry-1.docker.io", "d")), "busybox", "d", "=", "", 0},
	{"hub v1", auths(e("https://index.docker.io/v1/", "d")), "busybox", "d", "=", "=", 0},
	{"hub v1 without a slash", auths(e("https://index.docker.io/v1", "d")), "busybox", "d", "=", "", 0},
	{"hub v1 without a scheme", auths(e("index.docker.io/v1/", "d")), "busybox", "d", "=", "=", 0},
	{"hub registry-1 v2", auths(e("https://registry-1.docker.io/v2/", "d")), "busybox", "d", "=", "", 0},
	{"hub https docker.io", auths(e("https://docker.io", "d")), "busybox", "d", "=", "=", 0},
	{"hub library", auths(e("docker.io/library", "l")), "busybox", "l", "=", "=", 0},
	{"hub index library", auths(e("index.docker.io/library", "l")), "busybox", "l", "=", "", 0},
	{"hub docker.io and v1", auths(e("docker.io", "d"), e("https://index.docker.io/v1/", "i")), "busybox", "d > i", "=", "d", 0},
	{"hub namespace and v1", auths(e("docker.io/acme", "a"), e("https://index.docker.io/v1/", "i")), "acme/x", "a > i", "=", "a", 0},

	// Entries.
	{"username and password", auths(`"quay.io": {"username": "u", "password": "pw"}`), app, "u", "=", "=", 0},
	{"auth and another username", auths(`"quay.io": {"username": "u", "password": "x", "auth": "YTpwdw=="}`), app, "a", "=", "=", 0},
	{"auth empty", auths(`"quay.io": {"username": "u", "password": "pw", "auth": ""}`), app, "u", "=", "=", 0},
	{"empty entry", auths(`"quay.io": {}`), app, "", "=", "=", 0},
	{"empty namespace, good host", auths(`"quay.io/org": {}`, e("quay.io", "h")), app, "h", "=", "=", 0},
	{"null entry", auths(`"quay.io": null`), app, "", "=", "=", 0},
	{"bad base64", auths(`"quay.io": {"auth": "!!!"}`), app, "", "=", "=", 0},
	{"bad base64 elsewhere", auths(`"ghcr.io": {"auth": "!!!"}`, e("quay.io", "h")), app, "h", "=", "=", 0},
	{"no colon elsewhere", auths(`"ghcr.io": {"auth": "bm9jb2xvbg=="}`, e("quay.io", "h")), app, "h", "=", "=", 0},
	{"no colon", auths(`"quay.io": {"auth": "bm9jb2xvbg=="}`), app, "", "=", "=", 0},
	{"no colon in the namespace, good host", auths(`"quay.io/org": {"auth": "bm9jb2xvbg=="}`, e("quay.io", "h")), app, "h", "=", "=", 0},
	{"unpadded base64", auths(`"quay.io": {"auth": "aGg6cHc"}`), app, "hh", "=", "=", 0},
	{"newline in base64", auths(`"quay.io": {"auth": "aGg6\ncHc="}`), app, "hh", "=", "=", 0},
	{"trailing space after base64", auths(`"quay.io": {"auth": "aGg6cHc= "}`), app, "", "=", "=", 0},
	{"base64 for URLs", auths(`"quay.io": {"auth": "aGg6_-8_"}`), app, "", "=", "=", 0},
	{"colon in the password", auths(raw("quay.io", "h:p:q:r")), app, "h/p:q:r", "=", "=", 0},
	{"trailing NUL", auths(raw("quay.io", "h:pw\x00\x00")), app, "h", "=", "=", 0},
	{"leading NUL", auths(raw("quay.io", "h:\x00pw")), app, "h", "=", "=", 0},
	{"trailing newline in the password", auths(raw("quay.io", "h:pw\n")), app, "h/pw\n", "=", "=", 0},
	{"empty user name", auths(raw("quay.io", ":pw")), app, "<none>", "=", "=", 0},
	{"empty password", auths(raw("quay.io", "user:")), app, "user/", "=", "=", 0},
	{"nothing but a colon", auths(raw("quay.io", ":")), app, "", "=", "=", 0},

	// Tokens.
	{"identity token only", auths(`"quay.io": {"identitytoken": "T"}`), app, "<none>/+id:T", "=", "=", 0},
	{"identity token and a user", auths(`"quay.io": {"auth": "MDAwMDo=", "identitytoken": "T"}`), app, "0000/+id:T", "=", "=", 0},
	{"registry token only", auths(`"quay.io": {"registrytoken": "R"}`), app, "<none>/+reg:R", "=", "=", 0},
	{"registry token and a user", auths(`"quay.io": {"auth": "aDpwdw==", "registrytoken": "R"}`), app, "h+reg:R", "=", "=", 0},
	{"user name <token>", auths(e("quay.io", "<token>")), app, "<token>", "=", "=", 0},

	// Documents.
	{"email is no string", auths(`"ghcr.io": {"auth": "aDpwdw==", "email": false}`, e("quay.io", "h")), app, "h", "=", "=", 0},
	{"unknown members", []string{`{"x": [1], "auths": {` + e("quay.io", "h") + `, "y.io": {"z": {}}}, "HttpHeaders": {"a": "b"}}`}, app, "h", "=", "=", 0},
	{"Auths in upper case", []string{`{"Auths": {` + e("quay.io", "h") + `}}`}, app, "h", "=", "=", 0},
	{"legacy content in a config", []string{`{` + e("quay.io", "h") + `}`}, app, "", "=", "=", 0},
	{"auths null", []string{`{"auths": null}`}, app, "", "=", "=", 0},
	{"empty file", []string{""}, app, "", "=", "=", 0},
	{"white space", []string{" \n"}, app, "", "=", "=", 0},
	{"byte order mark", []string{"\xef\xbb\xbf" + auths(e("quay.io", "h"))[0]}, app, "", "=", "=", 0},
	{"garbage at the end", []string{auths(e("quay.io", "h"))[0] + "x"}, app, "", "=", "=", 0},
	{"key that is no URL", auths(e("%zz", "x"), e("quay.io", "h")), app, "h", "=", "=", 0},

	// Helpers, with programs called fake, which knows quay.io, and nf, which knows
	// nothing. A Secret starts none.
	{"helper missing", []string{`{"credHelpers": {"quay.io": "nope"}, "auths": {` + e("quay.io", "h") + `}}`}, app, "h", "=", "=", 0},
	{"helper of another host missing", []string{`{"credHelpers": {"ghcr.io": "nope"}, "auths": {` + e("quay.io", "h") + `}}`}, app, "h", "=", "=", 0},
	{"store missing", []string{`{"credsStore": "nope", "auths": {` + e("quay.io", "h") + `}}`}, app, "h", "=", "=", 0},
	{"helper and auths", []string{`{"credHelpers": {"quay.io": "fake"}, "auths": {` + e("quay.io", "h") + `}}`}, app, "helper > h", "h", "=", 0},
	{"store and auths", []string{`{"credsStore": "fake", "auths": {` + e("quay.io", "h") + `}}`}, app, "helper > h", "h", "=", 0},
	{"store knows nothing", []string{`{"credsStore": "nf", "auths": {` + e("quay.io", "h") + `}}`}, app, "h", "=", "=", 0},
	{"helper knows nothing", []string{`{"credHelpers": {"quay.io": "nf"}, "auths": {` + e("quay.io", "h") + `}}`}, app, "h", "=", "=", 0},
	{"helper knows nothing, namespace", []string{`{"credHelpers": {"quay.io": "nf"}, "auths": {` + e("quay.io/org", "ns") + `}}`}, app, "ns", "=", "=", 0},

	// Several documents.
	{"two with one key", append(auths(e("quay.io", "s1")), auths(e("quay.io", "s2"))...), app, "s1 > s2", "=", "=", 0},
	{"host, then namespace", append(auths(e("quay.io", "s1")), auths(e("quay.io/org", "s2"))...), app, "s2 > s1", "=", "=", 0},
	{"the first is bad", append(auths(`"quay.io": {"auth": "!!!"}`), auths(e("quay.io", "s2"))...), app, "s2", "=", "=", 0},
	{"the first is no JSON", append([]string{`{"auths": `}, auths(e("quay.io", "s2"))...), app, "s2", "=", "=", 0},
	{"names of Docker Hub", append(auths(e("docker.io", "s1")), auths(e("https://index.docker.io/v1/", "s2"))...), "busybox", "s1 > s2", "=", "s1", 0},

	// The old format.
	{"legacy v1", []string{`{` + e("https://quay.io/v1/", "h") + `}`}, app, "h", "=", "=", auth.FormatLegacy},
	{"legacy namespace", []string{`{` + e("quay.io/org", "h") + `}`}, app, "h", "=", "=", auth.FormatLegacy},
	{"legacy, another namespace", []string{`{` + e("quay.io/other", "h") + `}`}, app, "", "=", "=", auth.FormatLegacy},
}

func TestMatrix(t *testing.T) {
	require.GreaterOrEqual(t, len(matrix), 100)
	helperPath(t, map[string]string{
		"fake": `echo '{"Username":"helper","Secret":"pw"}'`,
		"nf":   `echo 'credentials not found in native keychain'; exit 1`,
	})
	for _, c := range matrix {
		t.Run(c.name, func(t *testing.T) {
			inSecret, compat := c.secret, c.kubelet
			if inSecret == "=" {
				inSecret = c.want
			}
			if compat == "=" {
				compat = inSecret
			}
			var files, secrets []auth.Source
			for i, doc := range c.docs {
				path := filepath.Join(t.TempDir(), "config.json")
				require.NoError(t, os.WriteFile(path, []byte(doc), 0o600))
				files = append(files, auth.File(path, auth.DocumentOptions{Format: c.format}))

				secret := &auth.PullSecret{Namespace: "dev", Name: "s" + strconv.Itoa(i), Type: auth.TypeDockerConfigJSON,
					Data: auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte(doc), ".dockercfg": []byte(doc)})}
				if c.format == auth.FormatLegacy {
					secret.Type = auth.TypeDockercfg
				}
				secrets = append(secrets, auth.Secrets(auth.NewSecretStore(secret), "dev", secret.Name))
			}
			require.Equal(t, c.want, chosen(t, auth.Options{}, c.image, files...), "from files")
			require.Equal(t, inSecret, chosen(t, auth.Options{}, c.image, secrets...), "from Secrets")
			require.Equal(t, compat, chosen(t, auth.Options{KubeletCompat: true}, c.image, secrets...), "as the kubelet")
		})
	}
}

// chosen returns the candidates in the notation of the table.
func chosen(t *testing.T, o auth.Options, image string, sources ...auth.Source) string {
	t.Helper()
	resource, err := auth.Image(image)
	require.NoError(t, err)
	candidates, err := auth.NewResolver(o, sources...).Candidates(t.Context(), resource)
	require.NoError(t, err)
	var names []string
	for _, c := range candidates {
		names = append(names, notation(c.Credential))
	}
	return strings.Join(names, " > ")
}

func notation(c auth.Credential) string {
	s := c.Username
	if s == "" {
		s = "<none>"
	}
	if p := c.Password.Reveal(); p != "pw" {
		s += "/" + p
	}
	if v := c.IdentityToken.Reveal(); v != "" {
		s += "+id:" + v
	}
	if v := c.RegistryToken.Reveal(); v != "" {
		s += "+reg:" + v
	}
	return s
}

// helperPath makes credential helpers of these shell scripts and a PATH of them and
// of the system's programs.
func helperPath(t *testing.T, scripts map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range scripts {
		path := filepath.Join(dir, "docker-credential-"+name)
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}
