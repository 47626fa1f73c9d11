package workload

import "slices"

// build reads a part of a Build or BuildConfig.
func (s *Scanner) build(key []byte, layout layout) {
	switch string(key) {
	case "spec":
		for key := range s.r.Object() {
			s.buildSpec(key, layout)
		}
	case "status":
		switch {
		case s.opts.PeerOnly:
		case layout == build:
			s.buildStatus()
		default:
			s.in("imageChangeTriggers", s.buildTriggerStates)
		}
	}
}

func (s *Scanner) buildSpec(key []byte, layout layout) {
	if string(key) == "strategy" {
		s.strategy()
		return
	}
	if s.opts.PeerOnly {
		return
	}
	switch string(key) {
	case "source":
		s.in("images", func() {
			s.each(func() { s.in("from", func() { s.from(BuildSource) }) })
		})
	case "output":
		s.in("to", func() { s.from(BuildOutput) })
	case "triggers":
		if layout == buildConfig {
			s.buildTriggers()
		}
	}
}

// strategy reads the strategies of a build. There is to be one. Where there are
// more, OpenShift takes the first of source, docker and custom, whatever the
// strategy's type says; the others can only keep.
func (s *Scanner) strategy() {
	type found struct {
		set      bool
		from, to int // of s.refs
	}
	var strategies [3]found
	for key := range s.r.Object() {
		i := slices.Index([]string{"sourceStrategy", "dockerStrategy", "customStrategy"}, string(key))
		if i < 0 {
			continue
		}
		set := s.r.Kind() != 'n'
		first := len(s.refs)
		s.in("from", func() { s.from(Peer) })
		strategies[i] = found{set, first, len(s.refs)}
	}
	counts := true
	for _, f := range strategies {
		if !f.set {
			continue
		}
		for i := f.from; i < f.to && !counts; i++ {
			s.refs[i].Source = BuildSource
		}
		counts = false
	}
	if s.opts.PeerOnly {
		s.refs = slices.DeleteFunc(s.refs, func(r Reference) bool { return r.Source != Peer })
		s.at = s.at[:len(s.refs)] // of no use without a table
	}
}

// buildStatus reads what a Build has pushed. The digest is of the repository
// that the pull spec beside it names.
func (s *Scanner) buildStatus() {
	repository, digest := -1, -1
	for key := range s.r.Object() {
		switch string(key) {
		case "outputDockerImageReference":
			n := len(s.refs)
			if s.pullSpec(BuildOutput); len(s.refs) > n {
				repository = n
			}
		case "output":
			s.in("to", func() {
				s.in("imageDigest", func() {
					n := len(s.refs)
					if s.digest(BuildOutput); len(s.refs) > n {
						digest = n
					}
				})
			})
		}
	}
	if repository >= 0 && digest >= 0 && s.refs[digest].Err == nil {
		of := s.refs[repository]
		s.refs[digest].Namespace, s.refs[digest].Stream = of.Namespace, of.Stream
	}
}
