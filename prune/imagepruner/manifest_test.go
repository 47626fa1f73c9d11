package imagepruner_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

// at follows keys and indexes into decoded JSON.
func at(t testing.TB, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

func decoded(t testing.TB, text []byte) (v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(text, &v))
	return v
}

func TestCronJob(t *testing.T) {
	text, err := imagepruner.ImagePrunerSpec{}.CronJob(imagepruner.CronJobOptions{})
	require.NoError(t, err)
	require.Equal(t, testdata(t, "cronjob.json"), string(text))

	text, err = spec(t, `{"schedule":"@weekly","suspend":true,"successfulJobsHistoryLimit":1,"failedJobsHistoryLimit":2,"resources":{"limits":{"cpu":"1"}},
		"affinity":{"nodeAffinity":{}},"nodeSelector":{"a":"b"},"tolerations":[{"operator":"Exists"}]}`).CronJob(imagepruner.CronJobOptions{
		Namespace: "tools", Name: "sweep", Image: "quay.io/acme/sweep@sha256:" + strings.Repeat("a", 64), Command: []string{"/sweep", "$(rm -rf /)"},
		ServiceAccount: "sweeper", PriorityClass: "low", Zone: zone(t, "Europe/Berlin"),
	})
	require.NoError(t, err)
	v := decoded(t, text)
	require.Equal(t, map[string]any{"name": "sweep", "namespace": "tools"}, at(t, v, "metadata"))
	for key, want := range map[string]any{"schedule": "@weekly", "suspend": true, "timeZone": "Europe/Berlin", "successfulJobsHistoryLimit": 1.0, "failedJobsHistoryLimit": 2.0} {
		require.Equal(t, want, at(t, v, "spec", key), key)
	}
	pod := at(t, v, "spec", "jobTemplate", "spec", "template", "spec")
	for key, want := range map[string]any{"serviceAccountName": "sweeper", "priorityClassName": "low", "nodeSelector": map[string]any{"a": "b"},
		"tolerations": []any{map[string]any{"operator": "Exists"}}, "affinity": map[string]any{"nodeAffinity": map[string]any{}}} {
		require.Equal(t, want, at(t, pod, key), key)
	}
	require.Equal(t, []any{"/sweep", "$(rm -rf /)"}, at(t, pod, "containers", 0, "command"))
	require.Equal(t, map[string]any{"limits": map[string]any{"cpu": "1"}}, at(t, pod, "containers", 0, "resources"))
}

func TestCronJobRefuses(t *testing.T) {
	for want, o := range map[string]imagepruner.CronJobOptions{
		"the command is empty": {Command: []string{}},
		"the pruner's image":   {Image: "not an image"},
		"this machine's own":   {Zone: time.Local},
	} {
		_, err := imagepruner.ImagePrunerSpec{}.CronJob(o)
		require.ErrorContains(t, err, want)
	}
}

func TestRBAC(t *testing.T) {
	text, err := imagepruner.RBAC(imagepruner.RBACOptions{})
	require.NoError(t, err)
	require.Equal(t, testdata(t, "rbac.json"), string(text))

	text, err = imagepruner.RBAC(imagepruner.RBACOptions{Namespace: "tools", ServiceAccount: "sweeper", Role: "sweep", Controller: true})
	require.NoError(t, err)
	items := at(t, decoded(t, text), "items").([]any)
	var kinds []string
	for _, item := range items {
		kinds = append(kinds, at(t, item, "kind").(string))
	}
	require.Equal(t, []string{"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}, kinds)
	require.Equal(t, []any{map[string]any{"kind": "ServiceAccount", "name": "sweeper", "namespace": "tools"}}, at(t, items[4], "subjects"))
}

// TestLeastPrivilege: nothing may be written but what a pruner writes, and no right
// is for everything.
func TestLeastPrivilege(t *testing.T) {
	for _, controller := range []bool{false, true} {
		text, err := imagepruner.RBAC(imagepruner.RBACOptions{Controller: controller})
		require.NoError(t, err)
		require.NotContains(t, string(text), `"*"`)
		var writes []string
		for _, item := range at(t, decoded(t, text), "items").([]any) {
			rules, _ := at(t, item, "rules").([]any)
			for _, rule := range rules {
				for _, resource := range at(t, rule, "resources").([]any) {
					for _, verb := range at(t, rule, "verbs").([]any) {
						if !slices.Contains([]string{"get", "list", "watch"}, verb.(string)) {
							writes = append(writes, verb.(string)+" "+resource.(string))
						}
						require.False(t, !controller && verb == "watch", resource)
					}
				}
			}
		}
		want := []string{"delete images", "update imagestreams/status"}
		if controller {
			want = append(want, "patch imagepruners", "update imagepruners/status", "create events", "patch events", "create leases", "update leases", "create events", "patch events", "create configmaps", "update configmaps")
		}
		require.Equal(t, want, writes)
	}
}
