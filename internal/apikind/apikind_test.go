package apikind_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/apikind"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// Whatever is evidence of its kind is read as that kind, and nothing else is:
// what a workload of a kind names does not depend on who asks.
func TestReadersAgree(t *testing.T) {
	groups := []string{"", "apps", "extensions", "batch", "apps.openshift.io", "build.openshift.io", "image.openshift.io", "config.openshift.io", "example.com"}
	for _, kind := range inventory.WorkloadKinds() {
		require.NotEmpty(t, apikind.Groups(string(kind)))
		for _, group := range groups {
			version := "v1"
			if group != "" {
				version = group + "/v1"
			}
			result, err := workload.FromMap(objectOf(version, string(kind)), nil)
			require.NoError(t, err)
			peer := false
			for _, r := range result.References {
				peer = peer || r.Source == workload.Peer
			}
			require.Equal(t, inventory.KindOf(version, string(kind)) == kind, peer, "%s of %s", kind, version)
		}
	}
}

// objectOf names an image wherever a workload may.
func objectOf(apiVersion, kind string) map[string]any {
	spec := map[string]any{"containers": []any{map[string]any{"name": "c", "image": "registry.example.com/dev/app:v1"}}}
	template := map[string]any{"spec": spec}
	from := map[string]any{"from": map[string]any{"kind": "DockerImage", "name": "registry.example.com/dev/app:v1"}}
	return map[string]any{
		"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"namespace": "dev", "name": "web"},
		"spec": map[string]any{
			"containers": spec["containers"], "template": template, "strategy": map[string]any{"sourceStrategy": from},
			"jobTemplate": map[string]any{"spec": map[string]any{"template": template}},
		},
		"status": map[string]any{"phase": "Running"},
	}
}
