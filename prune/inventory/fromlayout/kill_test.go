//go:build unix

package fromlayout_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/volumegen"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// The test binary is also the program that is killed: TestMain runs it where the
// environment names its volume.
const (
	envKillVolume  = "FROMLAYOUT_TEST_VOLUME"
	envKillJournal = "FROMLAYOUT_TEST_JOURNAL"
	envKillPlan    = "FROMLAYOUT_TEST_PLAN"
	envKillCall    = "FROMLAYOUT_TEST_CALL"  // from 1
	envKillAfter   = "FROMLAYOUT_TEST_AFTER" // "true": once the call has been made
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envKillVolume); dir != "" {
		if err := playSweep(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// playSweep is the program that is killed.
func playSweep(dir string) error {
	text, err := os.ReadFile(os.Getenv(envKillPlan))
	if err != nil {
		return err
	}
	var plan prune.Plan
	if err := json.Unmarshal(text, &plan); err != nil {
		return err
	}
	n, err := strconv.Atoi(os.Getenv(envKillCall))
	if err != nil {
		return err
	}
	d, err := filesystem.Open(dir, filesystem.Options{NoSync: true}) // a death of the process, not of the machine
	if err != nil {
		return err
	}
	deadly := killingDriver(d, n, os.Getenv(envKillAfter) == "true")
	return sweepVolume(context.Background(), d, deadly, &plan, plan.Policy, os.Getenv(envKillJournal))
}

// mutating are the calls of a driver that change what is there.
var mutating = []string{"create", "write", "commit", "suspend", "abort", "delete", "move", "resume", "discard"}

// killingDriver kills the process ahead of the call with the number of those that
// change something of the registry, or behind it.
func killingDriver(d storage.Driver, n int, after bool) storage.Driver {
	die := func() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until it has died
	}
	if !after {
		wait := func(context.Context, string, string) error { die(); return nil }
		return middleware.Faults(d, middleware.Fault{Ops: mutating, Prefix: registrylayout.Root, Nth: n, Times: 1, Wait: wait})
	}
	var ended atomic.Int64
	return middleware.Observe(d, func(e middleware.Event) {
		if slices.Contains(mutating, e.Op) && strings.HasPrefix(e.Key, registrylayout.Root) && ended.Add(1) == int64(n) {
			die()
		}
	}, middleware.ObserveOptions{})
}

// sweepVolume carries a plan out, a new one by the policy where it is nil, and
// cleans up behind it, as examples/collectgarbage does: one call after the other.
func sweepVolume(ctx context.Context, d *filesystem.Driver, through storage.Driver, plan *prune.Plan, policy prune.Policy, journal string) error {
	store := storage.New(through, storage.Options{})
	layout := registrylayout.New(store, registrylayout.Options{})
	ends, err := fromlayout.NewEnds(store, layout, fromlayout.EndsOptions{Alone: true})
	if err != nil {
		return err
	}
	o := apply.Options{Now: func() time.Time { return noon }, Grace: -1, Workers: 1}
	if plan == nil {
		inv, _, err := ends.Read(ctx)
		if err != nil {
			return err
		}
		if plan, err = prune.New(inv, policy, noon); err != nil {
			return err
		}
	}
	if journal != "" {
		j, err := apply.OpenJournal(journal)
		if err != nil {
			return err
		}
		defer j.Close()
		o.Journal = j
	}
	if _, err = apply.Run(ctx, plan, ends.Ends(), o); err != nil {
		return err
	}
	_, volume, err := ends.Read(ctx)
	if err != nil {
		return err
	}
	former := slices.DeleteFunc(volume.Former, func(f fromlayout.FormerTag) bool { return f.Linked })
	if _, err := ends.ForgetFormer(ctx, former); err != nil {
		return err
	}
	for _, u := range volume.Uploads {
		if err := layout.DeleteUpload(ctx, u.Repository, u.ID); err != nil && !errors.Is(err, storage.ErrNotExist) {
			return err
		}
	}
	_, _, err = d.CleanUp(ctx, time.Now().Add(time.Hour))
	return err
}

// sweepAgain is the next run, in this process and to its end.
func sweepAgain(t *testing.T, dir string, plan *prune.Plan, policy prune.Policy, journal string) {
	d, err := filesystem.Open(dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	require.NoError(t, sweepVolume(t.Context(), d, d, plan, policy, journal))
}

// fillVolume pushes a bit of everything into a registry's directory, and leaves
// what failed pushes and dead writers leave. The writers hold on to it until the
// test ends, so a copy of the directory is what their death left.
func fillVolume(t *testing.T, dir string) {
	d, err := filesystem.Open(dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() })
	v := &volume{T: t, store: storage.New(d, storage.Options{}), now: noon}
	v.Layout = registrylayout.New(v.store, registrylayout.Options{})

	v.image("shop/web", "was v1", "v1")
	v.image("shop/web", "is v1", "v1")
	v.image("shop/web", "passing", "tmp-1")
	amd, arm := v.image("shop/web", "amd"), v.image("shop/web", "arm")
	index := v.manifest("shop/web", fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":%q,"size":1},{"digest":%q,"size":1}]}`, amd, arm), "multi")
	for _, of := range []digest.Digest{index, v.image("shop/web", "nobody's")} {
		v.manifest("shop/web", fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":2},"layers":[{"digest":%q,"size":1}],"subject":{"digest":%q,"size":1}}`,
			v.blob("shop/web", "{}"), v.blob("shop/web", "signature of "+string(of)), of))
	}
	twin := v.image("shop/web/front", "twin")
	lone := v.manifest("shop/web/front", fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":%q,"size":1}]}`, twin))
	v.manifest("shop/web/front", fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":%q,"size":1}]}`, lone), "tmp-2")
	v.manifest("ops/base", fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":1},"layers":[{"digest":%q,"size":1},{"digest":%q,"size":1}]}`,
		v.blob("ops/base", "{}"), v.blob("ops/base", "passing"), v.blob("ops/base", "twin")), "latest")
	v.image("never/tagged", "is v1")
	v.blob("only/layers", "left by a failed push")
	key, err := registrylayout.BlobKey(digest.FromString("never linked"))
	v.write(key, err, "never linked")
	key, err = registrylayout.TagIndexKey("ops/base", "untagged", digest.FromString("long gone"))
	v.write(key, err, digest.FromString("long gone").String())

	upload, err := v.StartUpload(t.Context(), "ops/base")
	require.NoError(t, err)
	_, err = upload.Write([]byte("abandoned"))
	require.NoError(t, err)
	require.NoError(t, upload.Suspend(t.Context()))
	for _, resumable := range []bool{false, true} {
		dead, err := d.Create(t.Context(), "docker/registry/v2/dead", storage.CreateOptions{Resumable: resumable})
		require.NoError(t, err)
		_, err = dead.Write([]byte("half of it"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = dead.Abort(context.Background()) })
	}
}

// copyVolume copies a directory. What the driver never writes to again is the same
// file in both; its locks are left out.
func copyVolume(t *testing.T, from string) string {
	to := t.TempDir()
	require.NoError(t, filepath.WalkDir(from, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == from {
			return err
		}
		path, err := filepath.Rel(from, file)
		switch there := filepath.Join(to, path); {
		case err != nil:
			return err
		case entry.Name() == "locks":
			return fs.SkipDir
		case entry.IsDir():
			return os.Mkdir(there, 0o755)
		case !strings.HasPrefix(path, storage.Reserved):
			return os.Link(file, there)
		default:
			text, err := os.ReadFile(file)
			return errors.Join(err, os.WriteFile(there, text, 0o600))
		}
	}))
	return to
}

// filesOf returns every file and every directory below a directory, but for the
// driver's locks: empty files that stay, of keys that it has seen.
func filesOf(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "locks" {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() {
			files[strings.TrimPrefix(file, dir)] = "a directory"
			return err
		}
		text, err := os.ReadFile(file)
		files[strings.TrimPrefix(file, dir)] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	}))
	return files
}

// sameFiles compares the files of a volume with those that it should have.
func sameFiles(t *testing.T, want map[string]string, dir, when string) {
	got := filesOf(t, dir)
	for file, text := range want {
		require.Equal(t, text, got[file], "%s: %s", when, file)
	}
	for file := range got {
		_, there := want[file]
		require.True(t, there, "%s: %s is there", when, file)
	}
}

// resolvedOn says what the tags of a volume resolve to. Nothing there refers to what
// is not there.
func resolvedOn(t *testing.T, dir string) map[string][]string {
	d, err := filesystem.Open(dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	layout := registrylayout.New(storage.New(d, storage.Options{}), registrylayout.Options{})
	found, err := volumegen.Resolved(t.Context(), layout)
	require.NoError(t, err)
	dangling, err := volumegen.Dangling(t.Context(), layout)
	require.NoError(t, err)
	require.Empty(t, dangling)
	return found
}

// TestASweepThatIsKilledAnywhere kills the process of a sweep ahead of each of its
// calls that change the volume, and behind each, until one ends by itself. What
// tags there are resolve to all that they did, and the next run leaves the volume
// as one does that nobody killed: by the plan and its journal, or where the
// journal was lost by a plan of its own.
func TestASweepThatIsKilledAnywhere(t *testing.T) {
	policy := prune.Garbage(prune.GarbageOptions{Untagged: true})
	policy.TagItems = untagged.TagItems
	k := newKilled(t, policy)
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after the call: %t", after), func(t *testing.T) {
			t.Parallel()
			n := 1
			for ; k.kill(t, n, after); n += killStep() {
			}
			require.Greater(t, n, k.plan.Summary.TagItems+k.plan.Summary.ManifestLinks+k.plan.Summary.LayerLinks+k.plan.Summary.Blobs)
			t.Logf("%d calls", n-1)
		})
	}
}

// killStep is how many calls lie between two kills.
func killStep() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// killed is what all deaths of a sweep have in common.
type killed struct {
	policy   prune.Policy
	template string // the volume before
	plan     *prune.Plan
	planFile string
	before   map[string][]string // what tags resolve to
	want     map[string]string   // the files that a whole sweep leaves
	stay     map[string][]string // and what tags resolve to then
}

func newKilled(t *testing.T, policy prune.Policy) *killed {
	source := t.TempDir()
	fillVolume(t, source)
	k := &killed{policy: policy, template: copyVolume(t, source), planFile: filepath.Join(t.TempDir(), "plan.json")}
	k.before = resolvedOn(t, k.template)
	require.Len(t, k.before, 5)

	d, err := filesystem.Open(k.template, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	store := storage.New(d, storage.Options{})
	v := &volume{T: t, store: store, now: noon, Layout: registrylayout.New(store, registrylayout.Options{})}
	inv, _ := v.read(fromlayout.Options{})
	k.plan, err = prune.New(inv, policy, noon)
	require.NoError(t, err)
	text, err := json.Marshal(k.plan)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(k.planFile, text, 0o600))

	whole := copyVolume(t, k.template)
	sweepAgain(t, whole, k.plan, policy, filepath.Join(t.TempDir(), "journal"))
	k.want, k.stay = filesOf(t, whole), resolvedOn(t, whole)
	require.Less(t, len(k.want), len(filesOf(t, k.template)))
	require.Len(t, k.stay, 5-k.plan.Summary.TagItems)
	t.Logf("%+v", k.plan.Summary)
	return k
}

// kill kills a sweep, looks at the volume, and finishes it in both ways. It is
// false where the sweep ended before.
func (k *killed) kill(t *testing.T, n int, after bool) bool {
	when := fmt.Sprintf("killed at call %d, after it: %t", n, after)
	dir := copyVolume(t, k.template)
	journal := filepath.Join(t.TempDir(), "journal")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envKillVolume+"="+dir, envKillJournal+"="+journal, envKillPlan+"="+k.planFile,
		envKillCall+"="+strconv.Itoa(n), envKillAfter+"="+strconv.FormatBool(after))
	out, err := cmd.CombinedOutput()
	if err == nil {
		sameFiles(t, k.want, dir, "not killed")
		return false
	}
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, -1, exit.ExitCode(), "%s: %s", when, out)
	k.resolves(t, dir, when)

	if !after { // otherwise it is the volume of a death ahead of the next call
		lost := copyVolume(t, dir)
		sweepAgain(t, lost, nil, k.policy, "")
		sameFiles(t, k.want, lost, when+", by a plan of its own")
	}
	sweepAgain(t, dir, k.plan, k.policy, journal)
	sameFiles(t, k.want, dir, when+", by the journal")
	return true
}

// resolves checks that each tag is whole, and that those that were to stay are
// there.
func (k *killed) resolves(t *testing.T, dir, when string) {
	found := resolvedOn(t, dir)
	for tag, lines := range found {
		require.Subset(t, lines, k.before[tag], "%s: %s", when, tag)
	}
	for tag, lines := range k.stay {
		require.Equal(t, lines, found[tag], "%s: %s", when, tag)
	}
}
