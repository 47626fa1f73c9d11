package registryclient

// A Class says what kind of failure it was, as far as what to do next depends on
// it. It is an error, so that errors.Is(err, registryclient.NotFound) asks for it.
type Class string

// The classes. What an [Error] is does not depend on the format of the answer's
// body: a 429 in HTML, in plain text and in JSON are all RateLimited.
const (
	// NotFound: the registry answered that there is no such repository, tag,
	// manifest or blob. Only a 404 of the registry itself counts.
	NotFound Class = "not found"
	// Unauthorized: 401, of the registry or its token service.
	Unauthorized Class = "unauthorized"
	// Denied: 403, the credential is known but may not do this.
	Denied Class = "denied"
	// RateLimited: 429, an error code TOOMANYREQUESTS under any status, or a wait
	// that would not end before the context does.
	RateLimited Class = "rate limited"
	// TLS: the certificate is not trusted, or the handshake failed.
	TLS Class = "TLS"
	// DNS: the host's name does not resolve.
	DNS Class = "DNS"
	// Refused: nothing listens there.
	Refused Class = "connection refused"
	// Timeout: no answer, or no further byte of it, in time.
	Timeout Class = "timeout"
	// NotRegistry: something answers, but not as a registry.
	NotRegistry Class = "not a registry"
	// PlainHTTP: the registry speaks plain HTTP, which was not allowed for it.
	PlainHTTP Class = "plain HTTP"
	// Integrity: the answer cannot be true. A wrong digest, a size above the
	// limit, a Link to another host, a redirect to where no registry has business.
	Integrity Class = "integrity"
	// Unsupported: the registry does not do this at all, 405 or 501 or a deletion
	// that it accepted without doing it.
	Unsupported Class = "unsupported"
	// Conflict: what is there is not what the caller said, or was changed meanwhile.
	Conflict Class = "conflict"
	// Unavailable: 5xx, or a connection that broke, after all attempts.
	Unavailable Class = "unavailable"
	// Invalid: the registry did not accept the request as such, 400 and others.
	Invalid Class = "invalid"
	// Blocked: a mirror policy forbids to ask the source.
	Blocked Class = "blocked by policy"
	// Canceled: the caller's context was cancelled.
	Canceled Class = "canceled"
)

// Error returns the class as text.
func (c Class) Error() string { return string(c) }

// Temporary reports whether the same request may well succeed later although
// nobody changes anything.
func (c Class) Temporary() bool {
	switch c {
	case RateLimited, Timeout, Unavailable, Refused, DNS:
		return true
	}
	return false
}
