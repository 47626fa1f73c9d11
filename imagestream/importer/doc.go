// Package importer imports images into image streams: what an ImageStreamImport
// and the controllers behind it do in OpenShift, as a library.
//
// A stream goes in; Images, the images of manifest lists, what became of each tag,
// and the stream with all of it applied come out. Nothing is stored: that is up to
// the caller, who may also apply the result to a newer reading of the stream
// ([Result.Apply]) without asking the registry again.
//
//	registry := fromregistry.New(registryclient.Options{Keychain: resolver})
//	i := importer.Importer{Registry: registry, Anonymous: registry.Anonymous()}
//	result, err := i.Import(ctx, stream, importer.Request{}, time.Now())
//	for _, tag := range result.Tags {
//		fmt.Println(tag)
//	}
//
// The zero [Request] imports what is asked for and not answered yet: of a new
// stream all that it names, of an older one the tags whose import is pending.
// [Request.All] refreshes every tag. [Importer.ImportStreamImport] answers an
// ImageStreamImport object.
//
// # What it costs
//
// Each tag is asked for with one HEAD, which registries do not count as a pull. Only
// where it points elsewhere than the stream's tag does, its manifest and config are
// fetched. 1,000 tags of which 10 changed take 1,000 HEADs, 10 manifests and 10
// configs. In the mode Legacy a manifest list is only known to be the same where
// the caller gives back what the import before learned ([Request.Heads]).
// Tags are asked for in parallel, per host.
//
// # Manifest lists
//
// With PreserveOriginal the list is imported and an Image is made of each of its
// images, at every depth. One that the registry does not have, or that is of an
// unknown kind, is told in [TagResult.Platforms] and takes nothing else with it; any
// other failure fails the tag. With Legacy one image is taken: of the platform in
// the tag's annotations, else of [Importer.Platform], else of linux/amd64, else the
// first that is no attestation.
//
// # What is not believed
//
// Manifests and configs are held against their digests and sizes here, whatever the
// registry's client did. A list may have [MaxManifests] images at [MaxDepth] levels.
//
// # Failures
//
// One tag's failure is its own: it keeps what it points to and gets the condition
// ImportSuccess with status False, whose reason is never InternalError where the
// registry or the network said more. What concerns a whole repository or host, such as
// a rate limit, a refused credential or a certificate, is not asked for again for each
// further tag of it. Before that, a denial is met with the other credentials, where the
// registry has some ([CandidateRegistry]), and without any. A cancelled context leaves the
// remaining tags as they were.
//
// # Scheduled imports
//
// [Schedule] says, from the streams, a [State] and an instant, which tags to ask for
// and when to look again.
//
// # Pushes
//
// [OperationsOf] says what a registry's notification does to a stream. [PushTimes] does so
// for one who gets all of them, and takes what was deleted in the second of its push.
package importer
