package auth

import (
	"encoding/json"
	"errors"
	"fmt"
)

// MaxSecretsBytes is the largest text that [ParseSecrets] reads.
const MaxSecretsBytes = 64 << 20

// ParseSecrets reads what `oc get secret -o json` prints: a Secret, or a List of
// them. Objects of other kinds are passed over, Secrets that are no pull secrets
// are not. Where objects of the list cannot be read the others are returned with the
// error: for each of them an [*Error] that is [ErrMalformed] and names it, joined by
// errors.Join, but for no more than 20.
func ParseSecrets(data []byte) ([]*PullSecret, error) {
	const object = "secrets"
	if len(data) > MaxSecretsBytes {
		return nil, &Error{Op: "parse", Object: object, Err: tooLarge(MaxSecretsBytes)}
	}
	if err := validJSON(data); err != nil {
		return nil, &Error{Op: "parse", Object: object, Err: err}
	}
	var list struct {
		Kind  string            `json:"kind"`
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, &Error{Op: "parse", Object: object, Err: malformed("neither a Secret nor a List")}
	}
	switch list.Kind {
	case "Secret":
		s, err := parseSecret(data, object)
		if err != nil {
			return nil, err
		}
		return []*PullSecret{s}, nil
	case "List", "SecretList":
	default:
		return nil, &Error{Op: "parse", Object: object, Field: "kind", Err: malformed(fmt.Sprintf("%q is neither Secret nor List", list.Kind))}
	}
	var secrets []*PullSecret
	var errs []error
	for i, item := range list.Items {
		var kind struct {
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal(item, &kind); err == nil && kind.Kind != "Secret" && (kind.Kind != "" || list.Kind == "List") {
			continue
		}
		s, err := parseSecret(item, fmt.Sprintf("items[%d]", i))
		if err == nil {
			secrets = append(secrets, s)
		} else if len(errs) < maxMalformed {
			errs = append(errs, err)
		}
	}
	return secrets, errors.Join(errs...)
}

func parseSecret(data []byte, object string) (*PullSecret, error) {
	var s struct {
		Metadata struct {
			Namespace, Name, ResourceVersion string
			Annotations                      map[string]string
		}
		Type       string
		Data       map[string][]byte
		StringData map[string]string
	}
	if err := json.Unmarshal(data, &s); err != nil {
		name := struct {
			Metadata struct{ Namespace, Name string }
		}{}
		if json.Unmarshal(data, &name) == nil && name.Metadata.Name != "" {
			object = secretTitle(name.Metadata.Namespace, name.Metadata.Name)
		}
		return nil, &Error{Op: "parse", Object: object, Err: malformed("not laid out as a Secret, or its data is not base64")}
	}
	content := s.Data
	for key, text := range s.StringData {
		if content == nil {
			content = make(map[string][]byte)
		}
		content[key] = []byte(text)
	}
	return &PullSecret{
		Namespace:       s.Metadata.Namespace,
		Name:            s.Metadata.Name,
		ResourceVersion: s.Metadata.ResourceVersion,
		Type:            s.Type,
		Annotations:     s.Metadata.Annotations,
		Data:            NewSecretData(content),
	}, nil
}
