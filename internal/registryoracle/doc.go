// Package registryoracle holds nothing but tests and benchmarks: they hold package
// registrylayout against distribution 3, in the same process and on the same volume,
// and measure the check beside the mark phase of its collector; they send the same
// volume through that collector and through the collection of package apply, for each
// known fault of the first (docs/differences.md, "On a volume"); and they put package
// registryclient, and what is made of it, through their work with distribution 3. It is a
// module of its own so that nobody else inherits its requirements.
package registryoracle
