package imagestream

// DefaultImageTag is the tag that is meant where none is given.
const DefaultImageTag = "latest"

// TagReference says where a tag of a stream comes from.
type TagReference struct {
	Name string `json:"name"`
	// Annotations are shown with the tag's images ([TagTagsAnnotation] and
	// those after it).
	Annotations map[string]string `json:"annotations"`
	// From is an image elsewhere (kind DockerImage), or a tag or image of
	// this or another stream. A tag that is only pushed to has none.
	From *ObjectReference `json:"from,omitempty"`
	// Reference is true for a tag that only passes on From's name: nothing is
	// imported.
	Reference bool `json:"reference,omitempty"`
	// Generation is the stream's generation at the last change of this tag;
	// nil and 0 ask the server to set it, which imports the tag again.
	Generation      *int64             `json:"generation"`
	ImportPolicy    TagImportPolicy    `json:"importPolicy,omitempty"`
	ReferencePolicy TagReferencePolicy `json:"referencePolicy,omitempty"`
	extra
}

// TagImportPolicy says how a tag is imported.
type TagImportPolicy struct {
	// Insecure allows plain HTTP and certificates that do not verify.
	Insecure bool `json:"insecure,omitempty"`
	// Scheduled makes the server look for a new image from time to time.
	Scheduled bool `json:"scheduled,omitempty"`
	// ImportMode says what becomes of a manifest list. Empty means what the
	// cluster is configured to, mostly [ImportModeLegacy].
	ImportMode ImportModeType `json:"importMode,omitempty"`
	extra
}

// ImportModeType is how a manifest list is imported.
type ImportModeType string

// The import modes.
const (
	// ImportModeLegacy imports one image of a list: that for the platform in
	// the tag's annotations ([ImporterPreferArchAnnotation],
	// [ImporterPreferOSAnnotation]), else for the control plane's, else for
	// linux/amd64, else the first.
	ImportModeLegacy ImportModeType = "Legacy"
	// ImportModePreserveOriginal imports the list and all of its images.
	ImportModePreserveOriginal ImportModeType = "PreserveOriginal"
)

func (m ImportModeType) valid() bool {
	return m == "" || m == ImportModeLegacy || m == ImportModePreserveOriginal
}

// TagReferencePolicy says which pull spec those get who use the tag.
type TagReferencePolicy struct {
	// Type is [SourceTagReferencePolicy] where it is empty.
	Type TagReferencePolicyType `json:"type"`
	extra
}

// TagReferencePolicyType is a kind of [TagReferencePolicy].
type TagReferencePolicyType string

// The reference policies.
const (
	// SourceTagReferencePolicy gives out where the image came from.
	SourceTagReferencePolicy TagReferencePolicyType = "Source"
	// LocalTagReferencePolicy gives out the integrated registry, which pulls
	// the image through.
	LocalTagReferencePolicy TagReferencePolicyType = "Local"
)

func (p TagReferencePolicyType) valid() bool {
	return p == "" || p == SourceTagReferencePolicy || p == LocalTagReferencePolicy
}
