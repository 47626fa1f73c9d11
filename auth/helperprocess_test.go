//go:build unix

package auth_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// pipe makes a named pipe. What is opened for reading ends when the last writer does.
func pipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, exec.Command("mkfifo", path).Run())
	return path
}

// TestHelperIsKilledWithItsChildren: most helpers are scripts that start others.
func TestHelperIsKilledWithItsChildren(t *testing.T) {
	alive := pipe(t)
	helperPath(t, map[string]string{"parent": `exec 3>` + alive + `; sleep 600 & wait`})
	r := auth.NewResolver(auth.Options{Helpers: auth.HelperOptions{Timeout: 300 * time.Millisecond}}, configFile(t, `{"credsStore": "parent"}`))
	ended := make(chan error, 1)
	go func() {
		f, err := os.Open(alive)
		if err == nil {
			_, err = io.ReadAll(f) // until both are gone
			_ = f.Close()
		}
		ended <- err
	}()
	require.Equal(t, []auth.Outcome{auth.HelperFailed}, outcomes(t, r))
	require.NoError(t, <-ended)
}

// TestHelperThatLeavesAnAgent behind, which holds its output open, has answered.
func TestHelperThatLeavesAnAgent(t *testing.T) {
	stop := pipe(t)
	helperPath(t, map[string]string{"agent": `cat <` + stop + ` & ` + answers})
	r := auth.NewResolver(auth.Options{}, configFile(t, `{"credsStore": "agent"}`))
	require.Equal(t, "u", chosenBy(t, r, app))
	f, err := os.OpenFile(stop, os.O_WRONLY, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// TestLoginByHelperEndsWithItsContext and says so, not that the helper is slow.
func TestLoginByHelperEndsWithItsContext(t *testing.T) {
	helperPath(t, map[string]string{"stuck": `exec sleep 600`})
	path := filepath.Join(t.TempDir(), "auth.json")
	write(t, path, `{"credHelpers": {"quay.io": "stuck"}}`)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	for verb, err := range map[string]error{
		"log in":  auth.Login(ctx, path, "quay.io", auth.NewBasic("u", "pw"), auth.DocumentOptions{}),
		"log out": auth.Logout(ctx, path, "quay.io", auth.DocumentOptions{}),
	} {
		require.ErrorIs(t, err, context.DeadlineExceeded, verb)
		require.NotErrorIs(t, err, auth.ErrHelper, verb)
		var typed *auth.Error
		require.ErrorAs(t, err, &typed, verb)
		require.Equal(t, "helper docker-credential-stuck", typed.Object, verb)
	}
}
