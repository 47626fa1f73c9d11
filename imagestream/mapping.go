package imagestream

// ImageStreamMapping is what a registry posts when an image was pushed: it
// makes the Image, and the tag of the stream that the mapping is named for
// points to it.
type ImageStreamMapping struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	Image Image  `json:"image"`
	Tag   string `json:"tag"`
	extra
}
