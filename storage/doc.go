// Package storage keeps objects under keys: a registry's blobs and links on a
// volume, in a bucket, in memory. It is used from two sides.
//
// A program holds a [Store], which [New] makes from a [Driver]. The Store checks
// keys and options, names the operation and the key in every error, holds the
// driver to the parts of its contract that can be checked in passing, and adds
// the conveniences: whole files, a move for drivers that have none, the clean-up
// of abandoned uploads.
//
// A driver implements [Driver], which is four small roles: [Opener], [Creator],
// [Lister] and [Deleter]. [Mover] and [Resumer] are optional. Wrappers (package
// middleware) are drivers around drivers. Package storagetest checks any of them
// against what follows.
//
// # What a driver must do
//
// Keys. A key is what [CheckKey] accepts; anything else is [ErrInvalidKey], from
// every method, before anything is touched. The key of one object may not be a
// directory of another's ("a" and "a/b"): a driver keeps both apart or refuses
// the later one with [ErrConflict]. There are no directories of their own: what
// has no object below it is not listed.
//
// Visibility. Nothing of an upload can be seen, by Open, Stat or List, before its
// Commit. Until then what was there before stays as it was, whole, and Abort,
// Suspend, a failed Write or the death of the process leave it so. After Commit
// has returned, Open, Stat and List give the new object, and a power failure does
// not take it back. Whoever had the old object open reads that one to its end, or
// gets an error, but never bytes of both. Delete, once it has returned, is as
// visible and as durable.
//
// Preconditions. IfAbsent has one winner, however many commit at once, in however
// many processes: the others get [ErrExist]. IfVersion goes through only where
// the object is there in exactly that version, at the instant of the change: else
// [ErrPrecondition], and for a Delete of what is not there [ErrNotExist]. A driver
// that cannot keep such a promise returns [ErrUnsupported] and does nothing. To
// pass over a precondition is the worst that a driver can do: [Store] probes for
// it.
//
// Reading. Opening or asking for what is not there is [ErrNotExist], and only
// that: no other failure may look like it. A [Range] that starts at the end is
// empty, one that starts beyond it is [ErrInvalidRange]; one that ends beyond the
// end, ends there. A Body gives exactly those bytes or an error; io.EOF never
// stands for a connection that broke.
//
// Listing. List gives every key with the prefix, once, in ascending order of the
// bytes of the whole key: "a-b", "a.b", "a/b", "ab". An object that is there from
// the first entry to the last is given; one that comes or goes meanwhile may be.
// Creating and deleting while listing is allowed, from the loop's body too. No
// objects is no error. What the driver cannot read ends the listing with an
// error: a gap is never passed over in silence. After an error nothing follows.
//
// Deleting. Delete takes away one object, never a directory of them. What is not
// there is [ErrNotExist].
//
// Context. A method whose ctx is done returns its cause without having changed
// anything, where that is still possible, so that errors.Is(err,
// context.Canceled) holds. The ctx of Open governs the Body too, that of Create
// and Resume the Write, that of List each step. Commit, Suspend and Abort go by
// their own. Where Commit fails on the ctx, the object may have been committed
// or not; Commit may be called again, and Abort, even with a ctx that is done,
// gives free what the upload holds.
//
// Concurrency. A driver may be used from many goroutines; an [Upload] and a Body
// from one at a time.
//
// # Errors
//
// Every error of a Store is an [*Error] with the operation and the key, and keeps
// its cause. errors.Is tells the classes: [ErrNotExist], [ErrExist],
// [ErrPrecondition], [ErrConflict], [ErrInvalidKey], [ErrInvalidRange],
// [ErrForeign], [ErrReadOnly], [ErrBusy], [ErrEnded], [ErrTooLarge],
// [ErrUnsupported] and [ErrUnavailable], the only one that is worth another try.
// A driver returns errors of these classes, bare or wrapped.
package storage
