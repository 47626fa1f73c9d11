package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/volumegen"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// volumeTime is when all of a volume was written, and its plan made.
var volumeTime = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// newDriver returns an empty volume: in memory, or of some seeds in a directory.
func newDriver(t *testing.T, onDisk bool) storage.Driver {
	if !onDisk {
		return &memory.Driver{Now: at(volumeTime)}
	}
	dir, err := os.MkdirTemp(t.TempDir(), "")
	require.NoError(t, err)
	d, err := filesystem.Open(dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// A registryVolume is a volume without a registry in front of it.
type registryVolume struct {
	driver storage.Driver
	store  *storage.Store
	layout *registrylayout.Layout
}

func onDriver(d storage.Driver) registryVolume {
	s := storage.New(d, storage.Options{})
	return registryVolume{d, s, registrylayout.New(s, registrylayout.Options{})}
}

// volumeOf returns a volume that holds these files.
func volumeOf(t *testing.T, files map[string]string, onDisk bool) registryVolume {
	v := onDriver(newDriver(t, onDisk))
	require.NoError(t, volumegen.Write(t.Context(), v.store, files))
	return v
}

func (v registryVolume) ends(t *testing.T) *fromlayout.Ends {
	ends, err := fromlayout.NewEnds(v.store, v.layout, fromlayout.EndsOptions{Alone: true})
	require.NoError(t, err)
	return ends
}

func (v registryVolume) files(t *testing.T) map[string]string {
	files, err := volumegen.Files(t.Context(), v.store)
	require.NoError(t, err)
	return files
}

func (v registryVolume) resolved(t *testing.T) map[string][]string {
	found, err := volumegen.Resolved(t.Context(), v.layout)
	require.NoError(t, err)
	return found
}

// dangling says what there refers to what is not there.
func (v registryVolume) dangling(t *testing.T) []string {
	list, err := volumegen.Dangling(t.Context(), v.layout)
	require.NoError(t, err)
	return list
}

// forget takes away what tags were whose manifests are gone, as a collection does
// at its end.
func (v registryVolume) forget(t *testing.T) {
	ends := v.ends(t)
	_, volume, err := ends.Read(t.Context())
	require.NoError(t, err)
	_, err = ends.ForgetFormer(t.Context(), slices.DeleteFunc(volume.Former, func(f fromlayout.FormerTag) bool { return f.Linked }))
	require.NoError(t, err)
}

// forgetOrphans takes away what the orphan check finds of tags that are nothing: an
// untagging that was cut short leaves it, and no plan knows of it.
func (v registryVolume) forgetOrphans(t *testing.T) {
	var orphans []fromlayout.FormerTag
	_, err := v.layout.Check(t.Context(), registrylayout.CheckOptions{}, func(f registrylayout.Finding) {
		if f.Kind != registrylayout.Orphan || f.Reference != registrylayout.TagReference {
			return
		}
		for link, err := range v.layout.TagIndex(t.Context(), f.Repository, f.Tag) {
			require.NoError(t, err)
			orphans = append(orphans, fromlayout.FormerTag{Repository: f.Repository, Tag: f.Tag, Digest: link.Digest})
		}
	})
	require.NoError(t, err)
	_, err = v.ends(t).ForgetFormer(t.Context(), orphans)
	require.NoError(t, err)
}

var errDeath = errors.New("the process has died")

// volumeFaults are what goes wrong with a volume's k-th call that changes it.
var volumeFaults = []struct {
	name  string
	fault func(cancel func()) middleware.Fault
}{
	{"a failure", func(func()) middleware.Fault { return middleware.Fault{Times: 1} }},
	{"failures for good", func(func()) middleware.Fault { return middleware.Fault{} }},
	{"a lost acknowledgement", func(func()) middleware.Fault { return middleware.Fault{Times: 1, LoseAnswer: true} }},
	{"the end of the context", func(cancel func()) middleware.Fault {
		return middleware.Fault{Times: 1, Wait: func(ctx context.Context, _, _ string) error { cancel(); return ctx.Err() }}
	}},
	{"death", func(func()) middleware.Fault {
		return middleware.Fault{Times: 1, Wait: func(context.Context, string, string) error { panic(errDeath) }}
	}},
}

// faulty returns the volume behind a fault at its k-th deletion, from 1. A plan
// that is carried out changes nothing else of a registry.
func (v registryVolume) faulty(f middleware.Fault, k int) (registryVolume, *middleware.FaultyDriver) {
	f.Nth, f.Ops, f.Prefix = k, []string{"delete"}, registrylayout.Root
	d := middleware.Faults(v.driver, f)
	return onDriver(d), d
}

// runUntilDeath is apply.Run of a process that may die.
func runUntilDeath(ctx context.Context, plan *prune.Plan, ends apply.Ends, o apply.Options) (err error) {
	defer func() {
		if died := recover(); died != nil {
			if err, _ = died.(error); !errors.Is(err, errDeath) {
				panic(died)
			}
		}
	}()
	_, err = apply.Run(ctx, plan, ends, o)
	return err
}

// TestRunOnAVolumeThatEndsAnywhere stops and fails a run at every single deletion
// on a volume of random making. Whatever happens, each tag that is there resolves
// to all that it resolved to before, and the journal, or where it is lost new
// plans and the orphan check, leave the volume as if nothing had happened.
func TestRunOnAVolumeThatEndsAnywhere(t *testing.T) {
	policy := prune.Garbage(prune.GarbageOptions{Untagged: true})
	policy.TagItems = []prune.Rule{{ID: "temporary", Outcome: prune.Delete, When: prune.Condition{Tags: []string{"tmp-*"}}}}
	ends, deletions := 0, 0
	first, end := seeds(t, 6)
	for seed := first; seed < end; seed++ {
		v := &volumeTrial{T: t, policy: policy, onDisk: seed%12 == 5, name: fmt.Sprintf("seed %d", seed)}
		v.make(seed)
		n := v.wholly()
		deletions += n
		for _, fault := range volumeFaults {
			for k := 1; k <= n; k += v.step() {
				v.endAt(fault.name, fault.fault, k)
				ends++
			}
		}
	}
	require.Greater(t, ends, 100, "hardly anything was ended")
	t.Logf("%d deletions, %d ends", deletions, ends)
}

// A volumeTrial is one volume on which a plan is carried out again and again.
type volumeTrial struct {
	*testing.T
	name   string
	policy prune.Policy
	onDisk bool
	files  map[string]string
	before map[string][]string // what tags resolve to
	broken []string            // what dangles before
	plan   *prune.Plan
	want   map[string]string // the files after a run without faults
	least  map[string]string // and once new plans find nothing more
}

// step is how many deletions lie between two ends: on a disk they take their time.
func (v *volumeTrial) step() int {
	if v.onDisk {
		return 13
	}
	return 1
}

func (v *volumeTrial) make(seed uint64) {
	volume := onDriver(newDriver(v.T, false))
	require.NoError(v, volumegen.Random(v.Context(), volume.store, volume.layout, seed))
	v.files, v.before, v.broken = volume.files(v.T), volume.resolved(v.T), volume.dangling(v.T)
	inv, found, err := volume.ends(v.T).Read(v.Context())
	require.NoError(v, err)
	require.Empty(v, found.Unread)
	v.plan, err = prune.New(inv, v.policy, volumeTime)
	require.NoError(v, err)
}

// wholly carries the plan out without faults and returns how many deletions that
// takes.
func (v *volumeTrial) wholly() int {
	volume := volumeOf(v.T, v.files, v.onDisk)
	deletions := 0
	counted := onDriver(middleware.Observe(volume.driver, func(e middleware.Event) {
		if e.Op == "delete" && e.Key[0] == registrylayout.Root[0] {
			deletions++
		}
	}, middleware.ObserveOptions{}))
	_, err := apply.Run(v.Context(), v.plan, counted.ends(v.T).Ends(), atOnce(volumeTime))
	require.NoError(v, err, v.name)
	volume.forget(v.T)
	v.want = volume.files(v.T)
	v.whole(volume, v.name)
	v.settle(volume)
	v.least = volume.files(v.T)
	return deletions
}

// settle carries out new plans until one finds nothing: what refers to a manifest
// that stays in another repository alone loses its link to the first, and its bytes
// to the second.
func (v *volumeTrial) settle(volume registryVolume) {
	for range 4 {
		ends := volume.ends(v.T)
		inv, _, err := ends.Read(v.Context())
		require.NoError(v, err)
		plan, err := prune.New(inv, v.policy, volumeTime)
		require.NoError(v, err)
		if plan.Summary.Actions() == 0 {
			volume.forget(v.T)
			volume.forgetOrphans(v.T)
			return
		}
		_, err = apply.Run(v.Context(), plan, ends.Ends(), atOnce(volumeTime))
		require.NoError(v, err)
		v.whole(volume, v.name)
	}
	require.Fail(v, "there is always more to do", v.name)
}

// whole checks that what tags there are resolve as they did, and that nothing
// dangles that did not before.
func (v *volumeTrial) whole(volume registryVolume, when string) {
	for tag, lines := range volume.resolved(v.T) {
		require.Subset(v, lines, v.before[tag], "%s: %s", when, tag)
	}
	require.Subset(v, v.broken, volume.dangling(v.T), when)
}

// endAt ends a run at a deletion and finishes it.
func (v *volumeTrial) endAt(name string, fault func(cancel func()) middleware.Fault, k int) {
	when := fmt.Sprintf("%s, %s at deletion %d, %+v", v.name, name, k, v.plan.Summary)
	volume, journal := volumeOf(v.T, v.files, v.onDisk), &memoryJournal{}
	ctx, cancel := context.WithCancel(v.Context())
	defer cancel()
	faulty, driver := volume.faulty(fault(cancel), k)
	o := atOnce(volumeTime)
	o.Journal = journal
	err := runUntilDeath(ctx, v.plan, faulty.ends(v.T).Ends(), o)
	require.NotZero(v, driver.Injected(), when)
	v.whole(volume, when)

	lost := volumeOf(v.T, volume.files(v.T), v.onDisk)
	if err != nil {
		_, err = apply.Run(v.Context(), v.plan, volume.ends(v.T).Ends(), o)
		require.NoError(v, err, when)
	}
	volume.forget(v.T)
	require.Equal(v, v.want, volume.files(v.T), "%s, by the journal", when)

	v.settle(lost)
	require.Equal(v, v.least, lost.files(v.T), "%s, by new plans", when)
}
