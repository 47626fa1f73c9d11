// Package registrytest is a registry for tests of registry clients: in this
// process, over real HTTP on the loopback interface or over pipes in memory, with
// faults that can be switched on and off.
//
//	server, err := registrytest.Start(registrytest.Options{PageSize: 100})
//	defer server.Close()
//	remove := server.Inject(registrytest.TooManyRequests("application/json", "30").For("GET", "/manifests/"))
//
// Under the faults is go-containerregistry's own registry. What that lacks is added:
// paging with Link headers, ranges, a token service and basic authentication, the
// endpoints of OpenShift's integrated registry, and a record of all requests.
//
// [Check] puts any client through what real registries do wrong, and says where it
// does not get what it should. The package does not need package testing.
package registrytest
