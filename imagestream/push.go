package imagestream

// RecordPush makes a tag point to an image that was pushed to the integrated
// registry: what an [ImageStreamMapping] does. A stream that does not exist yet
// is made with [New]. The spec stays as it is, a pending import stays pending,
// and the tags that follow this one follow at once, at any depth.
type RecordPush struct {
	Tag string
	// Image is the digest of the manifest.
	Image string
	// DockerImageReference is where the image is pulled from; empty: by its
	// digest from the stream's own repository, status.dockerImageRepository.
	DockerImageReference string
}

// PushOf returns what a mapping records. existing is the Image of that name as
// it was before; nil where there was none. An image that the registry held
// already is pulled from the stream that the mapping is for. No mapping records
// nothing that could be applied.
func PushOf(m *ImageStreamMapping, existing *Image) RecordPush {
	if m == nil {
		return RecordPush{}
	}
	push := RecordPush{Tag: m.Tag, Image: m.Image.Name, DockerImageReference: m.Image.DockerImageReference}
	if push.Tag == "" {
		push.Tag = DefaultImageTag
	}
	if existing != nil && existing.Annotations[ManagedByOpenShiftAnnotation] == "true" {
		push.DockerImageReference = ""
	}
	return push
}

func (RecordPush) verb() string { return "record push" }

func (o RecordPush) apply(e *edit) error {
	item, err := e.newItem(o.Tag, o.Image, o.DockerImageReference)
	if err != nil {
		return err
	}
	item.Generation = e.unimported(o.Tag)
	e.addEvent(o.Tag, item)
	return e.settleFollowers(o.Tag, nil)
}

// newItem checks what a tag is to point to.
func (e *edit) newItem(tag, image, reference string) (TagEvent, error) {
	if err := checkTagName(tag); err != nil {
		return TagEvent{}, err
	}
	if reason := checkDigest(image, hexAnyCase); reason != "" {
		return TagEvent{}, invalidf(statusField(tag, "image"), "%s is no digest: %s", quoteShort(image), reason)
	}
	if reference == "" {
		home := e.s.Status.DockerImageRepository
		if home == "" {
			return TagEvent{}, invalidf(statusField(tag, "dockerImageReference"),
				"there is none, and the stream has no repository of its own (status.dockerImageRepository)")
		}
		reference = home + "@" + image
	}
	if _, err := ParsePullSpec(reference); err != nil {
		return TagEvent{}, invalidSpec(statusField(tag, "dockerImageReference"), err)
	}
	return TagEvent{Created: e.now, DockerImageReference: reference, Image: image}, nil
}
