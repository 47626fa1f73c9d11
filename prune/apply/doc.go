// Package apply carries a [prune.Plan] out: in the right order, against what is
// there now, through failures, and stopped by its brakes.
//
// It does nothing by itself. The caller gives it the [Ends] of the registry:
// small interfaces that delete one thing each, read a stream, or list what is
// there. One sweeper serves clusters, plain registries and volumes.
//
//	report, err := apply.Run(ctx, plan, apply.Ends{…}, apply.Options{Journal: journal})
//	fmt.Print(report)
//
// # Phases
//
// A phase starts when the one before has ended.
//
//  1. Tag items leave the status of their streams, one update per stream. The
//     stream is read first and the items found in it by what identifies them;
//     on a conflict it is read again. Nothing is planned anew.
//  2. What is there now is listed, and the rest of the plan held against it
//     ([prune.Plan.Recheck]). What holds no more is [Stale].
//  3. Manifest links go, an index before what it owns and a subject before what
//     refers to it; then layer links.
//  4. Image objects go, in the same order.
//  5. Blobs go, after a second look at what is there. By default a blob is only
//     condemned at first, and goes with a later plan; see [Ends].Condemned.
//  6. Caches of blob descriptors are told.
//
// # When something fails
//
// What fails, is stale or cannot be done keeps everything that it would have
// freed: a tag item that stays keeps all links of its repository, and every
// image and blob that its image needs, shared or not; a link that stays keeps
// its blob; an image that stays keeps what it owns and all their blobs. These are
// [Held], with the reason. So a run may end anywhere, by failure, cancellation or
// the death of the process, and every tag item that is left resolves to all that
// it resolved to before.
//
// # The window that remains
//
// What happens after the last look, and before a deletion, is not seen: a pod
// that names an image by digest, a push that finds a layer there already and
// does not upload it. [Report.Window] says how long that was. Two things make
// it harmless: blobs that wait for a second plan, and ends that refuse to delete
// what a writer holds a lease on.
//
// # Runs that die
//
// With a [Journal] a run can be finished: Run it again with the same plan and
// journal. What was done is not done again; doing it twice would do no harm.
package apply
