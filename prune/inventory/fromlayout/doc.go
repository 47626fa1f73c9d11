// Package fromlayout reads the volume of a registry into a prune inventory: its
// repositories as streams, its manifests as Images, its links, and the exact sizes
// of its blobs.
//
// A repository is a stream whose namespace is what stands before the first slash of
// its name. A tag has one item: what it is now. What it was is not served by a
// registry, though the index of the tag tells it.
//
// # Times
//
// A volume knows when files were written, and little else. A tag item came to be
// when its tag's link was written; an Image when the newest of its links was, since
// a push that finds the manifest writes its link anew; a stream when the oldest of
// its files was.
//
// # What cannot be read
//
// A link or a manifest that cannot be read leaves its kind incomplete, so that
// nothing goes for want of it; a manifest that is not there at all is a fact. A call
// that fails ends the reading, and leaves both kinds incomplete.
//
// The tree is read in the order that pushes and sweeps ask for: links, then the
// blobs' sizes, then the manifests. What a tag names has then been looked for after
// the tag. A plan made of it is carried out by registrylayout.Sweep, with Volume.Began
// as its Since.
package fromlayout
