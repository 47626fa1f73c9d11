// Package debianregistry runs Debian's docker-registry for end-to-end tests: on the
// loopback interface, on a volume that outlives each of its processes.
package debianregistry

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// timeout bounds the start and the end of a process.
const timeout = 30 * time.Second

// A Registry is a volume, and the registry that is on it while it runs. Deletions are
// enabled, and uploads are not purged.
type Registry struct {
	// Dir is the volume. Host is where the registry listens, as in 127.0.0.1:40001, and
	// Config its file: from the first start on.
	Dir, Host, Config string

	t       testing.TB
	users   string // the password file; empty: everybody may do everything
	log     bytes.Buffer
	process *exec.Cmd // nil: stopped
	ended   chan error
}

// Need passes over a test where a program is not installed. Where REGISTRYKIT_E2E is
// set, as in .ci/run, that is a failure.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("REGISTRYKIT_E2E") != "" {
				t.Fatal(err)
			}
			t.Skipf("%s is not installed; .ci/run e2e installs it", program)
		}
	}
}

// New returns a registry on a new volume that is not started. With users, by name, it
// asks for their passwords.
func New(t testing.TB, users map[string]string) *Registry {
	t.Helper()
	Need(t, "docker-registry")
	dir := t.TempDir()
	r := &Registry{t: t, Dir: t.TempDir(), Config: filepath.Join(dir, "config.yml")}
	if len(users) == 0 {
		return r
	}
	Need(t, "htpasswd")
	r.users = filepath.Join(dir, "htpasswd")
	var file bytes.Buffer
	for user, password := range users {
		cmd := exec.CommandContext(t.Context(), "htpasswd", "-niB", "-C", "4", user)
		cmd.Stdin = strings.NewReader(password)
		line, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		file.Write(append(bytes.TrimSpace(line), '\n'))
	}
	if err := os.WriteFile(r.users, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// Start starts the registry, until Stop or the end of the test. From the second time on
// it is at the same address.
func (r *Registry) Start() {
	r.t.Helper()
	if r.Host != "" {
		if err := r.serve(); err != nil {
			r.t.Fatal(err)
		}
		return
	}
	r.t.Cleanup(r.Stop)
	var err error
	for range 3 { // somebody may take the port between its choice and its use
		if err = r.listen(); err == nil {
			return
		}
	}
	r.t.Fatal(err)
}

// listen chooses a port and starts there.
func (r *Registry) listen() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.Host = listener.Addr().String()
	if err := listener.Close(); err != nil {
		return err
	}
	config := fmt.Appendf(nil, `version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}, maintenance: {uploadpurging: {enabled: false}}}
http: {addr: %q, secret: s}
`, r.Dir, r.Host)
	if r.users != "" {
		config = fmt.Appendf(config, "auth: {htpasswd: {realm: e2e, path: %q}}\n", r.users)
	}
	if err := os.WriteFile(r.Config, config, 0o600); err != nil {
		return err
	}
	return r.serve()
}

// serve starts a process, and waits until it answers.
func (r *Registry) serve() error {
	r.log.Reset()
	cmd := exec.Command("docker-registry", "serve", r.Config)
	cmd.Stdout, cmd.Stderr = &r.log, &r.log
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	r.process, r.ended = cmd, ended
	ctx, cancel := context.WithTimeout(r.t.Context(), timeout)
	defer cancel()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !r.answers(ctx) {
		select {
		case err := <-ended:
			r.process = nil
			return fmt.Errorf("the registry ended: %w: %s", err, r.log.String())
		case <-ctx.Done():
			r.Stop()
			return fmt.Errorf("the registry does not answer: %s", r.log.String())
		case <-poll.C:
		}
	}
	return nil
}

func (r *Registry) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.Host+"/v2/", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	want := http.StatusOK
	if r.users != "" {
		want = http.StatusUnauthorized
	}
	return err == nil && response.Body.Close() == nil && response.StatusCode == want
}

// Stop has the registry end by SIGTERM, and waits until it has. It does nothing to one
// that is stopped.
func (r *Registry) Stop() {
	r.t.Helper()
	if r.process == nil {
		return
	}
	_ = r.process.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-r.ended:
	case <-time.After(timeout):
		_ = r.process.Process.Kill()
		<-r.ended
		r.t.Error("the registry did not end by SIGTERM")
	}
	r.process = nil
}
