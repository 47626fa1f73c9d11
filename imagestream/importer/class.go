package importer

import "github.com/registrykit/registrykit/imagestream"

// A Class says what kind of failure it was, as far as what to do next depends on it.
type Class string

// The classes.
const (
	// NotFound: the registry has no such tag, manifest or repository.
	NotFound Class = "not found"
	// Unauthorized: no credential, or one that is not accepted.
	Unauthorized Class = "unauthorized"
	// Denied: the credential is known and may not do this.
	Denied Class = "denied"
	// RateLimited: too many requests.
	RateLimited Class = "rate limited"
	// TLS: the certificate is not trusted, or the handshake failed.
	TLS Class = "TLS"
	// DNS: the host's name does not resolve.
	DNS Class = "DNS"
	// Refused: nothing listens there.
	Refused Class = "connection refused"
	// Timeout: no answer in time.
	Timeout Class = "timeout"
	// NotRegistry: something answers, but not as a registry.
	NotRegistry Class = "not a registry"
	// PlainHTTP: the registry speaks plain HTTP, which the tag does not allow.
	PlainHTTP Class = "plain HTTP"
	// Integrity: the answer cannot be true, such as content of another digest.
	Integrity Class = "integrity"
	// Unsupported: the registry cannot do it, or the manifest is of an unknown kind.
	Unsupported Class = "unsupported"
	// Unavailable: the registry fails.
	Unavailable Class = "unavailable"
	// Invalid: what is asked for, or the content of the image, does not parse.
	Invalid Class = "invalid"
	// Blocked: a mirror policy forbids to ask the source.
	Blocked Class = "blocked by policy"
	// Superseded: the tag comes from elsewhere by now.
	Superseded Class = "superseded"
	// Canceled: the caller's context ended. The tag is as it was.
	Canceled Class = "canceled"
	// Unknown: a registry's error that says nothing of itself.
	Unknown Class = "unknown"
)

// Temporary reports whether the same import may well succeed later although nobody
// changes anything.
func (c Class) Temporary() bool {
	switch c {
	case RateLimited, DNS, Refused, Timeout, Unavailable, Canceled, Unknown:
		return true
	}
	return false
}

// answer is what the API tells of a class.
type answer struct {
	reason imagestream.StatusReason
	code   int32
}

// answers are by class; what is missing is an internal error.
var answers = map[Class]answer{
	NotFound:     {imagestream.StatusReasonNotFound, 404},
	Unauthorized: {imagestream.StatusReasonUnauthorized, 401},
	Denied:       {imagestream.StatusReasonForbidden, 403},
	Blocked:      {imagestream.StatusReasonForbidden, 403},
	RateLimited:  {imagestream.StatusReasonTooManyRequests, 429},
	TLS:          {imagestream.StatusReasonBadRequest, 400},
	PlainHTTP:    {imagestream.StatusReasonBadRequest, 400},
	NotRegistry:  {imagestream.StatusReasonBadRequest, 400},
	DNS:          {imagestream.StatusReasonServiceUnavailable, 503},
	Refused:      {imagestream.StatusReasonServiceUnavailable, 503},
	Unavailable:  {imagestream.StatusReasonServiceUnavailable, 503},
	Timeout:      {imagestream.StatusReasonTimeout, 504},
	Canceled:     {imagestream.StatusReasonTimeout, 504},
	Integrity:    {imagestream.StatusReasonInvalid, 422},
	Invalid:      {imagestream.StatusReasonInvalid, 422},
	Unsupported:  {imagestream.StatusReasonUnsupportedMediaType, 415},
	Superseded:   {imagestream.StatusReasonConflict, 409},
}

// Reason is what the API calls the class: the reason of a condition and of an
// ImageImportStatus. OpenShift says InternalError of a rate limit, a denial, a
// certificate, a name that does not resolve and a timeout; here only of [Unknown].
func (c Class) Reason() imagestream.StatusReason { return c.answer().reason }

// Code is the HTTP status that goes with the reason.
func (c Class) Code() int32 { return c.answer().code }

func (c Class) answer() answer {
	if a, ok := answers[c]; ok {
		return a
	}
	return answer{imagestream.StatusReasonInternalError, 500}
}

// A Scope says how far a failure reaches.
type Scope int

const (
	// One manifest or blob.
	One Scope = iota
	// WholeRepository: every tag of it would fail so.
	WholeRepository
	// WholeHost: everything that the host is asked for would.
	WholeHost
)
