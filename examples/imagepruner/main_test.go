package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var clock = time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)

type result struct {
	status         int
	stdout, stderr string
}

func program(stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	status := run(args, strings.NewReader(stdin), &stdout, &stderr, clock)
	return result{status, stdout.String(), stderr.String()}
}

const documented = "../../prune/imagepruner/testdata/cluster.yaml"

func TestText(t *testing.T) {
	want, err := os.ReadFile("testdata/cluster.txt")
	require.NoError(t, err)
	r := program("", "--now", "2026-11-01T12:00:00Z", documented)
	require.Equal(t, 0, r.status)
	require.Equal(t, string(want), r.stdout)
	require.Equal(t, "warning: spec.keepYoungerThan: it has no effect, since keepYoungerThanDuration is set\n", r.stderr)
}

func TestJSON(t *testing.T) {
	r := program("", "-o", "json", documented, "--management-state", "Removed")
	require.Equal(t, 0, r.status)
	require.Equal(t, "warning: spec.keepYoungerThan: it has no effect, since keepYoungerThanDuration is set\n", r.stderr)
	var got struct {
		ImagePruner, CronJob map[string]any
		Errors, Warnings     []struct{ Path, Severity, Message string }
		NextRuns, Flags      []string
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &got))
	require.Equal(t, "Normal", got.ImagePruner["spec"].(map[string]any)["logLevel"])
	require.Empty(t, got.Errors)
	require.Equal(t, "spec.keepYoungerThan", got.Warnings[0].Path)
	require.Equal(t, []string{"2026-12-25T00:00:00Z", "2026-12-26T00:00:00Z", "2026-12-27T00:00:00Z", "2026-12-28T00:00:00Z", "2026-12-29T00:00:00Z"}, got.NextRuns)
	require.Contains(t, got.Flags, "--prune-registry=false")
	require.Equal(t, "CronJob", got.CronJob["kind"])
}

func TestManagementStates(t *testing.T) {
	for args, want := range map[string]string{
		"":                             "--prune-registry=true\n",
		"--management-state Managed":   "--prune-registry=true\n",
		"--management-state Removed":   "--prune-registry=false\n",
		"--management-state Unmanaged": "--prune-registry=false\n",
		"--management-state Unmanaged --registry-hostname r:5000": "--prune-registry=true \\\n  --registry-url=https://r:5000\n",
	} {
		r := program("", append(strings.Fields(args), documented)...)
		require.Equal(t, 0, r.status, r.stderr)
		require.Contains(t, r.stdout, want, args)
	}
}

// TestErrors: every error is on its own line with its path, those of fields that
// cannot be read among them, and what they rule out is not printed.
func TestErrors(t *testing.T) {
	text := "apiVersion: imageregistry.operator.openshift.io/v1\nkind: ImagePruner\nmetadata: {name: cluster}\n" +
		"spec: {schedule: TZ=0, keepTagRevisions: -1, keepYoungerThanDuration: 5m, suspend: perhaps}\n"
	r := program(text, "-")
	require.Equal(t, 1, r.status)
	lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
	require.Len(t, lines, 4, r.stderr)
	require.Equal(t, `error: spec.suspend: want true or false, got "perhaps"`, lines[0])
	require.True(t, strings.HasPrefix(lines[1], "error: spec.schedule: TZ= and CRON_TZ= are not allowed"))
	require.Equal(t, "error: spec.keepTagRevisions: it is negative: -1", lines[2])
	require.True(t, strings.HasPrefix(lines[3], "warning: spec.keepYoungerThanDuration: 5m0s is so short"))
	require.NotContains(t, r.stdout, "CronJob")
	require.NotContains(t, r.stdout, "--confirm")

	r = program(text, "-o", "json", "-")
	require.Equal(t, 1, r.status)
	require.Equal(t, 3, strings.Count(r.stdout, `"severity": "error"`))
	require.Contains(t, r.stdout, `"flags": []`)
}

func TestSuspended(t *testing.T) {
	r := program(`{"kind":"ImagePruner","apiVersion":"imageregistry.operator.openshift.io/v1","metadata":{"name":"cluster"},"spec":{"suspend":true}}`, "-")
	require.Equal(t, result{status: 0, stdout: r.stdout}, r)
	require.Contains(t, r.stdout, "none, it is suspended\n")
}

func TestWrongUsage(t *testing.T) {
	for args, want := range map[string]string{
		"":                        "want one file, or - for standard input",
		"a b":                     "want one file, or - for standard input",
		"-o yaml -":               "-o yaml: want text or json",
		"--now today -":           "--now today: want a time in RFC 3339",
		"--management-state on -": `--management-state: no management state "on"`,
		"--nonsense -":            "flag provided but not defined",
		"nosuch.yaml":             "nosuch.yaml",
		"-":                       "it is empty",
	} {
		r := program("", strings.Fields(args)...)
		require.Equal(t, 1, r.status, args)
		require.Empty(t, r.stdout)
		require.Contains(t, r.stderr, want)
		require.Equal(t, 1, strings.Count(r.stderr, "\n"))
	}
	r := program("", "--help")
	require.Equal(t, result{status: 0, stderr: usage}, r)
}
