// Package benchmark measures reading and planning on large made-up clusters. It
// has no code of its own; README.md has the figures, and how to repeat them.
package benchmark
