package registryclient

import (
	"context"
	"crypto/tls"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Options say how a [Client] goes about it. The zero value asks anonymously, over
// HTTPS, and is patient.
type Options struct {
	// Keychain has the credentials; auth.Resolver is one. It is asked once per
	// repository. nil asks anonymously.
	Keychain authn.Keychain
	// Host returns the settings of a host, as in "quay.io" or
	// "registry.example.com:5000". It is asked for every host that requests go to:
	// registries, mirrors, token services and where registries redirect to; what
	// is allowed for one is so for that one alone. It must not change its mind.
	// nil is the zero HostOptions for every host.
	Host func(host string) HostOptions
	// Mirrors says where else the images of a registry are; [Mirrors] and
	// registriesconf have one. nil asks the registry itself. Reading manifests
	// and blobs, and so pulling, goes to mirrors. Listings do not, since a mirror need
	// not have all: where the registry itself may not be contacted, as with
	// NeverContactSource, Tags and Referrers are [Blocked], and so are Ping, Catalog,
	// Signatures and RemoteOptions for pulling. ListOptions.AtMirrors takes the tags that
	// a mirror has. The policy is one of reading: pushes and deletions, with what they
	// look up for it, go to the registry that they name, whatever the policy.
	Mirrors Sourcer
	// Retry says how often and how long apart what failed is tried again.
	Retry RetryOptions
	// UserAgent is sent in front of the library's own.
	UserAgent string
	// PageSize is how many entries a page of a listing is asked to have; 0 is
	// [DefaultPageSize].
	PageSize int
	// HeaderTimeout is how long the answer to one request may take to begin; 0 is
	// [DefaultHeaderTimeout].
	HeaderTimeout time.Duration
	// IdleTimeout is how long the body of an answer may bring nothing; 0 is
	// [DefaultIdleTimeout].
	IdleTimeout time.Duration
	// DialContext replaces the dialer, for a port-forward or a tunnel. The guards
	// against names that resolve to link-local addresses, or for others than the
	// registry to private ones, are in the default one.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Proxy chooses a proxy; nil is http.ProxyFromEnvironment.
	Proxy func(*http.Request) (*url.URL, error)
	// Log hears of retries and waits; nil is silent.
	Log *slog.Logger
}

// The values of what Options does not set.
const (
	DefaultPageSize      = 1000 // more is an error for some registries
	DefaultHeaderTimeout = time.Minute
	DefaultIdleTimeout   = time.Minute
	DefaultAttempts      = 4
	DefaultBackoff       = 500 * time.Millisecond
	DefaultMaxBackoff    = 30 * time.Second
	DefaultMaxRetryAfter = 6 * time.Hour // Docker Hub's window
)

// RetryOptions say what happens to a request that failed in a way that may pass:
// 408, 429, 499, 500, 502, 503, 504, 522, a timeout, a refused or broken connection.
// A request whose body cannot be sent again is not repeated, a POST only after 429
// and 503.
type RetryOptions struct {
	// Attempts is how often it is sent in all; 0 is [DefaultAttempts], 1 never
	// repeats.
	Attempts int
	// Backoff is the first wait, doubled every time; the real one is between half
	// of it and the whole. 0 is [DefaultBackoff]. A Retry-After goes before it.
	Backoff time.Duration
	// MaxBackoff is the longest wait that no Retry-After asked for; 0 is
	// [DefaultMaxBackoff].
	MaxBackoff time.Duration
	// MaxRetryAfter is the longest wait that a Retry-After may ask for; 0 is
	// [DefaultMaxRetryAfter]. Where it asks for more, or for more than is left until the
	// context's deadline, the error comes at once, and says for how much. The host is
	// left alone for no longer than this.
	MaxRetryAfter time.Duration
}

func (o RetryOptions) withDefaults() RetryOptions {
	if o.Attempts <= 0 {
		o.Attempts = DefaultAttempts
	}
	if o.Backoff <= 0 {
		o.Backoff = DefaultBackoff
	}
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = DefaultMaxBackoff
	}
	if o.MaxRetryAfter <= 0 {
		o.MaxRetryAfter = DefaultMaxRetryAfter
	}
	return o
}

// wait is how long to wait after an attempt: between half of the doubled backoff
// and the whole, so that many clients do not come back at once.
func (o RetryOptions) wait(attempt int) time.Duration {
	wait := o.Backoff
	for range attempt - 1 {
		if wait *= 2; wait >= o.MaxBackoff {
			wait = o.MaxBackoff
			break
		}
	}
	return wait/2 + rand.N(wait/2+1)
}

// HostOptions are the settings of one host. The zero value is HTTPS with a
// certificate that this machine trusts; for a loopback address it is HTTPFallback.
type HostOptions struct {
	// PlainHTTP says whether the host may be asked without encryption.
	PlainHTTP HTTPPolicy
	// TLS replaces the default configuration; it is copied.
	TLS *tls.Config
	// SkipVerify takes any certificate.
	SkipVerify bool
	// RequestsPerSecond is how many requests the host gets at most; 0 is no limit.
	RequestsPerSecond float64
	// Burst is how many of them may come at once; 0 is 1.
	Burst int
	// Concurrency is how many requests, and apart from them how many downloads of
	// blobs, are under way at once; 0 is [DefaultConcurrency].
	Concurrency int
	// PrivateRedirects lets a registry at a public address lead to a private or
	// loopback one, by a name or as such: with redirects, with the name of its token
	// service and of where it takes uploads. A registry that is at a private address
	// itself may. Link-local addresses are never gone to.
	PrivateRedirects bool
}

// An HTTPPolicy says whether a host may be asked without encryption. The credential
// then goes in plain text too, where its source allows that.
type HTTPPolicy int

const (
	// HTTPSOnly, the zero value, never does, unless the host is this machine.
	HTTPSOnly HTTPPolicy = iota
	// HTTPFallback does where the host answers HTTPS with plain HTTP, or refuses
	// the connection: what OpenShift calls insecure, together with SkipVerify. A
	// certificate that is not trusted is no reason.
	HTTPFallback
	// HTTPOnly always does.
	HTTPOnly
)

// isLoopback reports whether a host, with or without a port, is this machine.
func isLoopback(host string) bool {
	h := hostname(host)
	if h == "localhost" || strings.HasSuffix(h, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(h)
	return err == nil && ip.Unmap().IsLoopback()
}

// hostname takes the port and the brackets of IPv6 off.
func hostname(host string) string {
	return strings.ToLower((&url.URL{Host: host}).Hostname())
}
