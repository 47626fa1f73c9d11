//go:build unix

package auth

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// nobody is a user, and a group, without any rights.
const nobody = 65534

// TestLoginsToFilesOfOthers: a user may be able to replace another's file, where the
// directory is open to all, and would take it over. That is refused, and nothing is
// left behind.
func TestLoginsToFilesOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users")
	}
	const before = `{"auths": {}}`
	program := copyForAll(t)
	for name, c := range map[string]struct {
		uid, gid int
		mode     os.FileMode
		refused  string // "" for a login that is done
	}{
		"another's":                       {0, 0, 0o666, "its owner cannot be kept: operation not permitted"},
		"another's, in the user's group":  {0, nobody, 0o660, "its owner cannot be kept: operation not permitted"},
		"another's, not to be read":       {0, 0, 0o600, "permission denied"},
		"the user's, in another group":    {nobody, 0, 0o660, "its owner cannot be kept: operation not permitted"},
		"the user's":                      {nobody, nobody, 0o644, ""},
		"the user's, not even to be read": {nobody, nobody, 0o000, "permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := openDirectory(t)
			path := filepath.Join(dir, "auth.json")
			require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
			require.NoError(t, os.Chown(path, c.uid, c.gid))
			require.NoError(t, os.Chmod(path, c.mode))

			cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestLoginChild$")
			cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + dir, childFile + "=" + path, childFirst + "=1", childCount + "=1"}
			cmd.Dir = dir
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			out, err := cmd.CombinedOutput()

			require.Equal(t, c.refused == "", err == nil, "%s", out)
			require.Contains(t, string(out), c.refused)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			info, err := os.Lstat(path)
			require.NoError(t, err)
			owner := info.Sys().(*syscall.Stat_t)
			require.Equal(t, []int{c.uid, c.gid}, []int{int(owner.Uid), int(owner.Gid)})
			if c.refused == "" {
				require.Contains(t, string(text), "r1.example.com")
				require.Equal(t, os.FileMode(0o600), info.Mode())
			} else {
				require.Equal(t, before, string(text))
				require.Equal(t, c.mode, info.Mode())
			}
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, entries, 1, "neither the lock nor a new file is left")
		})
	}
}

// openDirectory is one where every user can make and rename files.
func openDirectory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "registrykit-open-") // the test's own is closed to others
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o777))
	return dir
}

// copyForAll copies the test's program to where every user can start it.
func copyForAll(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	path := filepath.Join(openDirectory(t), "test")
	require.NoError(t, os.WriteFile(path, data, 0o700))
	require.NoError(t, os.Chmod(path, 0o755))
	return path
}
