package workload

// Options say how objects are read. The zero value finds everything and checks
// the text.
type Options struct {
	// APIVersion and Kind are the type of an object that does not say its own:
	// the items of a typed list, such as a PodList, do not. For a [Scanner], see
	// [Scanner.ScanItem].
	APIVersion, Kind string

	// Table names more fields that hold pull specs, beside [DefaultTable].
	Table []TableEntry

	// PeerOnly leaves out everything beyond the peer, and the time that the
	// search for it takes.
	PeerOnly bool

	// Checked says that a JSON tokenizer has passed the text already, so that it
	// is not checked again. Text that was not checked after all may give an error
	// or a wrong result, but never a panic.
	Checked bool
}
