// Package inventory holds what is known about a registry at one instant, in
// compact form, for [github.com/registrykit/registrykit/prune] to plan on.
//
// A [Builder] takes light facts: a [Manifest] with its blobs and edges, a
// [Stream] with its tag items, a [Workload] with the images that it names, a
// [Limit], a [Link], and which kinds were listed, whether completely, and in
// what order. It can forget them again, and so follows a controller's watch.
// [Builder.AddImage] and [Builder.AddImageStream] take the typed objects of
// package imagestream; package dump reads `oc get -o json`.
//
// [Builder.Build] gives an [Inventory], which never changes: it may be used by
// many goroutines at once, and while its Builder goes on. Digests in it are
// small integers, edges slices of them; 100,000 images of 8 layers take some
// 50 MB.
//
// # What is not known
//
// Missing evidence means keep, so an inventory tells what is absent from what
// was not looked for. A kind is listed once [Builder.Listed] says so, complete
// unless [Builder.Incomplete] says otherwise; that Images were listed after
// the streams that name them is a fact of its own ([Builder.ImagesAfterStreams]).
// A zero time, a zero size and a nil label map mean unknown.
//
// # Identity
//
// Two facts about one object must agree: the same object given twice is one,
// and one given with two contents is an error that wraps [ErrConflict] and
// tells the two apart. To replace an object, as a watch tells
// it, call [Builder.ReplaceManifest] and its like rather than to forget and add
// it: where the new content cannot be read, the old stays known and the kind
// becomes incomplete, so that nothing goes for want of it.
package inventory
