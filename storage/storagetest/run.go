package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/storage"
)

// Feature is something that a driver may do without.
type Feature string

// The features that Options.Lacks may name.
const (
	IfAbsent         Feature = "IfAbsent"
	ReplaceIfVersion Feature = "ReplaceIfVersion"
	DeleteIfVersion  Feature = "DeleteIfVersion"
	VersionChanges   Feature = "VersionChanges"
	Move             Feature = "Move"
	Resume           Feature = "Resume"
)

// Options are the options of [Run]. The zero value asks for everything.
type Options struct {
	// Lacks are the features that the driver does without. It must refuse them
	// with storage.ErrUnsupported; VersionChanges is merely not asked.
	Lacks []Feature
	// Known are checks that this driver is known to fail, by name, with the
	// reason. They are run and must fail, so that the entry goes when the
	// driver gets better.
	Known map[string]string
	// Prefix is below what the checks work; "" is "storagetest".
	Prefix string
}

// Check is one part of the contract, tried out.
type Check struct {
	// Name is what it is about, such as "write/nothing-before-commit".
	Name string
	// Rule is what a driver must do to pass.
	Rule string
	// Needs is the feature that it tries; "" for what every driver must do.
	Needs Feature

	run func(*trial) error
}

// Checks returns all checks, in the order in which they run.
func Checks() []Check {
	return slices.Concat(keyChecks(), readChecks(), writeChecks(), contextChecks(),
		absentChecks(), versionChecks(), deleteChecks(), listChecks(), moveChecks(), resumeChecks())
}

// Run runs every check as a subtest, each on a driver from open. It does not
// close the drivers: open can, by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) storage.Driver, o Options) {
	t.Helper()
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			err := c.Run(t.Context(), open(t), o)
			reason, known := o.Known[c.Name]
			switch {
			case err == nil && known:
				t.Errorf("passes, although it is said that it does not: %s", reason)
			case err != nil && known:
				t.Logf("fails, as is known (%s): %v", reason, err)
			case err != nil:
				t.Errorf("%v\nthe rule: %s", err, c.Rule)
			}
		})
	}
}

// Run tries the check on d and returns what is wrong; nil is a pass.
func (c Check) Run(ctx context.Context, d storage.Driver, o Options) error {
	prefix := o.Prefix
	if prefix == "" {
		prefix = "storagetest"
	}
	t := &trial{ctx: ctx, d: d, lacks: o.Lacks, prefix: prefix + "/" + strings.ReplaceAll(c.Name, "/", "-") + "/"}
	if err := t.cleanUp(); err != nil {
		return fmt.Errorf("before the check: %w", err)
	}
	err := c.run(t)
	if c.Needs != "" && slices.Contains(o.Lacks, c.Needs) {
		switch {
		case errors.Is(err, storage.ErrUnsupported), c.Needs == VersionChanges:
			err = nil
		}
	}
	if left := t.cleanUp(); left != nil {
		err = errors.Join(err, fmt.Errorf("after the check: %w", left))
	}
	return err
}
