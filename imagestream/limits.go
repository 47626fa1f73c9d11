package imagestream

// ResourceName is something that a quota counts.
type ResourceName string

// What quotas and limit ranges count of image streams.
const (
	// ResourceImageStreams is the number of image streams in a namespace.
	ResourceImageStreams ResourceName = "openshift.io/imagestreams"
	// ResourceImageStreamImages is the number of different images in the
	// status of a stream.
	ResourceImageStreamImages ResourceName = "openshift.io/images"
	// ResourceImageStreamTags is the number of different sources in the spec
	// of a stream.
	ResourceImageStreamTags ResourceName = "openshift.io/image-tags"
)

// LimitType is what an item of a LimitRange limits.
type LimitType string

// The limit types of images.
const (
	// LimitTypeImage limits the size of an image in bytes, by its max.storage.
	LimitTypeImage LimitType = "openshift.io/Image"
	// LimitTypeImageStream limits [ResourceImageStreamImages] and
	// [ResourceImageStreamTags] of a stream.
	LimitTypeImageStream LimitType = "openshift.io/ImageStream"
)
