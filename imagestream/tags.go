package imagestream

// SpecTag returns the spec tag of that name, to read; nil where there is none.
// Of two with one name it is the last, as for the server.
func (s *ImageStream) SpecTag(name string) *TagReference {
	if s == nil {
		return nil
	}
	for i := len(s.Spec.Tags) - 1; i >= 0; i-- {
		if s.Spec.Tags[i].Name == name {
			return &s.Spec.Tags[i]
		}
	}
	return nil
}

// StatusTag returns the history of a tag, to read; nil where there is none. Of
// two with one name it is the last, as for the server.
func (s *ImageStream) StatusTag(name string) *NamedTagEventList {
	if s == nil {
		return nil
	}
	for i := len(s.Status.Tags) - 1; i >= 0; i-- {
		if s.Status.Tags[i].Tag == name {
			return &s.Status.Tags[i]
		}
	}
	return nil
}

// LatestEvent returns the newest item of a tag, which says what the tag points
// to, to read; nil where there is none.
func (s *ImageStream) LatestEvent(tag string) *TagEvent {
	if list := s.StatusTag(tag); list != nil && len(list.Items) > 0 {
		return &list.Items[0]
	}
	return nil
}

// orEmpty returns the stream, or for nil one without name and tags.
func (s *ImageStream) orEmpty() *ImageStream {
	if s == nil {
		return &ImageStream{}
	}
	return s
}

// sourceText says where a tag comes from, for changes and messages.
func sourceText(t *TagReference) string {
	switch {
	case t.From == nil:
		return ""
	case t.From.Namespace != "" && t.From.Kind != KindDockerImage:
		return t.From.Kind + " " + t.From.Namespace + "/" + t.From.Name
	}
	return t.From.Kind + " " + t.From.Name
}

func specField(tag, field string) string {
	if field == "" {
		return "spec.tags[" + printable(tag) + "]"
	}
	return "spec.tags[" + printable(tag) + "]." + field
}

func statusField(tag, field string) string {
	if field == "" {
		return "status.tags[" + printable(tag) + "]"
	}
	return "status.tags[" + printable(tag) + "]." + field
}
