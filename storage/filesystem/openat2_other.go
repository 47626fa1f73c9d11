//go:build !linux

package filesystem

import "os"

// quick is a way to open objects that only Linux has.
type quick struct{}

func newQuick(*os.Root) (*quick, error) { return &quick{}, nil }

func (*quick) close() error { return nil }

func (*quick) open(string) *os.File { return nil }
