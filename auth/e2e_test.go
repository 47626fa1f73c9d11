package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// The end-to-end tests have podman and skopeo use what this package wrote, and the
// other way round, against Debian's docker-registry with a password file. They run
// where the programs are installed; where REGISTRYKIT_E2E is set, as in .ci/run, one
// that is missing is a failure.
var e2ePrograms = []string{"docker-registry", "htpasswd", "podman", "skopeo"}

// The user names and passwords of the registry: a robot's, and one that has everything
// in it that a password may have.
var e2eUsers = map[string]string{
	"org+bot":         "pw",
	"12345678|device": "p:w \"ä/+=" + strings.Repeat("x", 40),
}

// e2eTimeout bounds each program and the start of the registry.
const e2eTimeout = 30 * time.Second

// An e2eHost is a registry and the home of a user of it.
type e2eHost struct {
	registry string // host:port
	home     string
}

func newE2EHost(t *testing.T) *e2eHost {
	t.Helper()
	for _, program := range e2ePrograms {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("REGISTRYKIT_E2E") != "" {
				t.Fatal(err)
			}
			t.Skipf("%s is not installed; .ci/run e2e installs it", program)
		}
	}
	h := &e2eHost{home: t.TempDir()}
	var err error
	for range 3 { // somebody may take the port between its choice and its use
		if h.registry, err = startRegistry(t); err == nil {
			return h
		}
	}
	require.NoError(t, err)
	return nil
}

// startRegistry starts a registry on a free port of the loopback interface and ends it
// with the test.
func startRegistry(t *testing.T) (host string, err error) {
	t.Helper()
	dir := t.TempDir()
	var users bytes.Buffer
	for user, password := range e2eUsers {
		cmd := exec.CommandContext(t.Context(), "htpasswd", "-niB", "-C", "4", user)
		cmd.Stdin = strings.NewReader(password)
		line, err := cmd.Output()
		require.NoError(t, err)
		users.Write(bytes.TrimSpace(line))
		users.WriteByte('\n')
	}
	write(t, filepath.Join(dir, "htpasswd"), users.String())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host = listener.Addr().String()
	require.NoError(t, listener.Close())
	write(t, filepath.Join(dir, "config.yml"), fmt.Sprintf(`version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {inmemory: {}}
http: {addr: %q, secret: s}
auth: {htpasswd: {realm: e2e, path: %q}}
`, host, filepath.Join(dir, "htpasswd")))

	var log bytes.Buffer
	cmd := exec.Command("docker-registry", "serve", filepath.Join(dir, "config.yml"))
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
	}
	ctx, cancel := context.WithTimeout(t.Context(), e2eTimeout)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		if status, err := get(ctx, "http://"+host+"/v2/"); err == nil && status == http.StatusUnauthorized {
			t.Cleanup(stop)
			return host, nil
		}
		select {
		case err := <-ended:
			return "", fmt.Errorf("the registry ended: %w: %s", err, log.String())
		case <-ctx.Done():
			stop()
			return "", fmt.Errorf("the registry does not answer: %s", log.String())
		case <-poll.C:
		}
	}
}

func get(ctx context.Context, url string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// run runs a program as the user, and returns what it printed.
func (h *e2eHost) run(t *testing.T, stdin, program string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), e2eTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.home, "XDG_RUNTIME_DIR=" + h.home, "LC_ALL=C.UTF-8"}
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out)), err
}

func (h *e2eHost) podmanLogin(t *testing.T, path, key, user string) {
	t.Helper()
	_, err := h.run(t, e2eUsers[user], "podman", "login", "--tls-verify=false", "--authfile", path, "-u", user, "--password-stdin", key)
	require.NoError(t, err)
}

// tags lists the tags of a repository by skopeo.
func (h *e2eHost) tags(t *testing.T, path, repository string) ([]string, error) {
	t.Helper()
	out, err := h.run(t, "", "skopeo", "list-tags", "--tls-verify=false", "--authfile", path, "docker://"+h.registry+"/"+repository)
	if err != nil {
		return nil, err
	}
	var listed struct{ Tags []string }
	require.NoError(t, json.Unmarshal([]byte(out), &listed), out)
	return listed.Tags, nil
}

// push writes an image by go-containerregistry, with the keychain given.
func (h *e2eHost) push(t *testing.T, keychain authn.Keychain, repository string) error {
	t.Helper()
	tag, err := name.NewTag(h.registry + "/" + repository + ":v1")
	require.NoError(t, err)
	image, err := random.Image(64, 1)
	require.NoError(t, err)
	return remote.Write(tag, image, remote.WithAuthFromKeychain(keychain), remote.WithContext(t.Context()))
}

// TestEndToEndPodmanLogins: what podman writes is read back here, and accepted by the
// registry when go-containerregistry uses it.
func TestEndToEndPodmanLogins(t *testing.T) {
	h := newE2EHost(t)
	for user, password := range e2eUsers {
		for _, key := range []string{h.registry, h.registry + "/team", h.registry + "/team/app"} {
			path := filepath.Join(t.TempDir(), "auth.json")
			h.podmanLogin(t, path, key, user)
			got := stored(t, path, h.registry+"/team/app")
			require.True(t, got.Equal(auth.NewBasic(user, password)), "%s for %s in %s", got, key, read(t, path))
			require.NoError(t, h.push(t, auth.NewResolver(auth.Options{}, auth.File(path, auth.DocumentOptions{})), "team/app"))

			require.NoError(t, auth.Logout(t.Context(), path, key, auth.DocumentOptions{}))
			_, err := h.run(t, "", "podman", "login", "--get-login", "--authfile", path, key)
			require.Error(t, err, "podman sees that it is logged out")
			_, err = h.tags(t, path, "team/app")
			require.ErrorContains(t, err, "authentication required")
		}
	}
	require.Error(t, h.push(t, auth.NewResolver(auth.Options{}), "team/app"), "the registry asks for a password")
}

// TestEndToEndLogins: what is written here skopeo and podman use, log out of, and leave
// alone where it is none of theirs.
func TestEndToEndLogins(t *testing.T) {
	h := newE2EHost(t)
	resolver := auth.NewResolver(auth.Options{}, auth.Document("e2e", []byte(`{"auths": {"`+h.registry+`": {"username": "org+bot", "password": "pw"}}}`), auth.DocumentOptions{}))
	require.NoError(t, h.push(t, resolver, "team/app"))
	for name, before := range map[string]string{
		"new file":       "",
		"podman's":       "{\n\t\"auths\": {\n\t\t\"other.io\": {\n\t\t\t\"auth\": \"eDp5\"\n\t\t}\n\t}\n}",
		"docker's":       `{"auths": {"https://index.docker.io/v1/": {"auth": "eDp5"}}, "credsStore": "", "HttpHeaders": {"A": "b"}}`,
		"a wrong one":    `{"auths":{"` + h.registry + `":{"auth":"eDp5"},"` + h.registry + `/team":{"auth":"eDp5"}}}`,
		"another's form": `{"auths":{"http://` + h.registry + `/v1/":{"username":"x","password":"y"}}}`,
	} {
		for user, password := range e2eUsers {
			for _, key := range []string{h.registry, h.registry + "/team"} {
				t.Run(name+" "+user+strings.TrimPrefix(key, h.registry), func(t *testing.T) {
					path := filepath.Join(t.TempDir(), "auth.json")
					if before != "" {
						write(t, path, before)
					}
					keys := []string{key}
					if name == "a wrong one" {
						keys = []string{h.registry, h.registry + "/team"}
						_, err := h.tags(t, path, "team/app")
						require.ErrorContains(t, err, "authentication required")
					}
					for _, key := range keys {
						require.NoError(t, auth.Login(t.Context(), path, key, auth.NewBasic(user, password), auth.DocumentOptions{}))
					}
					listed, err := h.tags(t, path, "team/app")
					require.NoError(t, err)
					require.Equal(t, []string{"v1"}, listed)
					_, err = h.run(t, "", "skopeo", "inspect", "--tls-verify=false", "--authfile", path, "docker://"+h.registry+"/team/app:v1")
					require.NoError(t, err)
					who, err := h.run(t, "", "podman", "login", "--get-login", "--authfile", path, key)
					require.NoError(t, err)
					require.Equal(t, user, who)

					for _, key := range keys {
						_, err = h.run(t, "", "podman", "logout", "--authfile", path, key)
						if name == "another's form" && key == h.registry {
							require.ErrorContains(t, err, "not logged into", "podman logs out of its own spelling alone")
							err = auth.Logout(t.Context(), path, key, auth.DocumentOptions{})
						}
						require.NoError(t, err)
					}
					require.False(t, stored(t, path, h.registry+"/team/app").Equal(auth.NewBasic(user, password)))
				})
			}
		}
	}
}

// TestEndToEndPullSecret: the document of a pull secret serves as an auth file.
func TestEndToEndPullSecret(t *testing.T) {
	h := newE2EHost(t)
	secret := &auth.PullSecret{Namespace: "dev", Name: "pull", Type: auth.TypeDockerConfigJSON,
		Data: auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte(`{"auths":{"quay.io":{"auth":"eDp5","email":"e"}}}`)})}
	_, document, err := auth.LoginSecret(secret, h.registry, auth.NewBasic("org+bot", "pw"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "auth.json")
	write(t, path, string(document))
	secret.Data = auth.NewSecretData(map[string][]byte{".dockerconfigjson": document})
	require.NoError(t, h.push(t, auth.NewResolver(auth.Options{}, auth.Secrets(auth.NewSecretStore(secret), "dev", "pull")), "team/app"))
	listed, err := h.tags(t, path, "team/app")
	require.NoError(t, err)
	require.Equal(t, []string{"v1"}, listed)

	_, document, err = auth.LogoutSecret(secret, h.registry)
	require.NoError(t, err)
	write(t, path, string(document))
	_, err = h.tags(t, path, "team/app")
	require.ErrorContains(t, err, "authentication required")
}

// TestEndToEndTry: the registry denies the first credential and accepts the second.
func TestEndToEndTry(t *testing.T) {
	h := newE2EHost(t)
	dir := t.TempDir()
	for i, password := range []string{"last year's", "pw"} {
		require.NoError(t, auth.Login(t.Context(), filepath.Join(dir, fmt.Sprint(i)), h.registry, auth.NewBasic("org+bot", password), auth.DocumentOptions{}))
	}
	resolver := auth.NewResolver(auth.Options{}, auth.File(filepath.Join(dir, "0"), auth.DocumentOptions{}), auth.File(filepath.Join(dir, "1"), auth.DocumentOptions{}))
	repository, err := name.NewRepository(h.registry + "/team/app")
	require.NoError(t, err)
	tries := 0
	_, err = auth.Try(t.Context(), resolver, repository, auth.TryOptions{}, func(ctx context.Context, a authn.Authenticator) (int, error) {
		tries++
		image, err := random.Image(64, 1)
		if err != nil {
			return 0, err
		}
		return 0, remote.Write(repository.Tag("v1"), image, remote.WithAuth(a), remote.WithContext(ctx))
	})
	require.NoError(t, err)
	require.Equal(t, 2, tries)
	_, err = h.tags(t, filepath.Join(dir, "0"), "team/app")
	require.ErrorContains(t, err, "authentication required", "the first was wrong indeed")
}
