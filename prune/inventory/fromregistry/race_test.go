//go:build race

package fromregistry_test

// raced says that this is built with the race detector, under which everything takes
// several times as long.
const raced = true
