//go:build !race

package fromlayout_test

// slow: everything takes several times as long.
const slow = false
