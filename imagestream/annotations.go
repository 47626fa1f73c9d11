package imagestream

// Annotations of images.
const (
	// ManagedByOpenShiftAnnotation is "true" on an Image that was pushed to
	// the integrated registry, which then holds its blobs. An imported Image
	// does not have it.
	ManagedByOpenShiftAnnotation = "openshift.io/image.managed"
	// ImageManifestBlobStoredAnnotation is "true" on an Image whose manifest
	// and config the registry holds. The server clears DockerImageManifest
	// and DockerImageConfig of such an Image.
	ImageManifestBlobStoredAnnotation = "image.openshift.io/manifestBlobStored"
	// DockerImageLayersOrderAnnotation is the order of DockerImageLayers:
	// [DockerImageLayersOrderAscending] or
	// [DockerImageLayersOrderDescending]. An Image without it, whose manifest
	// is not of schema 1, lists its base last.
	DockerImageLayersOrderAnnotation = "image.openshift.io/dockerLayersOrder"
	// DockerImageLayersOrderAscending is the base layer first.
	DockerImageLayersOrderAscending = "ascending"
	// DockerImageLayersOrderDescending is the base layer last.
	DockerImageLayersOrderDescending = "descending"
	// ManagedSignatureAnnotation marked signatures that the cluster had found
	// itself. It is obsolete; the server strips it.
	ManagedSignatureAnnotation = "image.openshift.io/managed-signature"
)

// Annotations of image streams.
const (
	// DockerImageRepositoryCheckAnnotation is when an import of the stream was
	// last tried, in RFC 3339. A stream without it is imported as a whole.
	DockerImageRepositoryCheckAnnotation = "openshift.io/image.dockerRepositoryCheck"
	// InsecureRepositoryAnnotation, where "true", allows plain HTTP and
	// certificates that do not verify for every registry the stream uses.
	InsecureRepositoryAnnotation = "openshift.io/image.insecureRepository"
)

// Annotations of spec tags.
const (
	// ImporterPreferArchAnnotation is the architecture to take out of a
	// manifest list where the import mode is [ImportModeLegacy]. It has no
	// effect on an import by digest.
	ImporterPreferArchAnnotation = "importer.image.openshift.io/prefer-arch"
	// ImporterPreferOSAnnotation is the same for the operating system.
	ImporterPreferOSAnnotation = "importer.image.openshift.io/prefer-os"

	// TagTagsAnnotation is a list of words, with commas between them, by
	// which catalogues sort the tag; "hidden" hides it.
	TagTagsAnnotation = "tags"
	// TagSupportsAnnotation is a list of languages and frameworks.
	TagSupportsAnnotation = "supports"
	// TagSampleRepoAnnotation is a Git repository to try a builder image on.
	TagSampleRepoAnnotation = "sampleRepo"
	// TagDescriptionAnnotation is a description for people.
	TagDescriptionAnnotation = "description"
	// TagIconClassAnnotation is the CSS class of an icon.
	TagIconClassAnnotation = "iconClass"
	// TagVersionAnnotation is the version of what is in the image.
	TagVersionAnnotation = "version"
	// DisplayNameAnnotation is the name that people see.
	DisplayNameAnnotation = "openshift.io/display-name"
	// ProviderDisplayNameAnnotation is the name of who provides the image.
	ProviderDisplayNameAnnotation = "openshift.io/provider-display-name"
)

// Annotations of other objects.
const (
	// ExcludeImageSecretAnnotation, where "true", keeps a secret from being
	// listed among those of a stream.
	ExcludeImageSecretAnnotation = "openshift.io/image.excludeSecret"
	// TriggersAnnotation holds image change triggers, as a JSON list, on an
	// object with a pod template.
	TriggersAnnotation = "image.openshift.io/triggers"
	// ResolveNamesAnnotation, where "*", makes short image names in an object
	// or its pod template mean image streams of the namespace, as
	// [ImageLookupPolicy] does for a stream.
	ResolveNamesAnnotation = "alpha.image.policy.openshift.io/resolve-names"
)
