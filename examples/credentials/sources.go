package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/registrykit/registrykit/auth"
)

// sources returns the places to look in, in their order, and steps that say which
// could not be read, or were and hold no Secret.
func (o *options) sources(stdin io.Reader) ([]auth.Source, []auth.Step) {
	var sources []auth.Source
	var troubles []auth.Step
	for _, path := range o.authFiles {
		sources = append(sources, auth.File(path, auth.DocumentOptions{}))
	}
	for _, path := range o.secretFiles {
		secrets, list, err := readSecrets(path, stdin)
		if err != nil {
			troubles = append(troubles, troublesOf(path, err)...)
		} else if len(secrets) == 0 {
			troubles = append(troubles, auth.Step{Source: "secret file " + path, Outcome: auth.NoMatch, Detail: "no Secrets"})
		}
		sources = append(sources, secretSources(secrets, list)...)
	}
	if o.pullSecret != "" {
		secrets, _, err := readSecrets(o.pullSecret, stdin)
		if err == nil && len(secrets) != 1 {
			err = fmt.Errorf("%w: %d Secrets, where one is wanted", auth.ErrMalformed, len(secrets))
		}
		if err != nil {
			troubles = append(troubles, troublesOf(o.pullSecret, err)...)
		} else {
			pull := *secrets[0]
			pull.Namespace, pull.Name = "openshift-config", "pull-secret" // wherever the file's was copied from
			sources = append(sources, auth.ClusterPullSecret(auth.NewSecretStore(&pull)))
		}
	}
	if o.kubeletConfig != "" {
		sources = append(sources, auth.Node(o.kubeletConfig))
	}
	if !o.noHost {
		sources = append(sources, auth.Host(auth.HostOptions{}))
	}
	return sources, troubles
}

// troublesOf returns a step for each of the errors that were joined.
func troublesOf(path string, err error) []auth.Step {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []auth.Step{trouble(path, err)}
	}
	var steps []auth.Step
	for _, err := range joined.Unwrap() {
		steps = append(steps, trouble(path, err))
	}
	return steps
}

func trouble(path string, err error) auth.Step {
	outcome := auth.Unreadable
	switch {
	case errors.Is(err, fs.ErrNotExist):
		outcome = auth.Missing
	case errors.Is(err, auth.ErrMalformed):
		outcome = auth.Malformed
	}
	return auth.Step{Source: "secret file " + path, Outcome: outcome, Detail: err.Error()}
}

// readSecrets reads a Secret or a List from a file. A document of credentials is
// taken for the data of a Secret of the file's name.
func readSecrets(path string, stdin io.Reader) (secrets []*auth.PullSecret, list bool, err error) {
	from := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, false, err
		}
		defer func() { _ = f.Close() }() // it was only read
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, auth.MaxSecretsBytes+1))
	if err != nil {
		return nil, false, err
	}
	var shape struct {
		Kind  string
		Auths json.RawMessage
	}
	// What is wrong with the text, ParseSecrets says.
	if json.Unmarshal(data, &shape) == nil && shape.Kind == "" && shape.Auths != nil {
		return []*auth.PullSecret{{
			Namespace: "file", Name: path, Type: auth.TypeDockerConfigJSON,
			Data: auth.NewSecretData(map[string][]byte{".dockerconfigjson": bytes.Clone(data)}),
		}}, false, nil
	}
	secrets, err = auth.ParseSecrets(data)
	return secrets, shape.Kind != "Secret", err
}

// secretSources makes a list into the secrets of its namespaces, and a single one
// into one that was named.
func secretSources(secrets []*auth.PullSecret, list bool) []auth.Source {
	store := auth.NewSecretStore(secrets...)
	var sources []auth.Source
	seen := make(map[string]bool)
	for _, s := range secrets {
		switch {
		case !list:
			sources = append(sources, auth.Secrets(store, s.Namespace, s.Name))
		case !seen[s.Namespace]:
			seen[s.Namespace] = true
			sources = append(sources, auth.NamespaceSecrets(store, s.Namespace))
		}
	}
	return sources
}
