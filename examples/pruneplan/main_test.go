package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/workload"
)

// A result is what a run of the program has left.
type result struct {
	status         int
	stdout, stderr string
}

// clock is the time in all tests: later than any dump.
var clock = time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)

func pruneplan(stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	status := run(args, strings.NewReader(stdin), &stdout, &stderr, clock)
	return result{status, stdout.String(), stderr.String()}
}

// plan returns the plan of a run with -o json.
func (r result) plan(t *testing.T) *prune.Plan {
	t.Helper()
	var plan prune.Plan
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &plan), r.stdout+r.stderr)
	return &plan
}

// counts says how much of everything a plan deletes.
func counts(plan *prune.Plan) string {
	s := plan.Summary
	return fmt.Sprintf("%d items, %d+%d links, %d images, %d blobs", s.TagItems, s.ManifestLinks, s.LayerLinks, s.Images, s.Blobs)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestFlagsOfThePolicy(t *testing.T) {
	for _, f := range []struct{ args, policy, counts string }{
		{"", `"keepYoungerThan":"1h0m0s","keepTagRevisions":3,"pruneOverSizeLimit":false,"allImages":true,"pruneRegistry":true,"ignoreInvalidRefs":false`, "1 items, 1+1 links, 2 images, 4 blobs"},
		{"--keep-tag-revisions 2", `"keepTagRevisions":2`, "2 items, 2+2 links, 3 images, 6 blobs"},
		{"-keep-tag-revisions=0", `"keepTagRevisions":0`, "3 items, 3+3 links, 4 images, 8 blobs"}, // the newest item is young
		{"--keep-younger-than 2160h", `"keepYoungerThan":"2160h0m0s"`, "0 items, 0+0 links, 0 images, 0 blobs"},
		{"--keep-younger-than=0", `"keepYoungerThan":"0s"`, "1 items, 1+1 links, 2 images, 4 blobs"},
		{"--all=false", `"allImages":false`, "1 items, 1+1 links, 0 images, 0 blobs"},
		{"--prune-registry=false", `"pruneRegistry":false`, "1 items, 0+0 links, 2 images, 0 blobs"},
		{"--ignore-invalid-refs", `"ignoreInvalidRefs":true`, "1 items, 1+1 links, 2 images, 4 blobs"},
		{"-n shop", `"namespace":"shop"`, "1 items, 1+1 links, 0 images, 0 blobs"},
		{"--namespace other", `"namespace":"other"`, "0 items, 0+0 links, 0 images, 0 blobs"},
		{"--prune-over-size-limit", `{"pruneOverSizeLimit":true,"allImages":true`, "0 items, 0+0 links, 0 images, 0 blobs"},
		{"--accept-unknown-images", `"acceptUnknownImages":true`, "1 items, 1+1 links, 2 images, 4 blobs"},
		{"--ignore-sources trigger,spec-tag", `"ignoreSources":["trigger","spec-tag"]`, "1 items, 1+1 links, 2 images, 4 blobs"},
		{"--strict-peer", `"acceptUnknownImages":true,"peerReferencesOnly":true,"ignoreSources":[],"absentTimesAreAncient":true,"lifetime":"1h0m0s"`, "1 items, 1+1 links, 2 images, 4 blobs"},
	} {
		t.Run(f.args, func(t *testing.T) {
			args := append(strings.Fields(f.args), "-o", "json", "--listed", "all")
			r := pruneplan(shop, args...)
			require.Equal(t, planned, r.status, r.stderr)
			require.Empty(t, r.stderr)
			plan := r.plan(t)
			require.Contains(t, plan.Policy.String(), f.policy)
			require.Equal(t, f.counts, counts(plan))
			require.True(t, strings.HasSuffix(r.stdout, "\"}\n"))
		})
	}
}

func TestWrongUsage(t *testing.T) {
	for _, u := range []struct{ args, want string }{
		{"--nonsense", "flag provided but not defined: -nonsense"},
		{"--keep-younger-than", "flag needs an argument: -keep-younger-than"},
		{"--keep-younger-than 30d", `invalid value "30d" for flag -keep-younger-than: want a duration in h, m and s, as 90m or 720h`},
		{"--keep-younger-than=-1h", "invalid policy: keepYoungerThan is negative: -1h0m0s"},
		{"--keep-tag-revisions many", `invalid value "many" for flag -keep-tag-revisions: parse error`},
		{"--keep-tag-revisions=-1", "invalid policy: keepTagRevisions is negative: -1"},
		{"--keep-tag-revisions=-1 --keep-younger-than=-1s", "invalid policy: keepYoungerThan is negative: -1s; keepTagRevisions is negative: -1"},
		{"--all=perhaps", `invalid boolean value "perhaps" for -all: parse error`},
		{"--prune-over-size-limit --keep-tag-revisions 3", "keepYoungerThan and keepTagRevisions must not be set with it"},
		{"--prune-over-size-limit --keep-younger-than 60m", "keepYoungerThan and keepTagRevisions must not be set with it"},
		{"-o yaml", "-o yaml: want text or json"},
		{"--now today", "--now today: want a time in RFC 3339, as 2026-11-01T12:00:00Z"},
		{"--now 0001-01-01T00:00:00Z", "that is the zero time"},
		{"--listed Pod,Gadget", "--listed Gadget: no such kind; want all, or of [Pod ReplicationController"},
		{"--ignore-sources triger", "--ignore-sources triger: no such source; want of [ephemeral-container"},
		{"--rows -1", "must not be negative"},
		{"--max-object-bytes -1", "must not be negative"},
		{"--max-object-bytes 100", "standard input: byte"},
		{"nosuch.json", "nosuch.json"},
		{"--explain nothing", `no such object in the inventory: image or blob "nothing"`},
		{"--explain shop/web:v9", `has no tag "v9"`},
		{"--explain sha256:", `more than one object begins with "sha256:"`},
	} {
		t.Run(u.args, func(t *testing.T) {
			r := pruneplan(shop, append([]string{"-o", "json"}, strings.Fields(u.args)...)...)
			require.Equal(t, failed, r.status)
			require.Empty(t, r.stdout)
			last := r.stderr
			if strings.HasPrefix(u.args, "--explain") { // what is missing in the dump is told first
				_, last, _ = strings.Cut(r.stderr, "\n")
			}
			require.True(t, strings.HasPrefix(last, "pruneplan: "), r.stderr)
			require.Contains(t, last, u.want)
			require.Equal(t, 1, strings.Count(last, "\n"), "one line")
		})
	}
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"-h", "--help"} {
		r := pruneplan("", arg)
		require.Equal(t, planned, r.status)
		require.Empty(t, r.stdout)
		require.Contains(t, r.stderr, "usage: pruneplan [flags] [file…]\n")
		for _, flag := range []string{"-keep-younger-than age\n", "(default 1h0m0s)", "(default 3)", "-strict-peer\n", "-listed kinds\n", "-explain"} {
			require.Contains(t, r.stderr, flag)
		}
	}
}

func TestFlagsStandAnywhere(t *testing.T) {
	file := write(t, "shop.json", shop)
	want := pruneplan("", "--keep-tag-revisions", "1", "-o", "json", file)
	require.Equal(t, planned, want.status, want.stderr)
	for _, args := range [][]string{
		{file, "--keep-tag-revisions", "1", "-o", "json"},
		{"-o", "json", file, "--keep-tag-revisions=1"},
		{"--keep-tag-revisions", "1", "-o", "json", "--", file},
	} {
		require.Equal(t, want, pruneplan("", args...))
	}
	r := pruneplan("", "--", "-o")
	require.Equal(t, failed, r.status)
	require.Contains(t, r.stderr, "open -o:", "behind -- there are no flags")
}

// What a dump lacks is told first: in the text, or beside the JSON.
func TestWarning(t *testing.T) {
	r := pruneplan(shop)
	warning, _, _ := strings.Cut(r.stdout, "\n")
	const absent = "ReplicationController,DeploymentConfig,ReplicaSet,Deployment,DaemonSet,StatefulSet,Job,CronJob,Build,BuildConfig"
	require.Equal(t, "Not listed: "+absent+". What they could protect is kept. Add them to the dump or, if the cluster was asked and has none, say --listed "+absent+".", warning)
	require.Empty(t, r.stderr)
	_, flag, _ := strings.Cut(strings.TrimSuffix(warning, "."), "say ")
	require.NotContains(t, pruneplan(shop, strings.Fields(flag)...).stdout, "Not listed", "the flag helps")

	r = pruneplan(shop, "-o", "json")
	require.Equal(t, warning+"\n", r.stderr)
	require.True(t, json.Valid([]byte(r.stdout)))

	r = pruneplan(shop, "--explain", "shop/web:latest#0")
	require.True(t, strings.HasPrefix(r.stdout, warning+"\nTagItem shop/web:latest#0 stays"), r.stdout)

	part := strings.Replace(list(pod("p", "Running", "x")), `"kind":"List"`, `"kind":"PodList","metadata":{"remainingItemCount":3}`, 1)
	r = pruneplan(part, "--listed", "all")
	require.True(t, strings.HasPrefix(r.stdout, "Listed in part: Pod. What they could protect is kept. List them whole"), r.stdout)

	unknown := list(pod("p", "Running", "quay.io/x@"+digest("1")), image("9", monthAgo, ""))
	r = pruneplan(unknown, "--listed", "all")
	require.True(t, strings.HasPrefix(r.stdout, "Needed and not known: 1 images, so no image and no blob goes. If none of them is in this registry, say --accept-unknown-images.\n"), r.stdout)
	require.True(t, strings.HasPrefix(pruneplan(unknown, "--listed", "all", "--accept-unknown-images").stdout, "Plan of "))

	// An image that a stream names may be newer than the list of Images.
	r = pruneplan(list(image("9", monthAgo, ""), items("a")), "--listed", "all")
	require.True(t, strings.HasPrefix(r.stdout, "Needed and not known: 1 images, so no image and no blob goes."+
		" Images were not listed after ImageStreams, so these may merely be new: list imagestreams before images."+
		" If none of them is in this registry, say --accept-unknown-images.\n"), r.stdout)
}

func TestInvalidReferences(t *testing.T) {
	dump := strings.Replace(shop, `"items":[`, `"items":[`+pod("q", "Running", "Not A Pull Spec")+",", 1)
	r := pruneplan(dump, "--listed", "all", "-o", "json")
	require.Equal(t, invalidReferences, r.status)
	plan := r.plan(t)
	require.Contains(t, r.stdout, `"actions":[],"summary":{"tagItems":0,`)
	require.Len(t, plan.InvalidReferences, 1)
	require.Equal(t, "Pod shop/q", plan.InvalidReferences[0].Object)
	require.True(t, strings.HasPrefix(r.stderr, `pruneplan: 1 reference does not parse, so it is not known what it uses: Pod shop/q spec.containers[0].image "Not A Pull Spec" (`), r.stderr)
	require.Equal(t, 1, strings.Count(r.stderr, "\n"))

	r = pruneplan(dump, "--listed", "all")
	require.Equal(t, invalidReferences, r.status)
	require.Contains(t, r.stdout, "Nothing to delete: references do not parse, and the policy does not ignore them.\n")

	r = pruneplan(dump, "--listed", "all", "--verdicts", "-o", "json")
	require.Equal(t, invalidReferences, r.status)
	require.Contains(t, r.stdout, `"reason":{"rule":"invalid-references"}`)

	r = pruneplan(dump, "--listed", "all", "--explain", "shop/web:latest#4")
	require.Equal(t, invalidReferences, r.status)
	require.Contains(t, r.stdout, "TagItem shop/web:latest#4 stays: invalid-references\n")

	r = pruneplan(dump, "--listed", "all", "--ignore-invalid-refs", "-o", "json")
	require.Equal(t, planned, r.status)
	require.Equal(t, "1 items, 1+1 links, 2 images, 4 blobs", counts(r.plan(t)))
	require.Len(t, r.plan(t).InvalidReferences, 1)
}

func TestExplain(t *testing.T) {
	r := pruneplan(shop, "--listed", "all", "--explain", "shop/web:latest#3")
	require.Equal(t, planned, r.status)
	require.Equal(t, strings.ReplaceAll(`TagItem shop/web:latest#3 stays: digest-in-use
  Pod shop/p spec.containers[0].image
    -> D
      -> shop/web:latest#3
it would go if all of these held:
  - no workload uses its image, or what that owns, by digest through shop/web
`, "D", digest("d")), r.stdout)

	for _, what := range []string{digest("9"), "9", "sha256:999"} {
		r = pruneplan(shop, "--listed", "all", "--explain", what)
		require.True(t, strings.HasPrefix(r.stdout, "Image "+digest("9")+" goes: nothing-needs-it: age "), r.stdout)
		require.Contains(t, r.stdout, "\nBlob "+digest("9")+" goes: image-deleted")
	}

	r = pruneplan(shop, "--listed", "all", "--explain", "shop/web:latest#3", "-o", "json")
	require.JSONEq(t, strings.ReplaceAll(`[{"kind":"TagItem","object":"shop/web:latest#3","image":"D","outcome":"keep",
		"reason":{"rule":"digest-in-use","path":["Pod shop/p spec.containers[0].image","D","shop/web:latest#3"]},
		"otherwise":["no workload uses its image, or what that owns, by digest through shop/web"]}]`, "D", digest("d")), r.stdout)
}

func TestVerdictsAndRows(t *testing.T) {
	without, with := pruneplan(shop, "--listed", "all"), pruneplan(shop, "--listed", "all", "--verdicts")
	require.True(t, strings.HasPrefix(with.stdout, without.stdout+"\nKept:\n  TagItem shop/web:latest#0  young: age 0s < 1h0m0s\n"), with.stdout)
	require.Contains(t, with.stdout, "\n  Blob "+digest("d")+"  in-use: Pod shop/p spec.containers[0].image -> ")
	require.NotContains(t, with.stdout[len(without.stdout):], "nothing-needs-it")

	plain, kept := pruneplan(shop, "--listed", "all", "-o", "json"), pruneplan(shop, "--listed", "all", "-o", "json", "--verdicts")
	require.True(t, strings.HasPrefix(kept.stdout, strings.TrimSuffix(plain.stdout, "}\n")+`,"kept":[{"kind":"TagItem",`))
	require.True(t, kept.plan(t).Equal(plain.plan(t)))

	require.NotContains(t, without.stdout, "… and")
	require.Contains(t, pruneplan(shop, "--listed", "all", "--rows", "1").stdout, "DeleteBlob:\n  sha256:")
	require.Contains(t, pruneplan(shop, "--listed", "all", "--rows", "1").stdout, "  … and 3 more\n")
	require.NotContains(t, pruneplan(shop, "--listed", "all", "--rows", "0").stdout, "… and")
}

func TestIgnoreSources(t *testing.T) {
	dump := list(items("a", "b", "c", "e"), image("a", monthAgo, ""), image("b", monthAgo, ""), image("c", monthAgo, ""), image("e", monthAgo, ""),
		object("operators.coreos.com/v1", "CatalogSource", "x", "y", monthAgo, `,"spec":{"image":"reg.example/shop/web@`+digest("e")+`"}`))
	require.Equal(t, "0 items, 0+0 links, 0 images, 0 blobs", counts(pruneplan(dump, "--listed", "all", "-o", "json").plan(t)))
	var all []string
	for _, source := range workload.Sources() {
		all = append(all, string(source))
	}
	for _, list := range []string{"table", strings.Join(all, ",")} {
		r := pruneplan(dump, "--listed", "all", "-o", "json", "--ignore-sources", list)
		require.Equal(t, "1 items, 1+1 links, 1 images, 2 blobs", counts(r.plan(t)), r.stderr)
	}
}
