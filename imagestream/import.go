package imagestream

// ImageStreamImport asks the server to import images, and holds its answer. It
// is named for the stream that it imports into.
type ImageStreamImport struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	Spec   ImageStreamImportSpec   `json:"spec"`
	Status ImageStreamImportStatus `json:"status"`
	extra
}

// ImageStreamImportSpec is what is to be imported.
type ImageStreamImportSpec struct {
	// Import says whether the stream is changed. Where it is false the server
	// only looks and tells what it found.
	Import bool `json:"import"`
	// Repository imports the tags of a repository, as far as the server's
	// limit goes.
	Repository *RepositoryImportSpec `json:"repository,omitempty"`
	Images     []ImageImportSpec     `json:"images,omitempty"`
	extra
}

// ImageStreamImportStatus is what came of an import.
type ImageStreamImportStatus struct {
	// Import is the stream as it is now; nil where it was not to be changed.
	Import     *ImageStream            `json:"import,omitempty"`
	Repository *RepositoryImportStatus `json:"repository,omitempty"`
	// Images answer Spec.Images, in their order.
	Images []ImageImportStatus `json:"images,omitempty"`
	extra
}

// RepositoryImportSpec asks for the tags of a repository.
type RepositoryImportSpec struct {
	// From is of kind DockerImage and names a repository without tag or
	// digest.
	From            ObjectReference    `json:"from"`
	ImportPolicy    TagImportPolicy    `json:"importPolicy,omitempty"`
	ReferencePolicy TagReferencePolicy `json:"referencePolicy,omitempty"`
	// IncludeManifest asks for the raw manifests, too.
	IncludeManifest bool `json:"includeManifest,omitempty"`
	extra
}

// RepositoryImportStatus is what came of the import of a repository.
type RepositoryImportStatus struct {
	// Status tells of failures that concern the repository as a whole.
	Status Status              `json:"status,omitempty"`
	Images []ImageImportStatus `json:"images,omitempty"`
	// AdditionalTags are there but were not imported: they are over the
	// server's limit.
	AdditionalTags []string `json:"additionalTags,omitempty"`
	extra
}

// ImageImportSpec asks for one image.
type ImageImportSpec struct {
	// From is of kind DockerImage.
	From ObjectReference `json:"from"`
	// To names the tag to set; nil means the tag of From.
	To              *LocalObjectReference `json:"to,omitempty"`
	ImportPolicy    TagImportPolicy       `json:"importPolicy,omitempty"`
	ReferencePolicy TagReferencePolicy    `json:"referencePolicy,omitempty"`
	// IncludeManifest asks for the raw manifest, too.
	IncludeManifest bool `json:"includeManifest,omitempty"`
	extra
}

// ImageImportStatus is what came of the import of one image.
type ImageImportStatus struct {
	Status Status `json:"status"`
	// Image is nil where the import failed.
	Image *Image `json:"image,omitempty"`
	// Tag is the tag that the image was found under, if any.
	Tag string `json:"tag,omitempty"`
	// Manifests are the children where Image is a manifest list.
	Manifests []Image `json:"manifests,omitempty"`
	extra
}
