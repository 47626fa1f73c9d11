// Package distributiondriver joins package storage and the storage drivers of
// github.com/distribution/distribution/v3, in both directions.
//
// [New] makes a distribution driver of a [storage.Store], so that a distribution
// registry keeps its data there. [Adopt] makes a [storage.Driver] of any
// distribution driver, so that what is built on package storage reaches the data
// of a registry through the registry's own driver.
//
// # A registry on a Store
//
// The tree is the registry's own: the path "/docker/registry/v2/blobs/…" is the
// key "docker/registry/v2/blobs/…". [Driver] keeps the promises of package
// storage where distribution's own drivers have faults:
//
//   - A writer that is opened leaves the object that is there alone. It is replaced
//     at Commit, whole, and Cancel leaves it as it was.
//   - What was closed without Commit is kept for the next append, and cannot be
//     read.
//   - A path with "..", "." or an empty part is an InvalidPathError, and nothing
//     outside is reached.
//   - A context that is done ends every call, and errors.Is finds its cause.
//   - A registry that nobody has pushed to has empty directories of repositories
//     and blobs, so that its garbage collector runs.
//   - Walk goes in the order that the registry's catalogue is paged by.
//
// To collect garbage from the Store while the registry runs, give the driver the
// leases that the sweep asks ([Options].Leases): all registries on the Store must
// take them.
//
// The Store's driver must be able to resume uploads, since a registry ends and
// resumes one with every request.
//
// A registry keeps an eye of its own on blobs that it has seen
// ("cache: blobdescriptor"). Leave that out where anything but the registry
// deletes from the Store: it takes pushes of blobs that are gone.
//
// # A Store on a distribution driver
//
// [Adopt] writes to a place of its own below /.registrykit and moves what is
// complete into its place, so that nothing is visible before Commit. The drivers
// have no preconditions: IfAbsent and IfVersion are refused.
package distributiondriver
