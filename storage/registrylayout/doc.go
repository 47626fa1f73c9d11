// Package registrylayout reads and writes the tree that distribution's registry,
// and so OpenShift's, keeps on its volume or in its bucket, without a registry in
// front of it.
//
// # The tree
//
// Everything is below [Root]:
//
//	blobs/<algorithm>/<two of hex>/<hex>/data                           bytes, of all repositories
//	repositories/<name>/_layers/<algorithm>/<hex>/link                  may read this layer or config
//	repositories/<name>/_manifests/revisions/<algorithm>/<hex>/link     has this manifest
//	repositories/<name>/_manifests/tags/<tag>/current/link              the tag is this manifest
//	repositories/<name>/_manifests/tags/<tag>/index/<algorithm>/<hex>/link   the tag was once this manifest
//	repositories/<name>/_uploads/<id>/{data,startedat,hashstates/…}     an upload that has not ended
//
// A link is a file that holds a digest and nothing else. Manifests are blobs like
// all others; what kind they are of stands in their text alone. Names may have any
// number of segments, and one repository's may be the beginning of another's.
// [ParseKey] tells what a key is; [BlobKey] and its like make one.
//
// # Reading
//
// [Layout] reads with the eyes of a registry that trusts nobody: a link file is
// read up to [MaxLink] bytes and must hold a digest, that of its path where the
// path has one; a manifest is read up to [MaxManifest] bytes and must have its
// digest. Each error names the key. Repositories count as such where they have any
// of the three directories; distribution's own catalog shows only those with
// _manifests, and its collector never looks into others.
//
// [Layout.Check] goes through the whole tree once and tells, in both directions,
// what nobody points to and what points to nothing.
//
// # Writing
//
// Bytes come first and are visible only once their digest was found right; links
// come after, a manifest's before its tags. So a crash leaves what nobody points
// to, never a reference to nothing. What is there already is not written again,
// but it is leased anew, where the Layout has a [lease.Book]: so no sweep that
// asks takes it away under the writer. A [Sweep] is the other side: it deletes a
// tag, a link, a blob, and asks before.
package registrylayout
