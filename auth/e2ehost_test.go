package auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/registrykit/registrykit/internal/debianregistry"
	"github.com/stretchr/testify/require"
)

// The end-to-end tests have podman and skopeo use what this package wrote, and the
// other way round, against Debian's docker-registry with a password file.

// The user names and passwords of the registry: a robot's, and one that has everything
// in it that a password may have.
var e2eUsers = map[string]string{
	"org+bot":         "pw",
	"12345678|device": "p:w \"ä/+=" + strings.Repeat("x", 40),
}

// e2eTimeout bounds each program.
const e2eTimeout = 30 * time.Second

// An e2eHost is a registry and the home of a user of it.
type e2eHost struct {
	registry string // host:port
	home     string
}

func newE2EHost(t *testing.T) *e2eHost {
	t.Helper()
	debianregistry.Need(t, "podman", "skopeo")
	r := debianregistry.New(t, e2eUsers)
	r.Start()
	return &e2eHost{registry: r.Host, home: t.TempDir()}
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

// push writes an image without layers, with the credential that a keychain has for it.
func (h *e2eHost) push(t *testing.T, keychain authn.Keychain, repository string) error {
	t.Helper()
	repo, err := name.NewRepository(h.registry + "/" + repository)
	require.NoError(t, err)
	authenticator, err := keychain.Resolve(repo)
	require.NoError(t, err)
	return pushAs(t.Context(), repo, authenticator)
}

// pushAs writes an image as go-containerregistry's transport lets it.
func pushAs(ctx context.Context, repo name.Repository, a authn.Authenticator) error {
	authenticated, err := transport.NewWithContext(ctx, repo.Registry, a, http.DefaultTransport, []string{repo.Scope(transport.PushScope)})
	if err != nil {
		return err
	}
	client := &http.Client{Transport: authenticated}
	send := func(method, url, contentType, body string, want int) (*http.Response, error) {
		request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", contentType)
		response, err := client.Do(request)
		if err != nil {
			return nil, err
		}
		return response, errors.Join(transport.CheckError(response, want), response.Body.Close())
	}
	const config = `{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(config)))
	api := "http://" + repo.RegistryStr() + "/v2/" + repo.RepositoryStr()
	started, err := send(http.MethodPost, api+"/blobs/uploads/", "", "", http.StatusAccepted)
	if err != nil {
		return err
	}
	upload, err := started.Location()
	if err != nil {
		return err
	}
	query := upload.Query()
	query.Set("digest", digest)
	upload.RawQuery = query.Encode()
	if _, err := send(http.MethodPut, upload.String(), "application/octet-stream", config, http.StatusCreated); err != nil {
		return err
	}
	const manifest = "application/vnd.docker.distribution.manifest.v2+json"
	_, err = send(http.MethodPut, api+"/manifests/v1", manifest, fmt.Sprintf(
		`{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%d,"digest":%q},"layers":[]}`,
		manifest, len(config), digest), http.StatusCreated)
	return err
}
