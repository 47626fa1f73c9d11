package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const prunerHead = "apiVersion: imageregistry.operator.openshift.io/v1\nkind: ImagePruner\nmetadata: {name: cluster}\n"

func TestPolicyFromAnImagePruner(t *testing.T) {
	const documented = "../../prune/imagepruner/testdata/cluster.json"
	own := write(t, "pruner.yaml", prunerHead+"spec: {keepTagRevisions: 2, keepYoungerThanDuration: 90m, ignoreInvalidImageReferences: true, suspend: true}\n")
	plain := pruneplan(shop, "-o", "json", "--listed", "all")
	require.Equal(t, planned, plain.status)
	for _, c := range []struct{ args, policy string }{
		{"--pruner " + documented, plain.plan(t).Policy.String()},
		{"--pruner " + own, `"keepYoungerThan":"1h30m0s","keepTagRevisions":2,"pruneOverSizeLimit":false,"allImages":true,"pruneRegistry":true,"ignoreInvalidRefs":true`},
		{"--management-state Managed --pruner " + own, `"pruneRegistry":true`},
		{"--management-state Removed --pruner " + own, `"keepTagRevisions":2,"pruneOverSizeLimit":false,"allImages":true,"pruneRegistry":false`},
		{"--management-state Unmanaged --pruner " + own, `"pruneRegistry":false`},
		{"--management-state Unmanaged --registry-hostname r:5000 --pruner " + own, `"pruneRegistry":true`},
		// What the command line says wins, wherever it stands, also where it says a default.
		{"--keep-tag-revisions 3 --keep-younger-than=1h --ignore-invalid-refs=false --prune-registry=false --pruner " + own,
			`"keepYoungerThan":"1h0m0s","keepTagRevisions":3,"pruneOverSizeLimit":false,"allImages":true,"pruneRegistry":false,"ignoreInvalidRefs":false`},
		{"--pruner " + own + " --management-state Removed --prune-registry", `"pruneRegistry":true`},
		{"--pruner " + own + " --all=false -n shop", `"keepTagRevisions":2,"pruneOverSizeLimit":false,"allImages":false`},
		{"--pruner " + own + " --prune-over-size-limit", `{"pruneOverSizeLimit":true,"allImages":true`},
	} {
		r := pruneplan(shop, append(strings.Fields(c.args), "-o", "json", "--listed", "all")...)
		require.Equal(t, planned, r.status, r.stderr)
		require.Contains(t, r.plan(t).Policy.String(), c.policy, c.args)
	}
	r := pruneplan(shop, "--pruner", own, "--listed", "all")
	require.Equal(t, own+": spec.ignoreInvalidImageReferences: what references that do not parse use is not known, and may be deleted\n", r.stderr, "warnings are told")
}

func TestWrongImagePruners(t *testing.T) {
	bad := write(t, "bad.yaml", prunerHead+"spec: {keepTagRevisions: -1, schedule: daily, logLevel: Loud}\n")
	mistyped := write(t, "mistyped.yaml", prunerHead+"spec: {keepTagRevisions: three}\n")
	for args, want := range map[string]string{
		"--pruner " + bad:             bad + ": invalid ImagePruner: spec.schedule: it is no schedule: expected exactly 5 fields, found 1: [daily]; spec.keepTagRevisions: it is negative: -1; spec.logLevel: want Normal",
		"--pruner " + mistyped:        mistyped + `: invalid ImagePruner: spec.keepTagRevisions: want a whole number, got "three"`,
		"--pruner nosuch.yaml":        "open nosuch.yaml",
		"--management-state Removed":  "--management-state and --registry-hostname are for --pruner",
		"--pruner=":                   "--pruner is empty",
		"--registry-hostname r":       "--management-state and --registry-hostname are for --pruner",
		"--management-state on --all": `--management-state: no management state "on"`,
		"--keep-tag-revisions=-1 --pruner ../../prune/imagepruner/testdata/cluster.json": "invalid policy: keepTagRevisions is negative: -1",
	} {
		r := pruneplan(shop, strings.Fields(args)...)
		require.Equal(t, failed, r.status, args)
		require.Empty(t, r.stdout)
		require.Contains(t, r.stderr, "pruneplan: "+want)
		require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
	}
}
