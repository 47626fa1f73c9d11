package workload

// specTags reads spec.tags of an ImageStream: what each tag is to follow. The
// status may not have it yet, or no longer.
func (s *Scanner) specTags() {
	s.each(func() {
		s.in("from", func() { s.fromKind(SpecTag, "", true) })
	})
}
