package imagepruner

import (
	"fmt"
	"strconv"

	"github.com/registrykit/registrykit/prune"
)

// A ManagementState is spec.managementState of
// configs.imageregistry.operator.openshift.io/cluster: what the operator does for
// the integrated registry.
type ManagementState string

// The management states.
const (
	Managed   ManagementState = "Managed"
	Unmanaged ManagementState = "Unmanaged"
	Removed   ManagementState = "Removed"
)

// ParseManagementState reads a state, exactly as the API writes it.
func ParseManagementState(s string) (ManagementState, error) {
	switch state := ManagementState(s); state {
	case Managed, Unmanaged, Removed:
		return state, nil
	}
	return "", fmt.Errorf("no management state %s: want Managed, Unmanaged or Removed", quote(s))
}

// A Registry is what a pruner must know of the integrated registry beside the
// ImagePruner. The zero value is a registry of which nothing is known: its data
// stays.
type Registry struct {
	// ManagementState decides whether links and blobs go as well: with Managed they
	// do, with Removed there is no registry to delete them from. With Unmanaged, or
	// where the state is not known, they do where there is a HostName. The rest of
	// the pruning goes on in every state.
	ManagementState ManagementState
	// HostName is status.internalRegistryHostname of
	// images.config.openshift.io/cluster, with its port.
	HostName string
}

// Prune reports whether links and blobs go as well.
func (r Registry) Prune() bool {
	switch r.ManagementState {
	case Managed:
		return true
	case Unmanaged, "":
		return r.HostName != ""
	}
	return false
}

// OpenShiftOptions returns the knobs of the prune preset for the spec, whatever the
// spec says of its suspension. The error is that of [ImagePrunerSpec.Check].
func (s ImagePrunerSpec) OpenShiftOptions(r Registry) (prune.OpenShiftOptions, error) {
	if err := s.Check().Err(); err != nil {
		return prune.OpenShiftOptions{}, err
	}
	s = s.WithDefaults()
	age := prune.Duration(s.KeepYoungerThanDuration.Duration)
	o := prune.DefaultOpenShiftOptions()
	o.KeepYoungerThan, o.KeepTagRevisions = &age, copied(s.KeepTagRevisions)
	o.IgnoreInvalidRefs = s.IgnoreInvalidImageReferences
	o.PruneRegistry = r.Prune()
	return o, nil
}

// Policy returns the policy that the spec asks for: prune.OpenShift of
// OpenShiftOptions.
func (s ImagePrunerSpec) Policy(r Registry) (prune.Policy, error) {
	o, err := s.OpenShiftOptions(r)
	if err != nil {
		return prune.Policy{}, err
	}
	return prune.OpenShift(o)
}

// Flags returns the arguments that `oc adm prune images` gets for the spec, as the
// operator writes them. An age that is not set is written 60m, and any other as Go
// prints it. The error is that of [ImagePrunerSpec.Check].
func (s ImagePrunerSpec) Flags(r Registry) ([]string, error) {
	if err := s.Check().Err(); err != nil {
		return nil, err
	}
	age := defaultAge
	if s.KeepYoungerThanDuration != nil || s.KeepYoungerThan != nil {
		age = s.age().Duration.String()
	}
	s = s.WithDefaults()
	flags := []string{
		"--confirm=true",
		"--certificate-authority=" + serviceCAFile,
		"--keep-tag-revisions=" + strconv.Itoa(*s.KeepTagRevisions),
		"--keep-younger-than=" + age,
		"--ignore-invalid-refs=" + strconv.FormatBool(s.IgnoreInvalidImageReferences),
		"--loglevel=" + strconv.Itoa(s.LogLevel.verbosity()),
	}
	flags = append(flags, "--prune-registry="+strconv.FormatBool(r.Prune()))
	if r.Prune() && r.HostName != "" {
		flags = append(flags, "--registry-url=https://"+r.HostName)
	}
	return flags, nil
}

// verbosity is oc's number for a log level. Normal is 1: with 2, oc prints the
// stacks of its goroutines when it fails.
func (l LogLevel) verbosity() int {
	switch l {
	case LogDebug:
		return 4
	case LogTrace:
		return 6
	case LogTraceAll:
		return 8
	}
	return 1
}
