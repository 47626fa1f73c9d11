package main

import (
	"fmt"
	"io"

	"github.com/registrykit/registrykit/auth"
)

// A revealedCandidate is a candidate with its secrets, for --show-secrets.
type revealedCandidate struct {
	Source        string    `json:"source"`
	Key           string    `json:"key"`
	Username      string    `json:"username"`
	Kind          auth.Kind `json:"kind"`
	Password      string    `json:"password,omitempty"`
	IdentityToken string    `json:"identityToken,omitempty"`
	RegistryToken string    `json:"registryToken,omitempty"`
}

type revealedExplanation struct {
	Image      string              `json:"image"`
	Candidates []revealedCandidate `json:"candidates"`
	Steps      []auth.Step         `json:"steps"`
}

func revealed(e *auth.Explanation) revealedExplanation {
	r := revealedExplanation{Image: e.Image, Candidates: []revealedCandidate{}, Steps: append([]auth.Step{}, e.Steps...)}
	for _, c := range e.Candidates {
		r.Candidates = append(r.Candidates, revealedCandidate{
			Source: c.Source, Key: c.Key, Username: c.Credential.Username, Kind: c.Credential.Kind(),
			Password:      c.Credential.Password.Reveal(),
			IdentityToken: c.Credential.IdentityToken.Reveal(),
			RegistryToken: c.Credential.RegistryToken.Reveal(),
		})
	}
	return r
}

// printSecrets adds the secrets to the text.
func printSecrets(w io.Writer, candidates []auth.Candidate) error {
	for i, c := range candidates {
		for _, secret := range []struct {
			name  string
			value auth.SecretValue
		}{{"password", c.Credential.Password}, {"identity token", c.Credential.IdentityToken}, {"registry token", c.Credential.RegistryToken}} {
			if secret.value.IsZero() {
				continue
			}
			if _, err := fmt.Fprintf(w, "%s of %d: %q\n", secret.name, i+1, secret.value.Reveal()); err != nil {
				return err
			}
		}
	}
	return nil
}
