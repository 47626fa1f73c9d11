package registryclient

import (
	"errors"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// isPlain says whether what a registry is sent could be read on the way.
func isPlain(challenge transport.Challenge, registry name.Registry) bool {
	return challenge.Insecure && !isLoopback(registry.RegistryStr())
}

var errExposed = errors.New("the credential is not sent: it was given for HTTPS, and the registry speaks plain HTTP now")

// exposes is the error of a session whose credential was given for HTTPS, where another ping
// has found since that the registry speaks plain HTTP. Who enters it anew has the keychain
// asked what it gives for that.
func (s *session) exposes(challenge transport.Challenge) error {
	if s.plain || s.auth == authn.Anonymous || !isPlain(challenge, s.door.registry) {
		return nil
	}
	return &Error{Class: Integrity, Endpoint: hostOf(s.door.registry), Err: errExposed}
}
