// Package memory keeps objects in the process's memory: for tests, and for what
// need not outlive a program.
//
// It is as strict as the strictest driver, the file system's: a key may not be a
// directory of another. It keeps every promise of package storage except to
// survive the process.
package memory
