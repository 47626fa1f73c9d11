package registrylayout_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// The end-to-end tests have a registry and this package work on the same volume. They
// run where the programs are installed; where REGISTRYKIT_E2E is set, as in .ci/run,
// one that is missing is a failure.
var e2ePrograms = []string{"crane", "docker-registry", "skopeo"}

// e2eTimeout bounds each program and the start of the registry.
const e2eTimeout = 60 * time.Second

// An e2eHost is a volume with a registry on it.
type e2eHost struct {
	*tree
	dir    string // the volume
	config string // the registry's file
	host   string // host:port
	stop   func()
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
	h := &e2eHost{dir: t.TempDir(), config: filepath.Join(t.TempDir(), "config.yml")}
	driver, err := filesystem.Open(h.dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, driver.Close()) })
	store := storage.New(driver, storage.Options{})
	h.tree = newTreeOn(t, nil, store, registrylayout.Options{})
	return h
}

// start starts the registry, on a free port of the loopback interface, until the end
// of the test or until stop is called.
func (h *e2eHost) start() {
	h.t.Helper()
	var err error
	for range 3 { // somebody may take the port between its choice and its use
		if err = h.tryStart(); err == nil {
			return
		}
	}
	require.NoError(h.t, err)
}

func (h *e2eHost) tryStart() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(h.t, err)
	h.host = listener.Addr().String()
	require.NoError(h.t, listener.Close())
	require.NoError(h.t, os.WriteFile(h.config, fmt.Appendf(nil, `version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}, maintenance: {uploadpurging: {enabled: false}}}
http: {addr: %q, secret: s}
`, h.dir, h.host), 0o666))

	var log bytes.Buffer
	cmd := exec.Command("docker-registry", "serve", h.config)
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(h.t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stopped := false
	h.stop = func() {
		if !stopped {
			stopped = true
			_ = cmd.Process.Kill() // it may have ended
			<-ended
		}
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), e2eTimeout)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		if response, err := h.request(ctx, http.MethodGet, "/v2/"); err == nil && response.StatusCode == http.StatusOK {
			h.t.Cleanup(h.stop)
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the registry ended: %w: %s", err, log.String())
		case <-ctx.Done():
			h.stop()
			return fmt.Errorf("the registry does not answer: %s", log.String())
		case <-poll.C:
		}
	}
}

// request sends a request without a body, and throws the answer's away.
func (h *e2eHost) request(ctx context.Context, method, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+h.host+path, nil)
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
	h.stop()
	return h.run("docker-registry", append(append([]string{"garbage-collect"}, flags...), h.config)...)
}
