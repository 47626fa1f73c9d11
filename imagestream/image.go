package imagestream

// Image is one image that the cluster knows, named by the digest of its
// manifest. It is not in a namespace. Image streams point to it; the registry
// holds its blobs where it is annotated [ManagedByOpenShiftAnnotation].
type Image struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	// DockerImageReference is the pull spec that the image was pushed to or
	// imported from.
	DockerImageReference string `json:"dockerImageReference,omitempty"`
	// DockerImageMetadata is a [DockerImage], kept as it was read:
	// [Image.Metadata] decodes it.
	DockerImageMetadata RawExtension `json:"dockerImageMetadata,omitempty"`
	// DockerImageMetadataVersion is the schema of DockerImageMetadata; empty
	// means [DockerImageMetadataVersion10].
	DockerImageMetadataVersion string `json:"dockerImageMetadataVersion,omitempty"`
	// DockerImageManifest is the raw manifest, which the server mostly clears.
	DockerImageManifest string `json:"dockerImageManifest,omitempty"`
	// DockerImageLayers are the layers, the base first unless
	// [DockerImageLayersOrderAnnotation] says otherwise. An image that is a
	// manifest list or index has none.
	DockerImageLayers            []ImageLayer     `json:"dockerImageLayers,omitempty"`
	Signatures                   []ImageSignature `json:"signatures,omitempty"`
	DockerImageSignatures        [][]byte         `json:"dockerImageSignatures,omitempty"`
	DockerImageManifestMediaType string           `json:"dockerImageManifestMediaType,omitempty"`
	// DockerImageConfig is the raw config blob, which the server mostly
	// clears.
	DockerImageConfig string `json:"dockerImageConfig,omitempty"`
	// DockerImageManifests are the children of a manifest list or index. Each
	// is an Image of its own too.
	DockerImageManifests []ImageManifest `json:"dockerImageManifests,omitempty"`
	extra
}

// ImageList is a list of images.
type ImageList struct {
	TypeMeta `json:",inline"`
	ListMeta `json:"metadata,omitempty"`

	Items []Image `json:"items"`
	extra
}

// ImageLayer is one layer of an image.
type ImageLayer struct {
	// Name is the digest of the layer's blob.
	Name string `json:"name"`
	// LayerSize is in bytes, 0 where it is not known (manifests of schema 1).
	LayerSize int64  `json:"size"`
	MediaType string `json:"mediaType"`
	extra
}

// ImageManifest is one child of a manifest list or index.
type ImageManifest struct {
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType"`
	// ManifestSize is the size of the manifest itself, in bytes.
	ManifestSize int64  `json:"manifestSize"`
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
	extra
}
