// Package middleware wraps storage drivers: each function takes a
// [storage.Driver] and returns one.
//
// [ReadOnly] refuses every change, [Prefix] shows what is below a directory,
// [Retry] tries again what can be tried again, [Limit] bounds how many calls run
// at once, [Observe] reports each call, [Faults] makes calls fail as a test says.
//
// Every wrapper plays the optional roles itself, by the free functions of package
// storage, and answers storage.ErrUnsupported where the driver below cannot. None
// lets its user reach the driver below: what a wrapper forbids stays forbidden.
// A Close method closes the driver below.
//
// They nest as they are written. In
//
//	d = middleware.Retry(middleware.Limit(d, 8), middleware.RetryOptions{})
//
// a call that waits for its next try holds no place among the eight.
package middleware
