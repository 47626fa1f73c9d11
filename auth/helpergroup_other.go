//go:build !unix

package auth

import "os/exec"

// killWithChildren does nothing: there are no process groups here, and the end of the
// command's context ends the command alone.
func killWithChildren(*exec.Cmd) {}
