package registrylayout_test

import (
	"context"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/registrykit/registrykit/internal/debianregistry"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// The end-to-end tests have a registry and this package work on the same volume.

// e2eTimeout bounds each program.
const e2eTimeout = 60 * time.Second

// An e2eHost is a volume with a registry on it.
type e2eHost struct {
	*tree
	*debianregistry.Registry
}

func newE2EHost(t *testing.T) *e2eHost {
	t.Helper()
	debianregistry.Need(t, "crane", "skopeo")
	h := &e2eHost{Registry: debianregistry.New(t, nil)}
	driver, err := filesystem.Open(h.Dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, driver.Close()) })
	store := storage.New(driver, storage.Options{})
	h.tree = newTreeOn(t, nil, store, registrylayout.Options{})
	return h
}

// request sends a request without a body, and throws the answer's away.
func (h *e2eHost) request(ctx context.Context, method, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+h.Host+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	return response, response.Body.Close()
}

// run runs a program and returns what it printed.
func (h *e2eHost) run(program string, args ...string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), e2eTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	require.NoError(h.t, err, "%s %v: %s", program, args, out)
	return string(out)
}

// skopeo copies, all of an index, and verifies what it copies.
func (h *e2eHost) skopeo(from, to string) {
	h.t.Helper()
	h.run("skopeo", "copy", "--insecure-policy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", from, to)
}

// collect runs the registry's own collector, which must be stopped for it.
func (h *e2eHost) collect(flags ...string) string {
	h.t.Helper()
	h.Stop()
	return h.run("docker-registry", append(append([]string{"garbage-collect"}, flags...), h.Config)...)
}
