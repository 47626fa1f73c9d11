// Package registrykit is the map of a library for people who run container
// registries and image streams. It holds no code: import the package that does
// what you need.
//
//   - [github.com/registrykit/registrykit/imagestream]: the typed objects of
//     image.openshift.io/v1 and the pull-spec parser.
//   - [github.com/registrykit/registrykit/imagestream/trigger]: image change
//     triggers, parsed, checked, edited and evaluated.
//   - [github.com/registrykit/registrykit/imagestream/access]: what a registry
//     asks the API server before it serves.
//   - [github.com/registrykit/registrykit/imagestream/imagestreamtest]: streams
//     and images for unit tests.
//   - [github.com/registrykit/registrykit/imagestream/importer]: imports into
//     image streams, and when they are due.
//   - [github.com/registrykit/registrykit/auth]: credentials for a registry,
//     found, tried in turn and explained; login and logout.
//   - [github.com/registrykit/registrykit/registryclient]: a client for any
//     registry, with its mirrors; registryclient/registrytest is a registry with
//     faults to test clients on.
//   - [github.com/registrykit/registrykit/registryclient/notification]: a
//     registry's webhook, received.
//   - [github.com/registrykit/registrykit/storage]: the contract of storage
//     drivers, drivers in memory and on files, and wrappers.
//   - [github.com/registrykit/registrykit/storage/registrylayout]: the tree that
//     a registry keeps on its volume, read, written, checked and swept.
//   - [github.com/registrykit/registrykit/storage/lease]: who is using which
//     blob.
//   - [github.com/registrykit/registrykit/storage/operatorconfig]: the registry
//     operator's storage as a value.
//   - [github.com/registrykit/registrykit/prune]: an inventory, a policy and an
//     instant give a plan: what to delete, what to keep, and why, for every
//     object.
//   - [github.com/registrykit/registrykit/prune/inventory]: what is known about
//     a registry, in compact form, and its Builder.
//   - [github.com/registrykit/registrykit/prune/inventory/fromlayout]: a volume
//     into an inventory, and plans carried out on it.
//   - [github.com/registrykit/registrykit/prune/inventory/fromregistry]: a plain
//     registry into an inventory, and plans carried out on it.
//   - [github.com/registrykit/registrykit/prune/dump]: the output of
//     `oc get -o json` into an inventory.
//   - [github.com/registrykit/registrykit/prune/workload]: which images a
//     Kubernetes object names.
//   - [github.com/registrykit/registrykit/prune/apply]: carries a plan out,
//     against what is there now, and stops when in doubt.
//   - [github.com/registrykit/registrykit/prune/imagepruner]: the ImagePruner
//     resource.
//   - [github.com/registrykit/registrykit/prune/prunetest]: realistic clusters
//     in ten lines, and the planner's invariants as a check.
//
// The model and the engine do no I/O, read no clock and hold no globals: values
// in, values out. What is not known is kept.
package registrykit
