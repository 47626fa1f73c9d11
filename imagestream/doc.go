// Package imagestream holds the objects of image.openshift.io/v1 as Go values:
// images, image streams, and what is asked of and answered about them. Beside
// them are the operations on streams and the parser of pull specs.
//
// # Objects
//
// Field names, Go shapes and JSON are those of github.com/openshift/api, so
// that code written against it reads the same, and an object that one of the
// two writes, the other reads. The package itself needs only the standard
// library; the part of Kubernetes' metadata that the objects use ([ObjectMeta],
// [ListMeta], [Time], [Status] and so on) is here too.
//
// In one thing the types do more. An object that is read, changed and written
// back keeps the fields that its type does not know, at every depth, so a
// program built today does not strip what a newer server has stored:
//
//	var stream imagestream.ImageStream
//	err := json.Unmarshal(data, &stream)
//	stream.Spec.Tags[0].ImportPolicy.Scheduled = true
//	data, err = json.Marshal(stream)
//
// The unknown fields of a value travel with it when it is assigned or cloned;
// a value made by a literal has none. They are written after the known ones,
// sorted by name.
//
// Reading follows encoding/json, with three differences. The text replaces the
// whole value: what it does not mention becomes zero, so that a variable that
// is used twice holds nothing of the first object. A value of the wrong type
// is an [*Error] that names the object and the field, as in
// spec.tags[3].from.name, and leaves the variable as it was. Keys match
// exactly or, failing that, whatever their case.
//
// The types are plain values: they may be read by several goroutines at once,
// and changed by one that has them to itself. An assignment shares slices, maps
// and pointers; Clone does not. A nil stream is read as one without a name and
// without tags.
//
// # Operations
//
// [Apply] does to a stream what OpenShift's API server and oc do, as a pure
// function: a stream, an [Operation] and an instant give a new stream and the
// list of what changed.
//
//	stream, changes, err := imagestream.Apply(stream, imagestream.RecordPush{Tag: "dev", Image: digest}, now)
//
// The argument is never modified, nothing is half done, and where nothing
// changes the result is the argument. [Applier] is the same with knowledge of
// the streams around and with a bound on histories. Where upstream has defects
// that were shown by running it, the operations do better:
//
//   - A push, an alias or a rollback never makes a pending import look done
//     ([ImageStream.PendingImports]).
//   - Tags that follow others follow at any depth, in one order; cycles are
//     errors that show the way round ([CycleError]), and a missing target is a
//     condition ([FollowAliases], [TagGraph]).
//   - Every field that decides how a tag is imported asks for an import when it
//     changes, and the changes say which it was ([SetTag]).
//   - No image is lost from a history unless a [HistoryPolicy] says so.
//   - The same failure of a newer request counts as its answer
//     ([RecordImportFailure]).
//
// What a tag points to is found by [ImageStream.NewestPullSpec],
// [ImageStream.RecentPullSpec], [ResolveLocalName] and [ImageStream.FindImage],
// and shown as the API server shows it by [ImageStreamTagOf], [ImageTagOf],
// [ImageStreamImageOf] and [ImageStreamLayersOf]. [ChooseTags] chooses what to
// import of a repository; [CheckStreamLimits] and its like hold streams and
// images against limits and quotas.
//
// # Pull specs
//
// A pull spec says where an image is: a registry, a repository in it, and a tag
// or a digest, or both. [ParsePullSpec] reads it exactly as OpenShift does, and
// is what decides about references that a cluster holds; [ParsePullSpecStrict]
// reads it without OpenShift's slips. The grammar is
//
//	spec      = name [ ":" tag ] [ "@" digest ]
//	name      = [ host "/" ] component { "/" component }       at most 255 bytes
//	host      = label { "." label } [ ":" digits ]
//	label     = letters and digits, with "-" between them
//	component = word { separator word }
//	word      = lower-case letters and digits, at least one
//	separator = "." | "_" | "__" | "-" { "-" }
//	tag       = letter, digit or "_", then up to 127 of these, "." or "-"
//	digest    = "sha256:" 64 hex | "sha384:" 96 hex | "sha512:" 128 hex
//
// and is ASCII throughout. It gives a [DockerImageReference], which documents
// how a name is split.
package imagestream
