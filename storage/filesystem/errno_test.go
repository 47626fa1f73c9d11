//go:build unix

package filesystem

import "syscall"

const errNoLinks = syscall.EPERM
