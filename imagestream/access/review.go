package access

// The group and version of access reviews.
const reviewAPIVersion = "authorization.k8s.io/v1"

// SelfSubjectAccessReview asks whether whoever sends it may do something. It is
// created, never stored; the server answers with Status filled in.
type SelfSubjectAccessReview struct {
	APIVersion string                      `json:"apiVersion"`
	Kind       string                      `json:"kind"`
	Spec       SelfSubjectAccessReviewSpec `json:"spec"`
	// Status is the answer; nil before there is one.
	Status *ReviewStatus `json:"status,omitempty"`
}

// SelfSubjectAccessReviewSpec is the question.
type SelfSubjectAccessReviewSpec struct {
	ResourceAttributes *ResourceAttributes `json:"resourceAttributes,omitempty"`
}

// SubjectAccessReview asks whether somebody else may do something, which only
// some may ask.
type SubjectAccessReview struct {
	APIVersion string                  `json:"apiVersion"`
	Kind       string                  `json:"kind"`
	Spec       SubjectAccessReviewSpec `json:"spec"`
	// Status is the answer; nil before there is one.
	Status *ReviewStatus `json:"status,omitempty"`
}

// SubjectAccessReviewSpec is the question, and about whom.
type SubjectAccessReviewSpec struct {
	ResourceAttributes *ResourceAttributes `json:"resourceAttributes,omitempty"`
	Subject
}

// Subject is a user. A service account is the user
// system:serviceaccount:<namespace>:<name>, in the groups
// system:serviceaccounts, system:serviceaccounts:<namespace> and
// system:authenticated.
type Subject struct {
	User   string              `json:"user,omitempty"`
	Groups []string            `json:"groups,omitempty"`
	UID    string              `json:"uid,omitempty"`
	Extra  map[string][]string `json:"extra,omitempty"`
}

// ReviewStatus is the answer to a review.
type ReviewStatus struct {
	Allowed bool `json:"allowed"`
	// Denied is true where an authorizer said no, rather than none yes.
	Denied bool `json:"denied,omitempty"`
	// Reason may say why.
	Reason string `json:"reason,omitempty"`
	// EvaluationError says what went wrong meanwhile; the answer stands.
	EvaluationError string `json:"evaluationError,omitempty"`
}

// NewSelfSubjectAccessReview returns the review of these attributes, ready to be
// sent as JSON to /apis/authorization.k8s.io/v1/selfsubjectaccessreviews.
func NewSelfSubjectAccessReview(attributes ResourceAttributes) SelfSubjectAccessReview {
	return SelfSubjectAccessReview{
		APIVersion: reviewAPIVersion, Kind: "SelfSubjectAccessReview",
		Spec: SelfSubjectAccessReviewSpec{ResourceAttributes: &attributes},
	}
}

// NewSubjectAccessReview returns the review of these attributes for a subject,
// ready to be sent as JSON to
// /apis/authorization.k8s.io/v1/subjectaccessreviews. It keeps the subject's
// slices and maps.
func NewSubjectAccessReview(attributes ResourceAttributes, subject Subject) SubjectAccessReview {
	return SubjectAccessReview{
		APIVersion: reviewAPIVersion, Kind: "SubjectAccessReview",
		Spec: SubjectAccessReviewSpec{ResourceAttributes: &attributes, Subject: subject},
	}
}

// ServiceAccount returns the subject that a service account is.
func ServiceAccount(namespace, name string) Subject {
	return Subject{
		User:   "system:serviceaccount:" + namespace + ":" + name,
		Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
}
