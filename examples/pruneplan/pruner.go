package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

// readPruner takes the policy from an ImagePruner, but for what the command line
// sets. Over-size mode has no ages and revisions, wherever they come from.
func (o *options) readPruner(set map[string]bool, state string, younger *age, revisions *int) error {
	var err error
	if o.registry.ManagementState, err = imagepruner.ParseManagementState(state); err != nil {
		return fmt.Errorf("--management-state: %w", err)
	}
	if o.pruner == "" {
		if set["pruner"] {
			return errors.New("--pruner is empty: want the file of an ImagePruner")
		}
		if set["management-state"] || set["registry-hostname"] {
			return errors.New("--management-state and --registry-hostname are for --pruner")
		}
		return nil
	}
	pruner, err := readPruner(o.pruner)
	if err != nil {
		return err
	}
	problems := pruner.Check()
	if err := problems.Err(); err != nil {
		return fmt.Errorf("%s: %w", o.pruner, err)
	}
	o.warnings = problems.Warnings()
	policy, err := pruner.Spec.OpenShiftOptions(o.registry)
	if err != nil {
		return fmt.Errorf("%s: %w", o.pruner, err)
	}
	if !set["keep-younger-than"] {
		*younger = age(*policy.KeepYoungerThan)
	}
	if !set["keep-tag-revisions"] {
		*revisions = *policy.KeepTagRevisions
	}
	if !set["prune-registry"] {
		o.policy.PruneRegistry = policy.PruneRegistry
	}
	if !set["ignore-invalid-refs"] {
		o.policy.IgnoreInvalidRefs = policy.IgnoreInvalidRefs
	}
	return nil
}

func readPruner(name string) (*imagepruner.ImagePruner, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	pruner, err := imagepruner.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return pruner, nil
}
