//go:build unix

package auth

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFileThatBecomesAPipe between the look at it and the opening does not block.
func TestFileThatBecomesAPipe(t *testing.T) {
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	require.NoError(t, exec.Command("mkfifo", pipe).Run())
	before, err := os.Stat(file)
	require.NoError(t, err)
	_, _, err = readFile(pipe, before, MaxDocumentBytes)
	require.ErrorContains(t, err, "not a regular file")
	_, _, err = readFile(dir, before, MaxDocumentBytes)
	require.ErrorContains(t, err, "not a regular file")
}
