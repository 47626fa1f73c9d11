package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

func TestInputs(t *testing.T) {
	pods := list(pod("p", "Running", "reg.example/shop/web@"+digest("d")))
	streams := list(items("a", "b", "c", "d", "e"))
	images := list(image("a", monthAgo, ""), image("b", monthAgo, ""), image("c", monthAgo, ""), image("d", monthAgo, ""), image("e", monthAgo, ""), image("9", monthAgo, ""))
	want := pruneplan(shop, "-o", "json").stdout
	require.Contains(t, want, `"actions":[]`, "not all was listed")

	whole := write(t, "whole.json", shop)
	first, second := write(t, "first.json", pods), write(t, "second.json", streams)
	for _, args := range [][]string{{"-"}, {whole}} {
		require.Equal(t, want, pruneplan(shop, append(args, "-o", "json")...).stdout, args)
	}
	require.Equal(t, want, pruneplan(images, first, second, "-", "-o", "json").stdout)
	require.Equal(t, want, pruneplan(pods+streams+"\n"+images, "-o", "json").stdout, "concatenated")

	other := pruneplan(pods, "-", second, write(t, "images.json", images), "-o", "json", "--listed", "all")
	require.Equal(t, "1 items, 1+1 links, 2 images, 4 blobs", counts(other.plan(t)))

	// The order of the inputs is that in which things were listed.
	before := pruneplan(images, "-", first, second, "-o", "json", "--listed", "all")
	require.Contains(t, before.stdout, `"afterImageStreams":false`)
	require.Contains(t, other.stdout, `"afterImageStreams":true`)
}

func TestYAML(t *testing.T) {
	r := pruneplan(`---
apiVersion: v1
kind: PodList
items:
- metadata: {namespace: shop, name: p, creationTimestamp: 2026-10-02T00:00:00Z}
  spec:
    containers:
    - image: reg.example/shop/web:latest
  status: {phase: Running}
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  namespace: shop
  name: web
  creationTimestamp: "2026-10-01T00:00:00Z"
status:
  tags:
  - tag: latest
    items:
    - {image: "`+digest("a")+`", created: "2026-10-01T00:00:00Z"}
`, "-o", "json", "--now", "2026-11-01T00:00:00Z")
	require.Equal(t, planned, r.status, r.stderr)
	plan := r.plan(t)
	require.Equal(t, prune.Evidence{Kind: inventory.KindPod, Count: 1, Listed: true, Complete: true}, plan.Evidence[0])
	require.NotContains(t, plan.Missing(), inventory.KindPod)
	require.Contains(t, plan.Missing(), inventory.KindImageStream, "a single object is no list")
}

func TestBrokenInput(t *testing.T) {
	for _, b := range []struct{ name, input, want string }{
		{"no JSON", "garbage", "pruneplan: standard input: line 1: "},
		{"cut", shop[:len(shop)-40], "unexpected EOF"},
		{"no kind", `{"metadata":{"name":"x"}}`, "it says no kind"},
		{"a wrong type", list(`{"kind":"Pod","metadata":{"name":7}}`), "Pod"},
		{"a wrong time", list(object("v1", "Pod", "a", "b", "yesterday", "")), "Pod a/b"},
		{"two of one name", list(image("a", monthAgo, ""), image("a", "2026-10-02T00:00:00Z", "")), "Image " + digest("a") + ": the same object with different content: creation time"},
	} {
		t.Run(b.name, func(t *testing.T) {
			for _, args := range [][]string{nil, {"-o", "json"}, {"--explain", "x"}} {
				r := pruneplan(b.input, args...)
				require.Equal(t, failed, r.status)
				require.Empty(t, r.stdout)
				require.Contains(t, r.stderr, b.want)
				require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
			}
		})
	}
}

func TestEmptyInput(t *testing.T) {
	for _, input := range []string{"", " \n\t", "---\n"} {
		for _, args := range [][]string{nil, {"-o", "json"}, {"--listed", "all"}, {"--strict-peer"}, {"--explain", "x"}} {
			r := pruneplan(input, args...)
			require.Equal(t, failed, r.status, "what wrote it may have failed")
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, "it is empty: it holds no JSON or YAML document")
			require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
		}
	}
	for _, input := range []string{list(), "kind: List\nitems: []\n"} {
		r := pruneplan(input)
		require.Equal(t, planned, r.status)
		require.True(t, strings.HasPrefix(r.stdout, "Not listed: Pod,ReplicationController,"), r.stdout)
		require.Contains(t, r.stdout, "\nNothing to delete: Pod, ReplicationController,")
		require.Empty(t, r.stderr)
	}
}

func TestNow(t *testing.T) {
	newest := func(time string) string { return list(pod("p", "Running", "x"), image("a", time, "")) }
	for _, n := range []struct{ name, input, args, want string }{
		{"the newest time in the input", newest("2026-11-05T06:07:08Z"), "", "2026-11-05T06:07:08Z"},
		{"of a tag item", list(items("a")), "", "2026-10-30T00:00:00Z"},
		{"of what is not read", list(object("v1", "ConfigMap", "a", "b", "2026-11-06T00:00:00Z", "")), "", "2026-11-06T00:00:00Z"},
		{"never later than the clock", newest("2027-01-01T00:00:00Z"), "", "2026-12-24T18:00:00Z"},
		{"the clock, where there is none", list(), "", "2026-12-24T18:00:00Z"},
		{"as it is given", newest("2026-11-05T06:07:08Z"), "--now 2031-02-03T04:05:06+01:00", "2031-02-03T03:05:06Z"},
		{"long ago", newest("2026-11-05T06:07:08Z"), "--now 1999-12-31T23:59:59.5Z", "1999-12-31T23:59:59.5Z"},
	} {
		t.Run(n.name, func(t *testing.T) {
			r := pruneplan(n.input, append(strings.Fields(n.args), "-o", "json")...)
			require.Equal(t, planned, r.status, r.stderr)
			require.Equal(t, n.want, r.plan(t).Now.Format(time.RFC3339Nano))
		})
	}
}

func TestListed(t *testing.T) {
	missing := func(args ...string) []inventory.Kind {
		r := pruneplan(shop, append(args, "-o", "json")...)
		require.Equal(t, planned, r.status, r.stderr)
		return r.plan(t).Missing()
	}
	absent := []inventory.Kind{
		inventory.KindReplicationController, inventory.KindDeploymentConfig, inventory.KindReplicaSet, inventory.KindDeployment, inventory.KindDaemonSet,
		inventory.KindStatefulSet, inventory.KindJob, inventory.KindCronJob, inventory.KindBuild, inventory.KindBuildConfig,
	}
	require.Equal(t, absent, missing())
	require.Equal(t, absent[1:], missing("--listed", "ReplicationController"))
	require.Equal(t, absent[2:], missing("--listed", "replicationcontrollers, deploymentconfig"))
	require.Equal(t, absent[1:], missing("--listed", "REPLICATIONCONTROLLERS,Pod,LimitRange"))
	require.Empty(t, missing("--listed", "all"))
	require.Empty(t, missing("--listed", "Pod,ALL"))
	require.Empty(t, missing("--strict-peer"))
	require.Equal(t, append(absent, inventory.KindLimitRange), missing("--prune-over-size-limit"))

	// A list that goes on elsewhere is in part, whatever is said.
	part := strings.Replace(list(pod("p", "Running", "x")), `"kind":"List"`, `"kind":"PodList","metadata":{"continue":"abc"}`, 1)
	require.Equal(t, []inventory.Kind{inventory.KindPod}, pruneplan(part, "-o", "json", "--listed", "all").plan(t).Missing())
}
