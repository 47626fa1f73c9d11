// Package registryclient is a client for container registries: Docker Hub, Quay,
// registry.redhat.io, Harbor, distribution, OpenShift's integrated registry. It
// lists, reads, pulls, pushes and deletes.
//
//	client := registryclient.New(registryclient.Options{Keychain: resolver})
//	defer client.Close()
//	for tag, err := range client.Tags(ctx, repo, registryclient.ListOptions{}) {
//		…
//	}
//
// Names, credentials, the exchange of tokens and pushes are go-containerregistry's.
// What is here is what registries need besides.
//
// # Errors
//
// Every error is an [*Error]. Its [Class] says what to do next, whatever the shape
// of the registry's answer; errors.Is(err, registryclient.NotFound) asks for it. It
// names the host, every request that failed, the figures of a rate limit, and what a
// person can do. A failure is never taken for "not found": only a registry that
// says so is.
//
// # Retries and pace
//
// What may pass is tried again, see [RetryOptions]. A Retry-After, in seconds or as
// a date, is kept to, with 429 and 503 of any shape, by everything that asks that
// host; only the context bounds it, and where the wait would end after the context
// the error comes at once. Each host has a limit on requests under way, and another
// a second if [HostOptions] says so. When the registry's own figures say that a tenth
// or less of its quota is left, the rest is spread out.
//
// # What is not believed
//
// Digests are always checked: of manifests, whole blobs and what was stored.
// Manifests, listings and errors are cut at a limit. A Link to another host is an
// error; so is a redirect to a link-local address, or from a public registry into a
// private network. A credential is sent to its registry and the token service that
// this names, never to where either redirects. Plain HTTP is spoken only with a
// host that [HostOptions] allow it for, or on this machine.
//
// # Mirrors
//
// With Options.Mirrors manifests and blobs are read from mirrors too: those of
// ImageDigestMirrorSet, ImageTagMirrorSet and ImageContentSourcePolicy objects, which
// [ParseMirrors] reads, or of registries.conf, which package registriesconf reads.
// What comes back says where it was read; [Client.From] reads more from there. That a
// mirror lacks an image is never the answer while another source could not be asked.
// Tags and referrers are listed at the registry itself, since a mirror need not have all
// of them; where a rule forbids to contact it, tags are listed at a mirror if
// [ListOptions].AtMirrors says so. Pushes and deletions never go to mirrors.
//
// # Images as files
//
// [Client.PullLayout] and [Client.PullArchive] write OCI layouts and tar archives,
// [Client.PushLayout] and [Client.PushArchive] read them; [Client.Push] and
// [Client.RemoteOptions] are for programs built on go-containerregistry.
//
// # Testing
//
// Package registrytest has a registry with faults, and a check that any client can
// be put through.
package registryclient
