package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
)

// A Kind says how a credential is used.
type Kind string

// The kinds. A credential that holds more than one secret counts as the first of
// RegistryToken, IdentityToken and Basic that it has, which is the order in which
// registry clients prefer them.
const (
	// Basic is a user name and a password.
	Basic Kind = "basic"
	// IdentityToken is an OAuth2 refresh token, which is exchanged for an access token.
	IdentityToken Kind = "identityToken"
	// RegistryToken is a bearer token that goes to the registry as it is.
	RegistryToken Kind = "registryToken"
)

// A Credential is what a registry is shown. The zero value is no credential.
// Printing one shows the user name and the kind, never a secret.
type Credential struct {
	Username string
	Password SecretValue
	// IdentityToken is exchanged for an access token at the registry's token service.
	IdentityToken SecretValue
	// RegistryToken is sent to the registry as it is.
	RegistryToken SecretValue
}

// NewBasic returns the credential of a user name and a password.
func NewBasic(username, password string) Credential {
	return Credential{Username: username, Password: NewSecretValue(password)}
}

// Kind says how the credential is used; it is "" for the zero Credential.
func (c Credential) Kind() Kind {
	switch {
	case !c.RegistryToken.IsZero():
		return RegistryToken
	case !c.IdentityToken.IsZero():
		return IdentityToken
	case c.Username != "" || !c.Password.IsZero():
		return Basic
	}
	return ""
}

// IsZero reports whether there is nothing to show a registry.
func (c Credential) IsZero() bool { return c.Kind() == "" }

// Equal reports whether two credentials are the same, secrets included.
func (c Credential) Equal(other Credential) bool {
	same := c.Username == other.Username
	same = c.Password.Equal(other.Password) && same
	same = c.IdentityToken.Equal(other.IdentityToken) && same
	return c.RegistryToken.Equal(other.RegistryToken) && same
}

// AuthConfig returns the credential as go-containerregistry wants it. The result
// is in plain text and prints its secrets: build it where it is used and do not
// keep it.
func (c Credential) AuthConfig() authn.AuthConfig {
	return authn.AuthConfig{
		Username:      c.Username,
		Password:      c.Password.Reveal(),
		IdentityToken: c.IdentityToken.Reveal(),
		RegistryToken: c.RegistryToken.Reveal(),
	}
}

// Fingerprint tells credentials apart in logs: eight hexadecimal digits, the same
// for equal credentials within one process and of no use outside of it, since it
// is keyed by a random value of this process. A plain hash would let a weak
// password be guessed.
func (c Credential) Fingerprint() string {
	if c.IsZero() {
		return ""
	}
	full := c.digest()
	return hex.EncodeToString(full[:4])
}

// digest identifies the credential within this process.
func (c Credential) digest() [sha256.Size]byte {
	mac := hmac.New(sha256.New, processKey())
	for _, part := range []string{c.Username, c.Password.Reveal(), c.IdentityToken.Reveal(), c.RegistryToken.Reveal()} {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return [sha256.Size]byte(mac.Sum(nil))
}

// processKey is made at the first use, so that importing the package does nothing.
var processKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
})

// String returns the user name and the kind, as in `user "org+bot" (basic)`.
func (c Credential) String() string {
	switch {
	case c.IsZero():
		return "no credential"
	case c.Username == "":
		return string(c.Kind())
	}
	return fmt.Sprintf("user %q (%s)", c.Username, c.Kind())
}

// GoString is String.
func (c Credential) GoString() string { return c.String() }

// webUser says whether the registry is Red Hat's and the credential is that of a
// person. A registry service account's user name is NNNNNNN|name.
func (c Credential) webUser(host string) bool {
	return host == "registry.redhat.io" && c.Kind() == Basic && c.Username != "" && !strings.Contains(c.Username, "|")
}
