package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/registryclient/notification"
	"github.com/stretchr/testify/require"
)

const (
	one = "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
	two = "sha256:0000000000000000000000000000000000000000000000000000000000000002"
)

func build(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "webhook.exe") // Windows asks for the ending
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// started is the program while it runs.
type started struct {
	t       *testing.T
	command *exec.Cmd
	url     string
	lines   *bufio.Scanner
	// log is what came on standard error, once it has ended.
	log chan string
}

// start starts the program and waits until it listens.
func start(t *testing.T, path string, args ...string) *started {
	s := &started{t: t, command: exec.Command(path, append(args, "--listen", "127.0.0.1:0")...), log: make(chan string, 1)}
	stdout, err := s.command.StdoutPipe()
	require.NoError(t, err)
	stderr, err := s.command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, s.command.Start())
	t.Cleanup(func() { _ = s.command.Process.Kill() })
	timer := time.AfterFunc(time.Minute, func() { _ = s.command.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	s.lines = bufio.NewScanner(stdout)
	errs := bufio.NewReader(stderr)
	first, err := errs.ReadString('\n')
	require.NoError(t, err)
	_, address, ok := strings.Cut(strings.TrimSpace(first), "listening on ")
	require.True(t, ok, first)
	s.url = "http://" + address + "/"
	go func() {
		var rest bytes.Buffer
		_, _ = rest.ReadFrom(errs)
		s.log <- rest.String()
	}()
	return s
}

// send posts events and returns the status.
func (s *started) send(token string, events ...string) int {
	request, err := http.NewRequest(http.MethodPost, s.url, strings.NewReader(`{"events":[`+strings.Join(events, ",")+`]}`))
	require.NoError(s.t, err)
	request.Header.Set("Content-Type", notification.MediaType)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	require.NoError(s.t, response.Body.Close())
	return response.StatusCode
}

// line reads the next line of standard output.
func (s *started) line() string {
	s.t.Helper()
	require.True(s.t, s.lines.Scan(), s.lines.Err())
	return s.lines.Text()
}

func (s *started) stream() *imagestream.ImageStream {
	s.t.Helper()
	var stream imagestream.ImageStream
	require.NoError(s.t, json.Unmarshal([]byte(s.line()), &stream))
	return &stream
}

// end interrupts the program and returns its exit status.
func (s *started) end() int {
	require.NoError(s.t, s.command.Process.Signal(os.Interrupt))
	s.t.Log(<-s.log)
	err := s.command.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	require.NoError(s.t, err)
	return 0
}

func event(id int, action, repository, tag, digest string) string {
	return fmt.Sprintf(`{"id":"%d","timestamp":"2026-03-01T12:00:%02dZ","action":%q,"target":{"repository":%q,"tag":%q,"digest":%q}}`, id, id, action, repository, tag, digest)
}

func TestBinary(t *testing.T) {
	path := build(t)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("hunter2\n"), 0o600))
	s := start(t, path, "--registry", "r.example:5000", "--token-file", token)
	require.Equal(t, 401, s.send("", event(1, "push", "dev/app", "v1", one)))
	require.Equal(t, 401, s.send("wrong", event(1, "push", "dev/app", "v1", one)))
	require.Equal(t, 200, s.send("hunter2", event(1, "push", "dev/app", "v1", one)))
	stream := s.stream()
	require.Equal(t, "ImageStream", stream.Kind)
	require.Equal(t, "dev", stream.Namespace)
	require.Equal(t, "r.example:5000/dev/app@"+one, stream.LatestEvent("v1").DockerImageReference)
	require.Equal(t, 200, s.send("hunter2", event(1, "push", "dev/app", "v1", one), event(2, "push", "dev/app", "v1", two), event(3, "pull", "dev/app", "v1", two)))
	require.Len(t, s.stream().StatusTag("v1").Items, 2, "what came again is not printed again")
	require.Equal(t, 200, s.send("hunter2", event(4, "push", "top", "v1", one), event(5, "push", "a/b/c", "v1", one)))
	require.Equal(t, "top", s.stream().Name)
	require.Equal(t, "b.c", s.stream().Name)
	require.Equal(t, 200, s.send("hunter2", event(6, "delete", "dev/app", "v1", "")))
	require.Empty(t, s.stream().Status.Tags)
	require.Zero(t, s.end())
}

func TestBinaryAsText(t *testing.T) {
	s := start(t, build(t), "--registry", "r.example", "--anyone", "-o", "text")
	require.Equal(t, 200, s.send("", event(1, "push", "dev/app", "v1", one)))
	require.Contains(t, s.line(), "dev/app: ")
	require.Contains(t, s.line(), "v1")
	require.Zero(t, s.end())
}

func TestBinaryUsage(t *testing.T) {
	path := build(t)
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, args := range [][]string{
		{}, {"--registry", "r.example"}, {"--registry", "https://r.example/", "--anyone"}, {"--registry", "r.example", "--anyone", "more"},
		{"--registry", "r.example", "--anyone", "--token-file", empty}, {"--registry", "r.example", "--token-file", empty},
		{"--registry", "r.example", "--token-file", "nosuch"}, {"--registry", "r.example", "--anyone", "-o", "yaml"},
		{"--registry", "r.example", "--anyone", "--listen", "256.0.0.1:x"}, {"--nonsense"},
	} {
		out, err := exec.Command(path, args...).CombinedOutput()
		var exit *exec.ExitError
		require.True(t, errors.As(err, &exit), "%v: %v", args, err)
		require.Equal(t, 1, exit.ExitCode(), args)
		require.True(t, strings.HasPrefix(string(out), "webhook: "), string(out))
	}
	out, err := exec.Command(path, "-h").CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "usage: webhook")
}
