// Package access says what a registry asks OpenShift's API server before it does
// what a client wants: which access review belongs to which action, and the other
// way round. It is data; nothing here speaks to a server.
//
// The integrated registry keeps no permissions of its own. It takes the token of
// its client, and creates a SelfSubjectAccessReview with it for every action of
// a request, all of which must be allowed. A registry that runs beside image
// streams may do the same, and a tool can tell from the same table what a service
// account may do, or which rule its role lacks:
//
//	action            scope                       verb     resource              of
//	pull              repository:ns/name:pull     get      imagestreams/layers   the stream
//	push              repository:ns/name:push     update   imagestreams/layers   the stream
//	delete            repository:ns/name:delete   delete   images                the cluster
//	signature-read    signature:ns/name:get       get      imagestreams/layers   the stream
//	signature-write   signature:ns/name:put       create   imagesignatures       the stream
//	catalog           registry:catalog:*          list     imagestreams          the cluster
//	prune             admin::prune                delete   images                the cluster
//	metrics           metrics::get                get      registry/metrics      the cluster
//
// all of the group image.openshift.io. Three lines need a word. To delete a
// manifest or a link takes the right to delete images in the whole cluster, not
// the right to write the stream. imagesignatures is a resource without
// namespaces, but is asked for with that of the stream. And metrics is only asked
// for where the registry is configured without a secret of its own for them.
//
// The scopes are those of the token specification of distribution, as a registry
// has them within. The integrated registry itself hands out no tokens with
// scopes: its token is that of the API server, and scopes in the request for it
// are passed over.
//
// Repositories are those of image streams: a namespace, a slash, and the name of
// the stream. Every other name is an error, before it reaches a review: one with
// more parts would otherwise ask about another stream than the one it is served
// from.
package access
