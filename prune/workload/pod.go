package workload

// pod reads a part of a Pod.
func (s *Scanner) pod(key []byte) {
	switch string(key) {
	case "spec":
		s.podSpec(Peer)
	case "status":
		s.podStatus()
	}
}

// podTemplate reads metadata and spec of pods that are to be. Where the template
// as a whole is beyond the peer, everything in it has that source.
func (s *Scanner) podTemplate(source Source) {
	s.in("spec", func() { s.podSpec(source) })
}

func (s *Scanner) podSpec(source Source) {
	beyond := func(own Source) Source {
		if source == Peer {
			return own
		}
		return source
	}
	for key := range s.r.Object() {
		switch string(key) {
		case "initContainers", "containers":
			s.containers("image", source)
		case "ephemeralContainers":
			if !s.opts.PeerOnly {
				s.containers("image", beyond(EphemeralContainer))
			}
		case "volumes":
			if !s.opts.PeerOnly {
				s.volumes(beyond(ImageVolume))
			}
		}
	}
}

// containers reads one member, a pull spec, of each object in an array.
func (s *Scanner) containers(member string, source Source) {
	for range s.r.Array() {
		for key := range s.r.Object() {
			if string(key) == member {
				s.pullSpec(source)
			}
		}
	}
}

func (s *Scanner) volumes(source Source) {
	for range s.r.Array() {
		for key := range s.r.Object() {
			if string(key) != "image" {
				continue
			}
			for key := range s.r.Object() {
				if string(key) == "reference" {
					s.pullSpec(source)
				}
			}
		}
	}
}

func (s *Scanner) podStatus() {
	for key := range s.r.Object() {
		switch string(key) {
		case "phase":
			s.result.Phase = phase(s.r.Bytes())
		case "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses":
			if s.opts.PeerOnly {
				continue
			}
			for range s.r.Array() {
				for key := range s.r.Object() {
					if string(key) == "imageID" {
						s.imageID()
					}
				}
			}
		}
	}
}

// phase needs no memory for the phases that there are.
func phase(text []byte) string {
	switch string(text) {
	case "Running":
		return "Running"
	case "Succeeded":
		return "Succeeded"
	case "Failed":
		return "Failed"
	case "Pending":
		return "Pending"
	case "Unknown":
		return "Unknown"
	}
	return clip(string(text))
}

// finished says which pods no longer run. In phase Unknown the node is lost, and
// the pod may well run on it.
func finished(phase string) bool {
	return phase != "Running" && phase != "Pending" && phase != "Unknown"
}
