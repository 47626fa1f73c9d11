// Package auth finds the credential for an image among everything that OpenShift,
// Kubernetes, podman and docker keep them in, and says why it is that one.
//
// A [Resolver] looks in the sources that it is given, in any mixture:
//
//   - [Host]: what podman, skopeo, docker or oc would use on this machine, with
//     credential helpers; [File] and [Document] for a file or bytes of one's own;
//   - [Secrets], [ServiceAccount], [NamespaceSecrets] and [ClusterPullSecret]:
//     pull secrets of a cluster, through a [SecretReader] or [SecretLister], so
//     that client-go is not linked; a [SecretStore] holds what was fetched already;
//   - [Node]: the kubelet's file; [IntegratedRegistry]: the token of a
//     ServiceAccount for OpenShift's own registry.
//
// It is an authn.Keychain of go-containerregistry. [Try] goes further and uses one
// credential after the other while the registry denies them, as the kubelet does.
// [Resolver.Explain] answers the question that "unauthorized" leaves open. For
// programs built on containers/image there is the package containersimage below.
//
// A controller pulls so, with remote of go-containerregistry:
//
//	image, err := auth.Try(ctx, resolver, ref.Context(), auth.TryOptions{Anonymous: true},
//		func(ctx context.Context, a authn.Authenticator) (v1.Image, error) {
//			return remote.Image(ref, remote.WithContext(ctx), remote.WithAuth(a))
//		})
//
// or, where one credential is enough, remote.Image(ref, remote.WithAuthFromKeychain(resolver)).
//
// # Which credential
//
// A key of a document is for an image where the hosts are equal and the key's path,
// if it has one, is the repository or a namespace of it: quay.io/org is for
// quay.io/org/app and not for quay.io/organization/app. A credential never leaves
// the namespace that it was written for. Of what is for the image the order is
//
//  1. explicit documents, then Secrets, then the node's, then those of the host;
//  2. the longer path first, then a host without wildcards;
//  3. the order of the sources, and of the Secrets within them;
//  4. the order within the document, credHelpers and credsStore before auths.
//
// All of them are candidates, equal ones once. A credential helper is asked when its
// turn comes, so that who needs the first candidate alone does not wait for others.
//
// Hosts are compared in lower case and port 443 is no port. docker.io,
// index.docker.io and registry-1.docker.io are one registry, by every form of the
// key. A scheme counts for nothing, a path /v1 or /v2 neither, nor a final slash. In
// Secrets and the kubelet's file a * in the host stands for any part of one label.
// [Options.KubeletCompat] has the kubelet's rules instead.
//
// # What is broken
//
// A bad entry, a bad document, a missing Secret or a failing helper spoils nothing
// else: it is passed over, and the explanation tells of it. auth wins over username
// and password; base64 may lack its padding; an entry {} holds nothing and does not
// hide others. A file or Secret that changed is seen at the next use. While it
// cannot be read or parsed, what it last held serves; where it is gone, so are its
// credentials.
//
// # Secrets stay secret
//
// No value, error or explanation of this package prints a password or token, by
// whatever verb, encoder or printer: see [SecretValue]. go-containerregistry gets
// plain text at the moment it asks for it. Nothing is sent over plain HTTP unless
// the source allows it ([AllowPlainHTTP]).
//
// # Logging in and out
//
// [Login] and [Logout] edit an auth file as podman does, [LoginSecret] and
// [LogoutSecret] a pull secret, [LoginDocument] and [LogoutDocument] a document. What is
// not the entry itself stays byte for byte; a broken document is refused and stays too.
// Many may edit one file at once, in many processes, and lose nothing; a crash leaves
// the old file or the new one.
//
// # How credentials are used
//
// A registry token goes to the registry as it is; an identity token is exchanged;
// all else is a user name and a password. The user name <token> means an identity
// token in the answer of a helper only: OpenShift writes it into dockercfg Secrets
// as a plain user name. User names are not checked or changed, so NNN|name of
// registry.redhat.io and org+robot of quay.io pass through; a person's user name at
// registry.redhat.io is warned of, since Red Hat does not support it in production.
package auth
