//go:build !race

package fromregistry_test

// raced says that this is built with the race detector.
const raced = false
