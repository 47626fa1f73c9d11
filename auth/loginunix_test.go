//go:build unix

package auth_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info.Mode()
}

func TestModesOfAuthFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "auth.json")
	login := func(c auth.Credential) {
		require.NoError(t, auth.Login(t.Context(), path, "quay.io", c, auth.DocumentOptions{}))
		require.Equal(t, os.FileMode(0o600), mode(t, path))
	}
	old := syscall.Umask(0)
	login(bot)
	syscall.Umask(old)
	require.Equal(t, os.ModeDir|0o700, mode(t, dir))
	require.Equal(t, os.ModeDir|0o700, mode(t, filepath.Dir(dir)))

	before, err := os.Lstat(path)
	require.NoError(t, err)
	login(bot)
	after, err := os.Lstat(path)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "what is there already is not written again")
	for _, loose := range []os.FileMode{0o644, 0o640, 0o400} {
		require.NoError(t, os.Chmod(path, loose))
		login(bot)
	}
	if os.Geteuid() == 0 { // only root has files of others to edit
		require.NoError(t, os.Chown(path, 12345, 23456))
		login(auth.NewBasic("other", "pw"))
		info, err := os.Lstat(path)
		require.NoError(t, err)
		owner := info.Sys().(*syscall.Stat_t)
		require.Equal(t, []uint32{12345, 23456}, []uint32{owner.Uid, owner.Gid})
	}
}

// TestLinksToAuthFiles: the links stay, the file behind them is written.
func TestLinksToAuthFiles(t *testing.T) {
	link := func(t *testing.T, to string, path ...string) string {
		t.Helper()
		require.NoError(t, os.Symlink(to, filepath.Join(path...)))
		return filepath.Join(path...)
	}
	for name, prepare := range map[string]func(t *testing.T, dir string) (path, real string){
		"absolute": func(t *testing.T, dir string) (string, string) {
			return link(t, filepath.Join(dir, "real.json"), dir, "auth.json"), filepath.Join(dir, "real.json")
		},
		"relative, twice": func(t *testing.T, dir string) (string, string) {
			link(t, "../real/auth.json", dir, "links", "second")
			return link(t, "second", dir, "links", "first"), filepath.Join(dir, "real", "auth.json")
		},
		"up from a linked directory": func(t *testing.T, dir string) (string, string) {
			link(t, "../auth.json", dir, "real", "sub", "auth.json")
			link(t, "real/sub", dir, "sub")
			return filepath.Join(dir, "sub", "auth.json"), filepath.Join(dir, "real", "auth.json")
		},
	} {
		for _, exists := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				for _, sub := range []string{"links", filepath.Join("real", "sub")} {
					require.NoError(t, os.MkdirAll(filepath.Join(dir, sub), 0o700))
				}
				path, real := prepare(t, dir)
				if exists {
					write(t, real, `{"credsStore":"x"}`)
				}
				require.NoError(t, auth.Login(t.Context(), path, "quay.io", bot, auth.DocumentOptions{}))
				require.NotZero(t, mode(t, path)&os.ModeSymlink|mode(t, filepath.Dir(path))&os.ModeSymlink)
				require.True(t, mode(t, real).IsRegular())
				require.Contains(t, read(t, real), botAuth)
				require.NoError(t, auth.Logout(t.Context(), path, "quay.io", auth.DocumentOptions{}))
				require.NotContains(t, read(t, real), botAuth)
			})
		}
	}
	circle := link(t, "circle", t.TempDir(), "circle")
	require.Error(t, auth.Login(t.Context(), circle, "quay.io", bot, auth.DocumentOptions{}))
	require.NotZero(t, mode(t, circle)&os.ModeSymlink)

	// A link where the lock or the new file goes is not followed.
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "auth.json"), filepath.Join(dir, "victim")
	write(t, victim, "untouched")
	link(t, victim, dir, ".auth.json.login-new")
	require.NoError(t, auth.Login(t.Context(), path, "quay.io", bot, auth.DocumentOptions{}))
	link(t, victim, dir, ".auth.json.login-lock")
	require.Error(t, auth.Login(t.Context(), path, "ghcr.io", bot, auth.DocumentOptions{}))
	require.Equal(t, "untouched", read(t, victim))
	require.Equal(t, []string{".auth.json.login-lock", "auth.json", "victim"}, names(t, dir))

	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	require.ErrorContains(t, auth.Login(t.Context(), fifo, "quay.io", bot, auth.DocumentOptions{}), "not a regular file")
}
