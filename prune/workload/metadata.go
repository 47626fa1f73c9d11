package workload

import (
	"bytes"
	"time"
)

const triggersAnnotation = "image.openshift.io/triggers"

func (s *Scanner) metadata() {
	o := &s.result.Object
	for key := range s.r.Object() {
		switch string(key) {
		case "name":
			o.Name = clip(s.r.String())
		case "namespace":
			o.Namespace = s.texts.keep(s.r.Bytes())
		case "creationTimestamp":
			s.created()
		case "annotations":
			if !s.opts.PeerOnly {
				s.annotations()
			}
		}
	}
}

func (s *Scanner) annotations() {
	for key := range s.r.Object() {
		if string(key) == triggersAnnotation {
			s.annotationTriggers()
		}
	}
}

// created reads the time as the API server writes it. Only null is no time:
// the Kubernetes client refuses an empty text as well.
func (s *Scanner) created() {
	if s.r.Kind() == 'n' {
		return
	}
	// Fail speaks of the value that comes next, so it is tried on a copy.
	ahead := s.r
	text := ahead.Bytes()
	if ahead.Err() != nil {
		s.r.Bytes()
		return
	}
	t, err := time.Parse(time.RFC3339, string(bytes.ToValidUTF8(text, []byte("\uFFFD"))))
	if err != nil {
		s.r.Fail(err)
		return
	}
	s.r.Skip()
	s.result.Created = t.UTC()
}
