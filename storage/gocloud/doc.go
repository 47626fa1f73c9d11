// Package gocloud keeps objects in a bucket of gocloud.dev/blob: Google Cloud
// Storage, Azure Blob Storage, and whatever else it has a driver for.
//
//	bucket, err := gcsblob.OpenBucket(ctx, client, "bucket", nil)
//	…
//	store := storage.New(gocloud.New(bucket, gocloud.Options{Service: gcs.Service}), storage.Options{})
//
// # What depends on the service
//
// What gocloud.dev makes portable has no versions and but one precondition,
// IfAbsent. With a [Service] there is more: packages gcs and azure, below this one,
// have those of the two clouds. A service may pass over a precondition that it is
// sent: hold the driver in a [storage.Store], which tries them out.
//
// # Uploads
//
// An upload is kept here until its commit, in memory or in a file, and then sent. To
// send it while it is written would be quicker, but what becomes of a writer that is
// given up differs: the one of Google Cloud Storage may end the object there, so
// that half of it replaces the whole one.
//
// An upload cannot be resumed in another process: the role storage.Resumer is
// missing. So a distribution registry cannot run on it.
//
// # Files
//
// Of gocloud.dev's fileblob nothing should be kept that matters: it passes over what
// it cannot read when it lists, syncs nothing, and of two who create an object at
// once both succeed, for which reason IfAbsent is refused here. It lists in the order
// of directories, so that a listing takes the memory for all keys. Use package
// storage/filesystem.
package gocloud
