package imagepruner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/imagepruner"
)

const host = "image-registry.openshift-image-registry.svc:5000"

func TestFlagsAndPolicy(t *testing.T) {
	const common = "--confirm=true --certificate-authority=/var/run/configmaps/serviceca/service-ca.crt "
	const defaults = common + "--keep-tag-revisions=3 --keep-younger-than=60m --ignore-invalid-refs=false --loglevel=1 "
	for _, c := range []struct {
		spec     string
		registry imagepruner.Registry
		flags    string
		policy   string
	}{
		{`{}`, imagepruner.Registry{ManagementState: imagepruner.Managed, HostName: host}, defaults + "--prune-registry=true --registry-url=https://" + host, `"pruneRegistry":true`},
		{`{}`, imagepruner.Registry{ManagementState: imagepruner.Managed}, defaults + "--prune-registry=true", `"pruneRegistry":true`},
		{`{}`, imagepruner.Registry{ManagementState: imagepruner.Removed, HostName: host}, defaults + "--prune-registry=false", `"pruneRegistry":false`},
		{`{}`, imagepruner.Registry{ManagementState: imagepruner.Unmanaged}, defaults + "--prune-registry=false", `"pruneRegistry":false`},
		{`{}`, imagepruner.Registry{ManagementState: imagepruner.Unmanaged, HostName: host}, defaults + "--prune-registry=true --registry-url=https://" + host, `"pruneRegistry":true`},
		{`{}`, imagepruner.Registry{}, defaults + "--prune-registry=false", `"pruneRegistry":false`},
		{`{}`, imagepruner.Registry{ManagementState: "Forced", HostName: host}, defaults + "--prune-registry=false", `"pruneRegistry":false`},
		{`{"keepTagRevisions":0,"keepYoungerThanDuration":"720h","ignoreInvalidImageReferences":true,"suspend":true,"logLevel":"Debug"}`, imagepruner.Registry{},
			common + "--keep-tag-revisions=0 --keep-younger-than=720h0m0s --ignore-invalid-refs=true --loglevel=4 --prune-registry=false",
			`{"keepYoungerThan":"720h0m0s","keepTagRevisions":0,"pruneOverSizeLimit":false,"allImages":true,"pruneRegistry":false,"ignoreInvalidRefs":true`},
		{`{"logLevel":"Trace"}`, imagepruner.Registry{}, strings.Replace(defaults, "=1 ", "=6 ", 1) + "--prune-registry=false", `"keepTagRevisions":3`},
		{`{"logLevel":"TraceAll"}`, imagepruner.Registry{}, strings.Replace(defaults, "=1 ", "=8 ", 1) + "--prune-registry=false", `"keepTagRevisions":3`},
	} {
		s := spec(t, c.spec)
		flags, err := s.Flags(c.registry)
		require.NoError(t, err)
		require.Equal(t, c.flags, strings.Join(flags, " "))
		policy, err := s.Policy(c.registry)
		require.NoError(t, err)
		require.Contains(t, policy.String(), c.policy)
	}
}

// TestTheDefaultPolicyIsThePresets: an empty spec asks for what the preset does
// without any flag.
func TestTheDefaultPolicyIsThePresets(t *testing.T) {
	want, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	require.NoError(t, err)
	got, err := imagepruner.ImagePrunerSpec{}.Policy(imagepruner.Registry{ManagementState: imagepruner.Managed})
	require.NoError(t, err)
	require.True(t, want.Equal(&got))

	age := time.Hour
	got, err = imagepruner.ImagePrunerSpec{KeepYoungerThan: &age}.Policy(imagepruner.Registry{ManagementState: imagepruner.Managed})
	require.NoError(t, err)
	require.True(t, want.Equal(&got))
}

func TestManagementStates(t *testing.T) {
	for _, name := range []string{"Managed", "Unmanaged", "Removed"} {
		state, err := imagepruner.ParseManagementState(name)
		require.NoError(t, err)
		require.EqualValues(t, name, state)
	}
	for _, name := range []string{"", "managed", "Force"} {
		_, err := imagepruner.ParseManagementState(name)
		require.ErrorContains(t, err, "want Managed, Unmanaged or Removed")
	}
}
