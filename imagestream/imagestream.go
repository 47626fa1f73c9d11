package imagestream

// ImageStream is a named collection of tags. Its spec says where the tags
// should come from; its status says which images they have pointed to.
type ImageStream struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	Spec   ImageStreamSpec   `json:"spec"`
	Status ImageStreamStatus `json:"status,omitempty"`
	extra
}

// ImageStreamList is a list of image streams.
type ImageStreamList struct {
	TypeMeta `json:",inline"`
	ListMeta `json:"metadata,omitempty"`

	Items []ImageStream `json:"items"`
	extra
}

// ImageStreamSpec is what an image stream should be.
type ImageStreamSpec struct {
	LookupPolicy ImageLookupPolicy `json:"lookupPolicy,omitempty"`
	// DockerImageRepository is a repository to follow as a whole. Upstream
	// has deprecated it in favour of Tags.
	DockerImageRepository string `json:"dockerImageRepository,omitempty"`
	// Tags are where tags come from. The server sorts them by name; of two
	// with one name it keeps the last.
	Tags []TagReference `json:"tags,omitempty"`
	extra
}

// ImageLookupPolicy says how other objects in the namespace find the images of
// a stream.
type ImageLookupPolicy struct {
	// Local makes a short name such as mysql or php:8 in those objects mean
	// the stream of that name where there is one.
	Local bool `json:"local"`
	extra
}

// ImageStreamStatus is what an image stream is.
type ImageStreamStatus struct {
	// DockerImageRepository is where the integrated registry serves the
	// stream; empty where the cluster has none.
	DockerImageRepository string `json:"dockerImageRepository"`
	// PublicDockerImageRepository is the same from outside the cluster; empty
	// where the registry is not exposed.
	PublicDockerImageRepository string `json:"publicDockerImageRepository,omitempty"`
	// Tags are the histories of the tags, in the order of their names.
	Tags []NamedTagEventList `json:"tags,omitempty"`
	extra
}

// NamedTagEventList is the history of one tag.
type NamedTagEventList struct {
	Tag string `json:"tag"`
	// Items are what the tag has pointed to, the newest first.
	Items []TagEvent `json:"items"`
	// Conditions say how the last import went. A tag whose import never
	// succeeded has conditions and no items.
	Conditions []TagEventCondition `json:"conditions,omitempty"`
	extra
}

// TagEvent is one entry in the history of a tag.
type TagEvent struct {
	// Created is when the tag came to point to the image.
	Created Time `json:"created"`
	// DockerImageReference is a pull spec for the image.
	DockerImageReference string `json:"dockerImageReference"`
	// Image is the name of the [Image], its digest. It is empty for a tag
	// that is only a reference ([TagReference.Reference]).
	Image string `json:"image"`
	// Generation is the generation of the spec tag that this came of.
	Generation int64 `json:"generation"`
	extra
}

// TagEventConditionType is what a [TagEventCondition] speaks of.
type TagEventConditionType string

// ImportSuccess is false where the last import of the tag failed.
const ImportSuccess TagEventConditionType = "ImportSuccess"

// TagEventCondition is how the last import of a tag went.
type TagEventCondition struct {
	Type               TagEventConditionType `json:"type"`
	Status             ConditionStatus       `json:"status"`
	LastTransitionTime Time                  `json:"lastTransitionTime,omitempty"`
	Reason             string                `json:"reason,omitempty"`
	Message            string                `json:"message,omitempty"`
	Generation         int64                 `json:"generation"`
	extra
}
