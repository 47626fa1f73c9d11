package imagestream

// ImageSignatureTypeAtomicImageV1 is the one type of signature in use: an
// OpenPGP message over a claim about the image.
const ImageSignatureTypeAtomicImageV1 = "AtomicImageV1"

// ImageSignature is a signature of an image, named image@name.
type ImageSignature struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	Type    string `json:"type"`
	Content []byte `json:"content"`
	// Conditions and what follows are filled in by the server from Content.
	Conditions    []SignatureCondition `json:"conditions,omitempty"`
	ImageIdentity string               `json:"imageIdentity,omitempty"`
	SignedClaims  map[string]string    `json:"signedClaims,omitempty"`
	Created       *Time                `json:"created,omitempty"`
	IssuedBy      *SignatureIssuer     `json:"issuedBy,omitempty"`
	IssuedTo      *SignatureSubject    `json:"issuedTo,omitempty"`
	extra
}

// SignatureConditionType is what a [SignatureCondition] speaks of.
type SignatureConditionType string

// The conditions of a signature.
const (
	SignatureTrusted  SignatureConditionType = "Trusted"
	SignatureForImage SignatureConditionType = "ForImage"
	SignatureExpired  SignatureConditionType = "Expired"
	SignatureRevoked  SignatureConditionType = "Revoked"
)

// SignatureCondition is the outcome of one check of a signature.
type SignatureCondition struct {
	Type               SignatureConditionType `json:"type"`
	Status             ConditionStatus        `json:"status"`
	LastProbeTime      Time                   `json:"lastProbeTime,omitempty"`
	LastTransitionTime Time                   `json:"lastTransitionTime,omitempty"`
	Reason             string                 `json:"reason,omitempty"`
	Message            string                 `json:"message,omitempty"`
	extra
}

// SignatureGenericEntity is whoever issued or holds a signing key.
type SignatureGenericEntity struct {
	Organization string `json:"organization,omitempty"`
	CommonName   string `json:"commonName,omitempty"`
	extra
}

// SignatureIssuer is who signed the signing key.
type SignatureIssuer struct {
	SignatureGenericEntity `json:",inline"`
	extra
}

// SignatureSubject is who signed the image.
type SignatureSubject struct {
	SignatureGenericEntity `json:",inline"`
	// PublicKeyID is for people to read, the last 64 bits of a fingerprint;
	// it proves nothing.
	PublicKeyID string `json:"publicKeyID"`
	extra
}
