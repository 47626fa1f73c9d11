//go:build unix

package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The environment of a child of these tests: the file, the registries as first and
// number, and the step after which it kills itself.
const (
	childFile  = "REGISTRYKIT_TEST_LOGIN_FILE"
	childFirst = "REGISTRYKIT_TEST_LOGIN_FIRST"
	childCount = "REGISTRYKIT_TEST_LOGIN_COUNT"
	childStep  = "REGISTRYKIT_TEST_LOGIN_STEP"
)

// TestLoginChild is what the children run. Of itself it does nothing.
func TestLoginChild(t *testing.T) {
	path := os.Getenv(childFile)
	if path == "" {
		return
	}
	if step := os.Getenv(childStep); step != "" {
		key, err := parseLoginKey("new.io", false)
		require.NoError(t, err)
		die := fileEditor{create: true, after: func(s string) {
			if s == step {
				require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGKILL))
				select {} // it takes a moment
			}
		}}
		require.NoError(t, die.edit(t.Context(), path, func(text []byte) ([]byte, error) {
			return login(text, key, NewBasic("new", "pw"), FormatConfig)
		}))
		return
	}
	first, err := strconv.Atoi(os.Getenv(childFirst))
	require.NoError(t, err)
	count, err := strconv.Atoi(os.Getenv(childCount))
	require.NoError(t, err)
	require.NoError(t, manyLogins(t.Context(), path, first, count))
}

// manyLogins logs in to so many registries at once.
func manyLogins(ctx context.Context, path string, first, count int) error {
	errs := make([]error, count)
	var wg sync.WaitGroup
	for i := range count {
		wg.Go(func() {
			user := fmt.Sprintf("user-%d", first+i)
			errs[i] = Login(ctx, path, fmt.Sprintf("r%d.example.com", first+i), NewBasic(user, "pw"), DocumentOptions{})
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func child(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLoginChild$", "-test.v")
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

// TestConcurrentLogins: 200 logins of 8 processes lose nothing, nor do 200 goroutines,
// and whoever reads meanwhile finds a whole document.
func TestConcurrentLogins(t *testing.T) {
	for processes, name := range map[int]string{1: "goroutines", 8: "processes"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.json")
			require.NoError(t, os.WriteFile(path, []byte(`{"credsStore":"kept","auths":{}}`), 0o600))
			each := 200 / processes
			results := make(chan string, processes)
			for p := range processes {
				if processes == 1 {
					go func() { results <- fmt.Sprint(manyLogins(t.Context(), path, 0, each)) }()
					continue
				}
				cmd := child(t, childFile+"="+path, childFirst+"="+strconv.Itoa(p*each), childCount+"="+strconv.Itoa(each))
				go func() {
					out, err := cmd.CombinedOutput()
					if err == nil && strings.Contains(string(out), "PASS: TestLoginChild") {
						out = []byte("<nil>")
					}
					results <- string(out)
				}()
			}
			for p := 0; p < processes; {
				select {
				case result := <-results:
					require.Equal(t, "<nil>", result)
					p++
				default:
					text, err := os.ReadFile(path)
					require.NoError(t, err)
					require.True(t, json.Valid(text), "%s", text)
				}
			}
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			doc, err := parseDocument(text, FormatConfig)
			require.NoError(t, err)
			require.Equal(t, "kept", doc.store)
			users := make(map[string]string)
			for _, e := range doc.entries {
				users[e.key] = e.cred.Username
			}
			require.Len(t, users, 200)
			for i := range 200 {
				require.Equal(t, fmt.Sprintf("user-%d", i), users[fmt.Sprintf("r%d.example.com", i)])
			}
			left, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			require.Len(t, left, 1)
		})
	}
}

// TestKilledLogins: whatever step a login is killed after, the file is the old or the
// new one whole, and the next login is not in the way of what is left.
func TestKilledLogins(t *testing.T) {
	const before = `{"auths":{"old.io":{"auth":"eDp5"}}}`
	const after = `{"auths":{"old.io":{"auth":"eDp5"},"new.io":{"auth":"bmV3OnB3"}}}`
	for step, want := range map[string]string{
		"lock": before, "edit": before, "create": before, "write": before, "sync": before, "rename": after,
	} {
		t.Run(step, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.json")
			require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
			cmd := child(t, childFile+"="+path, childStep+"="+step)
			out, _ := cmd.CombinedOutput()
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			require.True(t, status.Signaled() && status.Signal() == syscall.SIGKILL, "%s", out)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, want, string(text))

			require.NoError(t, Login(t.Context(), path, "new.io", NewBasic("new", "pw"), DocumentOptions{}))
			require.NoError(t, Login(t.Context(), path, "third.io", NewBasic("new", "pw"), DocumentOptions{}))
			text, err = os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, strings.TrimSuffix(after, "}}")+`,"third.io":{"auth":"bmV3OnB3"}}}`, string(text))
			left, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			require.Len(t, left, 1, "what the killed one left is gone")
		})
	}
}
