// Package s3 keeps objects in a bucket of Amazon S3, or of a store that speaks its
// protocol. The object with the key "a/b" is the bucket's object a/b.
//
//	client := awss3.NewFromConfig(config)
//	store := storage.New(s3.New(client, "bucket", s3.Options{}), storage.Options{})
//
// # What depends on the store
//
// A precondition is sent along, and a store may pass over it: gofakes3 and MinIO
// delete whatever If-Match says. So hold the driver in a [storage.Store], which
// tries them out and refuses those that are not kept. What the Store tries is small;
// the driver tries on its own account whether the end of a multipart upload keeps
// them too.
//
// What it tries is one call after another. versitygw looks at the version, and then
// deletes: it keeps the condition, but of two deletions at once both may succeed, and
// what replaces the object in between may go. So do not let lease.Book.Clean run there
// while others write, nor tags be deleted beside pushes of the same tags.
//
// The version of an object is its ETag, which is made from its bytes: an object
// that was deleted and put back is the same (Capabilities.VersionChanges is not
// set). "a" and "a/b" may both be objects; stores on a file system refuse the later
// one.
//
// # Uploads
//
// An upload of no more than one part is sent at Commit, in one request. A longer or
// a resumable one is a multipart upload, of whose last part up to
// [Options].PartSize bytes wait in memory. Suspend keeps those in an object below
// .registrykit/uploads/, where also a mark says that the upload can be resumed;
// List shows neither. With a process that dies they are lost: Size says from where
// to go on. Every upload leaves a name of its own with the object (the metadata
// "registrykit-commit"), which tells a commit whose answer was lost from another's.
//
// Which upload is held is known in one Driver alone. A bucket's rule that ends old
// multipart uploads does no harm; the marks that it leaves are listed by Uploads.
//
// # Foreign objects
//
// A name that is no key ends a listing with storage.ErrForeign, but for empty
// objects whose name ends in a slash, which consoles make for directories: those
// are passed over.
package s3
