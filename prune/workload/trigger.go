package workload

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// buildTriggers reads spec.triggers of a BuildConfig. A trigger without `from`
// watches the source of the strategy, which is read there.
func (s *Scanner) buildTriggers() {
	s.each(func() {
		s.in("imageChange", func() { s.trigger("lastTriggeredImageID", "") })
	})
}

// buildTriggerStates reads status.imageChangeTriggers of a BuildConfig, whose
// `from` has no kind, being an ImageStreamTag always.
func (s *Scanner) buildTriggerStates() {
	s.each(func() { s.trigger("lastTriggeredImageID", "ImageStreamTag") })
}

// deploymentTriggers reads spec.triggers of a DeploymentConfig.
func (s *Scanner) deploymentTriggers() {
	s.each(func() {
		s.in("imageChangeParams", func() { s.trigger("lastTriggeredImage", "") })
	})
}

// trigger reads what a trigger watches, and what it saw last.
func (s *Scanner) trigger(last, kind string) {
	for key := range s.r.Object() {
		switch string(key) {
		case "from":
			s.fromKind(Trigger, kind, false)
		case last:
			s.pullSpec(Trigger)
		}
	}
}

// annotationTriggers reads the annotation that gives triggers to any object: a
// JSON list in a string. People write it by hand, so that what is wrong with it
// is no failure of the object.
func (s *Scanner) annotationTriggers() {
	offset := s.r.Offset()
	text := s.r.Bytes()
	if s.r.Err() != nil || blank(text) {
		return
	}
	field, first := s.path(""), len(s.refs)
	outer := s.r
	s.r = *rawjson.NewReader(text)
	err := error(ErrMalformed)
	if json.Valid(text) {
		s.each(func() {
			s.in("from", func() { s.fromKind(Trigger, "ImageStreamTag", false) })
		})
		err = s.r.Err()
	}
	s.r = outer
	for i := first; i < len(s.refs); i++ {
		s.refs[i].Field = clip(field + s.refs[i].Field)
		s.at[i] = offset
	}
	if err == nil {
		return
	}
	var at *rawjson.Error
	if errors.As(err, &at) {
		field += at.Field
		err = at.Err
	}
	s.add(offset, Reference{
		Field: clip(field), Source: Trigger, Value: clip(string(text)),
		Err: fmt.Errorf("annotation %s: %w", triggersAnnotation, err),
	})
}
