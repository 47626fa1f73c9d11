// Package volumegen makes up volumes of registries, for tests that carry plans out
// on them, and says what is left of them.
package volumegen
