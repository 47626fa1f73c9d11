package auth

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// Image reads the name of an image, as in a pod or on a command line, and returns
// the repository that it is in, for [Resolver.Candidates], [Resolver.Resolve] and
// [Try]. A tag and a digest are passed over, so is docker:// before it. A short
// name is one of Docker Hub's. It is the resource of go-containerregistry's
// name.ParseReference(image): where that package may use plain HTTP, as for private
// addresses, so may this resource ([OverTLS], [OverPlainHTTP]).
//
// The error, an [*Error], is [ErrImage].
func Image(image string) (authn.Resource, error) {
	t, err := parseImage(image)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// A target is an image's repository, or a registry, that a credential is wanted
// for. It is an authn.Resource.
type target struct {
	text     string // as String returns it
	registry string // as RegistryStr returns it
	// host is the registry in the form of pattern.host.
	host string
	// path of the repository, empty for a registry as a whole.
	path string
	// raw is host/path for the kubelet, which compares cases and ports as written.
	raw string
	// plainHTTP says that the client may send the credential unencrypted.
	plainHTTP bool
}

func (t *target) String() string      { return t.text }
func (t *target) RegistryStr() string { return t.registry }

// repository names what a credential is remembered for, whatever the tag and the
// spelling of the host.
func (t *target) repository() string { return t.host + "/" + t.path }

func parseImage(image string) (*target, error) {
	ref, err := name.ParseReference(strings.TrimPrefix(image, "docker://"))
	if err != nil {
		// The cause repeats the whole text, which is not needed twice.
		return nil, &Error{Op: "parse", Object: "image " + quoteImage(image), Err: ErrImage}
	}
	return targetOf(ref.Context()), nil
}

// quoteImage returns what should be an image's name fit for a terminal, without a
// password before its host.
func quoteImage(image string) string {
	rest, _ := cutScheme(strings.TrimPrefix(image, "docker://"))
	name := rest
	if i := strings.LastIndex(rest, "@sha"); i >= 0 {
		name = rest[:i]
	}
	if i := strings.LastIndexByte(name, '@'); i >= 0 {
		return strconv.Quote(strings.TrimSuffix(image, rest) + redacted + rest[i:])
	}
	return strconv.Quote(image)
}

// targetOf reads what go-containerregistry asks for. A registry that was parsed
// with name.Insecure, or that it takes for a local one, has the scheme http.
func targetOf(resource authn.Resource) *target {
	if t, ok := resource.(*target); ok {
		return t
	}
	t := newTarget(resource.String(), resource.RegistryStr())
	if r, ok := resource.(interface{ Scheme() string }); ok {
		t.plainHTTP = r.Scheme() == "http" && !isLoopback(t.host)
	}
	return t
}

func newTarget(text, registry string) *target {
	t := &target{text: text, registry: registry}
	t.path = strings.Trim(strings.TrimPrefix(text, registry), "/")
	if i := strings.IndexAny(t.path, ":@"); i >= 0 {
		t.path = t.path[:i] // a reference was given, with its tag or digest
	}
	t.host = strings.TrimSuffix(strings.ToLower(registry), ":443")
	raw := registry
	if isDockerHub(t.host) {
		t.host = dockerHub
	}
	if registry == name.DefaultRegistry {
		raw = dockerHub // how the kubelet completes short names
	}
	t.raw = raw
	if t.path != "" {
		t.raw += "/" + t.path
	}
	return t
}

// isLoopback reports whether packets to the host stay on this machine. Names below
// localhost do not always: resolvers may ask the network for them.
func isLoopback(host string) bool {
	host, _, _ = cutPort(host)
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

// OverPlainHTTP returns the resource as one that is asked for without encryption, so
// that credentials are withheld from it unless their source allows that
// ([AllowPlainHTTP]) or the registry is on this machine.
func OverPlainHTTP(resource authn.Resource) authn.Resource {
	t := *targetOf(resource)
	t.plainHTTP = !isLoopback(t.host)
	return &t
}

// OverTLS returns the resource as one that is asked for over TLS alone, so that nothing
// is withheld from it: for clients that never fall back to plain HTTP.
func OverTLS(resource authn.Resource) authn.Resource {
	t := *targetOf(resource)
	t.plainHTTP = false
	return &t
}
