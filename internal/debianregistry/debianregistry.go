// Package debianregistry runs Debian's docker-registry for end-to-end tests: on the
// loopback interface, with one user, and a volume that outlives each of its processes.
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

// The user who may do everything.
const (
	User     = "builder"
	Password = "p:w \"ä/+="
)

// timeout bounds the start and the end of a process.
const timeout = 30 * time.Second

// A Registry is a volume, and the registry that is on it while it runs.
type Registry struct {
	// Dir is the volume, Host where the registry listens, as in 127.0.0.1:40001: from
	// the first start on the same.
	Dir, Host string

	t       testing.TB
	users   string // the password file
	config  string
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

// Start starts a registry on a new volume, until the test ends.
func Start(t testing.TB) *Registry {
	t.Helper()
	Need(t, "docker-registry", "htpasswd")
	dir := t.TempDir()
	r := &Registry{t: t, Dir: t.TempDir(), users: filepath.Join(dir, "htpasswd"), config: filepath.Join(dir, "config.yml")}
	cmd := exec.CommandContext(t.Context(), "htpasswd", "-niB", "-C", "4", User)
	cmd.Stdin = strings.NewReader(Password)
	line, err := cmd.Output()
	if err == nil {
		err = os.WriteFile(r.users, line, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	for range 3 { // somebody may take the port between its choice and its use
		if err = r.listen(); err == nil {
			return r
		}
	}
	t.Fatal(err)
	return nil
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
auth: {htpasswd: {realm: e2e, path: %q}}
`, r.Dir, r.Host, r.users)
	if err := os.WriteFile(r.config, config, 0o600); err != nil {
		return err
	}
	return r.serve()
}

// Restart starts the registry again, after a Stop.
func (r *Registry) Restart() {
	r.t.Helper()
	if err := r.serve(); err != nil {
		r.t.Fatal(err)
	}
}

// serve starts a process, and waits until it asks for a password.
func (r *Registry) serve() error {
	r.log.Reset()
	cmd := exec.Command("docker-registry", "serve", r.config)
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
	return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusUnauthorized
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
