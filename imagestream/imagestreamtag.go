package imagestream

// ImageStreamTag is a tag of a stream with its newest image. It is named
// stream:tag ([ParseImageStreamTagName]).
type ImageStreamTag struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	// Tag is the spec tag; nil where the tag was only pushed to.
	Tag *TagReference `json:"tag"`
	// Generation is the generation of the image. Where Tag has another, an
	// import is under way.
	Generation   int64               `json:"generation"`
	LookupPolicy ImageLookupPolicy   `json:"lookupPolicy"`
	Conditions   []TagEventCondition `json:"conditions,omitempty"`
	Image        Image               `json:"image"`
	extra
}

// ImageStreamTagList is a list of image stream tags.
type ImageStreamTagList struct {
	TypeMeta `json:",inline"`
	ListMeta `json:"metadata,omitempty"`

	Items []ImageStreamTag `json:"items"`
	extra
}

// ImageTag is a tag of a stream, its history and its newest image. Unlike an
// [ImageStreamTag] it is there before there is an image, too.
type ImageTag struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	// Spec is nil where the tag was only pushed to, and written as null:
	// an update with null removes the spec tag.
	Spec *TagReference `json:"spec"`
	// Status is nil where nothing was pushed or imported yet.
	Status *NamedTagEventList `json:"status"`
	// Image is nil where nothing was imported yet or the Image was deleted.
	Image *Image `json:"image"`
	extra
}

// ImageTagList is a list of image tags.
type ImageTagList struct {
	TypeMeta `json:",inline"`
	ListMeta `json:"metadata,omitempty"`

	Items []ImageTag `json:"items"`
	extra
}

// ImageStreamImage is an image as a stream has it. It is named stream@digest
// ([ParseImageStreamImageName]).
type ImageStreamImage struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	Image Image `json:"image"`
	extra
}
