package apply_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// A fixture is a stream dev/app with a tag of three revisions, of which the
// plan keeps the newest, and a stream dev/base that shares the base layer.
type fixture struct {
	cluster                *prunetest.Cluster
	plan                   *prune.Plan
	newest, middle, oldest *prunetest.Image
	base                   *prunetest.Image
	app, baseStream        *prunetest.Stream
}

func newFixture(t testing.TB) *fixture {
	c := prunetest.NewCluster(prunetest.Options{})
	f := &fixture{cluster: c, app: c.Stream("dev/app"), baseStream: c.Stream("dev/base")}
	f.base = f.baseStream.Push("latest", c.Image(), 90*24*time.Hour)
	f.oldest = f.app.Push("latest", c.ImageOn(f.base), 30*24*time.Hour)
	f.middle = f.app.Push("latest", c.ImageOn(f.base), 20*24*time.Hour)
	f.newest = f.app.Push("latest", c.ImageOn(f.base), 10*24*time.Hour)
	plan, err := prune.New(c.Inventory(), oneRevision(t), c.Now())
	require.NoError(t, err)
	require.Equal(t, 2, plan.Summary.TagItems)
	require.Equal(t, 2, plan.Summary.Images)
	f.plan = plan
	return f
}

func (f *fixture) run(t testing.TB, l *prunetest.Live, change func(*apply.Options)) (*apply.Report, error) {
	o := atOnce(f.cluster.Now())
	if change != nil {
		change(&o)
	}
	return apply.Run(t.Context(), f.plan, l.Ends(), o)
}

// on makes an end fail with an error for one verb.
func on(verb string, err error) func(prunetest.Call) error {
	return func(c prunetest.Call) error {
		if c.Verb == verb {
			return err
		}
		return nil
	}
}

// A status update that fails must keep the stream's images: what the peer goes
// on to delete (defect A; see TestDefectsOfThePeer).
func TestUpdateThatFailsKeepsItsImages(t *testing.T) {
	for name, err := range map[string]error{
		"forbidden": apply.ErrForbidden, "conflict": apply.ErrConflict, "timeout": context.DeadlineExceeded, "other": errors.New("boom"),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			live := f.cluster.Live()
			want := stateOf(live)
			live.Before = on("UpdateStreamStatus", err)
			report, runErr := f.run(t, live, nil)
			require.ErrorIs(t, runErr, apply.ErrIncomplete)
			require.ErrorIs(t, runErr, err)
			require.Equal(t, want, stateOf(live))
			require.Empty(t, live.Missing())
			require.Equal(t, 2, report.Count(prune.DeleteTagItem, apply.Failed))
			require.Zero(t, report.Count(prune.DeleteImage, apply.Done))
			require.Zero(t, report.FreedBytes)
			require.False(t, report.RestartRegistries)
		})
	}
}

// A stream that is deleted between its reading and its update makes the peer's
// process die (defect B).
func TestStreamDeletedBetweenReadAndUpdate(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	live.Before = func(c prunetest.Call) error {
		if c.Verb == "UpdateStreamStatus" {
			live.DeleteStream("dev/app")
		}
		return nil
	}
	report, err := f.run(t, live, nil)
	require.NoError(t, err)
	require.Equal(t, 2, report.Count(prune.DeleteTagItem, apply.Gone))
	require.Empty(t, live.Missing())
}

// What a conflict is about stays: items are found again in what is there, and no link
// has gone before (defect L).
func TestConflictIsSettledOnWhatIsThere(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	times := 0
	live.Before = func(c prunetest.Call) error {
		if c.Verb == "UpdateStreamStatus" && times < 2 {
			times++
			live.Tag("dev/app", "latest", f.app.Digest(f.newest), f.newest.Digest(), f.cluster.Now())
		}
		return nil
	}
	report, err := f.run(t, live, nil)
	require.NoError(t, err)
	require.Equal(t, 2, report.Count(prune.DeleteTagItem, apply.Done))
	require.Len(t, live.Items(), 4) // two new ones, the newest, and dev/base
	require.Empty(t, live.Missing())
}

// The oldest is tagged again while the plan is carried out: it goes from the
// history, and all of it stays.
func TestRollbackMeanwhile(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	live.Before = func(c prunetest.Call) error {
		if c.Verb == "UpdateStreamStatus" {
			live.Before = nil
			live.Tag("dev/app", "latest", f.app.Digest(f.oldest), f.oldest.Digest(), f.cluster.Now())
		}
		return nil
	}
	report, err := f.run(t, live, nil)
	require.NoError(t, err)
	require.Empty(t, live.Missing())
	require.Contains(t, live.Images(), f.oldest.Digest())
	require.NotContains(t, live.Images(), f.middle.Digest())
	require.Equal(t, 1, report.Count(prune.DeleteImage, apply.Stale))
	for r := range report.Results() {
		if r.Status == apply.Stale && r.Action.Kind == prune.DeleteImage {
			require.Contains(t, r.Why, "dev/app:latest#0")
		}
	}
}

// Somebody deletes the newest items: what the plan took for old is what the tag
// points to now.
func TestItemThatBecameNewestStays(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	stream, err := live.ReadStream(t.Context(), "dev", "app")
	require.NoError(t, err)
	stream.Status.Tags[0].Items = stream.Status.Tags[0].Items[2:]
	require.NoError(t, live.UpdateStreamStatus(t.Context(), stream))
	report, err := f.run(t, live, nil)
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(prune.DeleteTagItem, apply.Stale))
	require.Contains(t, live.Images(), f.oldest.Digest())
	require.Empty(t, live.Missing())
}

// The peer wipes the conditions of imports when it writes a status (defect P).
func TestConditionsAndUnknownFieldsStay(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	stream, err := live.ReadStream(t.Context(), "dev", "app")
	require.NoError(t, err)
	stream.Status.Tags[0].Conditions = []imagestream.TagEventCondition{{Type: imagestream.ImportSuccess, Status: "False", Reason: "NotFound"}}
	require.NoError(t, live.UpdateStreamStatus(t.Context(), stream))
	_, err = f.run(t, live, nil)
	require.NoError(t, err)
	after, err := live.ReadStream(t.Context(), "dev", "app")
	require.NoError(t, err)
	require.Equal(t, stream.Status.Tags[0].Conditions, after.Status.Tags[0].Conditions)
	require.Equal(t, stream.Status.Tags[0].Items[:1], after.Status.Tags[0].Items)
}

func TestLinkThatStaysKeepsItsBlob(t *testing.T) {
	f := newFixture(t)
	for _, err := range []error{errInjected, apply.ErrUnsupported, apply.ErrInUse} {
		live := f.cluster.Live()
		live.Before = func(c prunetest.Call) error {
			if c.Verb == "DeleteLayerLink" && strings.HasSuffix(c.Object, f.oldest.Config()) {
				return err
			}
			return nil
		}
		report, _ := f.run(t, live, nil)
		require.Contains(t, live.Blobs(), f.oldest.Config())
		require.Equal(t, 1, report.Count(prune.DeleteBlob, apply.Held))
		require.NotContains(t, live.Images(), f.oldest.Digest())
		require.Equal(t, f.plan.Summary.FreedBytes, report.FreedBytes+f.cluster.Live().Blobs()[f.oldest.Config()])
	}
}

func TestManifestInUseAgainKeepsItsImage(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	live.Before = func(c prunetest.Call) error {
		if c.Verb == "DeleteManifestLink" && strings.HasSuffix(c.Object, f.oldest.Digest()) {
			return fmt.Errorf("405: %w", apply.ErrInUse)
		}
		return nil
	}
	report, err := f.run(t, live, nil)
	require.NoError(t, err)
	require.Contains(t, live.Images(), f.oldest.Digest())
	require.Equal(t, 1, report.Count(prune.DeleteManifestLink, apply.Stale))
	require.Equal(t, 1, report.Count(prune.DeleteImage, apply.Held))
	for _, d := range append(f.oldest.Layers(), f.oldest.Config(), f.oldest.Digest()) {
		require.Contains(t, live.Blobs(), d)
	}
}

// A manifest that is in use again keeps its signatures, too, and so on: they come behind
// it.
func TestManifestInUseAgainKeepsItsReferrers(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	image := c.Image()
	signature := c.Signature(image)
	attestation := c.Signature(signature)
	app := c.Stream("dev/app")
	app.Push("signed", signature, 40*24*time.Hour) // goes with what it signs
	app.Push("attested", attestation, 40*24*time.Hour)
	app.Push("latest", image, 30*24*time.Hour)
	for _, tag := range []string{"latest", "signed", "attested"} {
		app.Push(tag, c.Image(), 20*24*time.Hour)
	}
	plan, err := prune.New(c.Inventory(), oneRevision(t), c.Now())
	require.NoError(t, err)
	require.Equal(t, 3, plan.Summary.ManifestLinks)
	live := c.Live()
	live.Before = func(c prunetest.Call) error {
		if c.Verb == "DeleteManifestLink" && strings.HasSuffix(c.Object, image.Digest()) {
			return apply.ErrInUse
		}
		return nil
	}
	report, err := apply.Run(t.Context(), plan, live.Ends(), atOnce(c.Now()))
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(prune.DeleteManifestLink, apply.Stale))
	require.Equal(t, 2, report.Count(prune.DeleteManifestLink, apply.Held))
	require.Equal(t, 3, report.Count(prune.DeleteImage, apply.Held))
	for _, i := range []*prunetest.Image{image, signature, attestation} {
		for _, d := range append(i.Layers(), i.Config(), i.Digest()) {
			require.Contains(t, live.Blobs(), d)
		}
	}
}

// One Image that cannot be deleted keeps its blobs, and stops no other, as one that
// cannot be read stops all with the peer (defect N).
func TestOneImageThatFailsStopsNoOther(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	live.Before = func(c prunetest.Call) error {
		if c.Verb == "DeleteImage" && c.Object == f.oldest.Digest() {
			return errInjected
		}
		return nil
	}
	report, err := f.run(t, live, nil)
	require.ErrorIs(t, err, errInjected)
	require.NotContains(t, live.Images(), f.middle.Digest())
	require.Equal(t, 1, report.Count(prune.DeleteImage, apply.Failed))
	for _, d := range append(f.oldest.Layers(), f.oldest.Config(), f.oldest.Digest()) {
		require.Contains(t, live.Blobs(), d)
	}
	problems := report.Problems()
	require.Len(t, problems, 1)
	require.Equal(t, apply.ClassOther, problems[0].Class)
	require.Equal(t, f.oldest.Digest(), problems[0].First.Action.Image)
}

// An end says that an Image is gone, or that it deleted it, and it is there.
func TestImageThatIsStillThereKeepsItsBlobs(t *testing.T) {
	f := newFixture(t)
	for _, answer := range []error{nil, apply.ErrNotFound} {
		live := f.cluster.Live()
		ends := live.Ends()
		ends.Images = lyingImages{answer}
		report, err := apply.Run(t.Context(), f.plan, ends, atOnce(f.cluster.Now()))
		require.NoError(t, err)
		require.Len(t, live.Images(), 4)
		require.Equal(t, f.cluster.Live().Blobs(), live.Blobs())
		require.Equal(t, f.plan.Summary.Blobs, report.Count(prune.DeleteBlob, apply.Held))

		// Where an image is its manifest and nothing besides, that is as it should be.
		ends.Images = apply.NoImages{}
		_, err = apply.Run(t.Context(), f.plan, ends, atOnce(f.cluster.Now()))
		require.NoError(t, err)
		require.NotContains(t, live.Blobs(), f.oldest.Digest())
	}
}

type lyingImages struct{ answer error }

func (l lyingImages) DeleteImage(context.Context, string, apply.Preconditions) error { return l.answer }

func TestListingThatFailsLeavesEverythingBehindTheItems(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	images, blobs := live.Images(), live.Blobs()
	live.Before = on("List", errInjected)
	_, err := f.run(t, live, nil)
	require.ErrorIs(t, err, apply.ErrIncomplete)
	require.ErrorIs(t, err, errInjected)
	require.Equal(t, images, live.Images())
	require.Equal(t, blobs, live.Blobs())
	require.Len(t, live.Items(), 2)
}

// A listing that is unavailable for a while is made again, and so long as it takes.
func TestListingThatIsUnavailableForAWhile(t *testing.T) {
	f := newFixture(t)
	synctest.Test(t, func(t *testing.T) {
		live := f.cluster.Live()
		lists := 0
		live.Before = func(c prunetest.Call) error {
			if c.Verb != "List" {
				return nil
			}
			if lists++; lists < 3 {
				return later{time.Minute}
			}
			time.Sleep(time.Hour)
			return nil
		}
		report, err := f.run(t, live, func(o *apply.Options) {
			o.Now, o.Retry, o.MaxLook = clockFrom(f.cluster.Now()), apply.Retry{Most: time.Hour}, 3*time.Hour
		})
		require.NoError(t, err)
		require.Equal(t, 4, lists, "again before the blobs go")
		require.Equal(t, f.plan.Summary.Blobs, report.Count(prune.DeleteBlob, apply.Done))
		require.LessOrEqual(t, report.Window, time.Hour+time.Minute, "from the attempt that succeeded")
	})
}

func TestExpiredPlanIsRefused(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	want := stateOf(live)
	late := func(o *apply.Options) { o.Now = at(f.plan.Expires.Add(time.Second)) }
	_, err := f.run(t, live, late)
	require.ErrorIs(t, err, apply.ErrExpired)
	require.Equal(t, want, stateOf(live))
	_, err = f.run(t, live, func(o *apply.Options) { o.Now = at(f.plan.Expires) })
	require.NoError(t, err)
}

// A run that died before its plan expired may be finished after that, but drops
// no tag item any more.
func TestExpiredRunIsFinished(t *testing.T) {
	f := newFixture(t)
	for k, verb := range []string{"UpdateStreamStatus", "DeleteImage"} {
		live, journal := f.cluster.Live(), &memoryJournal{}
		live.Before = on(verb, errInjected)
		with := func(o *apply.Options) { o.Journal = journal }
		_, err := f.run(t, live, with)
		require.ErrorIs(t, err, errInjected)
		live.Before = nil
		report, err := f.run(t, live, func(o *apply.Options) {
			with(o)
			o.Now = at(f.plan.Expires.Add(time.Hour))
		})
		require.NoError(t, err)
		require.Empty(t, live.Missing())
		require.Equal(t, []int{4, 2}[k], len(live.Items()), verb)
		require.Equal(t, []int{2, 0}[k], report.Count(prune.DeleteTagItem, apply.Stale), verb)
		require.Equal(t, []int{4, 2}[k], len(live.Images()), verb)
	}
}

func TestEndsThatAreMissing(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	want := stateOf(live)
	for _, c := range []struct {
		without func(e *apply.Ends)
		grace   time.Duration
	}{
		{func(e *apply.Ends) { e.Inventory = nil }, -1},
		{func(e *apply.Ends) { e.Condemned = nil }, 0},
	} {
		ends := live.Ends()
		c.without(&ends)
		o := atOnce(f.cluster.Now())
		o.Grace = c.grace
		_, err := apply.Run(t.Context(), f.plan, ends, o)
		require.ErrorIs(t, err, apply.ErrEnds)
		require.Equal(t, want, stateOf(live))
	}

	// An end that can do nothing keeps what it would have freed.
	for _, c := range []struct {
		kind    prune.ActionKind
		without func(e *apply.Ends)
		blobs   bool // go all the same
	}{
		{prune.DeleteTagItem, func(e *apply.Ends) { e.Streams = nil }, false},
		{prune.DeleteManifestLink, func(e *apply.Ends) { e.Manifests = nil }, false},
		{prune.DeleteLayerLink, func(e *apply.Ends) { e.Layers = nil }, false},
		{prune.DeleteImage, func(e *apply.Ends) { e.Images = nil }, false},
		{prune.DeleteBlob, func(e *apply.Ends) { e.Blobs = nil }, false},
	} {
		live := f.cluster.Live()
		ends := live.Ends()
		c.without(&ends)
		report, err := apply.Run(t.Context(), f.plan, ends, atOnce(f.cluster.Now()))
		require.NoError(t, err)
		require.Positive(t, report.Count(c.kind, apply.Unsupported), c.kind)
		require.Zero(t, report.Count(c.kind, apply.Done), c.kind)
		require.Empty(t, live.Missing())
		if c.kind == prune.DeleteBlob || c.kind == prune.DeleteTagItem {
			require.Zero(t, report.FreedBytes)
		}
	}
}

func TestKeepLastTag(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	app.Push("v1", c.Image(), 90*24*time.Hour)
	app.Push("v2", c.Image(), 80*24*time.Hour)
	other := c.Stream("dev/other")
	other.Push("latest", c.Image(), 90*24*time.Hour)
	c.Pod("dev/web", other.Tag("latest"))
	other.Push("old", c.Image(), 90*24*time.Hour)
	none := 0
	policy := preset(t, func(o *prune.OpenShiftOptions) { o.KeepTagRevisions = &none })
	plan, err := prune.New(c.Inventory(), policy, c.Now())
	require.NoError(t, err)
	require.Equal(t, 3, plan.Summary.TagItems)
	for _, plain := range []bool{false, true} {
		live := c.Live()
		ends := live.Ends()
		tags := &plainTags{}
		if plain {
			ends.Streams, ends.Tags = nil, tags
		}
		o := atOnce(c.Now())
		o.KeepLastTag = true
		report, err := apply.Run(t.Context(), plan, ends, o)
		require.NoError(t, err)
		require.Equal(t, 2, report.Count(prune.DeleteTagItem, apply.Stale))
		require.Equal(t, 1, report.Count(prune.DeleteTagItem, apply.Done))
		require.Empty(t, live.Missing())
		if plain {
			require.Equal(t, []string{"dev/other:old"}, tags.deleted)
		} else {
			require.Len(t, live.Items(), 3)
		}
	}
}

// A tag that a listing does not know may be the last.
func TestKeepLastTagOfWhatIsNotListed(t *testing.T) {
	f := newFixture(t)
	for _, complete := range []bool{false, true} {
		tags := &plainTags{}
		ends := f.cluster.Live().Ends()
		ends.Streams, ends.Tags = nil, tags
		ends.Inventory = lister(func(context.Context) (*inventory.Inventory, error) {
			var b inventory.Builder
			b.Listed(inventory.Kinds()...)
			if !complete {
				b.Incomplete(inventory.KindImageStream)
			}
			return b.Build(), nil
		})
		o := atOnce(f.cluster.Now())
		o.KeepLastTag = true
		report, err := apply.Run(t.Context(), f.plan, ends, o)
		require.NoError(t, err)
		require.Equal(t, complete, len(tags.deleted) > 0)
		require.Equal(t, complete, report.Count(prune.DeleteTagItem, apply.Stale) == 0)
	}
}

// A stream whose status has a tag twice, as no server should let it, loses only
// what the plan found.
func TestTagThatIsThereTwice(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	stream, err := live.ReadStream(t.Context(), "dev", "app")
	require.NoError(t, err)
	again := stream.Clone().Status.Tags[0]
	slices.Reverse(again.Items)
	stream.Status.Tags = append(stream.Status.Tags, again)
	require.NoError(t, live.UpdateStreamStatus(t.Context(), stream))
	_, err = f.run(t, live, nil)
	require.ErrorIs(t, err, inventory.ErrInvalid) // of the look
	after, err := live.ReadStream(t.Context(), "dev", "app")
	require.NoError(t, err)
	require.Equal(t, again, after.Status.Tags[1])
	require.Equal(t, stream.Status.Tags[0].Items[:1], after.Status.Tags[0].Items)
}

// plainTags is a registry without streams.
type plainTags struct{ deleted []string }

func (p *plainTags) DeleteTag(_ context.Context, repository, tag, _ string) error {
	p.deleted = append(p.deleted, repository+":"+tag)
	return nil
}

type later struct{ after time.Duration }

func (l later) Error() string             { return "too many requests" }
func (l later) RetryAfter() time.Duration { return l.after }
func (l later) Is(target error) bool      { return target == apply.ErrUnavailable }

func TestRetry(t *testing.T) {
	for _, c := range []struct {
		name     string
		err      error
		fails    int
		attempts int64 // in all
		waits    time.Duration
		ok       bool
	}{
		{"unavailable once", apply.ErrUnavailable, 1, 2, time.Second / 2, true},
		{"unavailable three times", apply.ErrUnavailable, 3, 4, 3500 * time.Millisecond, true},
		{"unavailable for good", apply.ErrUnavailable, 99, 4, 3500 * time.Millisecond, false},
		{"asks to wait", later{10 * time.Second}, 1, 2, 10 * time.Second, true},
		{"asks to wait too long", later{time.Hour}, 1, 1, 0, false},
		{"forbidden", apply.ErrForbidden, 1, 1, 0, false},
		{"unclear", errInjected, 1, 1, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				live := f.cluster.Live()
				var calls atomic.Int64
				live.Before = func(call prunetest.Call) error {
					if call.Verb == "UpdateStreamStatus" && calls.Add(1) <= int64(c.fails) {
						return c.err
					}
					return nil
				}
				start := time.Now()
				_, err := f.run(t, live, func(o *apply.Options) { o.Retry = apply.Retry{} })
				require.Equal(t, c.ok, err == nil, "%v", err)
				require.Equal(t, c.attempts, calls.Load())
				took := time.Since(start)
				require.GreaterOrEqual(t, took, c.waits)
				require.LessOrEqual(t, took, c.waits*3/2)
			})
		})
	}
}

func TestTimeoutOfACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		live := f.cluster.Live()
		ends := live.Ends()
		ends.Blobs = hangingBlobs{}
		o := atOnce(f.cluster.Now())
		o.Retry = apply.Retry{Attempts: 2}
		o.Workers = 3
		report, err := apply.Run(t.Context(), f.plan, ends, o)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, f.plan.Summary.Blobs, report.Count(prune.DeleteBlob, apply.Failed))
		require.Equal(t, apply.ClassTimeout, report.Problems()[0].Class)
	})
}

type hangingBlobs struct{}

func (hangingBlobs) DeleteBlob(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		live := f.cluster.Live()
		calls := 0
		live.Before = func(c prunetest.Call) error {
			if c.Verb != "List" {
				calls++
			}
			return nil
		}
		start := time.Now()
		_, err := f.run(t, live, func(o *apply.Options) { o.Rate = 2; o.Timeout = -1 })
		require.NoError(t, err)
		require.Equal(t, time.Duration(calls-1)*time.Second/2, time.Since(start).Round(time.Millisecond))
	})
}

func TestRateThatIsNoNumberOfAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		o := atOnce(f.cluster.Now())
		o.Rate = 1e-30
		report, err := apply.Run(ctx, f.plan, f.cluster.Live().Ends(), o)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 2, report.Count(prune.DeleteTagItem, apply.NotRun))
		_, err = f.run(t, f.cluster.Live(), func(o *apply.Options) { o.Rate = math.NaN() })
		require.NoError(t, err)
	})
}

// A callback or an end that panics does so where Run was called, and the journal
// finishes the run.
func TestPanicOfACallback(t *testing.T) {
	f := newFixture(t)
	want, _ := carriedOut(t, f.cluster, f.plan)
	for k := range 30 {
		live, journal := f.cluster.Live(), &memoryJournal{}
		n := 0
		require.PanicsWithValue(t, "boom", func() {
			_, _ = f.run(t, live, func(o *apply.Options) {
				o.Workers, o.Journal = 3, journal
				o.OnEvent = func(apply.Event) {
					if n++; n > k {
						panic("boom")
					}
				}
			})
		})
		require.Empty(t, live.Missing())
		_, err := f.run(t, live, func(o *apply.Options) { o.Journal = journal })
		require.NoError(t, err)
		require.Equal(t, want, stateOf(live))
	}
}

// Nor does Run wait for a goroutine that an end has ended, as one does that is
// part of a test and fails.
func TestEndThatEndsItsGoroutine(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	live.Before = func(c prunetest.Call) error {
		if c.Verb == "DeleteLayerLink" {
			runtime.Goexit()
		}
		return nil
	}
	exited := true
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = f.run(t, live, nil)
		exited = false
	})
	wg.Wait()
	require.True(t, exited)
	require.Len(t, live.Images(), 4)
}

func TestWorkersAtOnce(t *testing.T) {
	for seed := range 40 {
		cluster := prunetest.Random(uint64(seed))
		plan, err := prune.New(cluster.Inventory(), oneRevision(t), cluster.Now())
		require.NoError(t, err)
		one, many := cluster.Live(), cluster.Live()
		before := one.Missing()
		o := atOnce(cluster.Now())
		_, err = apply.Run(t.Context(), plan, one.Ends(), o)
		require.NoError(t, err)
		o.Workers = 8
		_, err = apply.Run(t.Context(), plan, many.Ends(), o)
		require.NoError(t, err)
		require.Equal(t, stateOf(one), stateOf(many))
		require.Subset(t, before, many.Missing())
	}
}

// Parents go before what they own, and phases one after the other.
func TestOrderOfCalls(t *testing.T) {
	order := map[string]int{"UpdateStreamStatus": 0, "DeleteManifestLink": 1, "DeleteLayerLink": 2, "DeleteImage": 3, "DeleteBlob": 4, "ForgetBlobs": 5}
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	inner := c.Index()
	outer := c.Index(inner, c.Image())
	app.Push("latest", outer, 90*24*time.Hour)
	app.Push("latest", c.Image(), 80*24*time.Hour)
	plan, err := prune.New(c.Inventory(), oneRevision(t), c.Now())
	require.NoError(t, err)
	live := c.Live()
	last := 0
	seen := map[string]int{}
	live.Before = func(call prunetest.Call) error {
		if place, ok := order[call.Verb]; ok {
			require.GreaterOrEqual(t, place, last, "%s %s", call.Verb, call.Object)
			last = place
		}
		seen[call.Verb+" "+call.Object] = len(seen)
		return nil
	}
	o := atOnce(c.Now())
	o.Workers = 4
	live.Before = serialised(live.Before)
	_, err = apply.Run(t.Context(), plan, live.Ends(), o)
	require.NoError(t, err)
	for _, verb := range []string{"DeleteImage ", "DeleteManifestLink dev/app "} {
		require.Less(t, seen[verb+outer.Digest()], seen[verb+inner.Digest()])
		for _, child := range inner.Children() {
			require.Less(t, seen[verb+inner.Digest()], seen[verb+child.Digest()])
		}
	}
	require.Len(t, live.Told(), plan.Summary.Blobs)
}

func serialised(f func(prunetest.Call) error) func(prunetest.Call) error {
	lock := make(chan struct{}, 1)
	return func(c prunetest.Call) error {
		lock <- struct{}{}
		defer func() { <-lock }()
		return f(c)
	}
}

func TestEvents(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	var text []string
	total := map[apply.Phase]int{}
	_, err := f.run(t, live, func(o *apply.Options) {
		o.OnEvent = func(e apply.Event) {
			switch e.Kind {
			case apply.ActionEnded:
				total[e.Phase]++
				require.Equal(t, total[e.Phase], e.Done)
				require.Equal(t, apply.Done, e.Result.Status)
			default:
				text = append(text, fmt.Sprintf("%s %s", e.Phase, e.Kind))
			}
		}
	})
	require.NoError(t, err)
	require.Equal(t, []string{
		"tag items phase-started", "tag items phase-ended", "tag items rechecked",
		"manifest links phase-started", "manifest links phase-ended",
		"layer links phase-started", "layer links phase-ended",
		"images phase-started", "images phase-ended", "images rechecked",
		"blobs phase-started", "blobs phase-ended",
	}, text)
	require.Equal(t, f.plan.Summary.LayerLinks, total[apply.LayerLinks])
}

// Whatever fails, and in a run that is finished later, too, each phase that ends has counted
// every one of its actions once: a bar of progress gets to its end, and not past it.
func TestEventsCountToTheEnd(t *testing.T) {
	f := newFixture(t)
	_, calls := carriedOut(t, f.cluster, f.plan)
	for k := range calls {
		for _, fault := range []error{errInjected, apply.ErrConflict, apply.ErrInUse, apply.ErrUnsupported} {
			live, journal := f.cluster.Live(), &memoryJournal{}
			done, phases := 0, 0
			heard := func(o *apply.Options) {
				o.Journal, o.Workers = journal, 3
				o.OnEvent = func(e apply.Event) {
					switch e.Kind {
					case apply.PhaseStarted:
						done = 0
						require.Zero(t, e.Done)
					case apply.ActionEnded:
						done++
						require.Equal(t, done, e.Done)
					case apply.PhaseEnded:
						phases++
						require.Equal(t, done, e.Done)
						require.Equal(t, e.Total, e.Done, "%s, %v at call %d", e.Phase, fault, k)
					}
				}
			}
			live.Before = serialised(counting(k, func(n int) bool { return n == k }, fault))
			_, err := f.run(t, live, heard)
			require.Positive(t, phases)
			if err != nil {
				live.Before = nil
				phases = 0
				_, err = f.run(t, live, heard)
				require.NoError(t, err)
				require.Equal(t, 5, phases)
			}
		}
	}
}

// A run that takes long looks again and again, so that no deletion is judged by
// a look older than it may be.
func TestLongRunLooksAgain(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	now, looks := f.cluster.Now(), 0
	live.Before = func(c prunetest.Call) error {
		now = now.Add(time.Minute)
		if c.Verb == "List" {
			if looks++; looks == 3 {
				live.Tag("dev/app", "again", f.app.Digest(f.oldest), f.oldest.Digest(), now)
			}
		}
		return nil
	}
	report, err := f.run(t, live, func(o *apply.Options) {
		o.Now = func() time.Time { return now }
		o.MaxLook = 5 * time.Minute
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, looks, 3)
	require.LessOrEqual(t, report.Window, 6*time.Minute)
	require.Positive(t, report.Count(prune.DeleteBlob, apply.Stale)+report.Count(prune.DeleteBlob, apply.Held))

	live, now, looks = f.cluster.Live(), f.cluster.Now(), 0
	live.Before = func(c prunetest.Call) error {
		now = now.Add(time.Minute)
		if c.Verb == "List" {
			if looks++; looks == 3 {
				return errInjected
			}
		}
		return nil
	}
	report, err = f.run(t, live, func(o *apply.Options) {
		o.Now = func() time.Time { return now }
		o.MaxLook = 5 * time.Minute
	})
	require.ErrorIs(t, err, errInjected)
	require.Equal(t, 3, looks)
	require.Empty(t, live.Missing())
	require.Positive(t, report.Count(prune.DeleteBlob, apply.NotRun))
}

// What is there no more can be as odd as an end likes.
type oddStreams struct{}

func (oddStreams) ReadStream(context.Context, string, string) (*imagestream.ImageStream, error) {
	return nil, nil
}

func (oddStreams) UpdateStreamStatus(context.Context, *imagestream.ImageStream) error { return nil }

func TestEndThatGivesNoStream(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	ends := live.Ends()
	ends.Streams = oddStreams{}
	report, err := apply.Run(t.Context(), f.plan, ends, atOnce(f.cluster.Now()))
	require.ErrorContains(t, err, "no stream")
	require.Equal(t, 2, report.Count(prune.DeleteTagItem, apply.Failed))
	require.Empty(t, live.Missing())
}

// oddEnds answer without an error and without a value.
type oddEnds struct{}

func (oddEnds) List(context.Context) (*inventory.Inventory, error) { return nil, nil }

func (oddEnds) LoadCondemned(context.Context) (*apply.Condemnations, error) { return nil, nil }

func (oddEnds) StoreCondemned(context.Context, *apply.Condemnations) error { return nil }

func TestEndThatGivesNoInventory(t *testing.T) {
	f := newFixture(t)
	for _, plain := range []bool{false, true} {
		live := f.cluster.Live()
		ends := live.Ends()
		ends.Inventory = oddEnds{}
		if plain {
			ends.Streams, ends.Tags = nil, &plainTags{}
		}
		o := atOnce(f.cluster.Now())
		o.KeepLastTag = plain
		_, err := apply.Run(t.Context(), f.plan, ends, o)
		require.ErrorContains(t, err, "no inventory")
		require.Len(t, live.Images(), 4)
	}
}

func TestEndThatGivesNoCondemnedBlobs(t *testing.T) {
	f := newFixture(t)
	ends := f.cluster.Live().Ends()
	ends.Condemned = oddEnds{}
	o := atOnce(f.cluster.Now())
	o.Grace = 0
	report, err := apply.Run(t.Context(), f.plan, ends, o)
	require.NoError(t, err)
	require.Equal(t, f.plan.Summary.Blobs, report.Count(prune.DeleteBlob, apply.Condemned))
}
