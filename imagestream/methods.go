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
func (t TypeMeta) MarshalJSON() ([]byte, error) { return writeJSON(&t) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (t *TypeMeta) UnmarshalJSON(data []byte) error { return readJSON(data, t) }

// MarshalJSON implements [encoding/json.Marshaler].
func (o ObjectMeta) MarshalJSON() ([]byte, error) { return writeJSON(&o) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (o *ObjectMeta) UnmarshalJSON(data []byte) error { return readJSON(data, o) }

// MarshalJSON implements [encoding/json.Marshaler].
func (o OwnerReference) MarshalJSON() ([]byte, error) { return writeJSON(&o) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (o *OwnerReference) UnmarshalJSON(data []byte) error { return readJSON(data, o) }

// MarshalJSON implements [encoding/json.Marshaler].
func (m ManagedFieldsEntry) MarshalJSON() ([]byte, error) { return writeJSON(&m) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (m *ManagedFieldsEntry) UnmarshalJSON(data []byte) error { return readJSON(data, m) }

// MarshalJSON implements [encoding/json.Marshaler].
func (l ListMeta) MarshalJSON() ([]byte, error) { return writeJSON(&l) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (l *ListMeta) UnmarshalJSON(data []byte) error { return readJSON(data, l) }

// MarshalJSON implements [encoding/json.Marshaler].
func (s ShardInfo) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *ShardInfo) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// MarshalJSON implements [encoding/json.Marshaler].
func (o ObjectReference) MarshalJSON() ([]byte, error) { return writeJSON(&o) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (o *ObjectReference) UnmarshalJSON(data []byte) error { return readJSON(data, o) }

// MarshalJSON implements [encoding/json.Marshaler].
func (l LocalObjectReference) MarshalJSON() ([]byte, error) { return writeJSON(&l) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (l *LocalObjectReference) UnmarshalJSON(data []byte) error { return readJSON(data, l) }

// status.go

// MarshalJSON implements [encoding/json.Marshaler].
func (s Status) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *Status) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// MarshalJSON implements [encoding/json.Marshaler].
func (s StatusDetails) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *StatusDetails) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// MarshalJSON implements [encoding/json.Marshaler].
func (s StatusCause) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *StatusCause) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// image.go

// MarshalJSON implements [encoding/json.Marshaler].
func (i Image) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *Image) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageList) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageList) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageLayer) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageLayer) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageManifest) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageManifest) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// signature.go

// MarshalJSON implements [encoding/json.Marshaler].
func (s ImageSignature) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *ImageSignature) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// MarshalJSON implements [encoding/json.Marshaler].
func (s SignatureCondition) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *SignatureCondition) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// MarshalJSON implements [encoding/json.Marshaler].
func (s SignatureGenericEntity) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *SignatureGenericEntity) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// MarshalJSON implements [encoding/json.Marshaler].
func (s SignatureIssuer) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *SignatureIssuer) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// MarshalJSON implements [encoding/json.Marshaler].
func (s SignatureSubject) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *SignatureSubject) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// dockerimage.go

// MarshalJSON implements [encoding/json.Marshaler].
func (d DockerImage) MarshalJSON() ([]byte, error) { return writeJSON(&d) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (d *DockerImage) UnmarshalJSON(data []byte) error { return readJSON(data, d) }

// MarshalJSON implements [encoding/json.Marshaler].
func (d DockerConfig) MarshalJSON() ([]byte, error) { return writeJSON(&d) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (d *DockerConfig) UnmarshalJSON(data []byte) error { return readJSON(data, d) }

// imagestream.go

// MarshalJSON implements [encoding/json.Marshaler].
func (s ImageStream) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *ImageStream) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageStreamList) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageStreamList) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageStreamSpec) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageStreamSpec) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageLookupPolicy) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageLookupPolicy) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageStreamStatus) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageStreamStatus) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (n NamedTagEventList) MarshalJSON() ([]byte, error) { return writeJSON(&n) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (n *NamedTagEventList) UnmarshalJSON(data []byte) error { return readJSON(data, n) }

// MarshalJSON implements [encoding/json.Marshaler].
func (t TagEvent) MarshalJSON() ([]byte, error) { return writeJSON(&t) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (t *TagEvent) UnmarshalJSON(data []byte) error { return readJSON(data, t) }

// MarshalJSON implements [encoding/json.Marshaler].
func (t TagEventCondition) MarshalJSON() ([]byte, error) { return writeJSON(&t) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (t *TagEventCondition) UnmarshalJSON(data []byte) error { return readJSON(data, t) }

// tagreference.go

// MarshalJSON implements [encoding/json.Marshaler].
func (t TagReference) MarshalJSON() ([]byte, error) { return writeJSON(&t) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (t *TagReference) UnmarshalJSON(data []byte) error { return readJSON(data, t) }

// MarshalJSON implements [encoding/json.Marshaler].
func (t TagImportPolicy) MarshalJSON() ([]byte, error) { return writeJSON(&t) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (t *TagImportPolicy) UnmarshalJSON(data []byte) error { return readJSON(data, t) }

// MarshalJSON implements [encoding/json.Marshaler].
func (t TagReferencePolicy) MarshalJSON() ([]byte, error) { return writeJSON(&t) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (t *TagReferencePolicy) UnmarshalJSON(data []byte) error { return readJSON(data, t) }

// imagestreamtag.go

// MarshalJSON implements [encoding/json.Marshaler].
func (t ImageStreamTag) MarshalJSON() ([]byte, error) { return writeJSON(&t) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (t *ImageStreamTag) UnmarshalJSON(data []byte) error { return readJSON(data, t) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageStreamTagList) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageStreamTagList) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (t ImageTag) MarshalJSON() ([]byte, error) { return writeJSON(&t) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (t *ImageTag) UnmarshalJSON(data []byte) error { return readJSON(data, t) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageTagList) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageTagList) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageStreamImage) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageStreamImage) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// mapping.go

// MarshalJSON implements [encoding/json.Marshaler].
func (m ImageStreamMapping) MarshalJSON() ([]byte, error) { return writeJSON(&m) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (m *ImageStreamMapping) UnmarshalJSON(data []byte) error { return readJSON(data, m) }

// layers.go

// MarshalJSON implements [encoding/json.Marshaler].
func (l ImageStreamLayers) MarshalJSON() ([]byte, error) { return writeJSON(&l) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (l *ImageStreamLayers) UnmarshalJSON(data []byte) error { return readJSON(data, l) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageBlobReferences) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageBlobReferences) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageLayerData) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageLayerData) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// import.go

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageStreamImport) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageStreamImport) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageStreamImportSpec) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageStreamImportSpec) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageStreamImportStatus) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageStreamImportStatus) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (r RepositoryImportSpec) MarshalJSON() ([]byte, error) { return writeJSON(&r) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (r *RepositoryImportSpec) UnmarshalJSON(data []byte) error { return readJSON(data, r) }

// MarshalJSON implements [encoding/json.Marshaler].
func (r RepositoryImportStatus) MarshalJSON() ([]byte, error) { return writeJSON(&r) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (r *RepositoryImportStatus) UnmarshalJSON(data []byte) error { return readJSON(data, r) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageImportSpec) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageImportSpec) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// MarshalJSON implements [encoding/json.Marshaler].
func (i ImageImportStatus) MarshalJSON() ([]byte, error) { return writeJSON(&i) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (i *ImageImportStatus) UnmarshalJSON(data []byte) error { return readJSON(data, i) }

// secret.go

// MarshalJSON implements [encoding/json.Marshaler].
func (s Secret) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *Secret) UnmarshalJSON(data []byte) error { return readJSON(data, s) }

// MarshalJSON implements [encoding/json.Marshaler].
func (s SecretList) MarshalJSON() ([]byte, error) { return writeJSON(&s) }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (s *SecretList) UnmarshalJSON(data []byte) error { return readJSON(data, s) }
