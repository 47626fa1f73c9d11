package storage

import (
	"context"
	"io"
	"iter"
	"time"
)

// Driver is what keeps the objects. The package comment says what it must do.
type Driver interface {
	Opener
	Creator
	Lister
	Deleter
}

// Opener reads objects.
type Opener interface {
	// Open opens the part r of the object. The caller closes the Body.
	// [ErrNotExist], [ErrInvalidKey], [ErrInvalidRange], [ErrForeign].
	Open(ctx context.Context, key string, r Range) (*Object, error)
	// Stat says what is known of the object without its bytes.
	// [ErrNotExist], [ErrInvalidKey], [ErrForeign].
	Stat(ctx context.Context, key string) (Info, error)
}

// Creator writes objects.
type Creator interface {
	// Create starts an upload. The caller ends it with Commit, Suspend or
	// Abort. A precondition that fails already may be told here; the one that
	// counts is checked at Commit.
	// [ErrInvalidKey], [ErrUnsupported] for an option that the driver lacks.
	Create(ctx context.Context, key string, o CreateOptions) (Upload, error)
}

// Lister lists objects.
type Lister interface {
	// List gives entries in ascending order of their keys' bytes. At the first
	// error the zero Entry comes with it, and then nothing more.
	// [ErrInvalidKey] for a prefix that [CheckPrefix] refuses.
	List(ctx context.Context, o ListOptions) iter.Seq2[Entry, error]
}

// Deleter deletes objects.
type Deleter interface {
	// Delete takes one object away.
	// [ErrNotExist], [ErrPrecondition], [ErrInvalidKey], [ErrForeign];
	// [ErrUnsupported] for a precondition that the driver lacks.
	Delete(ctx context.Context, key string, o DeleteOptions) error
}

// Mover is the optional role of giving an object another key without sending its
// bytes through the program. The free function [Move] uses it and falls back.
type Mover interface {
	// Move makes the object visible under to, whole, and then takes it away
	// under from. What was under to is replaced, unless o says otherwise. A
	// crash may leave both, never neither. To move onto itself is
	// [ErrConflict].
	// [ErrNotExist] where from is not there; [ErrExist], [ErrInvalidKey].
	Move(ctx context.Context, from, to string, o MoveOptions) (Info, error)
}

// Resumer is the optional role of going on with uploads that were suspended, or
// whose process ended. A driver that has the role takes CreateOptions.Resumable.
type Resumer interface {
	// Resume opens the upload again, with everything that Suspend, or Write
	// before a death of the process, has taken. The preconditions are those of
	// o. [ErrNotExist] where there is no such upload of that key (it was
	// committed, aborted, or never resumable), [ErrBusy] while another holds it.
	Resume(ctx context.Context, key, id string, o CreateOptions) (Upload, error)
	// Uploads lists what has not been committed or aborted, of the keys with
	// the prefix, in no particular order; with the prefix "" also leftovers
	// whose key nobody knows any more.
	Uploads(ctx context.Context, prefix string) iter.Seq2[UploadInfo, error]
	// Discard takes an upload away for good. The key is the one that Uploads
	// gave, "" if it gave none. [ErrNotExist], and [ErrBusy] while someone
	// holds it.
	Discard(ctx context.Context, key, id string) error
}

// Upload is an object that is being written. Its methods are not for use by two
// goroutines at once. After Commit, Suspend or Abort has succeeded, Write returns
// [ErrEnded].
type Upload interface {
	io.Writer
	// Size is how many bytes the upload has, those before a Resume among them.
	Size() int64
	// ID names the upload to Resume; "" where it cannot be resumed.
	ID() string
	// Commit makes the object visible. After a success, Commit again gives the
	// same Info and no error; after a failure with [ErrUnavailable] or on its
	// ctx it may be tried again, and an upload that was committed after all
	// says so then. A Write that failed makes Commit fail with that error.
	// After Suspend or Abort: [ErrEnded].
	// [ErrExist], [ErrPrecondition], [ErrConflict], [ErrForeign].
	Commit(ctx context.Context) (Info, error)
	// Suspend keeps what was written for Resume, safe against power failure
	// too, and ends the use of this value. [ErrUnsupported], and no change,
	// where the upload is not resumable.
	Suspend(ctx context.Context) error
	// Abort throws away what was written. After Commit, Suspend or Abort it
	// does nothing and returns nil, so that it can be deferred.
	Abort(ctx context.Context) error
}

// CreateOptions are the options of Create and Resume. The zero value replaces
// what is there. IfAbsent and IfVersion exclude each other.
type CreateOptions struct {
	// IfAbsent commits only where there is no object with the key.
	IfAbsent bool
	// IfVersion commits only where the object has this version; "" asks
	// nothing.
	IfVersion Version
	// Resumable asks for an upload that can be resumed.
	Resumable bool
}

// DeleteOptions are the options of Delete. The zero value deletes what is there.
type DeleteOptions struct {
	// IfVersion deletes only where the object has this version; "" asks
	// nothing.
	IfVersion Version
}

// MoveOptions are the options of Move. The zero value replaces what is there.
type MoveOptions struct {
	// IfAbsent moves only where there is no object with the new key.
	IfAbsent bool
}

// ListOptions are the options of List. The zero value lists every object.
type ListOptions struct {
	// Prefix is what the keys begin with. It is not about directories: "a/b"
	// is a prefix of "a/b/c" and of "a/bc".
	Prefix string
	// After leaves out entries whose key is not greater than it, byte by byte.
	// It need not be a key.
	After string
	// Shallow gathers the keys that have a slash after the prefix into one
	// entry for each directory, with Dir set and a Key that ends in the slash.
	Shallow bool
	// KeysOnly says that only Key and Dir are wanted: what costs the driver
	// more may be left zero.
	KeysOnly bool
}

// Version tells one state of an object from another. It is opaque, and compared
// for equality alone; "" is an unknown one. Where [Capabilities].VersionChanges
// is set, every commit has a version of its own; elsewhere (S3's ETags) the same
// bytes have the same version.
type Version string

// Info is what is known about an object.
type Info struct {
	Key  string
	Size int64
	// ModTime is when it was committed, by the driver's clock.
	ModTime time.Time
	// Version is empty where the driver has none; in entries of a listing it
	// may be empty nevertheless.
	Version Version
}

// Entry is one line of a listing: an object, or a directory of a shallow one, of
// which only Key is set.
type Entry struct {
	Info
	Dir bool
}

// Object is an object that is open.
type Object struct {
	// Info is about the whole object, whatever part is read.
	Info Info
	// Body is the part that was asked for. Its Close may come at any time.
	Body io.ReadCloser
}

// UploadInfo is an upload that has not ended.
type UploadInfo struct {
	// Key is what it would become; "" where that is not known any more.
	Key string
	ID  string
	// Size is how many bytes are there; negative where that is unknown.
	Size int64
	// Written is when it was last written to, by the driver's clock.
	Written time.Time
	// Active says that someone is known to hold it. Where it is false, nobody
	// may do so, or the driver cannot tell.
	Active bool
	// Resumable says that Resume may go on with it.
	Resumable bool
}
