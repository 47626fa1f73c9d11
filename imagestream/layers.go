package imagestream

// ImageStreamLayers says which blobs the images of a stream are made of: what
// a registry needs to know to serve one.
type ImageStreamLayers struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	// Blobs is by digest.
	Blobs map[string]ImageLayerData `json:"blobs"`
	// Images is by the name of the image; children of a manifest list have
	// their own entries.
	Images map[string]ImageBlobReferences `json:"images"`
	extra
}

// ImageBlobReferences are the blobs of one image.
type ImageBlobReferences struct {
	// ImageMissing is true where the stream lists the image but there is no
	// Image of that name; its blobs are then not known.
	ImageMissing bool `json:"imageMissing"`
	// Layers are the digests of the layers, the base first.
	Layers []string `json:"layers"`
	// Config is the digest of the config; nil where the image has none (a
	// manifest of schema 1, a manifest list).
	Config *string `json:"config"`
	// Manifests are the children of a manifest list.
	Manifests []string `json:"manifests,omitempty"`
	extra
}

// ImageLayerData is what is known of a blob.
type ImageLayerData struct {
	// LayerSize is in bytes; nil where it is not known.
	LayerSize *int64 `json:"size"`
	MediaType string `json:"mediaType"`
	extra
}
