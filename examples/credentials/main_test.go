package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// program runs the program with an empty host.
func program(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	for _, name := range []string{"REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME", "DOCKER_CONFIG", "DOCKER_AUTH_CONFIG"} {
		t.Setenv(name, "")
	}
	var out, errs bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// bare gives the host an empty home.
func bare(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(home, "run"))
	return home
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func config(entries ...string) string { return `{"auths": {` + strings.Join(entries, ", ") + `}}` }

func entry(key, user string) string {
	return fmt.Sprintf("%q: {%q: %q}", key, "auth", base64.StdEncoding.EncodeToString([]byte(user+":pw-of-"+user)))
}

// secretJSON is a Secret as oc prints it.
func secretJSON(namespace, name, document string) string {
	return fmt.Sprintf(`{"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": %q, "name": %q}, "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": %q}}`,
		namespace, name, base64.StdEncoding.EncodeToString([]byte(document)))
}

type candidateJSON struct{ Source, Key, Username, Kind, Password string }

type outputJSON struct {
	Image      string
	Candidates []candidateJSON
	Steps      []struct{ Source, Key, Outcome, Detail string }
}

func decoded(t *testing.T, stdout string) (o outputJSON, users string) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(stdout), &o), stdout)
	var names []string
	for _, c := range o.Candidates {
		names = append(names, c.Username)
	}
	return o, strings.Join(names, " ")
}

func TestEverySourceInItsOrder(t *testing.T) {
	home := bare(t)
	require.NoError(t, os.Mkdir(filepath.Join(home, ".docker"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".docker", "config.json"), []byte(config(entry("quay.io", "host"))), 0o600))
	all := []string{
		"--kubelet-config", file(t, config(entry("quay.io", "kubelet"))),
		"--pull-secret", file(t, secretJSON("kube-system", "copy", config(entry("quay.io", "cluster")))),
		"--secret", file(t, `{"kind": "List", "items": [`+secretJSON("dev", "a", config(entry("quay.io", "s1")))+`, `+secretJSON("dev", "b", config(entry("quay.io/org", "s2")))+`]}`),
		"--authfile", file(t, config(entry("quay.io", "f1"))), "-o", "json", "quay.io/org/app:v1", "--authfile", file(t, config(entry("quay.io", "f2"))),
	}
	status, stdout, stderr := program(t, "", all...)
	require.Equal(t, found, status, stderr)
	o, users := decoded(t, stdout)
	require.Equal(t, "f1 f2 s2 s1 cluster kubelet host", users)
	require.Equal(t, "quay.io/org/app:v1", o.Image)
	require.Equal(t, candidateJSON{"secret dev/b", "quay.io/org", "s2", "basic", ""}, o.Candidates[2])
	require.Equal(t, "secret openshift-config/pull-secret", o.Candidates[4].Source)
	require.NotContains(t, stdout, "pw-of")

	_, stdout, _ = program(t, "", append(all, "--no-host")...)
	_, users = decoded(t, stdout)
	require.Equal(t, "f1 f2 s2 s1 cluster kubelet", users)
}

func TestJSONHasTheKeysThatWerePromised(t *testing.T) {
	bare(t)
	_, stdout, _ := program(t, "", "-o", "json", "--authfile", file(t, config(entry("docker.io", "d"))), "busybox")
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Len(t, got, 3)
	require.Equal(t, map[string]any{"source": got["candidates"].([]any)[0].(map[string]any)["source"], "key": "docker.io", "username": "d", "kind": "basic"},
		got["candidates"].([]any)[0])
	_, stdout, _ = program(t, "", "-o", "json", "--show-secrets", "--authfile", file(t, config(entry("docker.io", "d"), `"index.docker.io": {"identitytoken": "T"}, "registry-1.docker.io": {"registrytoken": "R"}`)), "busybox")
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	candidates := got["candidates"].([]any)
	require.Equal(t, "pw-of-d", candidates[0].(map[string]any)["password"])
	require.Equal(t, "T", candidates[1].(map[string]any)["identityToken"])
	require.Equal(t, "R", candidates[2].(map[string]any)["registryToken"])
	require.Equal(t, "registryToken", candidates[2].(map[string]any)["kind"])
}

func TestStatus(t *testing.T) {
	good, broken, none3 := config(entry("quay.io", "u")), `{"auths": `, config(entry("ghcr.io", "u"))
	missing := filepath.Join(t.TempDir(), "missing")
	cases := map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"a candidate":                     {[]string{"--authfile", file(t, good), "quay.io/org/app"}, found, ""},
		"none":                            {[]string{"--authfile", file(t, none3), "quay.io/org/app"}, none, ""},
		"none, as a host without files":   {[]string{"quay.io/org/app"}, none, ""},
		"one of two is missing":           {[]string{"--authfile", missing, "--authfile", file(t, none3), "quay.io/org/app"}, none, ""},
		"an empty file":                   {[]string{"--authfile", file(t, ""), "quay.io/org/app"}, none, ""},
		"a missing file":                  {[]string{"--authfile", missing, "--no-host", "quay.io/org/app"}, failed, "nothing could be read"},
		"a broken file":                   {[]string{"--authfile", file(t, broken), "quay.io/org/app"}, failed, "nothing could be read"},
		"a missing secret file":           {[]string{"--secret", missing, "quay.io/org/app"}, failed, "nothing could be read"},
		"a missing pull secret":           {[]string{"--pull-secret", missing, "quay.io/org/app"}, failed, "nothing could be read"},
		"a missing kubelet file":          {[]string{"--kubelet-config", missing, "quay.io/org/app"}, failed, "nothing could be read"},
		"a secret file of something else": {[]string{"--secret", file(t, `{"kind": "Pod"}`), "quay.io/org/app"}, failed, "nothing could be read"},
		"no image":                        {nil, failed, "one image is wanted, not 0"},
		"two images":                      {[]string{"a", "b"}, failed, "one image is wanted, not 2"},
		"no such flag":                    {[]string{"--colour", "a"}, failed, "flag provided but not defined"},
		"no such output":                  {[]string{"-o", "yaml", "a"}, failed, "it is text or json"},
		"nowhere to look":                 {[]string{"--no-host", "a"}, failed, "leaves nowhere to look"},
		"no name of an image":             {[]string{"Not An Image"}, failed, "not an image name"},
		"an empty file name":              {[]string{"--authfile", "", "a"}, failed, "the name of a file is wanted"},
		"help":                            {[]string{"-h"}, found, "usage: credentials"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bare(t)
			status, _, stderr := program(t, "", c.args...)
			require.Equal(t, c.status, status, stderr)
			require.Contains(t, stderr, c.stderr)
			if c.stderr == "" {
				require.Empty(t, stderr)
			}
		})
	}
}

func TestSecretFiles(t *testing.T) {
	bare(t)
	one := secretJSON("dev", "one", config(entry("quay.io", "one")))
	excluded := strings.Replace(secretJSON("dev", "two", config(entry("quay.io", "two"))), `"name"`, `"annotations": {"openshift.io/image.excludeSecret": "true"}, "name"`, 1)
	opaque := strings.Replace(one, "kubernetes.io/dockerconfigjson", "Opaque", 1)
	bad := strings.Replace(one, `"data": {".dockerconfigjson": "`, `"data": {".dockerconfigjson": "!`, 1)
	other := secretJSON("other", "three", config(entry("quay.io", "three")))
	list := func(items ...string) string {
		return `{"apiVersion": "v1", "kind": "List", "items": [` + strings.Join(items, ", ") + `]}`
	}
	cases := map[string]struct{ text, users, outcome string }{
		"one":                     {one, "one", "chosen"},
		"excluded, but named":     {excluded, "two", "chosen"},
		"a list":                  {list(excluded, opaque, one), "one", "excluded"},
		"of several namespaces":   {list(one, other), "one three", "chosen"},
		"with a bad one":          {list(bad, one), "one", "malformed"},
		"with two bad ones":       {list(bad, strings.Replace(bad, `"one"`, `"worse"`, 1), one), "one", "malformed"},
		"of another type":         {opaque, "", "wrong type"},
		"an empty list":           {list(), "", ""},
		"a document":              {config(entry("quay.io", "raw")), "raw", "chosen"},
		"no pull secrets in list": {list(opaque), "", "no match"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, stdout, _ := program(t, c.text, "--no-host", "-o", "json", "--secret", "-", "quay.io/org/app")
			o, users := decoded(t, stdout)
			require.Equal(t, c.users, users)
			if c.outcome != "" && c.outcome != "no match" {
				require.Equal(t, c.outcome, o.Steps[0].Outcome)
			}
		})
	}
	_, stdout, _ := program(t, list(bad, strings.Replace(bad, `"one"`, `"worse"`, 1), one), "--no-host", "--secret", "-", "quay.io/org/app")
	require.Contains(t, stdout, "parse secret dev/one: malformed")
	require.Contains(t, stdout, "parse secret dev/worse: malformed", "each is told of, in a step of its own")
	require.NotContains(t, stdout, "\ufffd")
	status, _, stderr := program(t, list(), "--no-host", "--secret", "-", "quay.io/org/app")
	require.Equal(t, none, status, stderr)
	_, stdout, _ = program(t, list(one, other), "--no-host", "-o", "json", "--pull-secret", "-", "quay.io/org/app")
	o, users := decoded(t, stdout)
	require.Empty(t, users)
	require.Contains(t, o.Steps[0].Detail, "2 Secrets, where one is wanted")
}

func TestKubeletCompat(t *testing.T) {
	bare(t)
	args := []string{"--no-host", "-o", "json", "--secret", file(t, secretJSON("dev", "s", config(entry("quay.io/org", "ns"), entry("quay.io", "h")))), "quay.io/organization/app"}
	_, stdout, _ := program(t, "", args...)
	_, users := decoded(t, stdout)
	require.Equal(t, "h", users)
	_, stdout, _ = program(t, "", append([]string{"--kubelet-compat"}, args...)...)
	_, users = decoded(t, stdout)
	require.Equal(t, "ns h", users)
}

func TestText(t *testing.T) {
	bare(t)
	path := file(t, config(entry("quay.io:5000", "u"), entry("https://quay.io/v1/", "v")))
	status, stdout, _ := program(t, "", "--no-host", "--authfile", path, "quay.io/org/app")
	require.Equal(t, found, status)
	require.Contains(t, stdout, `chosen: file `+path+`, key "https://quay.io/v1/": user "v" (basic)`)
	require.Contains(t, stdout, `near miss (it is for port 5000, the image is at the default port)`)
	require.NotContains(t, stdout, "pw-of")
	_, stdout, _ = program(t, "", "--no-host", "--show-secrets", "--authfile", path, "quay.io/org/app")
	require.Contains(t, stdout, `password of 1: "pw-of-v"`)
}
