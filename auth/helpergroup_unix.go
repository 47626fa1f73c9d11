//go:build unix

package auth

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// killWithChildren makes the end of the command's context end what it started too. Many
// a helper is a script.
func killWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}
