package imagestream

import "maps"

// ImageStreamTagOf returns a tag as the API server shows it: its newest image,
// the spec tag with its annotations on the tag and on the image, and the pull
// spec by the tag's reference policy. The raw manifest and config are left out.
// Where the Image is not there, it has only its name and pull spec.
//
// The error is an [*Error] of class [ErrTagNotFound], or [ErrNoImage] where the
// tag points to nothing, or only passes on a pull spec ([ImageTagOf] shows such
// a tag, and [ImageStream.NewestPullSpec] what it passes on), or what images failed with other than
// [ErrImageNotFound].
func ImageStreamTagOf(s *ImageStream, tag string, images ImageLookup) (*ImageStreamTag, error) {
	s = s.orEmpty()
	t, list := s.SpecTag(tag), s.StatusTag(tag)
	switch {
	case t == nil && list == nil:
		return nil, s.unresolved(tag, "", ErrTagNotFound)
	case list == nil || len(list.Items) == 0:
		return nil, s.unresolved(tag, "", ErrNoImage)
	case list.Items[0].Image == "":
		return nil, s.unresolved(tag, "the tag only passes on "+shortText(list.Items[0].DockerImageReference), ErrNoImage)
	}
	item := &list.Items[0]
	image, err := s.viewedImage(t, item, images)
	if err != nil {
		return nil, err
	}
	if image == nil {
		image = &Image{ObjectMeta: ObjectMeta{Name: item.Image}, DockerImageReference: s.pullSpec(t, item, ResolveOptions{})}
	}
	view := &ImageStreamTag{
		TypeMeta: TypeMeta{Kind: KindImageStreamTag, APIVersion: APIVersion}, ObjectMeta: s.viewMeta(s.Name+":"+tag, item.Created),
		Generation: item.Generation, LookupPolicy: s.Spec.LookupPolicy, Conditions: clone(list).Conditions, Image: *image,
	}
	if t != nil {
		view.Tag = t.Clone()
		view.Annotations = merged(view.Annotations, t.Annotations)
		view.Image.Annotations = merged(view.Image.Annotations, t.Annotations)
	}
	return view, nil
}

// ImageTagOf returns a tag as the API server shows it: spec, history and image,
// as far as each is there. The error is an [*Error] of class [ErrTagNotFound]
// where there is neither spec nor history, or what images failed with other than
// [ErrImageNotFound].
func ImageTagOf(s *ImageStream, tag string, images ImageLookup) (*ImageTag, error) {
	s = s.orEmpty()
	t, list := s.SpecTag(tag), s.StatusTag(tag)
	if t == nil && list == nil {
		return nil, s.unresolved(tag, "", ErrTagNotFound)
	}
	view := &ImageTag{
		TypeMeta:   TypeMeta{Kind: "ImageTag", APIVersion: APIVersion},
		ObjectMeta: s.viewMeta(s.Name+":"+tag, s.CreationTimestamp),
		Spec:       t.Clone(), Status: clone(list),
	}
	if t != nil {
		view.Annotations = merged(view.Annotations, t.Annotations)
	}
	if list == nil || len(list.Items) == 0 {
		return view, nil
	}
	view.CreationTimestamp = list.Items[0].Created
	image, err := s.viewedImage(t, &list.Items[0], images)
	if err != nil {
		return nil, err
	}
	if image != nil && t != nil {
		image.Annotations = merged(image.Annotations, t.Annotations)
	}
	view.Image = image
	return view, nil
}

// ImageStreamImageOf returns an image as the API server shows it in a stream,
// by its digest or the start of it: one that a history lists, or a child, at any
// depth, of such a one. The annotations of the view are those of the stream.
//
// Two things differ from upstream: it takes any image that fits, where this fails
// if several do; and it shows the pull spec of the Image, which may be that of
// another stream, where this shows that of the newest item of this one.
//
// The error is an [*Error] of class [ErrImageNotFound] or [ErrAmbiguousImage], or
// what images failed with.
func ImageStreamImageOf(s *ImageStream, id string, images ImageLookup) (*ImageStreamImage, error) {
	s = s.orEmpty()
	layers, err := ImageStreamLayersOf(s, images)
	if err != nil {
		return nil, err
	}
	every := ImageStream{ObjectMeta: s.ObjectMeta}
	for name := range layers.Images {
		every.Status.Tags = append(every.Status.Tags, NamedTagEventList{Tag: name, Items: []TagEvent{{Image: name}}})
	}
	found, err := every.FindImage(id)
	if err != nil {
		return nil, s.unresolved("@"+id, err.Error(), err)
	}
	image, err := images.find(found.Image)
	switch {
	case err != nil:
		return nil, s.unresolved("@"+found.Image, err.Error(), err)
	case image == nil:
		return nil, s.unresolved("@"+found.Image, "", ErrImageNotFound)
	}
	shown := shownImage(image)
	if item, err := s.FindImage(found.Image); err == nil {
		shown.DockerImageReference = item.DockerImageReference
	}
	return &ImageStreamImage{
		TypeMeta: TypeMeta{Kind: KindImageStreamImage, APIVersion: APIVersion},
		ObjectMeta: ObjectMeta{
			Name: s.Name + "@" + found.Image, Namespace: s.Namespace,
			CreationTimestamp: image.CreationTimestamp, Annotations: maps.Clone(s.Annotations),
		},
		Image: *shown,
	}, nil
}

// viewedImage returns the image of an item as it is shown with a tag; nil where
// there is no Image.
func (s *ImageStream) viewedImage(t *TagReference, item *TagEvent, images ImageLookup) (*Image, error) {
	if item.Image == "" {
		return nil, nil // a bare reference, of an ImageTag
	}
	image, err := images.find(item.Image)
	switch {
	case err != nil:
		return nil, s.unresolved("@"+item.Image, err.Error(), err)
	case image == nil:
		return nil, nil
	}
	shown := shownImage(image)
	shown.DockerImageReference = s.pullSpec(t, item, ResolveOptions{})
	return shown, nil
}

func shownImage(image *Image) *Image {
	shown := image.Clone()
	shown.DockerImageManifest, shown.DockerImageConfig = "", ""
	return shown
}

func (s *ImageStream) viewMeta(name string, created Time) ObjectMeta {
	return ObjectMeta{
		Name: name, Namespace: s.Namespace, UID: s.UID, ResourceVersion: s.ResourceVersion,
		CreationTimestamp: created, Labels: maps.Clone(s.Labels),
	}
}

func merged(annotations, more map[string]string) map[string]string {
	if len(more) == 0 {
		return annotations
	}
	all := make(map[string]string, len(annotations)+len(more))
	maps.Copy(all, annotations)
	maps.Copy(all, more)
	return all
}
