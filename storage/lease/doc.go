// Package lease keeps, on a registry's own store, who is using which blob until
// when, so that a sweep does not delete what a push has just found to be there.
//
// A registry that already has a blob writes nothing when it is pushed again: its
// age says nothing of who counts on it. So whoever writes takes a lease, and
// whoever deletes asks. A [Book] has one small record for each digest, below a
// prefix of its own beside the registry's tree, and every change of a record is a
// compare-and-swap. The record is the one place where a push and a sweep meet.
//
// # Who writes
//
// Call [Book.Renew] for a digest before looking whether its blob is there, and
// before each answer that lets a client count on it: a HEAD that finds it, a
// mount, the end of an upload, a link, a manifest that names it. Where Renew is
// [ErrCondemned], a sweep is deleting the blob: say that it is not there, or try
// again a little later, but do not look. Else the blob is the caller's until the
// instant that Renew returns: the link or manifest that needs it must be written
// by then, or Renew be called again. To renew what has half of its time left
// costs one read and no write.
//
//	until, err := book.Renew(ctx, digest)   // first
//	switch {
//	case errors.Is(err, lease.ErrCondemned): // answer: not there, upload it
//	case err != nil:                         // answer: failed
//	default:                                 // now look for it, or write it
//	}
//
// A driver that sees only paths finds the digest with registrylayout.ParseKey:
// a key whose place has a digest is one to renew for, on a look at blobs/…/data,
// on a move to it, on each write of a link, and before a link to a layer or manifest
// is read: that it is there is what the writer goes by.
//
// # Who sweeps
//
// [Book.Condemn] is [ErrHeld] while anybody's lease may still run. Else it marks
// the record, and until [Condemned.Deadline] no writer gets a lease. What was
// written before the mark was written under a lease, so that Condemn, told when
// the sweep began to look, knows whether that look has become old; or the sweep
// looks once more, now. Then it deletes the blob with a context that ends at the
// deadline, and at last calls [Condemned.Done].
//
// # Why this is enough, and what is not
//
// Let a writer and a sweep meet over one digest. If the lease is written first,
// Condemn sees it. If the mark is first, Renew sees that. If both at once, the
// compare-and-swap of the later one fails and it reads again. A lease that has
// run out before the mark was written belongs to a writer that has written its
// link by then, where the sweep's look finds it, or Condemn says that the look was
// too early; or to one that has broken its promise.
//
// Three things are taken for granted. The clocks of all who take part differ by
// less than Options.MaxSkew. A store answers with what was last written. And a
// call that was made before the end of a lease or mark takes effect at most
// MaxSkew after it. So both count for twice MaxSkew after their end. The third can
// fail: a process that is stopped between its look at the clock and its call, or a
// request that sleeps in a network, may come later. For a deletion that closes
// where the store deletes under a condition and every write has a version of its
// own (Capabilities.DeleteIfVersion and VersionChanges): let the deletion ask for
// the version that was there when the blob was condemned.
//
// Who writes to the tree without leases, such as a plain registry on the same
// volume, is not seen: then sweep only while it is stopped or read-only.
//
// # Stores without compare-and-swap
//
// There, Renew writes without a condition and [Book.Held] tells what is known,
// which is enough for a sweep while nobody writes. Condemn is
// storage.ErrUnsupported: such a store cannot be swept safely while it is in
// use.
package lease
