package auth

// An Outcome says what became of a place, a key or a helper.
type Outcome string

// The outcomes.
const (
	// Chosen is the candidate that Resolve returns.
	Chosen Outcome = "chosen"
	// CandidateFound is another candidate, which Try tries in turn.
	CandidateFound Outcome = "candidate"
	// Duplicate is the same credential as an earlier candidate's.
	Duplicate Outcome = "duplicate"
	// Withheld is a credential that would go over plain HTTP.
	Withheld Outcome = "withheld"
	// NoMatch is a place that holds nothing for the image.
	NoMatch Outcome = "no match"
	// NearMiss is a key that is nearly for the image.
	NearMiss Outcome = "near miss"
	// Empty is an entry for the image without a credential, as docker leaves
	// where a helper has it.
	Empty Outcome = "empty"
	// Malformed is a document, entry or member that is not what it should be.
	Malformed Outcome = "malformed"
	// Missing is a file or Secret that does not exist.
	Missing Outcome = "missing"
	// Unreadable is a file or Secret that could not be read.
	Unreadable Outcome = "unreadable"
	// Stale is a place that cannot be read now, or is malformed; what it last held
	// serves.
	Stale Outcome = "stale"
	// WrongType is a Secret that is no pull secret, or whose type and data do not
	// agree.
	WrongType Outcome = "wrong type"
	// Excluded is a Secret that is annotated not to be used.
	Excluded Outcome = "excluded"
	// HelperNotFound is a helper that knows no credential for the registry.
	HelperNotFound Outcome = "not found by helper"
	// HelperFailed is a helper that gave no answer.
	HelperFailed Outcome = "helper failed"
	// HelperIgnored is a helper that a document names which may start none.
	HelperIgnored Outcome = "helper ignored"

	// found is a place that was read.
	found Outcome = ""
)

// worthTelling reports whether the outcome may be why there is no credential.
func (o Outcome) worthTelling() bool {
	switch o {
	case Withheld, NearMiss, Malformed, Unreadable, Stale, WrongType, HelperFailed:
		return true
	}
	return false
}
