package imagestream

// The methods that make every object and part of one read and written by this
// package's codec. They are one line each, and must all be there: a type without
// them would inherit those of ObjectMeta or ListMeta, and write nothing else.
//
// TypeMeta has them for the sake of programs' own types: in a struct that embeds
// both TypeMeta and ObjectMeta, neither's methods are inherited, and encoding/json
// then reads and writes that struct field by field, as it should.

// meta.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v TypeMeta) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *TypeMeta) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ObjectMeta) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ObjectMeta) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v OwnerReference) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *OwnerReference) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ManagedFieldsEntry) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ManagedFieldsEntry) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ListMeta) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ListMeta) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ShardInfo) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ShardInfo) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ObjectReference) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ObjectReference) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v LocalObjectReference) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *LocalObjectReference) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// status.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v Status) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *Status) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v StatusDetails) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *StatusDetails) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v StatusCause) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *StatusCause) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// image.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v Image) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *Image) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageList) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageList) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageLayer) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageLayer) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageManifest) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageManifest) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// signature.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageSignature) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageSignature) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v SignatureCondition) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *SignatureCondition) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v SignatureGenericEntity) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *SignatureGenericEntity) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v SignatureIssuer) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *SignatureIssuer) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v SignatureSubject) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *SignatureSubject) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// dockerimage.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v DockerImage) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *DockerImage) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v DockerConfig) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *DockerConfig) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// imagestream.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStream) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStream) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamList) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamList) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamSpec) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamSpec) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageLookupPolicy) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageLookupPolicy) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamStatus) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamStatus) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v NamedTagEventList) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *NamedTagEventList) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v TagEvent) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *TagEvent) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v TagEventCondition) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *TagEventCondition) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// tagreference.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v TagReference) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *TagReference) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v TagImportPolicy) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *TagImportPolicy) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v TagReferencePolicy) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *TagReferencePolicy) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// imagestreamtag.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamTag) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamTag) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamTagList) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamTagList) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageTag) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageTag) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageTagList) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageTagList) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamImage) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamImage) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// mapping.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamMapping) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamMapping) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// layers.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamLayers) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamLayers) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageBlobReferences) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageBlobReferences) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageLayerData) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageLayerData) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// import.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamImport) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamImport) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamImportSpec) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamImportSpec) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageStreamImportStatus) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageStreamImportStatus) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v RepositoryImportSpec) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *RepositoryImportSpec) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v RepositoryImportStatus) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *RepositoryImportStatus) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageImportSpec) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageImportSpec) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v ImageImportStatus) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *ImageImportStatus) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// secret.go

// MarshalJSON implements [encoding/json.Marshaler].
func (v Secret) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *Secret) UnmarshalJSON(data []byte) error { return readJSON(data, v) }

// MarshalJSON implements [encoding/json.Marshaler].
func (v SecretList) MarshalJSON() ([]byte, error) { return writeJSON(&v) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (v *SecretList) UnmarshalJSON(data []byte) error { return readJSON(data, v) }
