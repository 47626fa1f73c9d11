// Package pullsecrets makes many pull secrets for benchmarks and comparisons.
package pullsecrets

import (
	"encoding/json"
	"fmt"
)

// A Secret is the document of one pull secret.
type Secret struct {
	Namespace, Name string
	// DockerConfigJSON is the document, {"auths": …}.
	DockerConfigJSON []byte
	// Auths are its entries.
	Auths map[string]Auth
}

// An Auth is an entry of a document.
type Auth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Generate returns so many Secrets of the namespace with so many entries each. Of
// the entries half are for registries, half for namespaces in quay.io, as teams have
// them; no two keys are equal. The same arguments give the same Secrets.
func Generate(namespace string, secrets, entries int) []Secret {
	all := make([]Secret, secrets)
	for s := range all {
		auths := make(map[string]Auth, entries)
		for e := range entries {
			auths[Key(s, e)] = Auth{Username: fmt.Sprintf("user-%d-%d", s, e), Password: fmt.Sprintf("password-%d-%d", s, e)}
		}
		document, err := json.Marshal(map[string]any{"auths": auths})
		if err != nil {
			panic(err) // strings alone
		}
		all[s] = Secret{Namespace: namespace, Name: fmt.Sprintf("pull-%d", s), DockerConfigJSON: document, Auths: auths}
	}
	return all
}

// Key returns the key of an entry.
func Key(secret, entry int) string {
	if entry%2 == 0 {
		return fmt.Sprintf("registry-%d-%d.example.com", secret, entry)
	}
	return fmt.Sprintf("quay.io/team-%d-%d", secret, entry)
}

// Image returns the name of an image that the entry, and no other, is for.
func Image(secret, entry int) string { return Key(secret, entry) + "/app" }
