package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// a program as it is built.
type program struct {
	t    *testing.T
	path string
}

func build(t *testing.T) program {
	path := filepath.Join(t.TempDir(), "importstream.exe") // Windows asks for the ending
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return program{t, path}
}

// run returns the exit status and what was written.
func (p program) run(stdin string, args ...string) (status int, stdout, stderr string) {
	command := exec.Command(p.path, args...)
	var out, errs bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(stdin), &out, &errs
	command.Env = append(os.Environ(), "HOME="+p.t.TempDir(), "XDG_RUNTIME_DIR=", "REGISTRY_AUTH_FILE=", "DOCKER_CONFIG=")
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), out.String(), errs.String()
	}
	require.NoError(p.t, err)
	return 0, out.String(), errs.String()
}

func serve(t *testing.T, o registrytest.Options) *registrytest.Server {
	server, err := registrytest.Start(o)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return server
}

func hash(t *testing.T, of interface{ Digest() (v1.Hash, error) }) string {
	h, err := of.Digest()
	require.NoError(t, err)
	return h.String()
}

func readStream(t *testing.T, text string) *imagestream.ImageStream {
	var s imagestream.ImageStream
	require.NoError(t, json.Unmarshal([]byte(text), &s), text)
	require.Equal(t, "ImageStream", s.Kind)
	require.Equal(t, "image.openshift.io/v1", s.APIVersion)
	return &s
}

const now = "2026-03-01T12:00:00Z"

func TestBinary(t *testing.T) {
	p := build(t)
	server := serve(t, registrytest.Options{})
	image, err := random.Image(100, 1)
	require.NoError(t, err)
	index, err := random.Index(100, 1, 2)
	require.NoError(t, err)
	require.NoError(t, server.Push("org/team/app:v1", image))
	require.NoError(t, server.Push("org/team/app:latest", index))
	repo := server.Host() + "/org/team/app"

	t.Run("one tag", func(t *testing.T) {
		status, stdout, stderr := p.run("", "--from", repo+":v1", "--now", now, "dev/app")
		require.Zero(t, status, stderr)
		require.Empty(t, stderr)
		s := readStream(t, stdout)
		require.Equal(t, "dev", s.Namespace)
		require.Equal(t, hash(t, image), s.LatestEvent("v1").Image)
		require.Contains(t, stdout, "\"importPolicy\": {\n                    \"importMode\": \"Legacy\"\n                }")
		require.Contains(t, stdout, "\"referencePolicy\": {\n                    \"type\": \"Source\"\n                }")
		require.Equal(t, now, s.LatestEvent("v1").Created.UTC().Format("2006-01-02T15:04:05Z"))
		require.True(t, strings.HasPrefix(stdout, "{\n    \"apiVersion\": \"image.openshift.io/v1\",\n    \"kind\": \"ImageStream\",\n    \"metadata\": {"), stdout)
		_, again, _ := p.run("", "--from", repo+":v1", "--now", now, "dev/app")
		require.Equal(t, stdout, again)
	})
	t.Run("latest, with its images", func(t *testing.T) {
		status, stdout, stderr := p.run("", "--from", repo, "--import-mode", "PreserveOriginal", "--with-images", "--now", now, "app")
		require.Zero(t, status, stderr)
		var list struct {
			Kind, APIVersion string
			Metadata         map[string]string
			Items            []json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &list))
		require.Equal(t, "List", list.Kind)
		require.Equal(t, map[string]string{"resourceVersion": ""}, list.Metadata)
		require.Len(t, list.Items, 4, "the stream, two images and their index")
		s := readStream(t, string(list.Items[0]))
		require.Equal(t, hash(t, index), s.LatestEvent("latest").Image)
		var last imagestream.Image
		require.NoError(t, json.Unmarshal(list.Items[3], &last))
		require.Equal(t, "Image", last.Kind)
		require.Equal(t, hash(t, index), last.Name)
	})
	t.Run("all, with a limit", func(t *testing.T) {
		status, stdout, stderr := p.run("", "--from", repo, "--all", "--limit", "1", "app")
		require.Zero(t, status, stderr)
		require.Len(t, readStream(t, stdout).Spec.Tags, 1)
		require.Equal(t, "importstream: not imported: \"v1\": beyond the limit: 1\n", stderr)
		status, stdout, _ = p.run("", "--from", repo, "--all", "-o", "text", "app")
		require.Zero(t, status)
		require.Regexp(t, `(?s)^TAG +STATUS +IMAGE +FROM\nlatest +imported +sha256:.*\nv1 +imported +`+hash(t, image), stdout)
	})
	t.Run("a stream that is refreshed", func(t *testing.T) {
		_, stream, _ := p.run("", "--from", repo, "--all", "--now", now, "dev/app")
		require.Equal(t, 2, strings.Count(stream, `"importMode": "Legacy"`))
		file := filepath.Join(t.TempDir(), "stream.json")
		require.NoError(t, os.WriteFile(file, []byte(stream), 0o600))
		status, same, stderr := p.run("", "--stream", file, "--all", "dev/app")
		require.Zero(t, status, stderr)
		require.Equal(t, stream, same, "nothing changed, and nothing is lost")
		other, err := random.Image(100, 1)
		require.NoError(t, err)
		require.NoError(t, server.Push("org/team/app:v1", other))
		status, changed, stderr := p.run(stream, "--stream", "-", "--all", "app")
		require.Zero(t, status, stderr)
		s := readStream(t, changed)
		require.Len(t, s.StatusTag("v1").Items, 2)
		require.Equal(t, hash(t, other), s.LatestEvent("v1").Image)
	})
	t.Run("a tag that is not there", func(t *testing.T) {
		status, stdout, stderr := p.run("", "--from", repo+":gone", "app")
		require.Equal(t, 4, status)
		require.Contains(t, stderr, "importstream: gone: failed: head manifest "+repo+":gone: not found")
		require.Equal(t, "NotFound", readStream(t, stdout).StatusTag("gone").Conditions[0].Reason)
	})
	t.Run("some of a repository", func(t *testing.T) {
		remove := server.Inject(registrytest.ErrorCode(403, "DENIED", "no").For("HEAD", "/manifests/v1"))
		defer remove()
		status, stdout, stderr := p.run("", "--from", repo, "--all", "app")
		require.Equal(t, 4, status)
		s := readStream(t, stdout)
		require.NotNil(t, s.LatestEvent("latest"))
		require.Equal(t, "Forbidden", s.StatusTag("v1").Conditions[0].Reason)
		require.Equal(t, 1, strings.Count(stderr, "\n"))
	})
	t.Run("a repository that is not there", func(t *testing.T) {
		status, stdout, stderr := p.run("", "--from", server.Host()+"/org/none", "--all", "app")
		require.Equal(t, 1, status)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "importstream: list tags "+server.Host()+"/org/none: not found")
	})
	t.Run("a refresh whose repository cannot be listed", func(t *testing.T) {
		_, text, _ := p.run("", "--from", repo+":latest", "--now", now, "app")
		s := readStream(t, text)
		s.Kind, s.APIVersion = "ImageStream", "image.openshift.io/v1"
		s.Spec.DockerImageRepository = repo
		stream, err := json.Marshal(s)
		require.NoError(t, err)
		remove := server.Inject(registrytest.ErrorCode(403, "DENIED", "no").For("GET", "/tags/list"))
		defer remove()
		status, stdout, stderr := p.run(string(stream), "--stream", "-", "--all", "app")
		require.Equal(t, 1, status)
		require.NotNil(t, readStream(t, stdout).LatestEvent("latest"))
		require.Contains(t, stderr, "importstream: list tags "+repo+": ")
		status, stdout, stderr = p.run(string(stream), "--stream", "-", "--all", "-o", "text", "app")
		require.Equal(t, 1, status)
		require.Regexp(t, `(?m)^latest +(unchanged|imported) +sha256:`, stdout)
		require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	})
	t.Run("nothing answers", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := listener.Addr().String()
		require.NoError(t, listener.Close())
		status, stdout, stderr := p.run("", "--from", address+"/org/app:v1", "app")
		require.Equal(t, 1, status)
		require.Contains(t, stderr, "connection refused")
		require.Equal(t, "ServiceUnavailable", readStream(t, stdout).StatusTag("v1").Conditions[0].Reason)
	})
}

// TestNamesAreEscaped: a name cannot speak to the terminal, nor make a line of its own.
func TestNamesAreEscaped(t *testing.T) {
	stream := `{"kind":"ImageStream","apiVersion":"image.openshift.io/v1","metadata":{"name":"app"},"spec":{"tags":[{"name":"v1\u001b[2J\u202e","from":{"kind":"DockerImage","name":"UPPER/\u009b\nfake"}}]}}`
	status, stdout, stderr := build(t).run(stream, "--stream", "-", "-o", "text", "app")
	require.Equal(t, 4, status)
	require.Contains(t, stdout, `v1\u001b[2J\u202e  failed`)
	require.Contains(t, stdout, `UPPER/\u009b\u000afake`)
	require.Contains(t, stderr, `importstream: v1\u001b[2J\u202e: failed`)
	for _, text := range []string{stdout, stderr} {
		require.NotContains(t, text, "\x1b")
		require.NotContains(t, text, "\u202e")
		require.NotContains(t, text, "\u009b")
		require.NotContains(t, text, "\nfake")
	}
}

func TestBinaryWithCredentials(t *testing.T) {
	p := build(t)
	server := serve(t, registrytest.Options{TLS: true, Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"joe": "hunter2"}}})
	image, err := random.Image(100, 1)
	require.NoError(t, err)
	require.NoError(t, server.Push("org/app:v1", image))
	file := filepath.Join(t.TempDir(), "auth.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"auths":{"`+server.Host()+`":{"username":"joe","password":"hunter2"}}}`), 0o600))
	from := server.Host() + "/org/app:v1"

	status, _, stderr := p.run("", "--from", from, "--authfile", file, "app")
	require.Equal(t, 1, status, "the certificate is not trusted")
	require.Contains(t, stderr, "TLS")
	status, stdout, stderr := p.run("", "--from", from, "--authfile", file, "--insecure", "app")
	require.Zero(t, status, stderr)
	require.True(t, readStream(t, stdout).SpecTag("v1").ImportPolicy.Insecure)
	status, stdout, stderr = p.run("", "--from", from, "--insecure", "app")
	require.Equal(t, 4, status)
	require.Equal(t, "Unauthorized", readStream(t, stdout).StatusTag("v1").Conditions[0].Reason)
	require.NotContains(t, stdout+stderr, "hunter2")
}

func TestBinaryUsage(t *testing.T) {
	p := build(t)
	malformed := func(text string) string {
		file := filepath.Join(t.TempDir(), "auth.json")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	for _, args := range [][]string{
		{"--from", "127.0.0.1:1/a/b", "--authfile", filepath.Join(t.TempDir(), "missing"), "app"},
		{"--from", "127.0.0.1:1/a/b", "--authfile", t.TempDir(), "app"},
		{"--from", "127.0.0.1:1/a/b", "--authfile", malformed(`{"auths":`), "app"},
		{"--from", "127.0.0.1:1/a/b", "--authfile", malformed(`{"auths":["s3cr3t"]}`), "app"},
		{"--from", "127.0.0.1:1/a/b", "--authfile", malformed(`"s3cr3t"`), "app"},
		{"--from", "127.0.0.1:1/a/b", "UPPER_x"}, {"--from", "127.0.0.1:1/a/b", "Ns/app"}, {"--from", "127.0.0.1:1/a/b", "n_s/app"},
		{}, {"app"}, {"--from", "r.example/a/b"}, {"--from", "r.example/a/b", "app", "more"},
		{"--from", "r.example/a/b", "a/b/c"}, {"--from", "r.example/a/b", "/b"}, {"--from", "r.example/a/b", "app:v1"},
		{"--from", "r.example/a/b:c:d", "app"}, {"--from", "r.example", "app"}, {"--from", "r.example/a/b:v1", "--all", "app"},
		{"--from", "r.example/a/b", "-o", "yaml", "app"}, {"--from", "r.example/a/b", "--import-mode", "All", "app"},
		{"--from", "r.example/a/b", "--platform", "amd64", "app"}, {"--from", "r.example/a/b", "--now", "today", "app"},
		{"--from", "r.example/a/b", "--limit", "0", "app"}, {"--nonsense"}, {"--stream", "nosuch.json", "app"},
	} {
		status, stdout, stderr := p.run("", args...)
		require.Equal(t, 1, status, args)
		require.Empty(t, stdout)
		require.True(t, strings.HasPrefix(stderr, "importstream: "), stderr)
		require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
		require.NotContains(t, stderr, "s3cr3t")
	}
	server := serve(t, registrytest.Options{})
	for _, text := range []string{"", "{}", `{"r.example":{"auth":"YTpi"}}`} {
		status, _, stderr := p.run("", "--from", server.Host()+"/a/b", "--authfile", malformed(text), "app")
		require.Equal(t, 4, status, stderr)
	}
	for _, stdin := range []string{"", "{", `{"kind":"Pod"}`, `{"kind":"ImageStream","metadata":{"name":"other"}}`, `{"kind":"ImageStream","metadata":{"name":5}}`} {
		status, _, stderr := p.run(stdin, "--stream", "-", "app")
		require.Equal(t, 1, status, stdin)
		require.Contains(t, stderr, "importstream: -: ")
	}
	status, _, stderr := p.run("", "-h")
	require.Zero(t, status)
	require.Contains(t, stderr, "usage: importstream")
}

// TestCredentialsInTurn: the best match is stale, and the next one is let in, or named.
func TestCredentialsInTurn(t *testing.T) {
	p := build(t)
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"ci": "current"}}})
	image, err := random.Image(100, 1)
	require.NoError(t, err)
	require.NoError(t, server.Push("org/app:v1", image))
	file := filepath.Join(t.TempDir(), "auth.json")
	for password, want := range map[string]int{"current": 0, "s3cr3t": 4} {
		h := server.Host()
		require.NoError(t, os.WriteFile(file, []byte(`{"auths":{"`+h+`/org":{"username":"old","password":"st4le"},"`+h+`":{"username":"ci","password":"`+password+`"}}}`), 0o600))
		status, stdout, stderr := p.run("", "--from", h+"/org/app:v1", "--authfile", file, "dev/app")
		require.Equal(t, want, status, stderr)
		if want == 0 {
			require.Equal(t, hash(t, image), readStream(t, stdout).LatestEvent("v1").Image)
			continue
		}
		require.Contains(t, stderr, `user "old" (basic): unauthorized; 2. `)
		require.Contains(t, stderr, `user "ci" (basic): unauthorized`)
		for _, secret := range []string{"st4le", "s3cr3t"} {
			require.NotContains(t, stdout+stderr, secret)
		}
	}
}
